import Access
import Client
import Commands
import ContainerRuntime
import Exchange
import Foundation
import GRPC
import HTTP
import Kubelet
import KubeletServer
import LocalVolumes
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
  /// Whose certificates the kubelet's port takes.
  let authority: AuthorityCertificate
  /// What the kubelet's port shows; may take until the Node is there.
  let serving: @Sendable () async throws -> TLSIdentity
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
    let lock = settings.components.contains(.kubelet) ? try FolderLock(settings.folder) : nil
    defer { withExtendedLifetime(lock) {} }
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
    let client = client("kubelet")
    let manifests = ManifestFolder(path: settings.manifests) { bytes in try YAML.json(bytes) }
    let groups = PodCgroups(driver: started.cgroupDriver)
    if let notice = groups.notice { logger.notice("\(notice)") }
    var node = NodeSettings(settings)
    node.cgroupDriver = started.cgroupDriver
    node.hasPodCgroups = groups.isUsable
    let volumes = NodeVolumes(
      files: SystemFiles(), mounter: MemoryMounter(), stamp: { UUID().uuidString.lowercased() })
    guard
      let kubelet = KubeletRunner(
        client: client, runtime: runtime,
        volumes: CgroupVolumes(volumes, cgroups: groups, log: { logger.info("\($0)") }),
        transport: ProbeConnections(on: group), settings: node,
        options: KubeletOptions(manifests: manifests, log: { logger.info("\($0)") }))
    else { return }
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await kubelet.run() }
      tasks.addTask { await servePort(kubelet, runtime, client) }
      tasks.addTask { await LogRotation(runtime: runtime, log: { logger.error("\($0)") }).run() }
      tasks.addTask { await provideVolumes(client) }
      if let networks = started.networks {
        let network = PodNetwork(
          settings: settings, folder: networks, plugins: started.plugins, client: client, logger: logger)
        tasks.addTask { await network.run() }
      }
    }
    await started.release()
  }

  /// The kubelet's own port: without it the node goes on, and there are no logs, commands and metrics of it.
  private func servePort(_ kubelet: KubeletRunner, _ runtime: CRIClient, _ client: APIClient) async {
    let (authority, logger) = (authority, logger)
    let access = APIAccess(client: client, nodeName: settings.name) { chain in
      try? await authority.verify(chain, at: SystemTime().now).user
    }
    let agent = KubeletAgent(
      kubelet: kubelet,
      usage: NodeUsageReader(nodeFolder: settings.folder, imageFolder: settings.folder), settings: settings)
    do {
      let server = try await KubeletServer.start(
        host: "0.0.0.0", port: settings.kubeletPort, identity: try await serving(), nodeName: settings.name,
        agent: agent, runtime: runtime, access: access, on: group)
      logger.info("the kubelet's port is open", metadata: ["port": "\(server.port)"])
      // Others may have that port: nothing depends on it.
      let health = try? await KubeletServer.startHealth(agent: agent, on: group)
      await untilCancelled()
      await health?.stop()
      await server.stop()
    } catch {
      if !Task.isCancelled {
        logger.error(
          "the kubelet's port \(settings.kubeletPort) cannot be opened: \(error); --kubelet-port chooses another"
        )
      }
    }
  }

  private func provideVolumes(_ client: APIClient) async {
    let logger = logger
    let informers = InformerSet(client: client)
    let recorder = EventRecorder(client: client, component: LocalVolumeClass.provisioner, host: settings.name)
    let provisioner = LocalVolumeProvisioner(
      client: client, informers: informers, recorder: recorder, node: settings.name,
      folder: settings.folder + "/volumes", report: { logger.info("\($0)") })
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await informers.run() }
      tasks.addTask { await recorder.run() }
      tasks.addTask { await provisioner.run() }
    }
  }

  private func runProxy() async {
    let logger = logger
    var options = ProxyOptions(node: settings.name)
    options.clusterCIDR = settings.clusterCIDR
    options.serviceCIDR = settings.serviceCIDR
    options.mode = settings.proxyMode
    let proxy = ProxyRunner(
      client: client("kube-proxy"), options: options, commands: SystemCommands(),
      healthChecks: HealthCheckServers(on: group, logger: logger),
      log: { logger.info("\($0)") })
    await proxy?.run()
  }

  private func untilCancelled() async {
    let (never, continuation) = AsyncStream.makeStream(of: Void.self)
    for await _ in never {}
    continuation.finish()
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
    kubeletPort = settings.kubeletPort
  }
}
