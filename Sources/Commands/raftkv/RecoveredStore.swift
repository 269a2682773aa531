import Commands
import Foundation
import Logging
import MVCC
import RaftKV
import WatchAPI

/// Opens a data folder as a start would, replays its log, and closes it again after `body`.
func withRecoveredStore(
  dataDirectory: String, walDirectory: String?, _ body: (Store) throws -> Void
) throws {
  guard FileManager.default.fileExists(atPath: dataDirectory) else {
    throw ConfigurationError(.value, "\(dataDirectory): no such folder")
  }
  var configuration = NodeConfiguration(
    name: "default", dataDirectory: dataDirectory, peerURLs: ["http://localhost:2380"],
    clientURLs: ["http://localhost:2379"])
  configuration.walDirectory = walDirectory
  let node = try Node(
    configuration, environment: .system(), decoder: EtcdService.commandDecoder,
    logger: Logger(label: "raftkv") { _ in SwiftLogNoOpLogHandler() }, onFailure: exitWithFailure)
  defer { node.stop() }
  let recovered = DispatchSemaphore(value: 0)
  let failure = FailureBox()
  node.readBarrier { error in
    failure.error = error
    recovered.signal()
  }
  recovered.wait()
  if let error = failure.error { throw error }
  try body(node.store)
}

@Sendable private func exitWithFailure(_ message: String) {
  FileHandle.standardError.write(Data("raftkv: \(message)\n".utf8))
  exit(1)
}

/// What a barrier said.
///
/// Safe: because it is written before the semaphore is signalled, and read after the wait for it.
private final class FailureBox: @unchecked Sendable {
  var error: NodeError?
}
