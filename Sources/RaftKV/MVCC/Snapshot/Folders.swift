import Glibc

/// Folders of checkpoints, as wholes. All of it fails with `.storage` and a message for the operator.
enum Folders {
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Removes a folder and the files in it; nothing when it is not there.
  static func remove(_ path: String) throws(StoreError) {
    guard let folder = opendir(path) else {
      if errno == ENOENT { return }
      throw failure("remove", path)
    }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    closedir(folder)
    for name in names where unlink(path + "/" + name) != 0 && errno != ENOENT {
      throw failure("remove", path + "/" + name)
    }
    if rmdir(path) != 0 && errno != ENOENT { throw failure("remove", path) }
  }

  static func rename(_ path: String, to new: String) throws(StoreError) {
    guard Glibc.rename(path, new) == 0 else {
      throw .storage("cannot rename \(path) to \(new): \(String(cString: strerror(errno)))")
    }
  }

  /// Makes the names in the folder that holds `path` durable.
  static func syncParent(of path: String) throws(StoreError) {
    let parent = parent(of: path)
    let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else { throw failure("sync", parent) }
  }

  private static func parent(of path: String) -> String {
    var path = path[...]
    while path.count > 1 && path.last == "/" { path.removeLast() }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func failure(_ action: String, _ path: String) -> StoreError {
    .storage("cannot \(action) \(path): \(String(cString: strerror(errno)))")
  }
}
