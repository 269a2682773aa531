public import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP server for whole requests and for answers that may be streams: HTTP/1.1 and HTTP/2 on one port, over TLS
/// (ALPN) or plain TCP (HTTP/2 by prior knowledge). Clients may show certificates; what they are worth is for the handler.
public final class HTTPServer: Sendable {
  /// Gives the answer to a request whose body is longer than the server takes; the request comes without its body.
  public typealias TooLarge = @Sendable (HTTPServerRequest) -> HTTPServerResponse

  private let channel: any Channel
  private let channels: ChannelTable
  private let security: Security?
  private let live: LiveStreams

  private init(_ channel: any Channel, _ channels: ChannelTable, _ security: Security?, _ live: LiveStreams) {
    self.channel = channel
    self.channels = channels
    self.security = security
    self.live = live
  }

  /// Listens on one address; port 0 has the kernel choose. A server on several addresses is several of these.
  /// - Parameters:
  ///   - identity: nil for plain TCP.
  ///   - clientAuthorities: whose names clients are told, for them to choose a certificate by; nil tells none.
  ///   - tooLarge: answers requests with too long a body.
  /// - Throws: `TLSConfigurationError`, or why the address cannot be bound.
  public static func start(
    on group: any EventLoopGroup, host: String, port: Int, identity: TLSIdentity? = nil,
    clientAuthorities: TLSRoots? = nil, limits: HTTPServerLimits = HTTPServerLimits(),
    handler: any HTTPExchangeHandler,
    tooLarge: @escaping TooLarge = { _ in .text(413, "request body too large\n") }
  ) async throws -> HTTPServer {
    let security = try identity.map { try Security($0, clientAuthorities) }
    let channels = ChannelTable(limit: limits.connections)
    let live = LiveStreams()
    let server = ServerContext(
      limits: limits, handler: handler, tooLarge: tooLarge, live: live,
      chains: ShownChains(limit: limits.rememberedChains))
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: limits.backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelInitializer { channel in
        guard channels.add(channel) else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture { try add(to: channel, server, security) }
      }
      .bind(host: host, port: port).get()
    return HTTPServer(channel, channels, security, live)
  }

  private static func add(to channel: any Channel, _ server: ServerContext, _ security: Security?) throws {
    let peer = PeerInfo(channel.remoteAddress, channel.eventLoop, server.chains)
    if let security {
      try channel.pipeline.syncOperations.addHandler(
        NIOSSLServerHandler(
          context: security.context,
          customVerificationCallback: { certificates, promise in
            peer.show(certificates.compactMap { try? $0.toDERBytes() })
            promise.succeed(.certificateVerified)
          }))
    }
    try channel.pipeline.syncOperations.addHandler(
      ProtocolSniffer(
        handshakeTimeout: server.limits.connection.handshakeTimeout,
        addHTTP1: { channel, position in
          peer.recall(from: channel)
          try HTTP1Exchanges.add(to: channel, position, server: server, peer: peer)
        },
        makeHTTP2: { channel in
          peer.recall(from: channel)
          return HTTP2Connection(
            role: .server, limits: server.limits.connection,
            minimumPingInterval: server.limits.minimumPingInterval, channel: channel,
            delegate: HTTP2Exchanges(server: server, peer: peer))
        }))
  }

  /// The port bound.
  public var port: Int { channel.localAddress?.port ?? 0 }

  /// Connections open now.
  public var connectionCount: Int { channels.count }

  /// Streams being sent now.
  public var streamCount: Int { live.count }

  /// Shows another certificate from the next connection on. Does nothing without TLS.
  /// - Throws: `TLSConfigurationError`; the old certificate then stays.
  public func reload(_ identity: TLSIdentity) throws {
    try security?.reload(identity)
  }

  /// Takes no more connections, ends the streams, lets answers under way end for `grace`, and closes what is left.
  public func stop(grace: TimeAmount = .seconds(10)) async {
    try? await channel.close().get()
    let open = channels.close()
    for channel in open { channel.pipeline.fireUserInboundEventTriggered(GracefulShutdown()) }
    live.stop()
    let timer = channel.eventLoop.scheduleTask(in: grace) {
      for channel in open { channel.close(promise: nil) }
    }
    for channel in open { try? await channel.closeFuture.get() }
    timer.cancel()
  }
}

/// The TLS context that new connections get.
private final class Security: Sendable {
  private let clientAuthorities: TLSRoots?
  private let current: Mutex<NIOSSLContext>

  init(_ identity: TLSIdentity, _ clientAuthorities: TLSRoots?) throws {
    self.clientAuthorities = clientAuthorities
    current = Mutex(try Self.make(identity, clientAuthorities))
  }

  var context: NIOSSLContext { current.withLock { $0 } }

  func reload(_ identity: TLSIdentity) throws {
    let context = try Self.make(identity, clientAuthorities)
    current.withLock { $0 = context }
  }

  private static func make(_ identity: TLSIdentity, _ clientAuthorities: TLSRoots?) throws -> NIOSSLContext {
    let (chain, key) = try identity.loaded()
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2", "http/1.1"]
    // Asks for a certificate and does without; the callback of each connection takes the place of verifying it.
    configuration.certificateVerification = .optionalVerification
    configuration.trustRoots = try clientAuthorities?.loaded() ?? .certificates([])
    configuration.sendCANameList = clientAuthorities != nil
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw TLSConfigurationError(reason: "the certificate and the private key do not fit")
    }
  }
}
