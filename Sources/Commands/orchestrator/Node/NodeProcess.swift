import Client
import Commands
import ContainerRuntime
import DNS
import Exchange
import Foundation
import GRPC
import Kubelet
import Logging
import NIOCore
import NodeHost
import Objects
import Proxy

/// One node in this process: container runtime, pod network, kubelet, service proxy and DNS, all of them clients of an
/// API server.
struct NodeProcess: Sendable {
  /// What a node has to know.
  struct Settings: Sendable {
    var name: String
    var address: String
    /// Where all its data lies; absolute.
    var folder: String
    /// The socket of a runtime that is there; nil for one of our own.
    var runtimeEndpoint: String?
    var clusterDomain = "cluster.local"
    /// The address of the `kube-dns` service.
    var clusterDNS: [String] = []
    var clusterCIDR = ""
    var serviceCIDR = ""
    var kubeletPort = 10250

    /// The folder of a node's data within the folder of all data.
    static func folder(of dataDirectory: String) -> String {
      URL(fileURLWithPath: dataDirectory).appendingPathComponent("node").path
    }

    /// What the command line says of the node itself.
    mutating func take(_ flags: NodeFlags) {
      runtimeEndpoint = flags.containerRuntimeEndpoint
      kubeletPort = flags.kubeletPort
    }
  }

  let settings: Settings
  /// The way to the API server, as this node.
  let transport: any APITransport
  let group: any EventLoopGroup
  let logger: Logger

  /// Runs until the task is cancelled. Containers go on.
  func run() async throws {
    let layout = ContainerdLayout(folder: settings.folder + "/containerd")
    let logger = logger
    let containerd = try await startRuntime(layout)
    let runtime = CRIClient(.unixSocket(containerd.socket), on: group.next())
    defer { runtime.close() }
    let version = try await runtime.version()
    logger.info(
      "the container runtime answers",
      metadata: ["runtime": "\(version.name) \(version.version)", "socket": "\(containerd.socket)"])

    let client = APIClient(transport: transport, userAgent: "kubelet/raftkv")
    let node = NodeSettings(settings)
    let volumes = NodeVolumes(
      files: SystemFiles(), mounter: MemoryMounter(), stamp: { UUID().uuidString.lowercased() })
    guard
      let kubelet = KubeletRunner(
        client: client, runtime: runtime, volumes: volumes, transport: ProbeConnections(on: group),
        settings: node)
    else { return }
    var proxyOptions = ProxyOptions(node: settings.name)
    proxyOptions.clusterCIDR = settings.clusterCIDR
    proxyOptions.serviceCIDR = settings.serviceCIDR
    let proxy = ProxyRunner(
      client: APIClient(transport: transport, userAgent: "kube-proxy/raftkv"), options: proxyOptions,
      commands: SystemCommands(), log: { logger.info("\($0)") })
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await kubelet.run() }
      if let proxy { tasks.addTask { await proxy.run() } }
      tasks.addTask { await followPodNetwork(client, layout) }
      tasks.addTask {
        await NodeDNS(
          settings: settings, client: APIClient(transport: transport, userAgent: "kube-dns/raftkv"),
          group: group, logger: logger
        ).run()
      }
      for await _ in tasks {}
    }
    await containerd.release()
  }

  private func startRuntime(_ layout: ContainerdLayout) async throws -> ContainerdProcess {
    let logger = logger
    try FileManager.default.createDirectory(atPath: layout.folder, withIntermediateDirectories: true)
    let machine = ContainerdMachine.current(folder: layout.folder)
    let containerd = ContainerdProcess(
      ContainerdConfiguration(layout: layout, machine: machine, sandboxImage: PauseImage.name),
      on: group.next(), report: { logger.notice("\($0)") })
    try await containerd.start()
    let images = settings.folder + "/images"
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    let pause = settings.folder + "/pause.tar"
    try Data(PauseImage.archive).write(to: URL(fileURLWithPath: pause))
    let archives = try FileManager.default.contentsOfDirectory(atPath: images)
      .filter { $0.hasSuffix(".tar") }.sorted().map { images + "/" + $0 }
    for archive in [pause] + archives {
      do throws(ContainerdError) {
        try await ImageArchive(archive).importInto(socket: layout.socket, scratch: layout.folder)
        logger.info("image imported", metadata: ["archive": "\(archive)"])
      } catch {
        logger.error("\(error)")
      }
    }
    return containerd
  }

  private func followPodNetwork(_ client: APIClient, _ layout: ContainerdLayout) async {
    guard let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes") else { return }
    let informer = Informer(
      client: client, resource: nodes, fieldSelector: "metadata.name=\(settings.name)")
    let logger = logger
    informer.addHandler { event in
      let node: JSON
      switch event {
      case .added(let object), .updated(_, let object): node = object
      case .deleted: return
      }
      guard let range = node["spec", "podCIDR"]?.string, !range.isEmpty else { return }
      let text = """
        {"cniVersion":"0.4.0","name":"pods","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,\
        "hairpinMode":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"\(range)"}]],\
        "routes":[{"dst":"0.0.0.0/0"}]}},{"type":"portmap","capabilities":{"portMappings":true}}]}
        """
      let path = layout.networks + "/10-pods.conflist"
      guard (try? String(contentsOfFile: path, encoding: .utf8)) != text else { return }
      do {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        logger.info("pod network", metadata: ["range": "\(range)"])
      } catch {
        logger.error("\(path): \(error)")
      }
    }
    await informer.run()
  }
}

extension NodeSettings {
  init(_ settings: NodeProcess.Settings) {
    let facts = NodeFacts.current(dataFolder: settings.folder)
    self.init(
      nodeName: settings.name, addresses: [settings.address],
      rootDirectory: settings.folder + "/kubelet", logDirectory: settings.folder + "/logs",
      clusterDNS: settings.clusterDNS, clusterDomain: settings.clusterDomain,
      hostDNS: .ofThisMachine,
      hostsFile: (try? String(contentsOfFile: "/etc/hosts", encoding: .utf8)) ?? "",
      capacity: facts.capacity, allocatable: facts.allocatable)
    information = facts.information
  }
}
