import NIOCore
import NIOHTTP1

/// A client's HTTP/1.1 connection: one call at a time, and kept for the next.
///
/// Safe: because every member but the constants is used on the event loop only; what is called from elsewhere posts to it.
final class HTTP1Link: ChannelDuplexHandler, RemovableChannelHandler, ExchangeControl, @unchecked Sendable {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  private let pool: ConnectionPool
  private let channel: any Channel
  private let mailbox: LoopMailbox
  private let codec: HTTP1Codec
  private var context: ChannelHandlerContext?
  private var exchange: ClientExchange?
  private var isSafe = false
  private var asksForUpgrade = false
  private var isSwitching = false
  private var hasAnswered = false
  private var keepsAlive = true
  private var calls = 0
  private var readIsPending = false
  private var switchingHead: ClientExchange.Head?
  private var failure: (any Error)?
  private var idleTimer: Scheduled<Void>?

  /// On the event loop of `channel`.
  init(on channel: any Channel, pool: ConnectionPool) throws {
    self.pool = pool
    self.channel = channel
    mailbox = LoopMailbox.current(of: channel.eventLoop)
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderListSize = pool.limits.headBytes
    let encoder = HTTPRequestEncoder()
    let decoder = ByteToMessageHandler(
      HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
    let validator = NIOHTTPRequestHeadersValidator()
    codec = HTTP1Codec(encoder: encoder, decoder: decoder, others: [validator])
    try channel.pipeline.syncOperations.addHandlers([encoder, decoder, validator, self])
  }

  var isActive: Bool { channel.isActive }

  // MARK: calls

  func start(_ request: PreparedRequest, _ exchange: ClientExchange) {
    mailbox.post {
      guard let context = self.context, self.channel.isActive, self.exchange == nil else {
        exchange.finish(.failure(RepeatableFailure(reason: .connectionLost("the connection is closed"))))
        self.pool.retire(self)
        return
      }
      guard exchange.attach(self) else {
        self.pool.release(self)
        return
      }
      self.idleTimer?.cancel()
      self.exchange = exchange
      self.isSafe = request.isSafe
      self.asksForUpgrade = request.asksForUpgrade
      self.hasAnswered = false
      self.calls += 1
      // The other protocol's end may come in one turn of reading with its beginning.
      if request.asksForUpgrade {
        try? self.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
      }
      self.write(request, context)
    }
  }

  private func write(_ request: PreparedRequest, _ context: ChannelHandlerContext) {
    var fields = HTTPHeaders([("host", request.authority)])
    fields.add(contentsOf: request.headers)
    let head = HTTPRequestHead(
      version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.target, headers: fields)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !request.body.isEmpty {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func close() { channel.close(promise: nil) }

  func consumed(_ count: Int) {
    mailbox.post {
      guard self.readIsPending, self.takesMore else { return }
      self.readIsPending = false
      self.context?.read()
    }
  }

  func cancel() { channel.close(promise: nil) }

  private var takesMore: Bool {
    guard let exchange else { return true }
    return exchange.unreadBytes < pool.limits.unreadBytes
  }

  // MARK: channel events

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    over()
    self.context = nil
  }

  func read(context: ChannelHandlerContext) {
    if takesMore { context.read() } else { readIsPending = true }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let exchange else {
      context.close(promise: nil)
      return
    }
    switch unwrapInboundIn(data) {
    case .head(let head):
      hasAnswered = true
      isSwitching = head.status == .switchingProtocols && asksForUpgrade
      keepsAlive = head.isKeepAlive && head.status.code >= 200
      let answer = (Int(head.status.code), head.headers.map { ($0.name.lowercased(), $0.value) })
      // The caller hears of a tunnel once there is one.
      if isSwitching { switchingHead = answer } else { exchange.receive(answer) }
    case .body(let bytes):
      bytes.withUnsafeReadableBytes { _ = exchange.receive($0) }
    case .end:
      self.exchange = nil
      if isSwitching {
        handOver(context, exchange)
        return
      }
      // Free before the caller hears of the end, so that its next call finds this connection.
      if keepsAlive { rest(context) } else { context.close(promise: nil) }
      exchange.finish(.success(()))
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  /// What follows is another protocol. The connection counts as busy until it is closed.
  private func handOver(_ context: ChannelHandlerContext, _ exchange: ClientExchange) {
    let limits = TunnelLimits(
      unreadBytes: pool.limits.unreadBytes, idleTimeout: pool.limits.tunnelIdleTimeout)
    do {
      let tunnel = try TunnelHandler.takeOver(channel, from: self, codec, limits: limits)
      if let switchingHead { exchange.receive(switchingHead, tunnel) }
      exchange.finish(.success(()))
    } catch {
      context.close(promise: nil)
      exchange.finish(.failure(HTTPClientError.connectionLost("\(error)")))
    }
    channel.closeFuture.whenComplete { _ in self.pool.retire(self) }
  }

  private func rest(_ context: ChannelHandlerContext) {
    idleTimer?.cancel()
    let channel = channel
    idleTimer = context.eventLoop.scheduleTask(in: pool.limits.idleTimeout) { channel.close(promise: nil) }
    if readIsPending {
      readIsPending = false
      context.read()
    }
    pool.release(self)
  }

  func channelInactive(context: ChannelHandlerContext) {
    over()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failure = failure ?? error
    context.close(promise: nil)
  }

  private func over() {
    idleTimer?.cancel()
    if isSwitching, exchange == nil { return }
    pool.retire(self)
    guard let exchange else { return }
    self.exchange = nil
    let reason = HTTPClientError.connectionLost(
      failure.map { "\($0)" } ?? "the server closed the connection in the middle of the call")
    // A connection that was kept may have been closed by the server just before the request came.
    let mayRepeat = !hasAnswered && calls > 1 && isSafe
    exchange.finish(.failure(mayRepeat ? RepeatableFailure(reason: reason) : reason))
  }
}
