public import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Calls one server over HTTPS (HTTP/1.1): connections are kept and used again.
public final class WebClient: Sendable {
  /// Connections that are kept for later, at most.
  private static let idleConnections = 64

  /// Whom to trust, and as whom to speak.
  public struct Security: Sendable {
    /// Roots that the server's certificate must lead to, as PEM; nil for those of the system.
    public var roots: String?
    /// The client's own chain and key, as PEM.
    public var certificate: (chain: String, key: String)?
    /// Whether any server will do.
    public var skipsVerification = false

    /// Roots of one's own, or the system's.
    public init(roots: String?, certificate: (chain: String, key: String)? = nil) {
      self.roots = roots
      self.certificate = certificate
    }
  }

  private let host: String
  private let port: Int
  private let context: NIOSSLContext
  private let group: any EventLoopGroup
  private let idle = Mutex<[any Channel]>([])

  /// A client of a server.
  public init(host: String, port: Int, security: Security, on group: any EventLoopGroup) throws {
    self.host = host
    self.port = port
    self.group = group
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let roots = security.roots {
      configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(roots.utf8)))
    }
    if let (chain, key) = security.certificate {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map {
        .certificate($0)
      }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
    }
    if security.skipsVerification { configuration.certificateVerification = .none }
    configuration.applicationProtocols = ["http/1.1"]
    context = try NIOSSLContext(configuration: configuration)
  }

  /// Sends a request; done when the head of the answer has come.
  public func send(
    method: String, target: String, headers: [(name: String, value: String)], body: [UInt8]
  ) async throws -> WebResponse {
    let (channel, isFresh) = try await connection()
    do {
      return try await send(on: channel, method: method, target: target, headers: headers, body: body)
    } catch let error where !isFresh && error is WebClientClosed && !["POST", "PATCH"].contains(method) {
      // A connection that was kept may have been closed meanwhile; what was asked can be asked again.
      let (channel, _) = try await connection(fresh: true)
      return try await send(on: channel, method: method, target: target, headers: headers, body: body)
    }
  }

  private func send(
    on channel: any Channel, method: String, target: String, headers: [(name: String, value: String)],
    body: [UInt8]
  ) async throws -> WebResponse {
    let exchange = WebExchange(channel: channel) { [weak self] in self?.keep(channel) }
    return try await withTaskCancellationHandler {
      var head = HTTPRequestHead(
        version: .http1_1, method: HTTPMethod(rawValue: method), uri: target,
        headers: HTTPHeaders(headers.map { ($0.name, $0.value) }))
      head.headers.replaceOrAdd(name: "host", value: port == 443 ? host : "\(host):\(port)")
      if !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) {
        head.headers.replaceOrAdd(name: "content-length", value: String(body.count))
      }
      let requestHead = head
      channel.eventLoop.execute {
        guard let handler = try? channel.pipeline.syncOperations.handler(type: WebClientConnection.self)
        else {
          return exchange.fail(WebClientClosed())
        }
        handler.begin(exchange, requestHead, body)
      }
      return try await exchange.head()
    } onCancel: {
      channel.close(promise: nil)
    }
  }

  private func connection(fresh: Bool = false) async throws -> (any Channel, isFresh: Bool) {
    if !fresh {
      while let known = idle.withLock({ $0.popLast() }) {
        if known.isActive { return (known, false) }
      }
    }
    let (context, host) = (context, host)
    // An address has no name to send (RFC 6066).
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    let channel = try await ClientBootstrap(group: group)
      .connectTimeout(.seconds(10))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host))
          try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
          try channel.pipeline.syncOperations.addHandler(WebClientConnection())
        }
      }
      .connect(host: host, port: port).get()
    return (channel, true)
  }

  private func keep(_ channel: any Channel) {
    let isKept = idle.withLock { idle in
      guard channel.isActive, idle.count < Self.idleConnections else { return false }
      idle.append(channel)
      return true
    }
    if !isKept { channel.close(promise: nil) }
  }

  /// Closes the connections that wait.
  public func close() {
    for channel in idle.withLock({ idle in
      defer { idle = [] }
      return idle
    }) { channel.close(promise: nil) }
  }
}

/// The server has closed the connection before it answered.
public struct WebClientClosed: Error, CustomStringConvertible {
  /// What people read.
  public var description: String { "the connection was closed" }
}

/// One request and its answer.
private final class WebExchange: WebStream {
  /// Bytes of an answer that wait to be read before the server is held back.
  private static let waitingBytes = 1 << 20

