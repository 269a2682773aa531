import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Makes a client's connections: TCP, TLS, and the protocol that both sides speak.
struct Dialler: Sendable {
  enum Security: Sendable {
    case plain(HTTPClient.Version)
    /// `upgrades` offers HTTP/1.1 only.
    case tls(NIOSSLContext, upgrades: NIOSSLContext, serverName: String?)
  }

  let host: String
  let port: Int
  let security: Security
  let connectTimeout: TimeAmount
  let group: any EventLoopGroup

  /// `host:port`.
  var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Fails with an `HTTPClientError`.
  /// - Parameter isUpgrade: whether HTTP/1.1 is to be spoken, which alone can hand a connection over.
  func dial(for pool: ConnectionPool, isUpgrade: Bool = false) -> EventLoopFuture<Link> {
    let loop = group.any()
    let promise = loop.makePromise(of: Link.self)
    loop.execute {
      connect(on: loop, isUpgrade).assumeIsolated().whenComplete { result in
        switch result {
        case .failure(let error): promise.fail(explain(error))
        case .success(let channel): negotiate(channel, isUpgrade, pool, promise)
        }
      }
    }
    return promise.futureResult
  }

  private func connect(on loop: any EventLoop, _ isUpgrade: Bool) -> EventLoopFuture<any Channel> {
    ClientBootstrap(group: loop)
      .connectTimeout(connectTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard case .tls(let usual, let upgrades, let serverName) = security else { return }
          try channel.pipeline.syncOperations.addHandlers([
            NIOSSLClientHandler(context: isUpgrade ? upgrades : usual, serverHostname: serverName),
            Negotiation(channel.eventLoop.makePromise()),
          ])
        }
      }
      .connect(host: host, port: port)
  }

  private func negotiate(
    _ channel: any Channel, _ isUpgrade: Bool, _ pool: ConnectionPool, _ promise: EventLoopPromise<Link>
  ) {
    let timer = channel.eventLoop.scheduleTask(in: connectTimeout) {
      promise.fail(HTTPClientError.timedOut("\(address) accepts connections, and does not answer"))
      channel.close(promise: nil)
    }
    promise.futureResult.whenComplete { _ in timer.cancel() }
    switch security {
    case .plain(let version): install(isUpgrade ? .http1 : version, channel, pool, promise)
    case .tls:
      do {
        let negotiation = try channel.pipeline.syncOperations.handler(type: Negotiation.self)
        negotiation.result.futureResult.assumeIsolated().whenComplete { result in
          switch result {
          case .success(let name): install(name == "h2" ? .http2 : .http1, channel, pool, promise)
          case .failure(let error): promise.fail(explainTLS(error))
          }
        }
      } catch {
        promise.fail(HTTPClientError.cannotConnect(address: address, reason: "the connection was closed"))
      }
    }
  }

  private func install(
    _ version: HTTPClient.Version, _ channel: any Channel, _ pool: ConnectionPool,
    _ promise: EventLoopPromise<Link>
  ) {
    do {
      switch version {
      case .http1: promise.succeed(.http1(try HTTP1Link(on: channel, pool: pool)))
      // Done once the server's settings have come.
      case .http2: _ = try HTTP2Link(on: channel, pool: pool, ready: promise)
      }
    } catch {
      promise.fail(HTTPClientError.cannotConnect(address: address, reason: "\(error)"))
      channel.close(promise: nil)
    }
  }

  // MARK: reasons for people

  private func explain(_ error: any Error) -> HTTPClientError {
    if let error = error as? NIOConnectionError {
      if let single = error.connectionErrors.first { return explain(single.error) }
      if error.dnsAError != nil || error.dnsAAAAError != nil {
        return .cannotConnect(address: address, reason: "no address is known for the name")
      }
    }
    if case .connectTimeout = error as? ChannelError {
      return .timedOut("\(address) does not accept connections")
    }
    return .cannotConnect(address: address, reason: "\(error)")
  }

  private func explainTLS(_ error: any Error) -> HTTPClientError {
    let text = "\(error)"
    if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
      return .insecure(address: address, reason: "the server's certificate is not for \(host)")
    }
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return .insecure(
        address: address,
        reason: "no trusted authority has signed the server's certificate, or it has expired")
    }
    if text.contains("WRONG_VERSION_NUMBER") {
      return .insecure(address: address, reason: "the server does not speak TLS")
    }
    return .insecure(address: address, reason: text)
  }
}

/// Waits for the TLS handshake; its result is the protocol chosen (ALPN, RFC 7301), if any.
///
/// Safe: because it is used on its channel's event loop only.
private final class Negotiation: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer

  let result: EventLoopPromise<String?>
  private var isDone = false

  init(_ result: EventLoopPromise<String?>) { self.result = result }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let name) = event as? TLSUserEvent, !isDone {
      isDone = true
      result.succeed(name)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if isDone {
      context.fireErrorCaught(error)
    } else {
      fail(error)
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(HTTPClientError.connectionLost("the server closed the connection during the handshake"))
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    fail(HTTPClientError.connectionLost("the connection was closed"))
  }

  private func fail(_ error: any Error) {
    guard !isDone else { return }
    isDone = true
    result.fail(error)
  }
}
