import NIOCore
import NIOPosix
import Synchronization

/// Asks upstreams, as its core decides: each attempt has a socket of its own, whose port the kernel draws, connected to
/// the upstream, so that only that one can answer.
final class Forwarder: Sendable {
  typealias Client = @Sendable (ForwardedAnswer) -> Void

  private let core: Mutex<ForwardingCore<Client>>
  private let group: any EventLoopGroup
  private let timeout: TimeAmount
  private let uptime: @Sendable () -> Duration
  private let random: @Sendable () -> UInt64
  private let counters: CounterBox
  /// Whether there is anybody to ask.
  let hasUpstreams: Bool

  init(
    upstreams: [ServerAddress], group: any EventLoopGroup, timeout: TimeAmount,
    uptime: @escaping @Sendable () -> Duration, random: @escaping @Sendable () -> UInt64, counters: CounterBox
  ) {
    core = Mutex(ForwardingCore(upstreams: upstreams))
    self.group = group
    self.timeout = timeout
    self.uptime = uptime
    self.random = random
    self.counters = counters
    hasUpstreams = !upstreams.isEmpty
  }

  /// Asks; the client is told, now or later, on any thread.
  func ask(_ question: ForwardedQuestion, _ client: @escaping Client) {
    let number = random()
    let now = uptime()
    let outcome = core.withLock { $0.ask(question, client: client, now: now, random: number) }
    switch outcome {
    case .answer(let answer):
      counters.count {
        $0.forwarded += 1
        $0.cacheHits += 1
      }
      client(answer)
    case .refused:
      counters.count {
        $0.forwarded += 1
        $0.overloads += 1
      }
      client(.failure)
    case .waits: counters.count { $0.forwarded += 1 }
    case .send(let attempt):
      counters.count { $0.forwarded += 1 }
      send(attempt)
    }
  }

  /// Everybody who waits is told that nobody knows.
  func close() {
    for client in core.withLock({ $0.close() }) { client(.failure) }
  }

  private func send(_ attempt: ForwardingCore<Client>.Attempt) {
    counters.count { $0.upstreamAttempts += 1 }
    let number = attempt.number
    let loop = group.next()
    let address: SocketAddress
    do {
      address = try SocketAddress(attempt.upstream)
    } catch {
      failed(number)
      return
    }
    let connecting =
      attempt.overTCP
      ? ClientBootstrap(group: loop).connectTimeout(timeout)
        .channelInitializer { [self] channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(StreamExchange(self, number))
          }
        }.connect(to: address)
      : DatagramBootstrap(group: loop)
        .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8192))
        .channelInitializer { [self] channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(DatagramExchange(self, number))
          }
        }.connect(to: address)
    connecting.whenComplete { [self] result in
      guard case .success(let channel) = result else {
        failed(number)
        return
      }
      let late = channel.eventLoop.scheduleTask(in: timeout) { [self] in
        failed(number)
        channel.close(promise: nil)
      }
      channel.closeFuture.whenComplete { _ in late.cancel() }
      let sending: EventLoopFuture<Void>
      if attempt.overTCP {
        sending = channel.writeAndFlush(ByteBuffer(bytes: StreamFraming.framed(attempt.message)))
      } else {
        let data = ByteBuffer(bytes: attempt.message)
        sending = channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: data))
      }
      sending.whenFailure { [self] _ in
        failed(number)
        channel.close(promise: nil)
      }
    }
  }

  /// Something came.
  /// - Returns: whether the attempt goes on.
  fileprivate func received(_ bytes: [UInt8], _ number: Int) -> Bool {
    let value = random()
    let now = uptime()
    let step = core.withLock { $0.received(bytes, number: number, now: now, random: value) }
    if case .wait = step { return true }
    perform(step)
    return false
  }

  /// The attempt has failed, unless it is over.
  fileprivate func failed(_ number: Int) {
    let value = random()
    let step = core.withLock { $0.failed(number: number, random: value) }
    if case .none = step { return }
    counters.count { $0.upstreamFailures += 1 }
    perform(step)
  }

  private func perform(_ step: ForwardingCore<Client>.Step) {
    switch step {
    case .wait, .none: break
    case .send(let attempt): send(attempt)
    case .answer(let clients, let answer): for client in clients { client(answer) }
    }
  }
}

/// One attempt over UDP.
private final class DatagramExchange: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let forwarder: Forwarder
  private let number: Int

  init(_ forwarder: Forwarder, _ number: Int) {
    self.forwarder = forwarder
    self.number = number
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    if !forwarder.received(Array(envelope.data.readableBytesView), number) { context.close(promise: nil) }
  }

  // Such as that nobody listens there.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    forwarder.failed(number)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { forwarder.failed(number) }
}

/// One attempt over TCP.
private final class StreamExchange: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let forwarder: Forwarder
  private let number: Int
  private var framing = StreamFraming()
  private var isOver = false

  init(_ forwarder: Forwarder, _ number: Int) {
    self.forwarder = forwarder
    self.number = number
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    for message in framing.take(unwrapInboundIn(data).readableBytesView) where !isOver {
      guard !forwarder.received(message, number) else { continue }
      isOver = true
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    forwarder.failed(number)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { forwarder.failed(number) }
}

extension TimeAmount {
  /// The same time; what is out of range is cut.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .seconds(max(0, min(seconds, 1_000_000_000))) + .nanoseconds(attoseconds / 1_000_000_000)
  }
}

extension SocketAddress {
  /// The same place, for sockets.
  init(_ server: ServerAddress) throws {
    try self.init(
      packedIPAddress: ByteBuffer(bytes: server.address.bytes), port: Int(server.port))
  }
}

extension ServerAddress {
  /// The same place; nil for what is no IP address.
  init?(_ socket: SocketAddress) {
    guard let text = socket.ipAddress, let address = IPAddress(text.prefix { $0 != "%" }),
      let port = socket.port.flatMap({ UInt16(exactly: $0) })
    else { return nil }
    self.init(address, port: port)
  }
}
