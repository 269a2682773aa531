public import HTTP
public import NIOCore
import NIOPosix

/// One HTTP/2 connection to a gRPC server. Belongs to its event loop: methods are called there only.
///
/// Safe: because every member but `eventLoop` and `mailbox` is used on the event loop only.
public final class ClientConnection: @unchecked Sendable {
  /// Where a server listens.
  public enum Target: Sendable, Hashable, CustomStringConvertible {
    /// A host name or address, and a port.
    case hostPort(String, Int)
    /// The path of a unix socket.
    case unixSocket(String)

    /// `host:port`, or the socket's path.
    public var description: String {
      if case .unixSocket(let path) = self { path } else { authority }
    }

    /// What the `:authority` field says.
    var authority: String {
      switch self {
      case .hostPort(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      case .unixSocket: "localhost"
      }
    }
  }

  /// Adds what a connection has below HTTP/2, such as TLS, to a channel that is being made.
  public typealias Security = @Sendable (any Channel) throws -> Void

  /// Header blocks kept; a client calls a handful of methods.
  private static let blockLimit = 1_024

  private let limits: ClientLimits
  private let authority: String
  /// Until it is kept: its future would hold this connection, which holds it.
  private var ready: EventLoopPromise<ClientConnection>?
  private var isReady = false
  private var isClosed = false
  private var isGoingAway = false
  private var http: HTTP2Connection?
  private var blocks: [String: HeaderBlock] = [:]

  /// The loop this connection belongs to.
  public let eventLoop: any EventLoop
  /// Work posted here from any thread runs on this connection's loop.
  public let mailbox: LoopMailbox
  /// Called once when the connection is gone.
  public var onClose: (() -> Void)?

  private init(_ authority: String, limits: ClientLimits, eventLoop: any EventLoop) {
    self.authority = authority
    self.limits = limits
    self.eventLoop = eventLoop
    mailbox = LoopMailbox.current(of: eventLoop)
  }

  /// Connects; done when the server has sent its HTTP/2 settings. Fails with a `GRPCStatus` (UNAVAILABLE).
  /// - Parameter security: nil for a plain connection.
  public static func connect(
    to target: Target, on eventLoop: any EventLoop, limits: ClientLimits = ClientLimits(),
    security: Security? = nil
  ) -> EventLoopFuture<ClientConnection> {
    guard eventLoop.inEventLoop else {
      return eventLoop.flatSubmit {
        connect(to: target, on: eventLoop, limits: limits, security: security)
      }
    }
    let connection = ClientConnection(target.authority, limits: limits, eventLoop: eventLoop)
    let ready = eventLoop.makePromise(of: ClientConnection.self)
    connection.ready = ready
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(limits.connectTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try security?(channel)
          try channel.pipeline.syncOperations.addHandler(
            HTTP2Connection(role: .client, limits: limits.connection, channel: channel, delegate: connection))
        }
      }
    let connecting =
      switch target {
      case .hostPort(let host, let port): bootstrap.connect(host: host, port: port)
      case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
      }
    connecting.assumeIsolated().whenComplete { result in
      do {
        // A name with several addresses has several channels begin; this is the one that got through.
        let channel = try result.get()
        connection.http = try channel.pipeline.syncOperations.handler(type: HTTP2Connection.self)
        let timer = eventLoop.scheduleTask(in: limits.connectTimeout) {
          if !connection.isReady { channel.close(promise: nil) }
        }
        ready.futureResult.whenComplete { _ in timer.cancel() }
      } catch {
        connection.isClosed = true
        connection.ready = nil
        ready.fail(GRPCStatus(.unavailable, "cannot connect to \(target.authority): \(error)"))
      }
    }
    return ready.futureResult
  }

  /// Whether new calls can begin.
  public var isOpen: Bool { isReady && !isClosed && !isGoingAway }

  /// Calls under way.
  public var callCount: Int { http?.openStreams ?? 0 }

