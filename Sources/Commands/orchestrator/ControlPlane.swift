import APIServer
import Access
import Client
import Commands
import Exchange
import Foundation
import GRPC
import HTTP
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import NodeHost
import NodeLinks
import Objects
import Storage
import StoreLinks
import StoreServer

/// One process of a control plane: the store if it is its own, the API server, scheduler and controllers.
struct ControlPlane {
  /// How long answers under way may take once the process is asked to stop.
  private static let stopGrace = TimeAmount.seconds(2)

  private let flags: ServerFlags
  private let settings: ServerFlags.Settings
  /// This machine as a node; nil if it is none.
  private let node: NodeFlags?
  private let logger: Logger
  private let signals: ShutdownSignals

  init(
    _ flags: ServerFlags, _ settings: ServerFlags.Settings, node: NodeFlags? = nil, logger: Logger,
    signals: ShutdownSignals
  ) {
    self.flags = flags
    self.settings = settings
    self.node = node
    self.logger = logger
    self.signals = signals
  }

  /// Runs until a signal asks it to stop.
  func run() throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    var embedded: StoreServer?
    let store: any StoreClient
    if let endpoints = flags.store {
      store = try remoteStore(endpoints, on: group.next())
    } else {
      guard let server = try startStore() else { return }
      embedded = server
      store = EmbeddedStore(node: server.node)
    }
    defer { embedded?.stop() }

