public import NIOCore
import NIOHTTP1

/// The event that tells a connection's handlers to serve what has begun, and then to close.
public struct GracefulShutdown: Sendable {
  /// The event.
  public init() {}
}

/// The first handler of an accepted connection: reads until it knows whether the client speaks HTTP/2 (its preface,
/// RFC 9113, 3.4) or HTTP/1.1, puts the handlers of that protocol in its own place and passes on what it has read.
public final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler {
  /// What NIO passes through this handler.
  public typealias InboundIn = ByteBuffer
  /// What NIO passes through this handler.
  public typealias InboundOut = ByteBuffer

  /// No HTTP/1.1 request begins so: the method PRI is reserved for this.
  private static let preface = Array("PRI * HTTP/2.0".utf8)

  private let handshakeTimeout: TimeAmount
  private let addHTTP1: (any Channel, ChannelPipeline.SynchronousOperations.Position) throws -> Void
  private let makeHTTP2: (any Channel) -> HTTP2Connection
  private var received = ByteBuffer()
  private var isDecided = false
  private var timer: Scheduled<Void>?

  /// `makeHTTP2` makes the handler of an HTTP/2 connection; `http` answers HTTP/1.1.
  public convenience init(
    limits: ServerLimits, http: @escaping HTTPHandler, makeHTTP2: @escaping (any Channel) -> HTTP2Connection
  ) {
    self.init(
      handshakeTimeout: limits.connection.handshakeTimeout,
      addHTTP1: { channel, position in
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(position: position, withErrorHandling: true)
        try pipeline.addHandler(HTTP1Handler(limits: limits, handler: http))
      }, makeHTTP2: makeHTTP2)
  }

  /// `addHTTP1` adds the handlers of an HTTP/1.1 connection, the first of them at the position given.
  init(
    handshakeTimeout: TimeAmount,
    addHTTP1: @escaping (any Channel, ChannelPipeline.SynchronousOperations.Position) throws -> Void,
    makeHTTP2: @escaping (any Channel) -> HTTP2Connection
  ) {
    self.handshakeTimeout = handshakeTimeout
    self.addHTTP1 = addHTTP1
    self.makeHTTP2 = makeHTTP2
  }

  /// Called by NIO.
  public func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: handshakeTimeout) {
      channel.close(promise: nil)
    }
  }

  /// Called by NIO.
  public func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }

  /// Called by NIO.
  public func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  /// Called by NIO.
  public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is GracefulShutdown { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  /// Called by NIO.
  public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var part = unwrapInboundIn(data)
    if isDecided {
      context.fireChannelRead(data)
      return
    }
    received.writeBuffer(&part)
    let seen = received.readableBytesView.prefix(Self.preface.count)
    let isHTTP2 = seen.elementsEqual(Self.preface.prefix(seen.count))
    // "P" alone may yet be a POST.
    guard !isHTTP2 || seen.count == Self.preface.count else { return }
    isDecided = true
    timer?.cancel()
    let pipeline = context.pipeline.syncOperations
    do {
      if isHTTP2 {
        try pipeline.addHandler(makeHTTP2(context.channel), position: .after(self))
      } else {
        try addHTTP1(context.channel, .after(self))
      }
    } catch {
      context.close(promise: nil)
      return
    }
    context.fireChannelRead(wrapInboundOut(received))
    received = ByteBuffer()
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }
}
