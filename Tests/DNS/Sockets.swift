import DNS
import NIOCore
import NIOPosix
import Synchronization

/// Sockets of tests on 127.0.0.1.
enum Sockets {
  /// Long enough for any machine.
  static let deadline = TimeAmount.seconds(300)

  static func place(_ address: ServerAddress) throws -> SocketAddress {
    try SocketAddress(packedIPAddress: ByteBuffer(bytes: address.address.bytes), port: Int(address.port))
  }

  /// Sends datagrams, and gives what comes back until one begins with these bytes.
  static func datagrams(
    _ sent: [[UInt8]], to server: ServerAddress, untilOneBegins start: [UInt8] = []
  ) async throws -> [[UInt8]] {
    let place = try place(server)
    let group = MultiThreadedEventLoopGroup.singleton
    let (channel, received) = try await DatagramBootstrap(group: group)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
      .bind(to: SocketAddress(ipAddress: place.protocol == .inet ? "127.0.0.1" : "::1", port: 0)) { channel in
        channel.eventLoop.makeCompletedFuture {
          let promise = channel.eventLoop.makePromise(of: [[UInt8]].self)
          let collector = DatagramCollector(start, promise)
          try channel.pipeline.syncOperations.addHandler(collector)
          return (channel, promise.futureResult)
        }
      }
    for bytes in sent {
      try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: place, data: ByteBuffer(bytes: bytes)))
    }
    let all = try await received.get()
    try await channel.close()
    return all
  }

  /// Sends bytes over TCP, closes that way, and gives all messages that come until the server closes.
  static func stream(
    _ sent: [[UInt8]], to server: ServerAddress, closes: Bool = true
  ) async throws -> [[UInt8]] {
    let (channel, received) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(to: place(server)) { channel in
        channel.eventLoop.makeCompletedFuture {
          let promise = channel.eventLoop.makePromise(of: [[UInt8]].self)
          try channel.pipeline.syncOperations.addHandler(StreamCollector(promise))
          return (channel, promise.futureResult)
        }
      }
    for bytes in sent { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
    if closes { try await channel.close(mode: .output) }
    let all = try await received.get()
    try? await channel.close()
    return all
  }
}

private final class DatagramCollector: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  private let start: [UInt8]
  private let promise: EventLoopPromise<[[UInt8]]>
  private var all: [[UInt8]] = []

  init(_ start: [UInt8], _ promise: EventLoopPromise<[[UInt8]]>) {
    self.start = start
    self.promise = promise
    promise.futureResult.eventLoop.scheduleTask(in: Sockets.deadline) { promise.fail(ChannelError.eof) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    all.append(Array(unwrapInboundIn(data).data.readableBytesView))
    if all.last?.starts(with: start) == true { promise.succeed(all) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}

private final class StreamCollector: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let promise: EventLoopPromise<[[UInt8]]>
  private var framing = StreamFraming()
  private var all: [[UInt8]] = []

  init(_ promise: EventLoopPromise<[[UInt8]]>) {
    self.promise = promise
    promise.futureResult.eventLoop.scheduleTask(in: Sockets.deadline) { promise.fail(ChannelError.eof) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    all += framing.take(unwrapInboundIn(data).readableBytesView)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { promise.succeed(all) }
  }

  func channelInactive(context: ChannelHandlerContext) { promise.succeed(all) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}

/// A name server that others are forwarded to, on 127.0.0.1: says what a test wants.
final class FakeUpstream: Sendable {
  /// Answers a question; nil for silence.
  typealias Answer = @Sendable (DNSMessage, _ overTCP: Bool) -> [UInt8]?

  let address: ServerAddress
  private let channels: [any Channel]
  private let log: Log

  /// What was asked.
  final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  /// Such as `UDP www.example.com. A`.
  var questions: [String] { log.all }

  init(_ answer: @escaping Answer) async throws {
    let log = Log()
    let group = MultiThreadedEventLoopGroup.singleton
    let respond: @Sendable ([UInt8], Bool) -> [UInt8]? = { bytes, overTCP in
      guard let query = try? DNSMessage(parsing: bytes), let question = query.questions.first else {
        return nil
      }
      log.note("\(overTCP ? "TCP" : "UDP") \(question.name) \(question.type)")
      return answer(query, overTCP)
    }
    while true {
      let datagrams = try await DatagramBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(DatagramResponder(respond))
          }
        }.bind(host: "127.0.0.1", port: 0).get()
      let port = datagrams.localAddress?.port ?? 0
      do {
        let streams = try await ServerBootstrap(group: group)
          .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
              try channel.pipeline.syncOperations.addHandler(StreamResponder(respond))
            }
          }.bind(host: "127.0.0.1", port: port).get()
        self.channels = [datagrams, streams]
        self.address = ServerAddress(.v4(0x7F00_0001), port: UInt16(clamping: port))
        self.log = log
        return
      } catch is IOError {
        try await datagrams.close()
      }
    }
  }

  func close() async { for channel in channels { try? await channel.close() } }
}

private final class DatagramResponder: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>
  private let respond: @Sendable ([UInt8], Bool) -> [UInt8]?

  init(_ respond: @escaping @Sendable ([UInt8], Bool) -> [UInt8]?) { self.respond = respond }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    guard let answer = respond(Array(envelope.data.readableBytesView), false) else { return }
    let out = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
    context.writeAndFlush(wrapOutboundOut(out), promise: nil)
  }
}

private final class StreamResponder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private let respond: @Sendable ([UInt8], Bool) -> [UInt8]?
  private var framing = StreamFraming()

  init(_ respond: @escaping @Sendable ([UInt8], Bool) -> [UInt8]?) { self.respond = respond }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    for message in framing.take(unwrapInboundIn(data).readableBytesView) {
      guard let answer = respond(message, true) else {
        context.close(promise: nil)
        return
      }
      let framed = StreamFraming.framed(answer)
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: framed)), promise: nil)
    }
  }
}
