import Glibc

/// Files that are written as a whole.
enum SmallFile {
  /// Replaces a file as a whole; readers see the old one or the new one.
  static func write(_ text: String, to path: String) throws(ContainerdError) {
    let draft = path + ".new"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .fileSystem(path: draft, SystemText.error(errno)) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let reason = SystemText.error(errno)
        close(file)
        throw .fileSystem(path: draft, reason)
      }
      rest = rest.dropFirst(count)
    }
    guard close(file) == 0, rename(draft, path) == 0 else {
      throw .fileSystem(path: path, SystemText.error(errno))
    }
  }

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String) throws(ContainerdError) {
    var prefix = ""
    for part in path.split(separator: "/") {
      prefix += "/" + part
      guard mkdir(prefix, 0o711) == 0 || errno == EEXIST else {
        throw .fileSystem(path: prefix, SystemText.error(errno))
      }
    }
  }
}

/// The system's words.
enum SystemText {
  static func error(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
  }
}