  /// A unary call. `completion` runs on the event loop, exactly once, and not before this returns unless the call is
  /// cancelled first.
  @discardableResult
  public func unary(
    _ path: String, _ message: ByteBuffer, metadata: Metadata = Metadata(), timeout: TimeAmount? = nil,
    completion: @escaping (Result<ByteBuffer, GRPCStatus>) -> Void
  ) -> UnaryCall {
    let call = UnaryCall(messageLimit: limits.messageBytes, completion: completion)
    start(call, path, metadata, timeout)
    call.send(message)
    call.endData()
    return call
  }

  /// Opens a call of any streaming kind.
  public func open(_ path: String, metadata: Metadata = Metadata(), timeout: TimeAmount? = nil) -> ClientCall
  {
    let call = ClientCall(messageLimit: limits.messageBytes)
    start(call, path, metadata, timeout)
    return call
  }

  /// Closes when the calls under way have ended; at once with `now`.
  public func close(now: Bool = false) {
    eventLoop.assertInEventLoop()
    isGoingAway = true
    if now { http?.closeNow("closed by this side") } else { http?.shutDownGracefully() }
  }

  private func start(_ call: ClientStream, _ path: String, _ metadata: Metadata, _ timeout: TimeAmount?) {
    eventLoop.assertInEventLoop()
    var fields: [(name: String, value: String)] = []
    if let timeout {
      call.setDeadline(Timeout.deadline(after: timeout))
      fields.append(("grpc-timeout", Timeout.format(timeout)))
    }
    if !metadata.fields.isEmpty {
      guard metadata.fields.allSatisfy({ HeaderBlock.isValid(name: $0.name, value: $0.value) }) else {
        refuse(call, GRPCStatus(.internalError, "metadata contains a field that HTTP/2 does not allow"))
        return
      }
      fields += metadata.fields
    }
    guard isOpen, let http else {
      refuse(call, GRPCStatus(.unavailable, "the connection to \(authority) is closed"))
      return
    }
    guard let block = block(path) else {
      refuse(call, GRPCStatus(.internalError, "too many different methods on one connection"))
      return
    }
    guard http.open(call, block, fields) else {
      refuse(call, GRPCStatus(.unavailable, "the connection to \(authority) takes no more calls"))
      return
    }
  }

  /// Ends a call that could not begin, once its caller has had time to install callbacks.
  private func refuse(_ call: ClientStream, _ status: GRPCStatus) {
    eventLoop.execute { call.finish(status) }
  }

  /// The fixed headers of a method, kept until the connection closes, as the HTTP/2 library refers to them.
  private func block(_ path: String) -> HeaderBlock? {
    if let known = blocks[path] { return known }
    guard blocks.count < Self.blockLimit else { return nil }
    let block = HeaderBlock([
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", authority),
      ("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "raftkv"),
    ])
    blocks[path] = block
    return block
  }
}

extension ClientConnection: HTTP2ConnectionDelegate {
  /// Part of `HTTP2ConnectionDelegate`.
  public func makeStream(on connection: HTTP2Connection) -> HTTP2Stream {
    // The HTTP/2 library refuses streams that a server opens, as this side has disabled push.
    HTTP2Stream()
  }

  /// Part of `HTTP2ConnectionDelegate`.
  public func connectionReady(_ connection: HTTP2Connection) {
    guard connection === http else { return }
    isReady = true
    ready?.succeed(self)
    ready = nil
  }

  /// Part of `HTTP2ConnectionDelegate`.
  public func connectionGoingAway(_ connection: HTTP2Connection) {
    guard connection === http else { return }
    isGoingAway = true
  }

  /// Part of `HTTP2ConnectionDelegate`.
  public func connectionClosed(_ connection: HTTP2Connection, reason: String) {
    guard connection === http else { return }
    isClosed = true
    http = nil
    ready?.fail(GRPCStatus(.unavailable, "connection to \(authority) lost: \(reason)"))
    ready = nil
    let onClose = onClose
    self.onClose = nil
    onClose?()
  }
}
