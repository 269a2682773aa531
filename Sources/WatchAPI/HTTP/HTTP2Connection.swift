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
public final class HTTP2Connection: ChannelDuplexHandler, @unchecked Sendable {
  // Safe: because every member but the constants is used on the event loop only.
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
  private let delegate: any HTTP2ConnectionDelegate
  private var context: ChannelHandlerContext?

  /// nil before the channel is active and after the connection has ended.
  private(set) var session: OpaquePointer?
  /// Positive while the library is on the stack, when it must neither be entered again nor be freed.
  private var depth = 0
  private var mustTearDown = false
  private var isReading = false
  private var needsFlush = false
  private var output: ByteBuffer

  private var firstStream: HTTP2Stream?
  /// Streams open in either direction.
  public private(set) var openStreams = 0
  /// The stream whose header block is arriving.
  private var headerStream: HTTP2Stream?
  private var headerListBytes = 0
  /// Wire bytes of the header block that is arriving; nil between blocks.
  private var headerBlockBytes: Int?

  var pendingSendBytes = 0
  private var writableStreams: [HTTP2Stream] = []
  private var waitingStreams: [HTTP2Stream] = []
  /// Set while the connection's own budget, not a stream's, keeps streams from writing.
  private var wasCongested = false
  private var heldBytes = 0

  private var resets: TokenBucket
  private var idleFrames: TokenBucket
  private var pings: PingPolicy?

  private var isReady = false
  private var isEnding = false
  private var closeReason = "connection closed"
  private var readsHeld = false
  private var readIsPending = false

  private var handshakeTimer: Scheduled<Void>?
  private var headerTimer: Scheduled<Void>?
  private var keepAliveTimer: Scheduled<Void>?
  private var deadlineTimer: Scheduled<Void>?
  private var nextDeadlineScan: NIODeadline?
  private var hasReceivedSinceTick = false
  private var shutdownPingIsOut = false

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

  private var isShuttingDown = false

  private func sendFinalGoAway() {
    guard let session, shutdownPingIsOut else { return }
    shutdownPingIsOut = false
    submitted(
      nghttp2_submit_goaway(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(session),
        HTTP2Error.noError, nil, 0))
    setNeedsFlush()
    closeIfDrained()
  }

