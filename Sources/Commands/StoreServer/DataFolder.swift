import Commands
import Foundation

/// What can be told of a member's folders before they are opened.
struct DataFolder {
  private let log: String
  private let checkpoint: String

  init(_ configuration: ServeConfiguration) {
    log = configuration.walDirectory ?? configuration.dataDirectory + "/wal"
    checkpoint = configuration.dataDirectory + "/db"
  }

  /// Whether the member has neither a log nor a checkpoint: it is about to found a cluster, or to join one. A folder
  /// that cannot be read counts as old; whoever opens it says what is wrong with it.
  var isNew: Bool { [log, checkpoint].allSatisfy(Self.isEmpty) }

  private static func isEmpty(_ folder: String) -> Bool {
    if !FileManager.default.fileExists(atPath: folder) { return true }
    return (try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty ?? false
  }
}
