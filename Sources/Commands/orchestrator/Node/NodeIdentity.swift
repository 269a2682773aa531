import Access
import Client
import Commands
import Exchange
import Foundation
import HTTP
import Logging
import NIOCore
import NodeHost
import NodeJoin
import Objects
import RemoteAPI

/// Who this machine is in its cluster: obtained once with a token, kept in the folder of data, renewed in time.
struct NodeIdentity: Sendable {
  let server: String?
  let token: String?
  /// Where it is kept.
  let folder: String
  let node: String
  let address: String
  let group: any EventLoopGroup
  let logger: Logger

  private var file: String { folder + "/kubelet.kubeconfig" }

  /// The cluster as this node reaches it.
  struct Joined: Sendable {
    var server: String
    /// PEM.
    var authority: String
    var credential: NodeCredential
  }

  /// Joins, unless this machine has joined before with a certificate that is still good.
  /// - Throws: what is wrong, and what to do.
  func join() async throws -> Joined {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let known = stored()
    guard let server = known?.server ?? server else { throw Self.usage }
    let authority: String
    if let known {
      authority = known.authority
    } else {
      authority = try await discover(server)
    }
    var joined = Joined(
      server: server, authority: authority,
      credential: known?.credential ?? NodeCredential(certificate: "", key: ""))
    let cluster = joined
    let (credential, isNew) = try await joiner(joined).credential(
      stored: known?.credential, life: Self.life
    ) { () async throws(NodeJoinError) in
      logger.info("joining", metadata: ["server": "\(server)", "node": "\(node)"])
      do {
        guard let text = token, let token = JoinToken(text) else { throw Self.usage }
        return try client(
          Kubeconfig(server: server, authority: cluster.authority, token: token.token.description))
      } catch {
        throw NodeJoinError.local(message: "\(error)")
      }
    }
    joined.credential = credential
    if isNew {
      try store(joined)
      logger.info("joined; the node's certificate is kept", metadata: ["file": "\(file)"])
    }
    return joined
  }

  private static let usage = ConfigurationError(
    .usage,
    "--server and --token tell which cluster to join; orchestrator token create --print-join-command prints both"
  )

  private static let life: @Sendable (String) -> CertificateLife? = { text in
    guard let life = try? CertificateAuthority.validity(ofCertificatePEM: text) else { return nil }
    return CertificateLife(begin: life.begin, end: life.end)
  }

  /// The certificate with which the kubelet's port is served: waits until the Node object is there.
  func serving(_ joined: Joined) async throws -> NodeCredential {
    let order = CertificateOrder.serving(node: node, names: [node, address])
    let client = try client(joined)
    while true {
      do {
        return try await clerk.obtain(order, from: client)
      } catch {
        // Denied while the Node does not have the address yet.
        logger.info("no certificate for the kubelet's port yet: \(error)")
        try await Task.sleep(for: .seconds(2))
      }
    }
  }

  /// Renews the node's certificate until the task is cancelled.
  /// - Parameter use: takes the new one.
  func keep(_ joined: Joined, use: @escaping @Sendable (Joined) throws -> Void) async {
    let current = Locked(joined)
    await joiner(joined).keep(
      .client(node: node), current: joined.credential, credential: { current.get().credential },
      life: Self.life
    ) { credential in
      var next = current.get()
      next.credential = credential
      try store(next)
      try use(next)
      current.set(next)
    }
  }

  // MARK: Steps

  /// Finds the authority that the token names: until then the server is asked without trusting it.
  private func discover(_ server: String) async throws -> String {
    guard let token else { throw Self.usage }
    guard let hash = JoinToken(token).flatMap({ AuthorityHash($0.authorityHash) }) else {
      throw ConfigurationError(
        .usage, "--token: it is none of orchestrator token create (ID.SECRET@HASH)")
    }
    var anybody = Kubeconfig(server: server, authority: nil, token: nil)
    anybody.skipsVerification = true
    return try await ClusterDiscovery(patience: patience) { JoinToken.hash($0) }
      .authority(hash, from: try client(anybody))
  }

  private var patience: Patience {
    let logger = logger
    return Patience(report: { logger.info("\($0)") })
  }

  private static let makeRequest: CertificateClerk.RequestMaker = { order in
    try CertificateRequest.make(user: order.user, groups: order.groups, names: order.names)
  }

  private var clerk: CertificateClerk {
    CertificateClerk(patience: patience, makeRequest: Self.makeRequest)
  }

  private func joiner(_ joined: Joined) -> NodeJoiner {
    let facts = NodeFacts.current(dataFolder: folder)
    return NodeJoiner(
      MachineIdentity(node: node, machineID: facts.machineID, addresses: [address]), patience: patience,
      makeRequest: Self.makeRequest
    ) { credential in
      var next = joined
      next.credential = credential
      return try client(next)
    }
  }

  private func client(_ joined: Joined) throws -> APIClient { try client(Kubeconfig(joined)) }

  private func client(_ file: Kubeconfig) throws -> APIClient {
    APIClient(transport: try RemoteTransport(file, on: group), userAgent: "orchestrator-agent")
  }

  // MARK: Files

  private func stored() -> Joined? {
    guard let file = try? Kubeconfig(path: file), let authority = file.certificateAuthority,
      let certificate = file.clientCertificate, let key = file.clientKey
    else { return nil }
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    return Joined(
      server: file.server, authority: text(authority),
      credential: NodeCredential(certificate: text(certificate), key: text(key)))
  }

  private func store(_ joined: Joined) throws {
    try Access.Kubeconfig(
      server: joined.server, authority: joined.authority, user: "system:node:" + node,
      credential: .certificate(
        CertificatePair(certificate: joined.credential.certificate, key: joined.credential.key))
    ).write(to: file)
  }
}

typealias Kubeconfig = RemoteAPI.Kubeconfig

extension Kubeconfig {
  /// The cluster as a node reaches it.
  init(_ joined: NodeIdentity.Joined) {
    self.init(server: joined.server, authority: joined.authority, token: nil)
    clientCertificate = Array(joined.credential.certificate.utf8)
    clientKey = Array(joined.credential.key.utf8)
  }

  /// A server and somebody with a token, or nobody.
  init(server: String, authority: String?, token: String?) {
    self.init(server: server)
    certificateAuthority = authority.map { Array($0.utf8) }
    self.token = token
  }
}
