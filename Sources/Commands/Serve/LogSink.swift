import Glibc
import Synchronization

/// Where log lines go: open files, each written a whole line at a time.
public final class LogSink: Sendable {
  private let descriptors: [Int32]
  /// Keeps lines of different threads apart: a write to a pipe may be taken in parts.
  private let turn = Mutex<Void>(())

  /// Opens the outputs; the error names the one that cannot be.
  public init(_ outputs: [LogConfiguration.Output]) throws(ConfigurationError) {
    var descriptors: [Int32] = []
    for output in outputs {
      switch output {
      case .standardError: descriptors.append(STDERR_FILENO)
      case .standardOutput: descriptors.append(STDOUT_FILENO)
      case .file(let path):
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
          throw ConfigurationError(
            .value, "cannot open the log file \(path): \(String(cString: strerror(errno)))")
        }
        descriptors.append(descriptor)
      }
    }
    self.descriptors = descriptors
  }

  /// Writes a line to every output. One that takes nothing (a full disk, a closed pipe) loses it: a server
  /// does not stop because its log cannot be written.
  func write(line: String) {
    var line = line
    line.append("\n")
    line.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      turn.withLock { _ in
        for descriptor in descriptors { _ = writeAll(bytes, to: descriptor) }
      }
    }
  }
}
