import NIOCore
import NIOHTTP1

/// Serves plain requests of one HTTP/1.1 connection: collects each whole, within the limits and in time, has the handler
/// answer, and sends the answer. Behind NIO's HTTP/1.1 codec and pipelining handler, which see to order.
final class HTTP1Handler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let limits: ServerLimits
  private let handler: HTTPHandler
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var isRefused = false
  /// Requests the handler has not answered.
  private var pending = 0
  private var isShuttingDown = false
  private var timer: Scheduled<Void>?

  init(limits: ServerLimits, handler: @escaping HTTPHandler) {
    self.limits = limits
    self.handler = handler
  }

  func handlerAdded(context: ChannelHandlerContext) {
    limitTime(limits.connection.handshakeTimeout, context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  private func limitTime(_ amount: TimeAmount, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: amount) { channel.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      isRefused = false
      body.clear()
      limitTime(limits.connection.handshakeTimeout, context)
      // NIO's parser bounds a single field, and not their number.
      let bytes =
        head.uri.utf8.count + head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
      if bytes > limits.connection.headerListBytes {
        refuse(.text(431, "request header fields too large\n"), context)
      }
    case .body(var part):
      guard !isRefused else { return }
      if body.readableBytes + part.readableBytes > limits.httpBodyBytes {
        refuse(.text(413, "request body too large\n"), context)
      } else {
        body.writeBuffer(&part)
      }
    case .end:
      timer?.cancel()
      guard !isRefused, let head else { return }
      self.head = nil
      let request = HTTPRequest(
        method: head.method.rawValue, target: head.uri,
        headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body)
      body = ByteBuffer()
      pending += 1
      let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      handler(request, context.eventLoop).hop(to: context.eventLoop).whenComplete { result in
        let (handler, context) = loopBound.value
        let response =
          switch result {
          case .success(let response): response
          case .failure: HTTPResponse.text(500, "internal error\n")
          }
        handler.pending -= 1
        // The parser stops behind a request for another protocol, which is answered in this one.
        let asksForAnother = head.headers.contains(name: "upgrade") || head.method == .CONNECT
        handler.answer(
          response, to: head, keepAlive: head.isKeepAlive && !asksForAnother && !handler.isShuttingDown,
          context)
      }
    }
  }

  /// Answers before the request is whole and closes: the rest is not read.
  private func refuse(_ response: HTTPResponse, _ context: ChannelHandlerContext) {
    isRefused = true
    body = ByteBuffer()
    guard let head else { return }
    answer(response, to: head, keepAlive: false, context)
  }

  private func answer(
    _ response: HTTPResponse, to request: HTTPRequestHead, keepAlive: Bool, _ context: ChannelHandlerContext
  ) {
    guard context.channel.isActive else { return }
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: response.contentType)
    headers.add(name: "content-length", value: String(response.body.readableBytes))
    for (name, value) in response.headers { headers.add(name: name, value: value) }
    if !keepAlive { headers.add(name: "connection", value: "close") }
    let head = HTTPResponseHead(
      version: request.version, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    if keepAlive {
      limitTime(limits.httpIdleTimeout, context)
    } else {
      let channel = context.channel
      context.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.close(promise: nil) }
      channel.close(mode: .output, promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is GracefulShutdown else {
      context.fireUserInboundEventTriggered(event)
      return
    }
    isShuttingDown = true
    if pending == 0 && head == nil { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
