import ArgumentParser
import Commands
import Logging

/// `orchestrator server`.
struct ServerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server",
    abstract: "Start the control plane, with a store of its own unless --store names another.")

  @OptionGroup var flags: ServerFlags
  @OptionGroup var log: LogFlags

  func run() throws {
    // Before any thread exists, so that every thread inherits the mask.
    let signals = ShutdownSignals.install()
    do {
      let settings = try flags.settings()
      try ControlPlane(flags, settings, logger: log.makeLogger(), signals: signals).run()
    } catch let error as ConfigurationError {
      throw report(error)
    } catch {
      throw report(ConfigurationError(.value, "\(error)"))
    }
  }
}
