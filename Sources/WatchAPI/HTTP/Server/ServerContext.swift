import NIOCore
import NIOSSL
import Synchronization

/// What all connections of a server share.
struct ServerContext: Sendable {
  let limits: HTTPServerLimits
  let handler: any HTTPExchangeHandler
  let tooLarge: @Sendable (HTTPServerRequest) -> HTTPServerResponse
  let live: LiveStreams
  let chains: ShownChains
}

/// The chains of several certificates that clients have shown. A TLS session that is resumed shows none; TLS itself keeps
/// the first, and this what led from it to its authority.
final class ShownChains: Sendable {
  private let limit: Int
  private let known = Mutex<[[UInt8]: [[UInt8]]]>([:])

  init(limit: Int) { self.limit = limit }

  func note(_ chain: [[UInt8]]) {
    guard chain.count > 1 else { return }
    known.withLock { known in
      // Whoever is forgotten is known again after the next full handshake.
      if known.count >= limit, known[chain[0]] == nil { known.removeAll(keepingCapacity: true) }
      known[chain[0]] = chain
    }
  }

  /// The chain that was last shown for a certificate.
  func chain(of first: [UInt8]) -> [[UInt8]] { known.withLock { $0[first] } ?? [first] }
}

/// What a server knows of one client.
///
/// Safe: because it is used on its connection's event loop only.
final class PeerInfo: @unchecked Sendable {
  /// As DER, the client's own first.
  private(set) var certificates: [[UInt8]] = []
  let address: String
  let eventLoop: any EventLoop
  private let chains: ShownChains

  init(_ address: SocketAddress?, _ eventLoop: any EventLoop, _ chains: ShownChains) {
    self.eventLoop = eventLoop
    self.chains = chains
    guard let address, let ip = address.ipAddress, let port = address.port else {
      self.address = ""
      return
    }
    self.address = ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
  }

  /// The client has shown certificates, and holds the key of the first.
  func show(_ chain: [[UInt8]]) {
    certificates = chain
    chains.note(chain)
  }

  /// A session that is taken up again shows no certificates, but TLS has kept the first.
  func recall(from channel: any Channel) {
    guard certificates.isEmpty,
      let known = try? channel.pipeline.syncOperations.nioSSL_peerCertificate(),
      let bytes = try? known.toDERBytes()
    else { return }
    certificates = chains.chain(of: bytes)
  }
}

/// Makes the exchanges of one HTTP/2 connection.
final class HTTP2Exchanges: HTTP2ConnectionDelegate {
  private let server: ServerContext
  private let peer: PeerInfo

  init(server: ServerContext, peer: PeerInfo) {
    self.server = server
    self.peer = peer
  }

  func makeStream(on connection: HTTP2Connection) -> HTTP2Stream {
    HTTP2Exchange(server: server, peer: peer)
  }

  func connectionReady(_ connection: HTTP2Connection) {}
  func connectionGoingAway(_ connection: HTTP2Connection) {}
  func connectionClosed(_ connection: HTTP2Connection, reason: String) {}
}
