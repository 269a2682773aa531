import NIOCore
import NIOSSL

/// What all connections of a server share.
struct ServerContext: Sendable {
  let limits: HTTPServerLimits
  let handler: any HTTPExchangeHandler
  let tooLarge: @Sendable (HTTPServerRequest) -> HTTPServerResponse
  let live: LiveStreams
}

/// What a server knows of one client.
///
/// Safe: because it is used on its connection's event loop only.
final class PeerInfo: @unchecked Sendable {
  /// As DER, the client's own first.
  var certificates: [[UInt8]] = []
  let address: String
  let eventLoop: any EventLoop

  init(_ address: SocketAddress?, _ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    guard let address, let ip = address.ipAddress, let port = address.port else {
      self.address = ""
      return
    }
    self.address = ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
  }

  /// A session that is taken up again shows no certificates, but TLS has kept the first.
  func recall(from channel: any Channel) {
    guard certificates.isEmpty,
      let known = try? channel.pipeline.syncOperations.nioSSL_peerCertificate(),
      let bytes = try? known.toDERBytes()
    else { return }
    certificates = [bytes]
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
