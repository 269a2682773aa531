import Client
import Commands
import ContainerRuntime
import Exchange
import Foundation
import GRPC
import Kubelet
import Logging
import NIOCore
import NodeHost
import Objects
import Proxy
import YAMLObjects

/// One node in this process: container runtime, pod network, kubelet, service proxy and DNS, all of them clients of an
/// API server.
struct NodeProcess: Sendable {
  let settings: NodeProcessSettings
  /// The way to the API server, as this node.
  let transport: any APITransport
  let group: any EventLoopGroup
  let logger: Logger

  /// Runs until the task is cancelled. Containers go on.
  /// - Throws: what keeps the node from beginning.
  func run() async throws {
    guard geteuid() == 0 else {
      throw ConfigurationError(
        .value,
        "a node needs root: run it with sudo, or the control plane alone with orchestrator server")
    }
    try FileManager.default.createDirectory(atPath: settings.folder, withIntermediateDirectories: true)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      if settings.components.contains(.kubelet) { tasks.addTask { try await runKubelet() } }
      if settings.components.contains(.proxy) { tasks.addTask { await runProxy() } }
      if settings.components.contains(.dns) {
        let dns = NodeDNS(
          settings: settings, client: client("kube-dns"), group: group, logger: logger)
        tasks.addTask { await dns.run() }
      }
      // The first that fails ends the others.
      for try await _ in tasks {}
    }
  }

  private func client(_ name: String) -> APIClient {
    APIClient(transport: transport, userAgent: name + "/raftkv")
  }

  private func runKubelet() async throws {
    let logger = logger
    let started = try await NodeRuntime.start(settings, on: group.next(), logger: logger)
    let runtime = CRIClient(.unixSocket(started.socket), on: group.next())
    defer { runtime.close() }
    let manifests = ManifestFolder(path: settings.manifests) { bytes in try YAML.json(bytes) }
    guard
      let kubelet = KubeletRunner(
        client: client("kubelet"), runtime: runtime,
        volumes: NodeVolumes(
          files: SystemFiles(), mounter: MemoryMounter(), stamp: { UUID().uuidString.lowercased() }),
        transport: ProbeConnections(on: group), settings: NodeSettings(settings),
        options: KubeletOptions(manifests: manifests, log: { logger.info("\($0)") }))
    else { return }
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await kubelet.run() }
      if let networks = started.networks {
        let network = PodNetwork(
          node: settings.name, folder: networks, client: client("kubelet"), logger: logger)
        tasks.addTask { await network.run() }
      }
    }
    await started.release()
  }

  private func runProxy() async {
    let logger = logger
    var options = ProxyOptions(node: settings.name)
    options.clusterCIDR = settings.clusterCIDR
    options.serviceCIDR = settings.serviceCIDR
    let proxy = ProxyRunner(
      client: client("kube-proxy"), options: options, commands: SystemCommands(),
      log: { logger.info("\($0)") })
    await proxy?.run()
  }
}

extension NodeSettings {
  /// A node on this machine.
  init(_ settings: NodeProcessSettings) {
    let facts = NodeFacts.current(dataFolder: settings.folder)
    self.init(
      nodeName: settings.name, addresses: [settings.address],
      rootDirectory: settings.folder + "/kubelet", logDirectory: settings.folder + "/logs",
      clusterDNS: settings.clusterDNS, clusterDomain: settings.clusterDomain, hostDNS: .ofThisMachine,
      hostsFile: (try? String(contentsOfFile: "/etc/hosts", encoding: .utf8)) ?? "",
      capacity: facts.capacity, allocatable: facts.allocatable)
    information = facts.information
  }
}