  private func closeIfDrained() {
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

  // MARK: budgets

  func sent(_ count: Int, by stream: HTTP2Stream) {
    if isCongested { wasCongested = true }
    pendingSendBytes -= count
    if stream.awaitsWritable && stream.pendingSendBytes <= limits.streamSendBytes / 2
      && !stream.isInWritableList
    {
      stream.isInWritableList = true
      writableStreams.append(stream)
    }
    if wasCongested && pendingSendBytes <= limits.connectionSendBytes / 2 { setNeedsFlush() }
  }

  func wait(_ stream: HTTP2Stream) {
    // Those that a peer opens and resets while it waits do not pile up.
    if waitingStreams.count > 2 * openStreams + 64 { waitingStreams.removeAll { $0.connection == nil } }
    waitingStreams.append(stream)
  }

  /// Tells streams that they may write again; true when some were told.
  private func tellWritable() -> Bool {
    var told = false
    if wasCongested && pendingSendBytes <= limits.connectionSendBytes / 2 {
      wasCongested = false
      var next = firstStream
      while let stream = next {
        next = stream.nextInList
        if stream.awaitsWritable && !stream.isInWritableList
          && stream.pendingSendBytes < limits.streamSendBytes
        {
          stream.isInWritableList = true
          writableStreams.append(stream)
        }
      }
      let waiting = waitingStreams
      waitingStreams = []
      for (index, stream) in waiting.enumerated() {
        if isCongested {
          waitingStreams.append(contentsOf: waiting[index...])
          break
        }
        told = true
        stream.connectionDrained()
      }
    }
    guard !writableStreams.isEmpty, !isCongested else { return told }
    let streams = writableStreams
    writableStreams.removeAll(keepingCapacity: true)
    for stream in streams {
      stream.isInWritableList = false
      guard stream.awaitsWritable, stream.connection != nil, stream.isWritable else { continue }
      stream.awaitsWritable = false
      told = true
      stream.didBecomeWritable()
    }
    return told
  }

  /// Notes `count` more (or fewer) bytes of requests that are held; false when there are too many.
  public func addHeldBytes(_ count: Int) -> Bool {
    heldBytes += count
    return heldBytes <= limits.heldRequestBytes
  }

  // MARK: streams

  /// Opens a stream; false when the peer takes no new ones.
  public func open(
    _ stream: HTTP2Stream, _ block: HeaderBlock, _ fields: [(name: String, value: String)] = []
  ) -> Bool {
    guard session != nil, !isEnding, !isShuttingDown else { return false }
    return stream.sendRequestHeaders(on: self, block, fields)
  }

  func adopt(_ stream: HTTP2Stream) {
    stream.connection = self
    stream.nextInList = firstStream
    firstStream?.previousInList = stream
    firstStream = stream
    openStreams += 1
    if let deadline = stream.deadline { noteDeadline(deadline) }
  }

  private func remove(_ stream: HTTP2Stream) {
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

  // MARK: deadlines

  /// One timer for all streams: it looks at every open stream, so it does so no more often than a share of the time that
  /// the look takes.
  func noteDeadline(_ deadline: NIODeadline) {
    if let nextDeadlineScan, nextDeadlineScan <= deadline { return }
    deadlineTimer?.cancel()
    nextDeadlineScan = deadline
    deadlineTimer = eventLoop.scheduleTask(deadline: deadline) {
      self.scanDeadlines()
    }
  }

  private func scanDeadlines() {
    nextDeadlineScan = nil
    let now = NIODeadline.now()
    var earliest: NIODeadline?
    var expired: [HTTP2Stream] = []
    var next = firstStream
    while let stream = next {
      next = stream.nextInList
      guard let deadline = stream.deadline else { continue }
      if deadline <= now {
        stream.clearDeadline()
        expired.append(stream)
      } else if earliest.map({ deadline < $0 }) ?? true {
        earliest = deadline
      }
    }
    for stream in expired where stream.connection != nil { stream.deadlineReached() }
    if let earliest {
      noteDeadline(max(earliest, now + .milliseconds(1) + .microseconds(Int64(openStreams))))
    }
  }

  // MARK: keep-alive

  private func scheduleKeepAlive() {
    guard let interval = limits.keepAliveInterval else { return }
    hasReceivedSinceTick = false
    keepAliveTimer = eventLoop.scheduleTask(in: interval) { self.keepAliveTick() }
  }

  private func keepAliveTick() {
    guard let session, !isEnding else { return }
    guard !hasReceivedSinceTick else {
      scheduleKeepAlive()
      return
    }
    submitted(nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil))
    keepAliveTimer = eventLoop.scheduleTask(in: limits.keepAliveTimeout) {
      if self.hasReceivedSinceTick { self.scheduleKeepAlive() } else { self.closeNow("keep-alive ping was not answered") }
    }
  }

  // MARK: what the library reports

  /// False ends the connection.
  func didBeginFrame(_ header: nghttp2_frame_hd) -> Bool {
    let type = UInt32(header.type)
    if type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_CONTINUATION.rawValue {
      let total = (type == NGHTTP2_HEADERS.rawValue ? 0 : headerBlockBytes ?? 0) + 9 + header.length
      headerBlockBytes = UInt32(header.flags) & NGHTTP2_FLAG_END_HEADERS.rawValue == 0 ? total : nil
      if total > limits.headerListBytes + 1_024 {
        end(code: HTTP2Error.enhanceYourCalm, "header block too large")
        return false
      }
      return true
    }
    let isIdle =
      type == NGHTTP2_DATA.rawValue
      && header.length == 0 && UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue == 0
      || type == NGHTTP2_PRIORITY.rawValue || type == NGHTTP2_SETTINGS.rawValue

    if isIdle && !idleFrames.take(at: .now()) {
      end(code: HTTP2Error.enhanceYourCalm, "too many frames without content")
      return false
    }
    return true
  }

  func didBeginHeaders(_ frame: UnsafePointer<nghttp2_frame>) {
    headerListBytes = 0
    let category = frame.pointee.headers.cat
    let id = frame.pointee.hd.stream_id
    if role == .server && category == NGHTTP2_HCAT_REQUEST {
      let stream = delegate.makeStream(on: self)
      stream.id = id
      adopt(stream)
      nghttp2_session_set_stream_user_data(session, id, Unmanaged.passUnretained(stream).toOpaque())
      headerStream = stream
    } else {
      headerStream = stream(id)
    }
  }

  /// False when the block is longer than allowed.
  func didReceiveHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
    headerListBytes += name.count + value.count + 32
    guard headerListBytes <= limits.headerListBytes else { return false }
    headerStream?.receiveHeader(name, value)
    return true
  }

