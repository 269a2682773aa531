import CNghttp2
public import NIOCore

/// Who uses a connection: makes streams for a peer that opens them, and learns of its beginning and end. Called on the
/// connection's event loop.
public protocol HTTP2ConnectionDelegate: AnyObject {
  /// A stream for a request that is arriving (servers only).
  func makeStream(on connection: HTTP2Connection) -> HTTP2Stream
  /// The peer's first SETTINGS arrived.
  func connectionReady(_ connection: HTTP2Connection)
  /// The peer wants no new streams (GOAWAY).
  func connectionGoingAway(_ connection: HTTP2Connection)
  /// Everything is over; `reason` is for people.
  func connectionClosed(_ connection: HTTP2Connection, reason: String)
}

/// One HTTP/2 connection in one channel handler: bytes go into libnghttp2, streams are plain objects, and what they send
/// leaves in one write for each batch of reads or of posted work. Belongs to its event loop.
///
/// Safe: because every member but the constants is used on the event loop only.
public final class HTTP2Connection: ChannelDuplexHandler, @unchecked Sendable {
  /// What NIO passes through this handler.
  public typealias InboundIn = ByteBuffer
  /// What NIO passes through this handler.
  public typealias OutboundIn = ByteBuffer
  /// What NIO passes through this handler.
  public typealias OutboundOut = ByteBuffer

  /// Which side of the connection this is.
  public enum Role: Sendable {
    /// Accepts streams.
    case server
    /// Opens streams.
    case client
  }

  /// Output is handed to the socket in pieces of about this many bytes.
  private static let writeBytes = 128 << 10
  /// A larger output buffer is not kept while the connection is idle.
  private static let keptBufferBytes = 32 << 10
  /// How long a connection that was ended waits for the peer to read the reason.
  private static let lingerTime = TimeAmount.seconds(1)

  let role: Role
  let limits: ConnectionLimits
  /// The mailbox of this connection's loop.
  public let mailbox: LoopMailbox
  let delegate: any HTTP2ConnectionDelegate
  private var context: ChannelHandlerContext?

  /// nil before the channel is active and after the connection has ended.
  private(set) var session: OpaquePointer?
  /// Positive while the library is on the stack, when it must neither be entered again nor be freed.
  private var depth = 0
  private var mustTearDown = false
  private var isReading = false
  private var needsFlush = false
  private var output: ByteBuffer

  var firstStream: HTTP2Stream?
  /// Streams open in either direction.
  public private(set) var openStreams = 0
  /// The stream whose header block is arriving.
  var headerStream: HTTP2Stream?
  var headerListBytes = 0
  /// Wire bytes of the header block that is arriving; nil between blocks.
  var headerBlockBytes: Int?

  var pendingSendBytes = 0
  var writableStreams: [HTTP2Stream] = []
  var waitingStreams: [HTTP2Stream] = []
  /// Set while the connection's own budget, not a stream's, keeps streams from writing.
  var wasCongested = false
  var heldBytes = 0

  var resets: TokenBucket
  var idleFrames: TokenBucket
  var pings: PingPolicy?

  var isReady = false
  var isEnding = false
  private var closeReason = "connection closed"
  private var readsHeld = false
  private var readIsPending = false

  var handshakeTimer: Scheduled<Void>?
  private var headerTimer: Scheduled<Void>?
  var keepAliveTimer: Scheduled<Void>?
  var deadlineTimer: Scheduled<Void>?
  var nextDeadlineScan: NIODeadline?
  var hasReceivedSinceTick = false
  var shutdownPingIsOut = false

  /// A handler for one channel, whose event loop is running this code. `minimumPingInterval` is a server's.
  public init(
    role: Role, limits: ConnectionLimits, minimumPingInterval: TimeAmount? = nil, channel: any Channel,
    delegate: any HTTP2ConnectionDelegate
  ) {
    self.role = role
    self.limits = limits
    self.delegate = delegate
    mailbox = LoopMailbox.current(of: channel.eventLoop)
    output = channel.allocator.buffer(capacity: 0)
    resets = TokenBucket(burst: limits.resetBurst, perSecond: limits.resetsPerSecond)
    idleFrames = TokenBucket(burst: limits.idleFrameBurst, perSecond: limits.idleFramesPerSecond)
    pings = minimumPingInterval.map { PingPolicy(minimumInterval: $0) }
  }

  deinit {
    // A channel that never became active has no session; an active one frees it in `tearDown`.
    precondition(session == nil, "an HTTP/2 session outlived its channel")
  }

  /// The loop this connection belongs to.
  public var eventLoop: any EventLoop { mailbox.eventLoop }
  /// The peer's address.
  public var remoteAddress: SocketAddress? { context?.remoteAddress }
  /// Allocates what streams hand over.
  public var allocator: ByteBufferAllocator { context?.channel.allocator ?? ByteBufferAllocator() }
  /// Whether more waits to be sent than the connection's budget allows.
  public var isCongested: Bool { pendingSendBytes >= limits.connectionSendBytes }

  // MARK: channel events

