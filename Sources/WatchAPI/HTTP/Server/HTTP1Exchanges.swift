import DequeModule
import NIOCore
import NIOHTTP1

/// Serves one HTTP/1.1 connection, one exchange at a time. While an answer is under way, reading goes on so that a client
/// that goes away is noticed, until the next request shows up: that one waits.
///
/// Safe: because all of it is used on the connection's event loop only.
final class HTTP1Exchanges: ChannelDuplexHandler, RemovableChannelHandler, AnswerSink, @unchecked Sendable {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    case idle
    case receiving(HTTPRequestHead)
    case answering(HTTPRequestHead)
    /// The last answer is out; what still comes is dropped until the client closes, or a moment later.
    case lingering
  }

  private static let lingerTime = TimeAmount.seconds(1)

  private let server: ServerContext
  private let peer: PeerInfo
  private let codec: HTTP1Codec
  private var context: ChannelHandlerContext?
  private var state = State.idle
  private var body: [UInt8] = []
  private var writer: AnswerWriter?
  /// What came while an answer was under way; one read's worth, as reading stops.
  private var waiting = Deque<HTTPServerRequestPart>()
  private var readIsPending = false
  private var endsConnection = false
  private var isShuttingDown = false
  private var isFlushing = false
  private var needsFlush = false
  private var awaitsWritable = false
  private let limit = MovingDeadline()
  private var stallTimer: Scheduled<Void>?

  private init(server: ServerContext, peer: PeerInfo, codec: HTTP1Codec) {
    self.server = server
    self.peer = peer
    self.codec = codec
  }

  /// Adds all handlers of a connection, the first at `position`.
  static func add(
    to channel: any Channel, _ position: ChannelPipeline.SynchronousOperations.Position,
    server: ServerContext,
    peer: PeerInfo
  ) throws {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = server.limits.connection.headerListBytes
    limits.maxHeaderListSize = server.limits.connection.headerListBytes
    limits.maxHeaderFieldCount = server.limits.headerFields
    var encoding = HTTPResponseEncoder.Configuration()
    encoding.automaticallySetFramingHeaders = false
    let encoder = HTTPResponseEncoder(configuration: encoding)
    // What follows a request for another protocol is that protocol's, and is forwarded when the decoder goes.
    let decoder = ByteToMessageHandler(
      HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
    let codec = HTTP1Codec(encoder: encoder, decoder: decoder)
    try channel.pipeline.syncOperations.addHandlers(
      [encoder, decoder, HTTP1Exchanges(server: server, peer: peer, codec: codec)], position: position)
  }

  // MARK: channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    limitTime(server.limits.connection.handshakeTimeout)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    over()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    over()
    context.fireChannelInactive()
  }

  private func over() {
    limit.end()
    stallTimer?.cancel()
    waiting.removeAll()
    state = .lingering
    let writer = writer
    self.writer = nil
    writer?.cancel()
  }

  private func limitTime(_ amount: TimeAmount) {
    guard let channel = context?.channel else { return }
    limit.move(to: .now() + amount, of: channel)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch state {
    case .answering: waiting.append(unwrapInboundIn(data))
    case .lingering: break
    case .idle, .receiving: receive(unwrapInboundIn(data))
    }
  }

  func read(context: ChannelHandlerContext) {
    if holdsReads { readIsPending = true } else { context.read() }
  }

  private var holdsReads: Bool {
    // Behind a request that ends the connection nothing is parsed, and so nothing may pile up.
    if case .answering = state { !waiting.isEmpty || endsConnection } else { false }
  }

  private func resumeReads() {
    guard readIsPending, !holdsReads else { return }
    readIsPending = false
    context?.read()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is GracefulShutdown else {
      context.fireUserInboundEventTriggered(event)
      return
    }
    isShuttingDown = true
    if case .idle = state { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The decoder reads no further, and NIO closes the connection after this.
    if let error = error as? HTTPParserError {
      switch state {
      case .idle, .receiving:
        let response: HTTPServerResponse =
          error == .headerOverflow
          ? .text(431, "request header fields too large\n") : .text(400, "malformed HTTP request\n")
        let head: HTTPRequestHead =
          if case .receiving(let head) = state { head } else {
            HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
          }
        refuse(response, head)
      case .answering, .lingering: break
      }
    }
    context.close(promise: nil)
  }

  // MARK: the request

  private func receive(_ part: HTTPServerRequestPart) {
    switch part {
    case .head(let head): receive(head)
    case .body(let bytes):
      guard case .receiving(let head) = state else { return }
      limitTime(server.limits.connection.handshakeTimeout)
      if body.count + bytes.readableBytes > server.limits.bodyBytes {
        refuse(server.tooLarge(request(head, body: [])), head)
      } else {
        body.append(contentsOf: bytes.readableBytesView)
      }
    case .end:
      guard case .receiving(let head) = state else { return }
      limit.clear()
      let request = request(head, body: body)
      begin(head).start(request, server.handler)
    }
  }

  private func receive(_ head: HTTPRequestHead) {
    body = []
    state = .receiving(head)
    limitTime(server.limits.connection.handshakeTimeout)
    // The parser stops behind a request that asks for another protocol, which is answered in this one.
    endsConnection = !head.isKeepAlive || head.headers.contains(name: "upgrade") || head.method == .CONNECT
    let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    if !head.isOld, head.headers["host"].count != 1 {
      refuse(.text(400, "a request needs one host field\n"), head)
    } else if length > server.limits.bodyBytes {
      refuse(server.tooLarge(request(head, body: [])), head)
    } else if !head.isOld,
      head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" })
    {
      let proceed = HTTPResponseHead(version: .http1_1, status: .continue)
      context?.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
    }
  }

  private func request(_ head: HTTPRequestHead, body: [UInt8]) -> HTTPServerRequest {
    HTTPServerRequest(
      method: head.method.rawValue, target: head.uri,
      headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body,
      peerCertificates: peer.certificates, remoteAddress: peer.address)
  }

  /// Answers before the request is whole; the rest of it is not looked at.
  private func refuse(_ response: HTTPServerResponse, _ head: HTTPRequestHead) {
    limit.clear()
    endsConnection = true
    begin(head).send(response, toHead: head.method == .HEAD)
  }

  private func begin(_ head: HTTPRequestHead) -> AnswerWriter {
    state = .answering(head)
    body = []
    let mailbox = LoopMailbox.current(of: peer.eventLoop)
    let made = AnswerWriter(
      sink: self, mailbox: mailbox, coalescedBytes: server.limits.coalescedBytes, live: server.live)
    writer = made
    return made
  }

  // MARK: the answer

  var takesMore: Bool {
    guard let context else { return false }
    if context.channel.isWritable { return true }
    awaitsWritable = true
    if stallTimer == nil {
      let channel = context.channel
      stallTimer = channel.eventLoop.scheduleTask(in: server.limits.stallTimeout) {
        channel.close(promise: nil)
      }
    }
    return false
  }

  func begin(status: Int, headers: [(name: String, value: String)], length: Int?) {
    guard let context, case .answering(let request) = state else { return }
    var fields = HTTPHeaders()
    for (name, value) in headers
    where !ConnectionFields.contains(name) && HeaderBlock.isValid(name: name, value: value) {
      fields.add(name: name, value: value)
    }
    if status != 204, status != 304 {
      if let length {
        fields.add(name: "content-length", value: String(length))
      } else if request.method != .HEAD {
        if !request.isOld {
          fields.add(name: "transfer-encoding", value: "chunked")
        } else {
          // The end of the connection is the only end that HTTP/1.0 knows for such a body.
          endsConnection = true
        }
      }
    }
    if isShuttingDown { endsConnection = true }
    if endsConnection {
      fields.add(name: "connection", value: "close")
    } else if request.isOld {
      fields.add(name: "connection", value: "keep-alive")
    }
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: fields)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  func write(_ bytes: ByteBuffer) {
    context?.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
  }

  func end() {
    guard let context, case .answering = state else { return }
    writer = nil
    // Not by `flush`, which does nothing inside of itself: what is closed below must have gone out.
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    if endsConnection || isShuttingDown {
      linger(context)
      return
    }
    state = .idle
    limitTime(server.limits.idleTimeout)
    while !waiting.isEmpty {
      if case .answering = state { break }
      if case .lingering = state { break }
      receive(waiting.removeFirst())
    }
    resumeReads()
  }

  func abort() {
    writer = nil
    context?.close(promise: nil)
  }

  func upgrade(headers: [(name: String, value: String)]) -> ByteTunnel? {
    guard let context, case .answering(let request) = state, request.asksForUpgrade, !isShuttingDown,
      let name = headers.first(where: { $0.name == "upgrade" })
    else { return nil }
    var fields = HTTPHeaders([("connection", "Upgrade"), name])
    for (name, value) in headers
    where !ConnectionFields.contains(name) && HeaderBlock.isValid(name: name, value: value) {
      fields.add(name: name, value: value)
    }
    let limits = TunnelLimits(
      unreadBytes: server.limits.tunnelBytes, idleTimeout: server.limits.tunnelIdleTimeout)
    let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: fields)
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    writer = nil
    state = .lingering
    do {
      return try TunnelHandler.takeOver(context.channel, from: self, codec, limits: limits)
    } catch {
      context.close(promise: nil)
      return nil
    }
  }

  /// Closes the sending side and drops what comes, so that a client that is still sending reads the answer rather than a
  /// reset.
  private func linger(_ context: ChannelHandlerContext) {
    state = .lingering
    waiting.removeAll()
    let channel = context.channel
    let lingerTime = Self.lingerTime
    // Once the socket has taken everything: a client that reads slowly gets it all, within the time for stalls.
    limitTime(server.limits.stallTimeout)
    context.close(mode: .output).assumeIsolated().whenComplete { _ in
      channel.eventLoop.scheduleTask(in: lingerTime) { channel.close(promise: nil) }
    }
    resumeReads()
  }

  func flush() {
    needsFlush = true
    guard !isFlushing else { return }
    isFlushing = true
    while needsFlush, let context {
      needsFlush = false
      context.flush()
      tellWritable(context)
    }
    isFlushing = false
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    // A flush under way looks for itself, so that writing does not nest.
    if !isFlushing { tellWritable(context) }
    context.fireChannelWritabilityChanged()
  }

  private func tellWritable(_ context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return }
    stallTimer?.cancel()
    stallTimer = nil
    guard awaitsWritable else { return }
    awaitsWritable = false
    writer?.sinkBecameWritable()
  }
}

extension HTTPRequestHead {
  /// HTTP/1.0: no chunks, no interim answers. The parser lets no other major version pass.
  fileprivate var isOld: Bool { version.minor == 0 }

  /// Whether the parser stops behind this request, as another protocol is asked for (RFC 9110, 7.8).
  fileprivate var asksForUpgrade: Bool {
    !isOld && method != .CONNECT && headers.contains(name: "upgrade")
      && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
  }
}
