import Commands
import Foundation

/// Keeps a folder of data for one process: two nodes on one folder would undo each other's work.
///
/// Safe: because nothing changes after it is made.
final class FolderLock: @unchecked Sendable {
  private let file: Int32

  /// - Throws: who has it, in words.
  init(_ folder: String) throws(ConfigurationError) {
    let path = folder + "/lock"
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw ConfigurationError(.value, "\(path): \(String(cString: strerror(errno)))")
    }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw ConfigurationError(
        .value,
        "\(folder) is in use: another orchestrator runs on it; stop that first, or choose another --data-dir")
    }
  }

  deinit { close(file) }
}
