import ArgumentParser
import Commands
import Logging

/// `orchestrator` without a command: a whole cluster of one node.
struct AllCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all",
    abstract: "Start everything in one process: store, control plane, and this machine as a node.")

  @OptionGroup(title: "Control plane") var flags: ServerFlags
  @OptionGroup(title: "Node") var node: NodeFlags
  @OptionGroup var log: LogFlags

  func run() throws {
    let signals = ShutdownSignals.install()
    do {
      let settings = try flags.settings()
      try ControlPlane(flags, settings, node: node, logger: log.makeLogger(), signals: signals).run()
    } catch let error as ConfigurationError {
      throw report(error)
    } catch {
      throw report(ConfigurationError(.value, "\(error)"))
    }
  }
}
