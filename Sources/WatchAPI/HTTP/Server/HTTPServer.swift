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
  /// - Parameter identity: nil for plain TCP.
  /// - Throws: `TLSConfigurationError`, or why the address cannot be bound.
  public static func start(
    on group: any EventLoopGroup, host: String, port: Int, identity: TLSIdentity? = nil,
    limits: HTTPServerLimits = HTTPServerLimits(), handler: any HTTPExchangeHandler,
    tooLarge: @escaping TooLarge = { _ in .text(413, "request body too large\n") }
  ) async throws -> HTTPServer {
    let security = try identity.map { Security(try makeContext($0)) }
    let channels = ChannelTable(limit: limits.connections)
    let live = LiveStreams()
    let server = ServerContext(limits: limits, handler: handler, tooLarge: tooLarge, live: live)
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
    let peer = PeerInfo(channel.remoteAddress, channel.eventLoop)
    if let security {
      try channel.pipeline.syncOperations.addHandler(
        NIOSSLServerHandler(
          context: security.context,
          customVerificationCallback: { certificates, promise in
            peer.certificates = certificates.compactMap { try? $0.toDERBytes() }
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
            role: .server, limits: server.limits.connection, channel: channel,
            delegate: HTTP2Exchanges(server: server, peer: peer))
        }))
  }

  private static func makeContext(_ identity: TLSIdentity) throws -> NIOSSLContext {
    let (chain, key) = try identity.loaded()
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2", "http/1.1"]
    // Asks for a certificate and does without; the callback of each connection takes the place of verifying it.
    configuration.certificateVerification = .optionalVerification
    configuration.trustRoots = .certificates([])
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw TLSConfigurationError(reason: "the certificate and the private key do not fit")
    }
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
    security?.context = try Self.makeContext(identity)
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
  private let current: Mutex<NIOSSLContext>

  init(_ context: NIOSSLContext) { current = Mutex(context) }

  var context: NIOSSLContext {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }
}

/// The channels of a server that are open.
private final class ChannelTable: Sendable {
  private struct State {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var isClosed = false
  }
  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  var count: Int { state.withLock { $0.channels.count } }

  /// Takes no more, and returns those that are open.
  func close() -> [any Channel] {
    state.withLock { state in
      state.isClosed = true
      return Array(state.channels.values)
    }
  }

  /// Notes a channel until it closes; false when there are too many, or the server has stopped.
  func add(_ channel: any Channel) -> Bool {
    let id = ObjectIdentifier(channel)
    let isAdded = state.withLock { state in
      guard !state.isClosed, state.channels.count < limit else { return false }
      state.channels[id] = channel
      return true
    }
    guard isAdded else { return false }
    channel.closeFuture.whenComplete { _ in self.state.withLock { $0.channels[id] = nil } }
    return true
  }
}
