import NIOCore

/// Answers questions that come over UDP.
final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private let handler: QueryHandler
  /// Whether more may have been read: all answers to what was read at once are sent at once.
  private let isReading: NIOLoopBoundBox<Bool>

  /// A handler for a channel of this loop.
  init(_ handler: QueryHandler, loop: any EventLoop) {
    self.handler = handler
    isReading = NIOLoopBoundBox(false, eventLoop: loop)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let client = envelope.remoteAddress
    // Nobody receives there.
    guard client.port != 0 else { return }
    guard handler.serves(client) else { return handler.counters.count { $0.ignored += 1 } }
    let channel = context.channel
    let loop = context.eventLoop
    let counters = handler.counters
    let isReading = isReading
    isReading.value = true
    handler.handle(Array(envelope.data.readableBytesView), overTCP: false) { bytes in
      guard let bytes else { return }
      // The socket takes no more: clients ask again.
      guard channel.isWritable else {
        counters.count { $0.droppedAnswers += 1 }
        return
      }
      let answer = AddressedEnvelope(remoteAddress: client, data: ByteBuffer(bytes: bytes))
      if loop.inEventLoop, isReading.value {
        channel.write(answer, promise: nil)
      } else {
        channel.writeAndFlush(answer, promise: nil)
      }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading.value = false
    context.flush()
  }

  // Errors of single datagrams: the socket goes on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
