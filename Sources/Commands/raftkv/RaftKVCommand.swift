import ArgumentParser
import Commands

/// `raftkv`: the store, and what an operator does with its data.
@main
struct RaftKVCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raftkv",
    abstract: "A durable key-value store that speaks the etcd v3 API.",
    version: Version.text,
    subcommands: [ServeCommand.self, SnapshotCommand.self, DumpCommand.self, VersionCommand.self])
}

/// `raftkv version`.
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version.")

  func run() {
    print(Version.text)
  }
}

/// Says on standard error what is wrong. Throw the result: the command ends with the exit code of that kind.
func report(_ error: ConfigurationError, hint: String? = nil) -> ExitCode {
  var output = LineWriter.standardError()
  let lines = [error.description, hint].compactMap { $0 }.joined(separator: "\n")
  // Nothing is left to do when even this cannot be written.
  try? output.write("raftkv: \(lines)")
  try? output.flush()
  return ExitCode(error.kind.rawValue)
}
