public import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A request that has come over a socket.
public struct WebRequest: Sendable {
  /// Such as `GET`.
  public var method: String
  /// The path and the query, as they were sent.
  public var target: String
  /// Names are in lower case.
  public var headers: [(name: String, value: String)]
  /// The whole body.
  public var body: [UInt8]
  /// Whether there was more of it than the server takes; `body` is then empty.
  public var isTooLarge: Bool
  /// The certificates that the client has shown and whose key it holds, as DER, its own first.
  public var certificates: [[UInt8]]
  /// Where it came from.
  public var remoteAddress: String
}

/// An answer to be sent.
public struct WebResponse: Sendable {
  /// The body of an answer.
  public enum Body: Sendable {
    /// All of it.
    case parts([[UInt8]])
    /// What comes as it happens: pulled as fast as the client reads.
    case stream(any WebStream)
  }

  /// The status code.
  public var status: Int
  /// Names are in lower case.
  public var headers: [(name: String, value: String)]
  /// What follows.
  public var body: Body

  /// An answer.
  public init(status: Int, headers: [(name: String, value: String)], body: Body) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// A body that comes as it happens.
public protocol WebStream: Sendable {
  /// What follows; nil at the end.
  func next() async throws -> [UInt8]?
  /// Nobody reads on; whoever waits in `next` gets the end.
  func cancel()
}

/// How much a web server takes.
public struct WebLimits: Sendable {
  /// Bytes of a request's body.
  public var bodyBytes = 3 << 20
  /// Bytes of a request's head.
  public var headBytes = 64 << 10
  /// Connections at a time.
  public var connections = 50_000
  /// How long a connection may be idle between requests, or take for a request's head.
  public var idle = TimeAmount.seconds(180)

  /// The usual limits.
  public init() {}
}

/// Serves HTTP/1.1 over TLS to one handler. Clients may show certificates; the handler decides what they are worth.
public final class WebServer: Sendable {
  /// Answers requests.
  public typealias Handler = @Sendable (WebRequest) async -> WebResponse

  private let channel: any Channel
  private let connections: Connections

  /// The port that was bound.
  public var port: Int { channel.localAddress?.port ?? 0 }

  /// Listens.
  /// - Parameters:
  ///   - certificate: the server's chain and key, as PEM.
  ///   - clientRoots: names of authorities that clients are told, as PEM; certificates of others come through as well.
  public static func start(
    host: String, port: Int, certificate: (chain: String, key: String), clientRoots: String,
    limits: WebLimits = WebLimits(), on group: any EventLoopGroup, handler: @escaping Handler
  ) async throws -> WebServer {
    let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8))
    let key = try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.certificateVerification = .optionalVerification
    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(clientRoots.utf8)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    let context = try NIOSSLContext(configuration: configuration)
    let connections = Connections(limit: limits.connections)
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        guard connections.add(channel) else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture {
          let shown = ShownCertificates()
          let security = NIOSSLServerHandler(
            context: context,
            customVerificationCallbackWithMetadata: { certificates, promise in
              // Who it is, is for the handler to say; that the client holds the key is checked by TLS itself.
              shown.chain = certificates.compactMap { try? $0.toDERBytes() }
              promise.succeed(.certificateVerified(VerificationMetadata(nil)))
            })
          try channel.pipeline.syncOperations.addHandler(security)
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(
            WebConnection(limits: limits, shown: shown, handler: handler))
        }
      }
      .bind(host: host, port: port).get()
    return WebServer(channel: channel, connections: connections)
  }

  private init(channel: any Channel, connections: Connections) {
    self.channel = channel
    self.connections = connections
  }

  /// Takes no more connections, and closes those that there are.
  public func stop() async {
    try? await channel.close().get()
    connections.closeAll()
  }
}

/// The connections that are open.
private final class Connections: Sendable {
  private let limit: Int
  private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

  init(limit: Int) { self.limit = limit }

  func add(_ channel: any Channel) -> Bool {
    let isTaken = open.withLock { open in
      guard open.count < limit else { return false }
      open[ObjectIdentifier(channel)] = channel
      return true
    }
    if isTaken {
      channel.closeFuture.whenComplete { _ in self.open.withLock { $0[ObjectIdentifier(channel)] = nil } }
    }
    return isTaken
  }

  func closeAll() { for channel in open.withLock({ Array($0.values) }) { channel.close(promise: nil) } }
}

/// What a client has shown; on its connection's event loop only.
///
/// Safe: because both users run on one event loop.
private final class ShownCertificates: @unchecked Sendable {
  var chain: [[UInt8]] = []
}

