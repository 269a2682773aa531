import Glibc
import Kubelet

/// Files of the kernel, which are written where they are and with one call.
enum KernelFile {
  /// Writes a value into a file that is there.
  static func write(_ path: String, _ text: String) throws(NodeFileError) {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw NodeFileError("open \(path): \(reason())") }
    defer { close(file) }
    let bytes = Array(text.utf8)
    while true {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count == bytes.count else { throw NodeFileError("write \(path): \(reason())") }
      return
    }
  }

  /// The system's words for what has just failed.
  static func reason() -> String {
    let number = errno
    return strerror(number).map { String(cString: $0) } ?? "error \(number)"
  }
}
