import Client
import Exchange
import Foundation
import Logging
import NodeHost
import Objects
import Proxy

/// The network of this node's pods: the plugins' configuration as soon as the Node has a range of addresses, routes to
/// other nodes' pods, and masquerading to the world beyond.
struct PodNetwork: Sendable {
  let settings: NodeProcessSettings
  /// The runtime looks here for the network's configuration.
  let folder: String
  /// Where the runtime finds plugins.
  let plugins: String
  let client: APIClient
  let logger: Logger

  /// The bridge of this machine's pods.
  static let bridge = "cni0"
  private static let commands: HostCommands = { command, input in
    await SystemCommands().run(command, input: input)
  }

  private var cluster: [AddressRange] { [AddressRange(settings.clusterCIDR)].compactMap { $0 } }

  func run() async {
    let report = await NetworkPreflight(
      podCIDRs: cluster, bridge: Self.bridge, pluginFolder: plugins, commands: Self.commands
    ).run()
    for change in report.changes { logger.notice("changed on this machine: \(change)") }
    for problem in report.problems { logger.error("the pods' network: \(problem)") }

    guard let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes") else { return }
    let informer = Informer(client: client, resource: nodes)
    let (ranges, found) = AsyncStream.makeStream(
      of: [AddressRange].self, bufferingPolicy: .bufferingNewest(1))
    informer.addHandler { event in
      switch event {
      case .added(let node), .updated(_, let node):
        guard node["metadata", "name"]?.string == settings.name, let own = write(node) else { return }
        found.yield(own)
      case .deleted: break
      }
    }
    // Those of services are kept on the machine by the service proxy (docs/decisions/0014).
    let options = NodeRoutesOptions(node: settings.name, clusterCIDRs: cluster)
    let logger = logger
    let routes = NodeRoutes(
      client: client, options: options, nodes: informer, commands: Self.commands,
      log: { logger.info("\($0)") })
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await informer.run() }
      if let routes { tasks.addTask { await routes.run() } }
      tasks.addTask { await masquerade(ranges) }
    }
  }

  /// - Returns: the node's ranges, if they are new.
  private func write(_ node: JSON) -> [AddressRange]? {
    guard var configuration = CNIConfiguration(node: node) else { return nil }
    configuration.bridge = Self.bridge
    configuration.addressFolder = settings.folder + "/addresses"
    do {
      if try configuration.write(to: folder) {
        let text = configuration.podCIDRs.map(\.description).joined(separator: " ")
        logger.info("pods get addresses", metadata: ["ranges": "\(text)"])
      }
    } catch {
      logger.error("\(error)")
    }
    return configuration.podCIDRs
  }

  private func masquerade(_ ranges: AsyncStream<[AddressRange]>) async {
    var known: [AddressRange] = []
    for await own in ranges where own != known {
      known = own
      let rules = PodMasquerade(podCIDRs: own, spared: cluster)
      if let problem = await rules.apply(commands: Self.commands) {
        logger.error("pods do not reach the world beyond the cluster: \(problem)")
      }
    }
  }
}
