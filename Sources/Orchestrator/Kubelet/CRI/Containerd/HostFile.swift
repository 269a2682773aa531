import Glibc

/// Small files and tables of the kernel and the system.
public enum HostFile {
  /// A node with many pods has many mounts.
  private static let bytesMax = 4 << 20

  /// The beginning of a file; empty if it cannot be read.
  public static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while bytes.count < bytesMax {
      let count = read(file, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A path of a table of mounts: blanks and backslashes are three octal digits there (proc_pid_mounts(5)).
  public static func unescaped(_ field: Substring) -> String {
    var result: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        result.append(code)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