  /// Called by NIO.
  public func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { start(context) }
  }

  /// Called by NIO.
  public func channelActive(context: ChannelHandlerContext) {
    start(context)
    context.fireChannelActive()
  }

  /// Called by NIO.
  public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isReading = true
    receive(unwrapInboundIn(data))
  }

  /// Called by NIO.
  public func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    flush()
    // A peer that sends and never reads would have answers and acknowledgements pile up. A client reads on in any
    // case: were both sides to stop, they would wait for each other forever.
    if role == .server, let session, !context.channel.isWritable,
      nghttp2_session_get_outbound_queue_size(session) > limits.queuedFrames
    {
      readsHeld = true
    }
  }

  /// Called by NIO.
  public func read(context: ChannelHandlerContext) {
    if readsHeld { readIsPending = true } else { context.read() }
  }

  /// Called by NIO.
  public func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      flush()
      if readsHeld && context.channel.isWritable {
        readsHeld = false
        if readIsPending {
          readIsPending = false
          context.read()
        }
      }
    }
    context.fireChannelWritabilityChanged()
  }

  /// Called by NIO.
  public func channelInactive(context: ChannelHandlerContext) {
    tearDown()
    context.fireChannelInactive()
  }

  /// Called by NIO.
  public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is GracefulShutdown {
      shutDownGracefully()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  /// Called by NIO.
  public func errorCaught(context: ChannelHandlerContext, error: any Error) {
    closeReason = "\(error)"
    context.close(promise: nil)
  }

  /// Called by NIO.
  public func handlerRemoved(context: ChannelHandlerContext) {
    tearDown()
    self.context = nil
  }

  // MARK: beginning and end

  private func start(_ context: ChannelHandlerContext) {
    guard session == nil, !mustTearDown, !isEnding else { return }
    session = HTTP2Callbacks.makeSession(for: self)
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: UInt32(clamping: min(limits.streamWindowBytes, Int(Int32.max)))),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(clamping: limits.headerListBytes)),
    ]
    switch role {
    case .server:
      settings.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
          value: UInt32(clamping: limits.concurrentStreams)))
    case .client:
      settings.append(
        nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    submitted(nghttp2_submit_settings(session, none, settings, settings.count))
    submitted(
      nghttp2_session_set_local_window_size(
        session, none, 0, Int32(clamping: max(limits.connectionWindowBytes, 65_535))))
    handshakeTimer = context.eventLoop.scheduleTask(in: limits.handshakeTimeout) {
      self.end(code: HTTP2Error.protocolError, "no HTTP/2 settings within the time for them")
    }
    scheduleKeepAlive()
    flush()
  }

  /// Sends GOAWAY with `code` and closes once it is on its way. Streams still open are lost.
  public func end(code: UInt32, _ reason: String) {
    guard let session, !isEnding else { return }
    isEnding = true
    closeReason = reason
    let last = nghttp2_session_get_last_proc_stream_id(session)
    // Debug data is read by clients: gRPC ones double their ping interval on "too_many_pings".
    var text = reason
    _ = text.withUTF8 {
      nghttp2_submit_goaway(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code, $0.baseAddress, min($0.count, 1_024))
    }
    setNeedsFlush()
    // A peer that reads nothing does not keep the connection open.
    guard let channel = context?.channel else { return }
    eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
  }

  /// Closes at once.
  public func closeNow(_ reason: String) {
    closeReason = reason
    context?.close(promise: nil)
  }

  /// Lets streams that are open end and then closes; the peer is told to open no more.
  public func shutDownGracefully() {
    guard let session, !isEnding, !isShuttingDown else { return }
    isShuttingDown = true
    closeReason = "server is shutting down"
    if role == .client || !isReady {
      closeIfDrained()
      return
    }
    // The first notice refuses nothing; when the ping behind it comes back, the peer has seen it, and what it opened
    // before that is known: the second notice names the last stream that will be served.
    submitted(nghttp2_submit_shutdown_notice(session))
    shutdownPingIsOut = true
    submitted(nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil))
    eventLoop.scheduleTask(in: Self.lingerTime) { self.sendFinalGoAway() }
    setNeedsFlush()
  }

  var isShuttingDown = false

  func sendFinalGoAway() {
    guard let session, shutdownPingIsOut else { return }
    shutdownPingIsOut = false
    submitted(
      nghttp2_submit_goaway(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(session),
        HTTP2Error.noError, nil, 0))
    setNeedsFlush()
    closeIfDrained()
  }

  func closeIfDrained() {
    guard isShuttingDown, !shutdownPingIsOut, openStreams == 0 else { return }
    end(code: HTTP2Error.noError, closeReason)
  }

  private func tearDown() {
    guard depth == 0 else {
      mustTearDown = true
      return
    }
    guard let session else { return }
    self.session = nil
    isEnding = true
    nghttp2_session_del(session)
    for timer in [handshakeTimer, headerTimer, keepAliveTimer, deadlineTimer] { timer?.cancel() }
    headerStream = nil
    writableStreams = []
    waitingStreams = []
    while let stream = firstStream {
      remove(stream)
      stream.didClose(.connectionLost)
      stream.connection = nil
    }
    delegate.connectionClosed(self, reason: closeReason)
  }

  // MARK: input

  private func receive(_ buffer: ByteBuffer) {
    guard let session, !isEnding else { return }
    hasReceivedSinceTick = true
    depth += 1
    let result = buffer.withUnsafeReadableBytes { bytes in
      nghttp2_session_mem_recv(session, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }
    depth -= 1
    if mustTearDown {
      tearDown()
      return
    }
    if result < 0 && !isEnding {
      let text = String(cString: nghttp2_strerror(Int32(result)))
      let isFlood =
        result == Int(NGHTTP2_ERR_FLOODED.rawValue)
        || result == Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue)
      end(code: isFlood ? HTTP2Error.enhanceYourCalm : HTTP2Error.protocolError, text)
    }
    if headerBlockBytes == nil {
      headerTimer?.cancel()
      headerTimer = nil
    } else if headerTimer == nil {
      headerTimer = eventLoop.scheduleTask(in: limits.handshakeTimeout) {
        self.end(code: HTTP2Error.enhanceYourCalm, "header block took too long")
      }
    }
  }

  // MARK: output

  /// What the library said to something submitted: running out of memory, or of stream identifiers, ends the connection.
  func submitted(_ result: Int32) {
    if nghttp2_is_fatal(result) != 0 {
      end(code: HTTP2Error.internalError, String(cString: nghttp2_strerror(result)))
    }
    setNeedsFlush()
  }

  func setNeedsFlush() {
    guard !needsFlush else { return }
    needsFlush = true
    if !isReading && depth == 0 { mailbox.flushSoon(self) }
  }

  /// Writes everything that may be written now.
  func flush() {
    guard depth == 0, !isReading, let session, let context else { return }
    needsFlush = false
    depth += 1
    let channel = context.channel
    var goesOn = true
    while goesOn && !mustTearDown {
      goesOn = false
      while channel.isWritable && !mustTearDown {
        var bytes: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &bytes)
        if count < 0 {
          closeReason = String(cString: nghttp2_strerror(Int32(count)))
          isEnding = true
          break
        }
        if count > 0 { output.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count)) }
        if output.readableBytes >= Self.writeBytes {
          writeOutput(context)
        } else if count == 0 {
          break
        }
      }
      goesOn = tellWritable()
    }
    needsFlush = false
    if output.readableBytes > 0 && !mustTearDown { writeOutput(context) }
    if output.capacity > Self.keptBufferBytes { output = context.channel.allocator.buffer(capacity: 0) }
    depth -= 1
    if mustTearDown {
      tearDown()
    } else if isEnding && channel.isWritable
      || nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    {
      linger(context)
    }
  }

  private func writeOutput(_ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    // Empties the same memory if the socket has taken it all.
    output.clear()
  }

  /// Closes the sending side, so that the peer reads a last GOAWAY rather than a reset, and the rest a little later.
  private func linger(_ context: ChannelHandlerContext) {
    guard !isLingering else { return }
    isLingering = true
    isEnding = true
    handshakeTimer?.cancel()
    let channel = context.channel
    context.close(mode: .output, promise: nil)
    context.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
  }

  private var isLingering = false

  /// Room for one more DATA frame in this write.
  var hasRoom: Bool { output.readableBytes < Self.writeBytes }

  func writeData(_ header: UnsafePointer<UInt8>, _ length: Int, of stream: HTTP2Stream) {
    output.writeBytes(UnsafeRawBufferPointer(start: header, count: 9))
    stream.takeData(length, into: &output)
  }

  // MARK: streams

  /// Opens a stream; false when the peer takes no new ones. With `end` the request has no body.
  public func open(
    _ stream: HTTP2Stream, _ block: HeaderBlock?, _ fields: [(name: String, value: String)] = [],
    end: Bool = false
  ) -> Bool {
    guard session != nil, !isEnding, !isShuttingDown else { return false }
    return stream.sendRequestHeaders(on: self, block, fields, end: end)
  }

  /// How many streams the peer lets this side have open at once.
  var peerConcurrentStreams: Int {
    guard let session else { return 0 }
    return Int(
      nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  func adopt(_ stream: HTTP2Stream) {
    stream.connection = self
    stream.nextInList = firstStream
    firstStream?.previousInList = stream
    firstStream = stream
    openStreams += 1
    if let deadline = stream.deadline { noteDeadline(deadline) }
  }

  func remove(_ stream: HTTP2Stream) {
    let next = stream.nextInList
    next?.previousInList = stream.previousInList
    if let previous = stream.previousInList { previous.nextInList = next } else { firstStream = next }
    stream.nextInList = nil
    stream.previousInList = nil
    openStreams -= 1
    stream.dropQueue()
  }

  /// Hands the rest of a stream to another object, which finds itself after the request's headers.
  func replace(_ stream: HTTP2Stream, with successor: HTTP2Stream) {
    guard let session else { return }
    successor.id = stream.id
    remove(stream)
    stream.connection = nil
    adopt(successor)
    nghttp2_session_set_stream_user_data(
      session, successor.id, Unmanaged.passUnretained(successor).toOpaque())
    if headerStream === stream { headerStream = successor }
  }
}
