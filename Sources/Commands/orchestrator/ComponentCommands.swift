import ArgumentParser
import Client
import Commands
import Controllers
import Exchange
import Logging
import NIOCore
import NIOPosix
import RemoteAPI

/// `orchestrator scheduler`.
struct SchedulerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Run the scheduler alone, at any Kubernetes API server; of several, one works.")

  @OptionGroup var component: ComponentFlags

  func run() throws {
    try component.run(Components.schedulerName) { components, client, _ in await components.schedule(client) }
  }
}

/// `orchestrator controllers`.
struct ControllersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controllers",
    abstract: "Run the controllers alone, at any Kubernetes API server; of several processes, one works.")

  @OptionGroup var component: ComponentFlags

  @Option(help: "The range of pods' addresses; each node gets a part of it.")
  var clusterCidr = "10.244.0.0/16"

  @Option(help: "How many bits the addresses of a node's pods share.")
  var nodeCidrMaskSize = 24

  func run() throws {
    let ranges: PodRanges
    do throws(ConfigurationError) {
      ranges = try PodRanges(flag: clusterCidr, nodeMaskSize: nodeCidrMaskSize)
    } catch {
      throw report(error)
    }
    try component.run(Components.controllersName) { components, client, authority in
      await components.control(client, authority: authority, ranges: ranges)
    }
  }
}

/// What a component is told that runs alone.
struct ComponentFlags: ParsableArguments {
  @Option(help: "How to reach the API server.")
  var kubeconfig = ".data/cluster/admin.kubeconfig"

  @OptionGroup var log: LogFlags

  /// Runs a component until a signal stops it.
  /// - Parameter body: gets the certificate of the cluster's authority too.
  func run(
    _ name: String, _ body: @escaping @Sendable (Components, APIClient, String) async -> Void
  ) throws {
    let signals = ShutdownSignals.install()
    do {
      let components = Components(areShared: true, logger: try log.makeLogger())
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      defer { try? group.syncShutdownGracefully() }
      let file = try Kubeconfig(path: kubeconfig)
      let client = APIClient(
        transport: try RemoteTransport(file, on: group), userAgent: "\(name)/raftkv")
      let authority = String(decoding: file.certificateAuthority ?? [], as: UTF8.self)
      try runUntilStopped(signals) { await body(components, client, authority) }
    } catch {
      throw report(error)
    }
  }
}

extension PodRanges {
  /// As two flags say.
  init(flag clusterCIDR: String, nodeMaskSize: Int) throws(ConfigurationError) {
    guard let ranges = PodRanges(clusterCIDR, nodeMaskSize: nodeMaskSize) else {
      throw ConfigurationError(
        .usage,
        "--cluster-cidr, --node-cidr-mask-size: \(clusterCIDR) is no range of IPv4 addresses that can be cut into "
          + "parts of /\(nodeMaskSize)")
    }
    self = ranges
  }
}