/// One connection: a request at a time.
///
/// Safe: because all state is used on the event loop only.
private final class WebConnection: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let limits: WebLimits
  private let shown: ShownCertificates
  private let handler: WebServer.Handler
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var isTooLarge = false
  /// Requests that have come while one is being answered.
  private var waiting: [WebRequest] = []
  private var waitingKeepAlive: [Bool] = []
  private var isAnswering = false
  private var task: Task<Void, Never>?
  private var stream: (any WebStream)?
  private var idle: Scheduled<Void>?
  private var isClosed = false
  private var writable: EventLoopPromise<Void>?

  init(limits: WebLimits, shown: ShownCertificates, handler: @escaping WebServer.Handler) {
    self.limits = limits
    self.shown = shown
    self.handler = handler
  }

  func channelActive(context: ChannelHandlerContext) {
    rest(context)
    context.fireChannelActive()
  }

  /// Closes the connection unless something comes.
  private func rest(_ context: ChannelHandlerContext) {
    idle?.cancel()
    let channel = context.channel
    idle = context.eventLoop.scheduleTask(in: limits.idle) { channel.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      var bytes = head.uri.utf8.count
      for header in head.headers { bytes += header.name.utf8.count + header.value.utf8.count }
      guard bytes <= limits.headBytes else {
        refuse(context, status: .requestHeaderFieldsTooLarge)
        return
      }
      self.head = head
      body = []
      isTooLarge = false
      if head.headers[canonicalForm: "expect"].contains("100-continue") {
        let accept = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(accept)), promise: nil)
      }
    case .body(let buffer):
      guard !isTooLarge else { return }
      if body.count + buffer.readableBytes > limits.bodyBytes {
        isTooLarge = true
        body = []
      } else {
        body.append(contentsOf: buffer.readableBytesView)
      }
    case .end:
      guard let head else { return }
      self.head = nil
      idle?.cancel()
      let request = WebRequest(
        method: head.method.rawValue, target: head.uri,
        headers: head.headers.map { (name: $0.name.lowercased(), value: $0.value) }, body: body,
        isTooLarge: isTooLarge, certificates: shown.chain,
        remoteAddress: context.remoteAddress.map { "\($0.ipAddress ?? ""):\($0.port ?? 0)" } ?? "")
      body = []
      waiting.append(request)
      waitingKeepAlive.append(head.isKeepAlive)
      if waiting.count > 16 { return context.close(promise: nil) }
      answerNext(context)
    }
  }

  private func refuse(_ context: ChannelHandlerContext, status: HTTPResponseStatus) {
    let head = HTTPResponseHead(
      version: .http1_1, status: status, headers: ["content-length": "0", "connection": "close"])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
      context.close(promise: nil)
    }
  }

  private func answerNext(_ context: ChannelHandlerContext) {
    guard !isAnswering, !waiting.isEmpty else { return }
    isAnswering = true
    let request = waiting.removeFirst()
    let isKeepAlive = waitingKeepAlive.removeFirst()
    let handler = handler
    let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    task = Task {
      let response = await handler(request)
      await Self.send(
        response, isHead: request.method == "HEAD", isKeepAlive: isKeepAlive, connection, bound, on: eventLoop
      )
    }
  }

  // MARK: Sending, in steps on the event loop

  private static func send(
    _ response: WebResponse, isHead: Bool, isKeepAlive: Bool, _ connection: NIOLoopBound<WebConnection>,
    _ context: NIOLoopBound<ChannelHandlerContext>, on eventLoop: any EventLoop
  ) async {
    switch response.body {
    case .parts(let parts):
      eventLoop.execute {
        let me = connection.value
        me.writeHead(
          response, length: parts.reduce(0) { $0 + $1.count }, isKeepAlive: isKeepAlive, context.value)
        if !isHead { for part in parts where !part.isEmpty { me.write(part, context.value) } }
        me.finish(isKeepAlive: isKeepAlive, context.value)
      }
    case .stream(let stream):
      let isOpen = try? await eventLoop.submit { () -> Bool in
        let me = connection.value
        guard !me.isClosed else { return false }
        me.stream = stream
        me.writeHead(response, length: nil, isKeepAlive: isKeepAlive, context.value)
        context.value.flush()
        return true
      }.get()
      guard isOpen == true else { return stream.cancel() }
      var isWhole = true
      do {
        while let part = try await stream.next() {
          if part.isEmpty { continue }
          let ready = try await eventLoop.flatSubmit { connection.value.writeChunk(part, context.value) }
            .get()
          if !ready {
            isWhole = false
            break
          }
        }
      } catch {
        isWhole = false
      }
      let wasWhole = isWhole
      if !wasWhole { stream.cancel() }
      eventLoop.execute {
        let me = connection.value
        me.stream = nil
        // One that breaks off must not look whole.
        if wasWhole {
          me.finish(isKeepAlive: isKeepAlive, context.value)
        } else {
          context.value.close(promise: nil)
        }
      }
    }
  }

  private func writeHead(
    _ response: WebResponse, length: Int?, isKeepAlive: Bool, _ context: ChannelHandlerContext
  ) {
    guard !isClosed else { return }
    var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
    if let length, response.status != 304 {
      headers.replaceOrAdd(name: "content-length", value: String(length))
    } else if length == nil {
      headers.replaceOrAdd(name: "transfer-encoding", value: "chunked")
    }
    if !isKeepAlive { headers.replaceOrAdd(name: "connection", value: "close") }
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    guard !isClosed else { return }
    context.write(
      wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes)))), promise: nil)
  }

  /// Done when more may be written; false once the client is gone.
  private func writeChunk(_ bytes: [UInt8], _ context: ChannelHandlerContext) -> EventLoopFuture<Bool> {
    guard !isClosed else { return context.eventLoop.makeSucceededFuture(false) }
    write(bytes, context)
    context.flush()
    guard !context.channel.isWritable else { return context.eventLoop.makeSucceededFuture(true) }
    let promise = writable ?? context.eventLoop.makePromise(of: Void.self)
    writable = promise
    return promise.futureResult.assumeIsolated().map { !self.isClosed }.nonisolated()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      let promise = writable
      writable = nil
      promise?.succeed(())
    }
    context.fireChannelWritabilityChanged()
  }

  private func finish(isKeepAlive: Bool, _ context: ChannelHandlerContext) {
    guard !isClosed else { return }
    isAnswering = false
    task = nil
    let done = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if isKeepAlive {
      rest(context)
      answerNext(context)
    } else {
      done.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosed = true
    idle?.cancel()
    stream?.cancel()
    stream = nil
    task?.cancel()
    let promise = writable
    writable = nil
    promise?.succeed(())
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