    let started = Started()
    let logger = logger
    let task = Task {
      do {
        try await serve(store, on: group, isShared: flags.store != nil, started: started)
      } catch {
        started.fail(error)
      }
    }
    if let error = started.waitForFailureOr({ signals.poll(afterMilliseconds: 250) }) {
      task.cancel()
      throw error
    }
    signals.forceExitOnNext()
    logger.info("stopping")
    let isOver = DispatchSemaphore(value: 0)
    task.cancel()
    Task {
      await task.value
      isOver.signal()
    }
    // What does not end soon is left: nothing of it is lost, the store closes in order.
    _ = isOver.wait(timeout: .now() + .seconds(5))
  }

  // MARK: The store

  private func startStore() throws -> StoreServer? {
    var arguments = ["--data-dir", flags.dataDir + "/store", "--quota-backend-bytes", "0"]
    let clients = flags.storeListenClientUrls == "none" ? "" : flags.storeListenClientUrls
    let peers = flags.storeListenPeerUrls
    arguments += [
      "--listen-client-urls", clients.isEmpty ? "http://127.0.0.1:0" : clients, "--advertise-client-urls",
      clients.isEmpty ? "http://127.0.0.1:0" : clients, "--listen-peer-urls", peers,
      "--initial-advertise-peer-urls", peers,
      "--initial-cluster", "default=" + peers,
    ]
    guard
      case .serve(var configuration, _) = try ServeInvocation.parse(
        arguments: arguments, environment: [:], readFile: TextFile.read)
    else { return nil }
    // Whoever wants no etcd clients must have none: the store asks nobody who they are.
    if clients.isEmpty { configuration.listenClientURLs = [] }
    return try StoreServer.start(configuration, logger: logger, signals: signals)
  }

  private func remoteStore(_ list: String, on eventLoop: any EventLoop) throws -> any StoreClient {
    var targets: [ClientConnection.Target] = []
    var isSecure = false
    for text in list.split(separator: ",") {
      guard let url = URL(string: text.contains("://") ? String(text) : "http://" + text),
        let host = url.host,
        let scheme = url.scheme, ["http", "https"].contains(scheme)
      else { throw ConfigurationError(.usage, "--store: \(text) is no http or https URL") }
      isSecure = isSecure || scheme == "https"
      targets.append(.hostPort(host, url.port ?? 2379))
    }
    guard let first = targets.first else { throw ConfigurationError(.usage, "--store names no endpoint") }
    guard isSecure else { return EtcdStore(endpoints: targets, on: eventLoop) }
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let file = flags.storeCaFile { configuration.trustRoots = .file(file) }
    if let certificate = flags.storeCertFile, let key = flags.storeKeyFile {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
    }
    configuration.applicationProtocols = ["h2"]
    let context = try NIOSSLContext(configuration: configuration)
    var name: String?
    if case .hostPort(let host, _) = first, (try? SocketAddress(ipAddress: host, port: 0)) == nil {
      name = host
    }
    let serverName = name
    return EtcdStore(endpoints: targets, on: eventLoop) { channel in
      try channel.pipeline.syncOperations.addHandler(
        NIOSSLClientHandler(context: context, serverHostname: serverName))
    }
  }

  // MARK: The API server and what speaks to it

  private func serve(
    _ store: any StoreClient, on group: any EventLoopGroup, isShared: Bool, started: Started
  ) async throws {
    let time = SystemTime()
    let isBoundToOne = !["0.0.0.0", "::", "localhost"].contains(flags.bindAddress)
    let advertised =
      flags.advertiseAddress ?? (isBoundToOne ? flags.bindAddress : NodeAddress.find() ?? "127.0.0.1")
    let firstService = flags.serviceClusterIpRange.split(separator: "/").first.map(String.init) ?? ""
    let pki = try PKI.prepare(
      in: flags.dataDir + "/pki",
      names: [advertised, Self.address(firstService, plus: 1)].filter { !$0.isEmpty } + flags.names,
      now: time.now)

    var port = flags.securePort
    let handler = LateHandler()
    let web: HTTPServer
    var limits = HTTPServerLimits()
    limits.bodyBytes = ServerOptions().bodyBytes
    let tooLarge = HTTPServerResponse(.requestTooLarge(limit: limits.bodyBytes))
    do {
      web = try await HTTPServer.start(
        on: group, host: flags.bindAddress, port: port,
        identity: TLSIdentity(
          certificateChain: Array(pki.server.certificate.utf8), privateKey: Array(pki.server.key.utf8)),
        clientAuthorities: .pem(Array(pki.authority.certificatePEM.utf8)), limits: limits, handler: handler,
        tooLarge: { _ in tooLarge })
    } catch {
      throw ConfigurationError(
        .value,
        "cannot listen on \(flags.bindAddress):\(port): \(error); --bind-address and --secure-port choose another"
      )
    }
    port = web.port

    let logger = logger
    var api = ServedAPI.Settings(
      pki: pki, advertisedAddress: advertised, port: Int64(port), isShared: isShared,
      identity: Self.identity(advertised, port), now: { time.now }, uid: { UUID().uuidString.lowercased() },
      log: { logger.info("\($0)") })
    api.serviceRange = flags.serviceClusterIpRange
    api.nodePorts = settings.nodePorts
    api.options.address = "\(advertised):\(port)"
    api.yaml = YAMLBodies()
    api.nodes = try nodeGateway(pki, on: group)
    let metrics = MetricsOfNodes()
    api.computed = metrics.groups
    let served = try ServedAPI(store: store, settings: api)
    handler.open(served.server)
    metrics.open(
      client(served.server, as: "apiserver", ["system:masters"]), served.server.transport(as: Self.apiserver))
    let kubeconfig = try writeKubeconfigs(pki, server: "https://\(advertised):\(port)")
    logger.info("the API server listens", metadata: ["address": "\(flags.bindAddress):\(port)"])

    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await served.run() }
      let components = Components(areShared: flags.store != nil, logger: logger)
      if settings.components.contains(.scheduler) {
        let client = client(served.server, as: Components.schedulerName)
        tasks.addTask { await components.schedule(client) }
      }
      if settings.components.contains(.controllers) {
        let client = client(served.server, as: Components.controllersName, ["system:masters"])
        let controllers = Components.ControllerSettings(
          rootCertificate: pki.authority.certificatePEM, ranges: settings.podRanges,
          authority: ClusterAuthority(authority: pki.authority),
          reservedNames: Set(PKI.serverNames + [advertised, Self.address(firstService, plus: 1)]),
          server: "https://\(advertised):\(port)")
        tasks.addTask { await components.control(client, controllers) }
      }
      tasks.addTask {
        await Self.whenReady(served.server)
        await addons(served.server).ensure()
      }
      tasks.addTask {
        await Self.whenReady(served.server)
        logger.info("the control plane is ready", metadata: ["kubeconfig": "\(kubeconfig)"])
      }
      if let node {
        tasks.addTask {
          await runNode(node, served.server, pki, address: advertised, on: group, started: started)
        }
      }
      for await _ in tasks {}
      await served.retire()
    }
    await web.stop(grace: Self.stopGrace)
  }

  private static func whenReady(_ server: APIServer) async {
    let client = server.transport(as: Self.apiserver)
    while !Task.isCancelled {
      if let answer = try? await client.send(APIRequest(path: "/readyz")), answer.status == 200 { return }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  private static let clusterDomain = "cluster.local"

  /// The way to kubelets, pods and services. Kubelets that sign their own certificates are common: those of all are
  /// taken unless an authority is named.
  private func nodeGateway(_ pki: PKI, on group: any EventLoopGroup) throws -> NodeGateway {
    var settings = NodeGateway.Settings()
    if let pair = pki.clients["apiserver-kubelet-client"] {
      settings.identity = TLSIdentity(
        certificateChain: Array(pair.certificate.utf8), privateKey: Array(pair.key.utf8))
    }
    if let file = flags.kubeletCertificateAuthority {
      settings.kubeletAuthorities = .pem(Array(try String(contentsOfFile: file, encoding: .utf8).utf8))
    }
    return NodeGateway(settings, on: group)
  }

  private func addons(_ server: APIServer) -> ClusterAddons {
    ClusterAddons(
      clusterCIDR: flags.clusterCidr, serviceCIDR: flags.serviceClusterIpRange,
      clusterDomain: node?.clusterDomain ?? Self.clusterDomain, clusterDNS: clusterDNS,
      client: APIClient(transport: server.transport(as: Self.apiserver), userAgent: "raftkv"),
      logger: logger)
  }

  /// The tenth address of services, as other distributions have it.
  private var clusterDNS: String {
    let first = flags.serviceClusterIpRange.split(separator: "/").first.map(String.init) ?? ""
    return Self.address(first, plus: 10)
  }

  /// This machine as a node of its own control plane.
  private func runNode(
    _ flags: NodeFlags, _ server: APIServer, _ pki: PKI, address: String, on group: any EventLoopGroup,
    started: Started
  ) async {
    do {
      var settings = try NodeProcessSettings(flags, address: address, dataFolder: self.flags.dataDir)
      settings.clusterCIDR = self.flags.clusterCidr
      settings.serviceCIDR = self.flags.serviceClusterIpRange
      settings.clusterDomain = flags.clusterDomain ?? Self.clusterDomain
      settings.clusterDNS = [flags.clusterDns ?? clusterDNS]
      await Self.whenReady(server)
      let user = UserInfo(name: "system:node:\(settings.name)", groups: ["system:nodes"])
      let now = SystemTime().now
      let pair = try pki.authority.serverCertificate(
        commonName: user.name, names: [settings.name, settings.address, "127.0.0.1"], now: now)
      try await NodeProcess(
        settings: settings, transport: server.transport(as: user),
        authority: try AuthorityCertificate(pem: pki.authority.certificatePEM),
        serving: { TLSIdentity(pair) },
        group: group, logger: logger
      ).run()
    } catch {
      // Whoever asked for a node wants one.
      if !Task.isCancelled { started.fail(error) }
    }
  }

  private static let apiserver = UserInfo(name: "system:apiserver", groups: ["system:masters"])

  private func client(_ server: APIServer, as user: String, _ groups: [String] = []) -> APIClient {
    APIClient(
      transport: server.transport(as: UserInfo(name: "system:" + user, groups: groups)),
      userAgent: user + "/raftkv")
  }

  // MARK: Files and names

  /// Writes how to reach the server: for the administrator, and for each component.
  private func writeKubeconfigs(_ pki: PKI, server: String) throws -> String {
    let users = [
      ("admin", "kubernetes-admin"), ("scheduler", "system:kube-scheduler"),
      ("controller-manager", "system:kube-controller-manager"),
    ]
    for (file, user) in users {
      guard let pair = pki.clients[file] else { continue }
      try Access.Kubeconfig(
        server: server, authority: pki.authority.certificatePEM, user: user, credential: .certificate(pair)
      ).write(to: "\(flags.dataDir)/\(file).kubeconfig")
    }
    return URL(fileURLWithPath: flags.dataDir).appendingPathComponent("admin.kubeconfig").path
  }

  /// The same over restarts, and another for each server of a cluster.
  private static func identity(_ address: String, _ port: Int) -> String {
    "\(address)-\(port)".lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
  }

  /// A later address, such as the first of a range.
  private static func address(_ first: String, plus distance: UInt32) -> String {
    let parts = first.split(separator: ".").compactMap { UInt8($0) }
    guard parts.count == 4 else { return "" }
    let (number, isTooMuch) = parts.reduce(0) { $0 << 8 | UInt32($1) }.addingReportingOverflow(distance)
    guard !isTooMuch else { return "" }
    return [24, 16, 8, 0].map { String(number >> $0 & 0xFF) }.joined(separator: ".")
  }
}

/// Takes requests before there is somebody to answer them.
private final class LateHandler: HTTPExchangeHandler {
  private let server = Locked<APIServer?>(nil)

  func open(_ server: APIServer) { self.server.set(server) }

  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard let server = server.get() else {
      var response = HTTPServerResponse.text(503, "the API server is starting\n")
      response.headers.append((name: "retry-after", value: "1"))
      return response
    }
    return HTTPServerResponse(await server.send(APIRequest(request)))
  }
}

/// What is used from several threads.
///
/// Safe: because the value is read and written under the lock only.
final class Locked<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func get() -> Value { lock.withLock { value } }
  func set(_ new: Value) { lock.withLock { value = new } }
}

/// Whether a start has failed.
private final class Started: Sendable {
  private let failure = Locked<(any Error)?>(nil)

  func fail(_ error: any Error) { failure.set(error) }

  /// Waits until the start has failed, or `isStopped` gives something.
  func waitForFailureOr(_ isStopped: () -> Int32?) -> (any Error)? {
    while true {
      if let error = failure.get() { return error }
      if isStopped() != nil { return nil }
    }
  }
}
