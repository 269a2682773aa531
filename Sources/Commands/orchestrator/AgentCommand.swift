import Access
import ArgumentParser
import Client
import Commands
import Exchange
import Foundation
import HTTP
import Logging
import NIOCore
import NIOPosix
import NodeHost
import NodeJoin
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
    guard let address = node.nodeIp ?? NodeAddress.find() else {
      throw ConfigurationError(
        .value, "this machine has no address that others could reach it by; --node-ip names one")
    }
    var settings = try NodeProcessSettings(node, address: address, dataFolder: dataDir)
    if let kubeconfig {
      // Somebody else's cluster: whom to trust is what that file says.
      let file = try Kubeconfig(path: kubeconfig)
      let transport = try RemoteTransport(file, on: group)
      try await settle(&settings, transport)
      let authority = String(decoding: file.certificateAuthority ?? [], as: UTF8.self)
      let own = try CertificateAuthority.make(now: SystemTime().now)
      let pair = try own.serverCertificate(
        commonName: settings.name, names: [settings.name, address], now: SystemTime().now)
      return try await run(settings, transport, authority, on: group, logger) { TLSIdentity(pair) }
    }
    let identity = NodeIdentity(
      server: server, token: token, folder: settings.folder, node: settings.name, address: address,
      group: group, logger: logger)
    let joined = try await identity.join()
    let transport = RenewedTransport(try RemoteTransport(Kubeconfig(joined), on: group))
    try await settle(&settings, transport)
    let chosen = settings
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        await identity.keep(joined) { next in
          transport.use(try RemoteTransport(Kubeconfig(next), on: group))
        }
      }
      tasks.addTask {
        try await run(chosen, transport, joined.authority, on: group, logger) {
          let credential = try await identity.serving(joined)
          return TLSIdentity(CertificatePair(certificate: credential.certificate, key: credential.key))
        }
      }
      for try await _ in tasks {}
    }
  }

  /// What the cluster says where the command line says nothing.
  private func settle(_ settings: inout NodeProcessSettings, _ transport: any APITransport) async throws {
    let told = try await ClusterConfiguration(
      APIClient(transport: transport, userAgent: "orchestrator-agent"))
    settings.clusterCIDR = clusterCidr ?? told.clusterCIDR
    settings.serviceCIDR = serviceClusterIpRange ?? told.serviceCIDR
    settings.clusterDomain = node.clusterDomain ?? told.clusterDomain
    settings.clusterDNS = [node.clusterDns ?? told.clusterDNS].filter { !$0.isEmpty }
  }

  private func run(
    _ settings: NodeProcessSettings, _ transport: any APITransport, _ authority: String,
    on group: any EventLoopGroup, _ logger: Logger,
    serving: @escaping @Sendable () async throws -> TLSIdentity
  ) async throws {
    try await NodeProcess(
      settings: settings, transport: transport, authority: try AuthorityCertificate(pem: authority),
      serving: serving, group: group, logger: logger
    ).run()
  }
}

extension TLSIdentity {
  /// A certificate and its key.
  init(_ pair: CertificatePair) {
    self.init(certificateChain: Array(pair.certificate.utf8), privateKey: Array(pair.key.utf8))
  }
}

/// The way to an API server, whose certificate is replaced now and then.
private final class RenewedTransport: APITransport {
  private let current: Locked<RemoteTransport>

  init(_ transport: RemoteTransport) { current = Locked(transport) }

  /// From the next request on.
  func use(_ transport: RemoteTransport) { current.set(transport) }

  func send(_ request: APIRequest) async throws -> APIResponse { try await current.get().send(request) }
}
