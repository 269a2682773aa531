import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server that answers each request with the text that a test gives it, closes the connection then, and keeps what
/// it was sent.
final class ScriptedServer: Sendable {
  /// What is answered to a request; nil keeps the connection open without an answer.
  typealias Script = @Sendable (_ request: String) -> String?

  private let channel: any Channel
  private let log: Log

  final class Log: Sendable {
    let requests = Mutex<[String]>([])
  }

  private init(_ channel: any Channel, _ log: Log) {
    self.channel = channel
    self.log = log
  }

  var port: Int { channel.localAddress?.port ?? 0 }

  /// The requests, in the order in which they came.
  var requests: [String] { log.requests.withLock { $0 } }

  static func start(tls: NIOSSLContext? = nil, _ script: @escaping Script) async throws -> ScriptedServer {
    let log = Log()
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.addHandler(Answering(script, log))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return ScriptedServer(channel, log)
  }

  func stop() async { try? await channel.close().get() }

  /// A port that nobody listens on.
  static func closedPort() async throws -> Int {
    let server = try await start { _ in nil }
    await server.stop()
    return server.port
  }

  /// Safe: because it is used on its channel's event loop only.
  private final class Answering: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let script: Script
    private let log: Log
    private var text = ""

    init(_ script: @escaping Script, _ log: Log) {
      self.script = script
      self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      guard text.hasSuffix("\r\n\r\n") else { return }
      log.requests.withLock { $0.append(text) }
      guard let answer = script(text) else { return }
      let context = NIOLoopBound(context, eventLoop: context.eventLoop)
      context.value.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
        context.value.close(promise: nil)
      }
    }
  }
}
