#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The machine's files.
public struct SystemFiles: NodeFiles {
  /// The most bytes that are read of a file: more than any volume the kubelet writes.
  public static let readLimit = VolumeFiles.sizeLimit

  /// The machine's files.
  public init() {}

  private static func failure(_ call: String, _ path: String) -> NodeFileError {
    NodeFileError("\(call) \(path): \(String(cString: strerror(errno)))")
  }

  /// What is there.
  public func kind(_ path: String) throws(NodeFileError) -> NodeFileKind? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw Self.failure("lstat", path)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    case S_IFLNK: return .link
    case S_IFSOCK: return .socket
    case S_IFCHR: return .characterDevice
    case S_IFBLK: return .blockDevice
    default: return .other
    }
  }

  /// Makes a folder with its parents.
  public func makeDirectory(_ path: String, mode: UInt32) throws(NodeFileError) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/\(part)"
      guard mkdir(made, mode_t(mode)) == 0 else {
        if errno == EEXIST { continue }
        throw Self.failure("mkdir", made)
      }
      // The process's mask does not count for what pods are to see.
      guard chmod(made, mode_t(mode)) == 0 else { throw Self.failure("chmod", made) }
    }
  }

  /// Makes or replaces a file.
  public func write(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(NodeFileError) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
    guard file >= 0 else { throw Self.failure("open", path) }
    defer { close(file) }
    guard fchmod(file, mode_t(mode)) == 0 else { throw Self.failure("chmod", path) }
    var at = 0
    while at < bytes.count {
      let count = bytes[at...].withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.failure("write", path)
      }
      at += count
    }
  }

  /// What a file has in it.
  public func read(_ path: String) throws(NodeFileError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw Self.failure("open", path)
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = chunk.withUnsafeMutableBytes { systemRead(file, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.failure("read", path)
      }
      bytes += chunk[..<count]
      guard bytes.count <= Self.readLimit else { throw NodeFileError("\(path) is too large") }
    }
  }

  /// The last bytes of a file.
  public func tail(
    _ path: String, limit: Int
  ) throws(NodeFileError) -> (bytes: [UInt8], isWhole: Bool)? {
    // Not waiting for anybody: containers can make a pipe of what they may write.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw Self.failure("open", path)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Self.failure("stat", path) }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    let start = max(0, Int(status.st_size) - limit)
    var bytes = [UInt8](repeating: 0, count: min(limit, Int(status.st_size)))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        pread(file, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, off_t(start + filled))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.failure("read", path)
      }
      if count == 0 { break }
      filled += count
    }
    return (Array(bytes.prefix(filled)), start == 0)
  }

  /// Makes a symbolic link.
  public func link(_ path: String, to target: String) throws(NodeFileError) {
    guard symlink(target, path) == 0 else { throw Self.failure("symlink", path) }
  }

  /// Where a symbolic link leads.
  public func target(_ path: String) throws(NodeFileError) -> String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &bytes, bytes.count)
    guard count >= 0 else {
      if errno == EINVAL || errno == ENOENT || errno == ENOTDIR { return nil }
      throw Self.failure("readlink", path)
    }
    return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Gives a file another name.
  public func rename(_ path: String, to new: String) throws(NodeFileError) {
    guard systemRename(path, new) == 0 else { throw Self.failure("rename", path) }
  }

  /// The names in a folder.
  public func list(_ path: String) throws(NodeFileError) -> [String] {
    guard let folder = opendir(path) else { throw Self.failure("opendir", path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Gives a file or folder to a group.
  public func give(_ path: String, group: UInt32, adding mode: UInt32) throws(NodeFileError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      // Whoever uses the volume may have removed it meanwhile.
      if errno == ENOENT { return }
      throw Self.failure("lstat", path)
    }
    let type = status.st_mode & S_IFMT
    guard type == S_IFREG || type == S_IFDIR else {
      guard lchown(path, uid_t.max, group) == 0 || errno == ENOENT else { throw Self.failure("chown", path) }
      return
    }
    // By its descriptor: it may be turned into a link at any time.
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT || errno == ELOOP { return }
      throw Self.failure("open", path)
    }
    defer { close(file) }
    guard fstat(file, &status) == 0 else { throw Self.failure("stat", path) }
    guard fchown(file, uid_t.max, group) == 0 else { throw Self.failure("chown", path) }
    guard fchmod(file, (status.st_mode & 0o7777) | mode_t(mode)) == 0 else {
      throw Self.failure("chmod", path)
    }
  }

  /// The group and permissions of a path.
  public func group(of path: String) throws(NodeFileError) -> (group: UInt32, mode: UInt32)? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw Self.failure("lstat", path)
    }
    return (status.st_gid, UInt32(status.st_mode & 0o7777))
  }

  /// Removes a file, link or whole folder.
  public func remove(_ path: String) throws(NodeFileError) {
    guard let kind = try kind(path) else { return }
    guard kind == .directory else {
      guard unlink(path) == 0 || errno == ENOENT else { throw Self.failure("unlink", path) }
      return
    }
    for name in try list(path) { try remove("\(path)/\(name)") }
    guard rmdir(path) == 0 || errno == ENOENT else { throw Self.failure("rmdir", path) }
  }
}

// Under the names of methods of `SystemFiles`, which would hide them there.
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(file, bytes, count)
}
private func systemRead(_ file: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(file, bytes, count)
}
private func systemRename(_ path: String, _ new: String) -> Int32 { rename(path, new) }
