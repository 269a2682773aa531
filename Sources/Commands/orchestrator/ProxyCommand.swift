import ArgumentParser
import Client
import Commands
import Foundation
import Logging
import NIOCore
import NIOPosix
import Objects
import Proxy
import RemoteAPI

/// `orchestrator proxy`.
struct ProxyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy",
    abstract: "Keep this node's packet rules as services and their endpoints say (nftables or iptables).",
    discussion: """
      Needs root, and nft or iptables (Debian: nftables, iptables); conntrack and ip (conntrack, iproute2) where they \
      are. The rules are in the table `ip kube-proxy` of nftables, or in chains KUBE-… of iptables; they stay when the \
      proxy ends, so that connections go on. Those of the other packet filter are removed when it starts; \
      `orchestrator proxy --cleanup` removes both.
      """)

  @Option(help: "How to reach the API server.")
  var kubeconfig = ".data/cluster/admin.kubeconfig"

  @Option(help: "The name of this node (default: the name of the host).")
  var hostnameOverride: String?

  @Option(help: "The addresses of pods; traffic to services from elsewhere is masqueraded.")
  var clusterCidr = ""

  @Option(help: "The addresses of services; those that no service has are refused.")
  var serviceClusterIpRange = "10.96.0.0/12"

  @Option(
    help:
      "The packet filter: auto (nftables where `nft list tables` works, else iptables), nftables or iptables."
  )
  var proxyMode = ProxyMode.auto.rawValue

  @Option(
    name: [.customLong("nftables-min-sync-period"), .customLong("iptables-min-sync-period")],
    help: "The least time between two changes of the rules, such as 100ms.")
  var minSyncPeriod = "100ms"

  @Flag(help: "Remove the rules and end.")
  var cleanup = false

  @OptionGroup var log: LogFlags

  func run() throws {
    let signals = ShutdownSignals.install()
    do throws(ConfigurationError) {
      try start(signals)
    } catch {
      throw report(error)
    }
  }

  private func start(_ signals: ShutdownSignals) throws(ConfigurationError) {
    if cleanup { return try removeRules() }
    let logger = try log.makeLogger()
    var options = ProxyOptions(node: hostnameOverride ?? ProcessInfo.processInfo.hostName.lowercased())
    for (flag, range) in [("cluster-cidr", clusterCidr), ("service-cluster-ip-range", serviceClusterIpRange)]
    where !range.isEmpty && !ServicePort.isRange(range) {
      throw ConfigurationError(
        .usage, "--\(flag): \(range) is no range of IPv4 addresses, such as 10.96.0.0/12")
    }
    options.clusterCIDR = clusterCidr
    options.serviceCIDR = serviceClusterIpRange
    guard let mode = ProxyMode(rawValue: proxyMode) else {
      throw ConfigurationError(.usage, "--proxy-mode: \(proxyMode) is not auto, nftables or iptables")
    }
    options.mode = mode
    guard let interval = GoDuration(minSyncPeriod), interval.nanoseconds >= 0 else {
      throw ConfigurationError(
        .usage, "--nftables-min-sync-period: \(minSyncPeriod) is no duration, such as 1s")
    }
    options.minimumInterval = .nanoseconds(interval.nanoseconds)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let transport: RemoteTransport
    do throws(KubeconfigError) {
      transport = try RemoteTransport(Kubeconfig(path: kubeconfig), on: group)
    } catch {
      throw ConfigurationError(.value, error.description)
    }
    let client = APIClient(transport: transport, userAgent: "kube-proxy/raftkv")
    guard
      let proxy = ProxyRunner(
        client: client, options: options, commands: SystemCommands(),
        healthChecks: HealthCheckServers(on: group, logger: logger), log: { logger.info("\($0)") })
    else { return }
    do {
      try runUntilStopped(signals) { await proxy.run() }
    } catch {
      throw ConfigurationError(.value, "\(error)")
    }
  }

  private func removeRules() throws(ConfigurationError) {
    let failure = Box()
    let isOver = DispatchSemaphore(value: 0)
    let range = serviceClusterIpRange
    Task {
      failure.text = await ProxyRunner.cleanUp(serviceCIDR: range, commands: SystemCommands())
      isOver.signal()
    }
    isOver.wait()
    if let text = failure.text { throw ConfigurationError(.value, "the rules cannot be removed: \(text)") }
  }

  /// Safe: because it is read after the semaphore that follows its only write.
  private final class Box: @unchecked Sendable {
    var text: String?
  }
}
