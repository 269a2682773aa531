import ArgumentParser
import Commands

/// `raftkv snapshot`: what etcdctl and etcdutl do with snapshots.
struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Save a snapshot of a member, look at one, or restore one.",
    subcommands: [SnapshotSaveCommand.self, SnapshotStatusCommand.self, SnapshotRestoreCommand.self])
}

/// Runs what a command does; a failure is said on standard error and ends the command with its exit code.
func reportingFailures(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let error as ConfigurationError {
    throw report(error)
  } catch {
    throw report(ConfigurationError(.value, "\(error)"))
  }
}

/// Says a line on standard error: progress and warnings, beside what a script reads on standard output.
func say(_ line: String) {
  var output = LineWriter.standardError()
  // Nothing is left to do when even this cannot be written.
  try? output.write("raftkv: \(line)")
  try? output.flush()
}
