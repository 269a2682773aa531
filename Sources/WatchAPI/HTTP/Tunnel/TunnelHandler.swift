import NIOCore
import Synchronization

/// The channel's side of a tunnel: the only handler of the connection, but for TLS, soon after HTTP/1.1 hands it over.
///
/// Safe: because every member but the constants and the inbox, which has its lock, is used on the event loop only;
/// what is called from elsewhere posts to it.
final class TunnelHandler: ChannelDuplexHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private struct Inbox {
    var bytes = ByteBuffer()
    var ending: Result<Void, any Error>?
    /// Reading from the socket has stopped until some of the bytes are taken.
    var isHeld = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  /// What still comes after this side has closed is dropped until the peer closes, or this long: a peer that is sending
  /// would otherwise lose what it has not read.
  private static let lingerTime = TimeAmount.seconds(1)

  private let channel: any Channel
  private let limits: TunnelLimits
  private let mailbox: LoopMailbox
  private let inbox = Mutex(Inbox())
  private let idle = MovingDeadline()
  private var context: ChannelHandlerContext?
  /// Until HTTP's decoder has given up what it had read ahead; what comes meanwhile, no more than one turn of reading,
  /// belongs behind that.
  private var isStarting = true
  private var held = ByteBuffer()
  private var endIsHeld = false
  private var isClosing = false
  private var hasFinished = false
  private var failure: (any Error)?

  private init(_ channel: any Channel, _ limits: TunnelLimits) {
    self.channel = channel
    self.limits = limits
    mailbox = LoopMailbox.current(of: channel.eventLoop)
  }

  /// Takes the place of HTTP's handlers. On the event loop, once everything that HTTP has to say was flushed.
  /// - Parameters:
  ///   - owner: the handler behind HTTP's codec.
  ///   - codec: what HTTP's codec consists of.
  static func takeOver(
    _ channel: any Channel, from owner: any RemovableChannelHandler, _ codec: HTTP1Codec, limits: TunnelLimits
  ) throws -> ByteTunnel {
    let handler = TunnelHandler(channel, limits)
    try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
    let pipeline = channel.pipeline.syncOperations
    let leftovers = Leftovers(handler)
    try pipeline.addHandler(handler, position: .before(codec.encoder))
    try pipeline.addHandler(leftovers, position: .after(owner))
    for part in [owner, codec.encoder] + codec.others { pipeline.removeHandler(part, promise: nil) }
    // In a later turn of the event loop.
    pipeline.removeHandler(codec.decoder).assumeIsolated().whenComplete { _ in
      pipeline.removeHandler(leftovers, promise: nil)
      handler.start()
    }
    return ByteTunnel(handler)
  }

  /// What the decoder had read ahead.
  fileprivate func receive(_ bytes: ByteBuffer) {
    guard !isClosing, bytes.readableBytes > 0 else { return }
    var bytes = bytes
    wake { inbox in
      if inbox.bytes.readableBytes == 0 { inbox.bytes = bytes } else { inbox.bytes.writeBuffer(&bytes) }
    }
  }

  private func start() {
    isStarting = false
    touch()
    receive(held)
    held = ByteBuffer()
    if endIsHeld { receiveEnd() }
    guard let context, !holdsReads else { return }
    context.read()
  }

  /// The tunnel is in use.
  private func touch() {
    guard !isClosing, channel.isActive else { return }
    idle.move(to: .now() + limits.idleTimeout, of: channel)
  }