  private struct State {
    var head: Result<(status: Int, headers: [(name: String, value: String)]), any Error>?
    var headWaiter: CheckedContinuation<Void, Never>?
    var parts: [[UInt8]] = []
    var bytes = 0
    var end: Result<Void, any Error>?
    var waiter: CheckedContinuation<Void, Never>?
    var isPaused = false
  }

  private let channel: any Channel
  private let onEnd: @Sendable () -> Void
  private let state = Mutex(State())

  init(channel: any Channel, onEnd: @escaping @Sendable () -> Void) {
    self.channel = channel
    self.onEnd = onEnd
  }

  deinit {
    // Whoever lets go of an answer before its end does not want the rest.
    if state.withLock({ $0.end == nil }) { channel.close(promise: nil) }
  }

  func head() async throws -> WebResponse {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.head != nil { return true }
        state.headWaiter = continuation
        return false
      }
      if isThere { continuation.resume() }
    }
    guard let (status, headers) = try state.withLock({ $0.head })?.get() else { throw WebClientClosed() }
    return WebResponse(status: status, headers: headers, body: .stream(self))
  }

  // MARK: From the connection

  func begin(_ status: Int, _ headers: [(name: String, value: String)]) {
    let waiter = state.withLock { state in
      state.head = .success((status, headers))
      defer { state.headWaiter = nil }
      return state.headWaiter
    }
    waiter?.resume()
  }

  /// Whether the connection should read on.
  func take(_ bytes: [UInt8]) -> Bool {
    let (waiter, reads) = state.withLock { state in
      state.parts.append(bytes)
      state.bytes += bytes.count
      if state.bytes > Self.waitingBytes { state.isPaused = true }
      defer { state.waiter = nil }
      return (state.waiter, !state.isPaused)
    }
    waiter?.resume()
    return reads
  }

  var isPaused: Bool { state.withLock { $0.isPaused } }

  func end(isReusable: Bool) {
    finish(.success(()))
    if isReusable { onEnd() } else { channel.close(promise: nil) }
  }

  func fail(_ error: any Error) { finish(.failure(error)) }

  private func finish(_ end: Result<Void, any Error>) {
    let waiters = state.withLock { state in
      if state.end == nil { state.end = end }
      if state.head == nil, case .failure(let error) = end { state.head = .failure(error) }
      defer {
        state.waiter = nil
        state.headWaiter = nil
      }
      return [state.waiter, state.headWaiter]
    }
    for waiter in waiters { waiter?.resume() }
  }

  // MARK: WebStream

  func next() async throws -> [UInt8]? {
    while true {
      let (part, end, resumes) = state.withLock { state -> ([UInt8]?, Result<Void, any Error>?, Bool) in
        guard !state.parts.isEmpty else { return (nil, state.end, false) }
        let part = state.parts.removeFirst()
        state.bytes -= part.count
        let resumes = state.isPaused && state.bytes < Self.waitingBytes / 2
        if resumes { state.isPaused = false }
        return (part, nil, resumes)
      }
      if resumes { channel.eventLoop.execute { self.channel.read() } }
      if let part { return part }
      if let end {
        try end.get()
        return nil
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if !state.parts.isEmpty || state.end != nil { return true }
            state.waiter = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        cancel()
      }
    }
  }

  func cancel() {
    if state.withLock({ $0.end == nil }) { channel.close(promise: nil) }
    finish(.success(()))
  }
}

/// The client's side of a connection.
///
/// Safe: because all state is used on the event loop only.
private final class WebClientConnection: ChannelDuplexHandler, @unchecked Sendable {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  private var exchange: WebExchange?
  private var isKeepAlive = true
  private var context: ChannelHandlerContext?
  private var isClosed = false

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func begin(_ exchange: WebExchange, _ head: HTTPRequestHead, _ body: [UInt8]) {
    guard let context, !isClosed, self.exchange == nil else { return exchange.fail(WebClientClosed()) }
    self.exchange = exchange
    isKeepAlive = true
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !body.isEmpty {
      context.write(
        wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      guard head.status.code >= 200 else { return }
      isKeepAlive = head.isKeepAlive
      exchange?.begin(
        Int(head.status.code), head.headers.map { (name: $0.name.lowercased(), value: $0.value) })
    case .body(let buffer): _ = exchange?.take(Array(buffer.readableBytesView))
    case .end:
      let exchange = exchange
      self.exchange = nil
      exchange?.end(isReusable: isKeepAlive)
    }
  }

  /// Reads on only if what has come is being read.
  func read(context: ChannelHandlerContext) {
    if exchange?.isPaused != true { context.read() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosed = true
    exchange?.fail(WebClientClosed())
    exchange = nil
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    exchange?.fail(error)
    exchange = nil
    context.close(promise: nil)
  }
}
