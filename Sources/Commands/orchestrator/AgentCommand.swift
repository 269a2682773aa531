import ArgumentParser
import Client
import Commands
import Exchange
import Foundation
import Logging
import NIOCore
import NIOPosix
import NodeHost
import Objects
import RemoteAPI

/// `orchestrator agent`.
struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent", abstract: "Make this machine a node of a cluster.",
    discussion: """
      `orchestrator token create --print-join-command` on a machine of the cluster prints what to run here. The token is \
      needed once: the certificate that the node gets for it is kept in the folder of data and renewed in time.

      With --kubeconfig, that identity is used (a user system:node:NAME of the group system:nodes), at any Kubernetes API \
      server.
      """)

  @Option(help: ArgumentHelp("The API server.", valueName: "url"))
  var server: String?

  @Option(help: "The token to join with.")
  var token: String?

  @Option(help: "How to reach the API server, instead of --server and --token.")
  var kubeconfig: String?

  @Option(help: "The folder for the node's data: its certificate, images and pods.")
  var dataDir = ".data/cluster"

  @Option(help: "The range of pods' addresses (default: what the cluster says).")
  var clusterCidr: String?

  @Option(help: "The range of services' addresses (default: what the cluster says).")
  var serviceClusterIpRange: String?

  @OptionGroup(title: "Node") var node: NodeFlags
  @OptionGroup var log: LogFlags

  func run() throws {
    let signals = ShutdownSignals.install()
    do {
      let logger = try log.makeLogger()
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      defer { try? group.syncShutdownGracefully() }
      let command = self
      try runUntilStopped(signals) { try await command.serve(on: group, logger: logger) }
    } catch {
      throw report(error)
    }
  }

  private func serve(on group: any EventLoopGroup, logger: Logger) async throws {
    let transport = try await RemoteTransport(identity(), on: group)
    guard let address = node.nodeIp ?? NodeAddress.find() else {
      throw ConfigurationError(
        .value, "this machine has no address that others could reach it by; --node-ip names one")
    }
    var settings = try NodeProcessSettings(node, address: address, dataFolder: dataDir)
    let told = try await ClusterConfiguration(
      APIClient(transport: transport, userAgent: "orchestrator-agent"))
    settings.clusterCIDR = clusterCidr ?? told.clusterCIDR
    settings.serviceCIDR = serviceClusterIpRange ?? told.serviceCIDR
    settings.clusterDomain = node.clusterDomain ?? told.clusterDomain
    settings.clusterDNS = [node.clusterDns ?? told.clusterDNS].filter { !$0.isEmpty }
    try await NodeProcess(settings: settings, transport: transport, group: group, logger: logger).run()
  }

  /// Who this node is: as told, as joined before, or by joining now.
  private func identity() async throws -> Kubeconfig {
    if let kubeconfig { return try Kubeconfig(path: kubeconfig) }
    throw ConfigurationError(.usage, "--server and --token, or --kubeconfig, tell which cluster to join")
  }
}
