import NIOCore
import NIOSSL

/// Owns a connection and takes what it brings. All calls are made on the connection's event loop.
protocol PeerConnectionDelegate: AnyObject {
  /// An accepted connection has greeted.
  func connection(_ connection: PeerConnection, greetedBy hello: Hello)
  /// The greeting of a dialled connection was answered.
  func connection(_ connection: PeerConnection, answeredBy answer: HelloAnswer)
  /// A frame came that the connection itself does not use.
  func connection(_ connection: PeerConnection, received frame: Frame) throws(WireError)
  /// What was there to read has been read.
  func connectionReadComplete(_ connection: PeerConnection)
  /// More can be written.
  func connectionBecameWritable(_ connection: PeerConnection)
  /// It is over; called once.
  func connection(_ connection: PeerConnection, closed reason: String)
}

extension PeerConnectionDelegate {
  func connection(_ connection: PeerConnection, greetedBy hello: Hello) {}
  func connection(_ connection: PeerConnection, answeredBy answer: HelloAnswer) {}
  func connectionReadComplete(_ connection: PeerConnection) {}
  func connectionBecameWritable(_ connection: PeerConnection) {}
}

/// One connection, of either side: its greeting, frames in and out, pings, and its end when nothing is heard.
///
/// Safe: because only the channel's event loop touches the mutable state.
final class PeerConnection: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Who made the connection.
  enum Side {
    /// This member, and greets so.
    case dialled(Hello)
    /// The other one.
    case accepted
  }

  private enum Phase { case greeting, open, closed }

  private let side: Side
  private let limits: PeerLimits
  /// How certificates are checked; nil on a plain connection.
  private let tls: TLSContexts?
  private var maximumFrameBytes: Int
  private var phase = Phase.greeting
  private var context: ChannelHandlerContext?
  private var inbound = ByteBuffer()
  private var timer: RepeatedTask?
  private var began = NIODeadline.now()
  private var lastHeard = NIODeadline.now()
  private var isReadingPaused = false

  /// Takes what comes. Let go when the connection is over.
  var delegate: (any PeerConnectionDelegate)?
  /// Whose traffic it is, once that is known.
  var counters: PeerCounters?

  /// The loop on which everything of this connection happens.
  let loop: any EventLoop

  init(_ side: Side, on loop: any EventLoop, limits: PeerLimits, tls: TLSContexts?, maximumFrameBytes: Int) {
    self.side = side
    self.loop = loop
    self.limits = limits
    self.tls = tls
    self.maximumFrameBytes = maximumFrameBytes
  }

  /// Whether it can be used, or may still come to be.
  var isClosed: Bool { phase == .closed }
  var isWritable: Bool { phase != .closed && context?.channel.isWritable == true }
  var allocator: ByteBufferAllocator { context?.channel.allocator ?? ByteBufferAllocator() }
  /// The other end's address, as the log says it.
  private(set) var remoteAddress = "?"

  /// Does something on the connection's event loop.
  func onEventLoop(_ body: @escaping @Sendable (PeerConnection) -> Void) {
    loop.execute { body(self) }
  }

  /// From now on frames may be so large.
  func allowFrames(bytes: Int) { maximumFrameBytes = bytes }

  // MARK: Sending

  func write(_ buffer: ByteBuffer) {
    guard phase != .closed, let context else { return }
    counters?.update { $0.sentBytes += UInt64(buffer.readableBytes) }
    context.write(wrapOutboundOut(buffer), promise: nil)
  }

  func flush() {
    if phase != .closed { context?.flush() }
  }

  /// Writes one frame and flushes.
  func send(_ kind: FrameKind, body write: (inout ByteBuffer) -> Void = { _ in }) {
    guard phase != .closed else { return }
    var buffer = allocator.buffer(capacity: 256)
    Frame.append(kind, to: &buffer, body: write)
    self.write(buffer)
    flush()
  }

  /// Answers a greeting. The connection ends after a refusal.
  func answer(_ answer: HelloAnswer) {
    guard phase != .closed else { return }
    var buffer = allocator.buffer(capacity: 64)
    answer.encode(into: &buffer)
    write(buffer)
    if answer.refusal == nil { return flush() }
    closeAfterWriting("its greeting was refused")
  }

  /// Ends the connection when the other side has what was written.
  func closeAfterWriting(_ reason: String) {
    guard phase != .closed, let context else { return }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(allocator.buffer(capacity: 0))).whenComplete { _ in
      channel.close(promise: nil)
    }
    end(reason)
  }

  /// Ends the connection now. Does nothing when it is over already.
  func close(_ reason: String) {
    guard phase != .closed else { return }
    let context = context
    end(reason)
    context?.close(promise: nil)
  }

  private func end(_ reason: String) {
    guard phase != .closed else { return }
    phase = .closed
    timer?.cancel()
    timer = nil
    inbound = ByteBuffer()
    let delegate = delegate
    self.delegate = nil
    delegate?.connection(self, closed: reason)
  }

  // MARK: Reading

  /// Takes nothing more off the socket, so that the other side has to wait, or takes up again.
  func setReading(paused: Bool) {
    guard phase != .closed, isReadingPaused != paused, let context else { return }
    isReadingPaused = paused
    lastHeard = .now()
    context.channel.setOption(.autoRead, value: !paused).whenFailure { _ in }
    if !paused { context.read() }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { begin(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end("the connection ended")
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard timer == nil, phase == .greeting else { return }
    remoteAddress = context.channel.remoteAddress.map(Self.describe) ?? "?"
    began = .now()
    lastHeard = began
    let interval = limits.pingInterval
    timer = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
      self?.tick()
    }
    if case .dialled(let hello) = side {
      var buffer = context.channel.allocator.buffer(capacity: 64)
      hello.encode(into: &buffer)
      write(buffer)
      flush()
    }
  }

  private static func describe(_ address: SocketAddress) -> String {
    guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private func tick() {
    let now = NIODeadline.now()
    if phase == .greeting, now - began > limits.connectTimeout {
      return close("no greeting came within \(limits.connectTimeout.nanoseconds / 1_000_000_000) s")
    }
    if !isReadingPaused, now - lastHeard > limits.silence {
      return close("nothing was heard for \(limits.silence.nanoseconds / 1_000_000_000) s")
    }
    // What waits in a full connection is enough of a sign of life; its pings would only be old when they arrive.
    guard phase == .open, isWritable else { return }
    switch side {
    case .dialled: send(.ping) { $0.put(now.uptimeNanoseconds) }
    case .accepted: send(.alive)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    guard phase != .closed else { return }
    lastHeard = .now()
    counters?.update { $0.receivedBytes += UInt64(bytes.readableBytes) }
    if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    do throws(WireError) {
      while phase != .closed, try readNext() {}
    } catch {
      counters?.update { $0.receiveFailures += 1 }
      close(error.description)
    }
    if inbound.readerIndex > 64 << 10 { inbound.discardReadBytes() }
  }

  /// Reads one greeting or frame, if one is all there.
  private func readNext() throws(WireError) -> Bool {
    switch (phase, side) {
    case (.closed, _): return false
    case (.greeting, .dialled):
      guard let answer = try HelloAnswer.read(&inbound) else { return false }
      guard hasAllowedCertificate else { throw .certificateName }
      phase = .open
      delegate?.connection(self, answeredBy: answer)
    case (.greeting, .accepted):
      let hello: Hello?
      do throws(WireError) {
        hello = try Hello.read(&inbound)
      } catch {
        // Who speaks this protocol learns why; to anybody else the answer would be garbage.
        if case .foreignProtocol = error { throw error }
        if case .version = error { refuse(.version) } else { refuse(.malformed) }
        throw error
      }
      guard let hello else { return false }
      guard hasAllowedCertificate else {
        refuse(.certificateName)
        throw .certificateName
      }
      phase = .open
      delegate?.connection(self, greetedBy: hello)
    case (.open, _):
      guard let frame = try Frame.read(&inbound, maximumBodyBytes: maximumFrameBytes) else { return false }
      try take(frame)
    }
    return true
  }

  private var hasAllowedCertificate: Bool {
    guard let tls, let context else { return true }
    return tls.isAllowed(try? context.pipeline.syncOperations.nioSSL_peerCertificate())
  }

  private func refuse(_ refusal: Refusal) {
    guard let context else { return }
    var buffer = allocator.buffer(capacity: 64)
    HelloAnswer(refusal: refusal, clusterID: 0, member: 0).encode(into: &buffer)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  private func take(_ frame: Frame) throws(WireError) {
    var body = frame.body
    switch frame.kind {
    case .ping:
      let time: UInt64 = try body.take()
      send(.pong) { $0.put(time) }
    case .pong:
      let sent: UInt64 = try body.take()
      let now = NIODeadline.now().uptimeNanoseconds
      // Whatever a peer may send, this is only a number for the operator.
      if sent <= now { counters?.roundTrip(nanoseconds: now - sent) }
    case .alive: break
    default: try delegate?.connection(self, received: frame)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if phase == .open { delegate?.connectionReadComplete(self) }
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if phase == .open, context.channel.isWritable { delegate?.connectionBecameWritable(self) }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end("the other side closed the connection")
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close(describeFailure(error))
  }
}
