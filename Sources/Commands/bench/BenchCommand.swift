import ArgumentParser

@main
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the store (without a subcommand), the control plane, or the scheduler.",
    subcommands: [StoreCommand.self, OrchestratorCommand.self, SchedulerCommand.self],
    defaultSubcommand: StoreCommand.self)
}

/// An error that is shown with its description alone.
struct CleanFailure: Error, CustomStringConvertible {
  var description: String
}
