import NIOCore

/// Answers questions that come over UDP.
final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private let handler: QueryHandler

  init(_ handler: QueryHandler) { self.handler = handler }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let client = envelope.remoteAddress
    // Nobody receives there.
    guard client.port != 0 else { return }
    let channel = context.channel
    let loop = context.eventLoop
    let counters = handler.counters
    handler.handle(Array(envelope.data.readableBytesView), overTCP: false) { bytes in
      guard let bytes else { return }
      // The socket takes no more: clients ask again.
      guard channel.isWritable else {
        counters.count { $0.droppedAnswers += 1 }
        return
      }
      let answer = AddressedEnvelope(remoteAddress: client, data: ByteBuffer(bytes: bytes))
      if loop.inEventLoop {
        // All answers to what was read at once are sent at once.
        channel.write(answer, promise: nil)
      } else {
        channel.writeAndFlush(answer, promise: nil)
      }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

  // Errors of single datagrams: the socket goes on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