  // MARK: channel events

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    over()
    self.context = nil
  }

  func read(context: ChannelHandlerContext) {
    if !holdsReads { context.read() }
  }

  private var holdsReads: Bool {
    if isStarting { return true }
    if isClosing { return false }
    return inbox.withLock { inbox in
      inbox.isHeld = inbox.bytes.readableBytes >= limits.unreadBytes
      return inbox.isHeld
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    touch()
    if isStarting { held.writeImmutableBuffer(unwrapInboundIn(data)) } else { receive(unwrapInboundIn(data)) }
  }

  private func receiveEnd() {
    if isClosing { channel.close(promise: nil) } else { wake { $0.ending = .success(()) } }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed:
      if isStarting { endIsHeld = true } else { receiveEnd() }
    case is GracefulShutdown: end(nil)
    default: context.fireUserInboundEventTriggered(event)
    }
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
    idle.end()
    // When both sides have ended their direction, there is no event but that it is over.
    let isWhole = hasFinished && failure == nil
    let error = TunnelError.lost(failure.map { "\($0)" } ?? "the connection is closed")
    wake { $0.ending = isWhole ? .success(()) : .failure(error) }
  }

  /// Changes the inbox unless the peer's direction has ended, and wakes whoever waits.
  private func wake(_ change: (inout Inbox) -> Void) {
    let waiters = inbox.withLock { inbox in
      guard inbox.ending == nil else { return [CheckedContinuation<Void, Never>]() }
      change(&inbox)
      defer { inbox.waiters = [] }
      return inbox.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  // MARK: from any thread

  func next() async throws -> ByteBuffer? {
    while true {
      let (bytes, ending, wasHeld) = inbox.withLock { inbox in
        defer {
          inbox.bytes = ByteBuffer()
          inbox.isHeld = false
        }
        return (inbox.bytes, inbox.ending, inbox.isHeld)
      }
      if wasHeld {
        mailbox.post {
          guard !self.holdsReads else { return }
          self.context?.read()
        }
      }
      if bytes.readableBytes > 0 { return bytes }
      if let ending {
        try ending.get()
        return nil
      }
      await withCheckedContinuation { continuation in
        let mustWait = inbox.withLock { inbox in
          guard inbox.bytes.readableBytes == 0, inbox.ending == nil else { return false }
          inbox.waiters.append(continuation)
          return true
        }
        if !mustWait { continuation.resume() }
      }
    }
  }

  func send(_ bytes: ByteBuffer) async throws {
    guard bytes.readableBytes > 0 else { return }
    let promise = channel.eventLoop.makePromise(of: Void.self)
    mailbox.post { self.write(bytes, promise) }
    do {
      try await promise.futureResult.get()
    } catch let error as TunnelError {
      throw error
    } catch {
      try Task.checkCancellation()
      throw TunnelError.lost("\(error)")
    }
  }

  private func write(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>) {
    guard let context, !isClosing, !hasFinished, channel.isActive else {
      promise.fail(isClosing || hasFinished ? TunnelError.closed : .lost("the connection is closed"))
      return
    }
    touch()
    context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
  }

  func finish() {
    mailbox.post {
      guard let context = self.context, !self.isClosing, !self.hasFinished else { return }
      self.hasFinished = true
      context.close(mode: .output, promise: nil)
    }
  }

  /// Whoever reads gets `error`, or the end.
  func close(_ error: (any Error)? = nil) {
    mailbox.post { self.end(error) }
  }

  private func end(_ error: (any Error)?) {
    guard let context, !isClosing else { return }
    isClosing = true
    idle.end()
    let peerHasEnded = inbox.withLock { $0.ending != nil }
    wake { inbox in
      inbox.bytes = ByteBuffer()
      inbox.ending = error.map { .failure($0) } ?? .success(())
    }
    let channel = channel
    guard !peerHasEnded, error == nil else {
      channel.close(promise: nil)
      return
    }
    context.close(mode: .output, promise: nil)
    // What a writer has waited for is out; one that still waits, for a peer that takes nothing, is not waited for.
    channel.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
    if !isStarting { context.read() }
  }
}

/// Stands where HTTP's own handler stood, for what the decoder gives up.
private final class Leftovers: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let tunnel: TunnelHandler

  init(_ tunnel: TunnelHandler) { self.tunnel = tunnel }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { tunnel.receive(unwrapInboundIn(data)) }

  /// The tunnel has seen to it.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// The handlers that make HTTP/1.1 of a connection's bytes.
struct HTTP1Codec {
  /// The first of them.
  let encoder: any RemovableChannelHandler
  let decoder: any RemovableChannelHandler
  var others: [any RemovableChannelHandler] = []
}
