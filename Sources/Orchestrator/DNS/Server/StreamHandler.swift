import NIOCore

/// Answers questions that come over a TCP connection. Answers may overtake each other, as RFC 7766 allows.
///
/// While as many questions wait for answers as may, or the client does not read, nothing is read.
final class StreamHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let handler: QueryHandler
  private let idleTimeout: TimeAmount
  private var framing = StreamFraming()
  /// Questions of one read that are not being answered yet, the next one last.
  private var queue: [[UInt8]] = []
  private var inFlight = 0
  private var wantsRead = false
  private var hasEnded = false
  private var isHandling = false
  /// Whether a question came since the last look.
  private var isActive = true
  private var watchdog: Scheduled<Void>?

  /// - Parameter idleTimeout: how long the connection may stay without a whole question, at least.
  init(_ handler: QueryHandler, idleTimeout: TimeAmount) {
    self.handler = handler
    self.idleTimeout = idleTimeout
  }

  func handlerAdded(context: ChannelHandlerContext) { watch(context) }

  func handlerRemoved(context: ChannelHandlerContext) { watchdog?.cancel() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let messages = framing.take(unwrapInboundIn(data).readableBytesView)
    if !messages.isEmpty { isActive = true }
    queue = messages.reversed() + queue
    handleNext(context)
  }

  func read(context: ChannelHandlerContext) {
    if canHandle(context), queue.isEmpty { context.read() } else { wantsRead = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    handleNext(context)
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // The client sends no more, but reads what it asked for.
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      hasEnded = true
      handleNext(context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func canHandle(_ context: ChannelHandlerContext) -> Bool {
    inFlight < DNSLimits.questionsPerConnection && context.channel.isWritable
  }

  private func handleNext(_ context: ChannelHandlerContext) {
    // An answer that comes at once leads here again.
    guard !isHandling else { return }
    isHandling = true
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let loop = context.eventLoop
    while canHandle(context), let message = queue.popLast() {
      inFlight += 1
      handler.handle(message, overTCP: true) { bytes in
        if loop.inEventLoop {
          let (stream, context) = bound.value
          stream.answer(bytes, context)
        } else {
          loop.execute {
            let (stream, context) = bound.value
            stream.answer(bytes, context)
          }
        }
      }
    }
    isHandling = false
    guard queue.isEmpty, canHandle(context) else { return }
    if hasEnded, inFlight == 0 { context.close(promise: nil) }
    if wantsRead {
      wantsRead = false
      context.read()
    }
  }

  private func answer(_ bytes: [UInt8]?, _ context: ChannelHandlerContext) {
    inFlight -= 1
    guard context.channel.isActive else { return }
    if let bytes {
      let framed = StreamFraming.framed(bytes)
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: framed)), promise: nil)
    }
    handleNext(context)
  }

  /// Closes the connection if no question comes for a while, whatever else does.
  private func watch(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    watchdog = context.eventLoop.scheduleTask(in: idleTimeout) {
      let (stream, context) = bound.value
      guard stream.isActive || stream.inFlight > 0 else {
        context.close(promise: nil)
        return
      }
      stream.isActive = false
      stream.watch(context)
    }
  }
}
