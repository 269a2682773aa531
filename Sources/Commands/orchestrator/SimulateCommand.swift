import ArgumentParser
import Client
import Commands
import Foundation
import NIOCore
import NIOPosix
import Objects
import RemoteAPI
import SimulatedNodes

/// `orchestrator simulate`.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Register nodes that are none, whose pods become Ready after a set time.",
    discussion: """
      For tests of scale, and to try policies: the nodes stay until they are deleted, and their pods run as long as \
      this command does. Annotations of a pod say how it fares: simulation.raftkv/run-seconds, /exit-code, \
      /cpu-millicores, /memory-bytes.
      """)

  @Option(help: "How to reach the API server.")
  var kubeconfig = ".data/cluster/admin.kubeconfig"

  @Option(help: "How many nodes.")
  var nodes = 3

  @Option(help: "What their names begin with.")
  var namePrefix = "node-"

  @Option(help: "The processors of each, as a quantity.")
  var cpu = "32"

  @Option(help: "The memory of each, as a quantity.")
  var memory = "256Gi"

  @Option(help: "How many pods each takes.")
  var pods = 110

  @Option(help: "How many zones the nodes are in; 0 for none.")
  var zones = 0

  @Option(help: "How long a pod takes to become Ready, such as 500ms.")
  var podStart = "500ms"

  @Option(help: "How long a pod takes to end at most, once it is deleted.")
  var podStop = "1s"

  @Option(help: "How long pods run that are to end, such as those of Jobs.")
  var jobDuration = "5s"

  func run() throws {
    let signals = ShutdownSignals.install()
    do throws(ConfigurationError) {
      try start(signals)
    } catch {
      throw report(error)
    }
  }

  private func duration(_ text: String, _ flag: String) throws(ConfigurationError) -> Duration {
    guard let value = GoDuration(text) else {
      throw ConfigurationError(.usage, "--\(flag): \(text) is no duration, such as 500ms or 2s")
    }
    return .nanoseconds(value.nanoseconds)
  }

  private func start(_ signals: ShutdownSignals) throws(ConfigurationError) {
    var options = SimulationOptions(nodes: nodes)
    options.namePrefix = namePrefix
    options.cpu = cpu
    options.memory = memory
    options.pods = pods
    options.zones = zones
    options.startDelay = try duration(podStart, "pod-start")
    options.graceLimit = try duration(podStop, "pod-stop")
    options.runDuration = try duration(jobDuration, "job-duration")
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let transport: RemoteTransport
    do throws(KubeconfigError) {
      transport = try RemoteTransport(Kubeconfig(path: kubeconfig), on: group)
    } catch {
      throw ConfigurationError(.value, error.description)
    }
    let client = APIClient(transport: transport, userAgent: "orchestrator-simulate")
    guard let simulation = SimulatedNodes(client: client, options: options) else {
      throw ConfigurationError(
        .usage, "--nodes: \(nodes) are too many: there are addresses for \(SimulationOptions.Limits.nodes)")
    }
    do {
      try runUntilStopped(signals) { await simulation.run() }
    } catch {
      throw ConfigurationError(.value, "\(error)")
    }
  }
}
