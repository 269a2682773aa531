import Glibc

/// Writes lines to a file descriptor through a buffer, and tells when they could not be written.
public struct LineWriter: ~Copyable {
  /// The buffer is written out when it holds so many bytes.
  private static let bufferBytes = 64 << 10

  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// Writes to standard output.
  public static func standardOutput() -> LineWriter { LineWriter(descriptor: STDOUT_FILENO) }

  /// Writes to standard error.
  public static func standardError() -> LineWriter { LineWriter(descriptor: STDERR_FILENO) }

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Adds a line; fails when a full buffer cannot be written out.
  public mutating func write(_ line: String) throws(ConfigurationError) {
    buffer.append(contentsOf: line.utf8)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  /// Writes out what is buffered. Call it last: a full disk or a closed pipe shows only here.
  public mutating func flush() throws(ConfigurationError) {
    let isWritten = buffer.withUnsafeBytes { writeAll($0, to: descriptor) }
    guard isWritten else {
      throw ConfigurationError(.value, "output cannot be written: \(String(cString: strerror(errno)))")
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// Writes every byte, however many calls that takes; false, with `errno`, when the descriptor takes no more.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var rest = bytes
  while let start = rest.baseAddress, !rest.isEmpty {
    let count = Glibc.write(descriptor, start, rest.count)
    if count > 0 {
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    } else if count == 0 || errno != EINTR {
      return false
    }
  }
  return true
}
