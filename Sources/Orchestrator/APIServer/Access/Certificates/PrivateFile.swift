import Foundation

/// Files with secrets: for their owner only, and whole or not at all.
enum PrivateFile {
  /// The text of a file; nil if there is none.
  static func read(_ path: String) throws(AccessError) -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(bytes: data, encoding: .utf8)
    else { throw AccessError("\(path): it cannot be read") }
    return text
  }

  /// Writes a file in the place of the one that is there.
  static func write(_ text: String, to path: String) throws(AccessError) {
    let temporary = path + ".tmp"
    // One that a crash left behind.
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw failure(path) }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure(path) }
  }

  static func makeDirectory(_ path: String) throws(AccessError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw AccessError("\(path): the folder cannot be made: \(error.localizedDescription)")
    }
  }

  private static func failure(_ path: String) -> AccessError {
    AccessError("\(path): it cannot be written: \(String(cString: strerror(errno)))")
  }
}
