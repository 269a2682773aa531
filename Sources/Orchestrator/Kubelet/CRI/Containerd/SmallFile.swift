import Glibc

/// Files that are read and written as a whole.
enum SmallFile {
  /// A node with many pods has many mounts.
  private static let bytesMax = 4 << 20

  /// The beginning of a file; empty if it cannot be read.
  static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4_096)
    while bytes.count < bytesMax {
      let count = read(file, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

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
