import NIOCore
import NIOPosix
import NIOSSL

/// A server that knows HTTP/1.1 only and answers every request with `plain`.
struct TLSFront {
  private let channel: any Channel

  init(_ configuration: TLSConfiguration) async throws {
    let context = try NIOSSLContext(configuration: configuration)
    channel = try await ServerBootstrap(group: TestSite.loops)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: context), Plain()])
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  var port: Int { channel.localAddress?.port ?? 0 }

  func stop() async throws { try await channel.close().get() }

  private final class Plain: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var received = ""

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received += String(buffer: unwrapInboundIn(data))
      guard received.hasSuffix("\r\n\r\n") else { return }
      received = ""
      let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain"
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    }
  }
}