  /// False ends the connection.
  func didReceiveFrame(_ frame: UnsafePointer<nghttp2_frame>) -> Bool {
    let header = frame.pointee.hd
    let endsStream = UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
    switch UInt32(header.type) {
    case NGHTTP2_HEADERS.rawValue:
      guard let stream = headerStream else { break }
      headerStream = nil
      stream.receiveHeadersComplete()
      if endsStream, let stream = self.stream(header.stream_id) { didReceiveEnd(stream) }
    case NGHTTP2_DATA.rawValue:
      if endsStream, let stream = stream(header.stream_id) { didReceiveEnd(stream) }
    case NGHTTP2_RST_STREAM.rawValue:
      if role == .server && !resets.take(at: .now()) {
        end(code: HTTP2Error.enhanceYourCalm, "too many stream resets")
        return false
      }
    case NGHTTP2_SETTINGS.rawValue:
      if !isReady && UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue == 0 {
        isReady = true
        handshakeTimer?.cancel()
        handshakeTimer = nil
        delegate.connectionReady(self)
      }
    case NGHTTP2_PING.rawValue:
      if UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0 {
        if shutdownPingIsOut { sendFinalGoAway() }
      } else if pings?.receivedPing(at: .now()) == false {
        end(code: HTTP2Error.enhanceYourCalm, "too_many_pings")
        return false
      }
    case NGHTTP2_GOAWAY.rawValue:
      delegate.connectionGoingAway(self)
    default:
      break
    }
    return true
  }

  /// A frame that the library answers with a reset counts as one: provoking resets is as cheap as sending them.
  func didReceiveInvalidFrame() -> Bool {
    if role == .server && !resets.take(at: .now()) {
      end(code: HTTP2Error.enhanceYourCalm, "too many invalid frames")
      return false
    }
    return true
  }

  private func didReceiveEnd(_ stream: HTTP2Stream) {
    stream.receivedEnd = true
    stream.receiveEnd()
  }

  func didReceiveData(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
    guard let session else { return }
    if let stream = stream(id) {
      stream.receiveData(bytes)
    } else {
      submitted(nghttp2_session_consume_connection(session, bytes.count))
    }
  }

  func didSendFrame(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    let type = UInt32(header.type)
    guard type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue else { return }
    pings?.hasSentSinceLastPing = true
    // A server that has said everything has no use for the rest of the request (RFC 9113, 8.1).
    if role == .server, UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0,
      let stream = stream(header.stream_id), !stream.receivedEnd
    {
      stream.reset(HTTP2Error.noError)
    }
  }

  func didCloseStream(_ id: Int32, _ code: UInt32) {
    guard let stream = stream(id) else { return }
    nghttp2_session_set_stream_user_data(session, id, nil)
    if headerStream === stream { headerStream = nil }
    remove(stream)
    stream.didClose(code == HTTP2Error.noError ? .ended : .reset(code))
    stream.connection = nil
    if isShuttingDown { closeIfDrained() }
  }

  private func stream(_ id: Int32) -> HTTP2Stream? {
    guard let data = nghttp2_session_get_stream_user_data(session, id) else { return nil }
    // Safe: because a stream's entry is cleared before the list releases it.
    return Unmanaged<HTTP2Stream>.fromOpaque(data).takeUnretainedValue()
  }
}
