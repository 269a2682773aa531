public import HTTP
public import NIOCore

/// The server's side of one call. Belongs to its event loop: every member is used there only, except `mailbox`, through
/// which other threads come to it.
///
/// Safe: because it is confined to its connection's loop like every stream; `mailbox` is a constant.
public final class ServerCall: CallStream, @unchecked Sendable {
  private enum Phase {
    /// Request headers are arriving or the connection is congested; no handler has run.
    case beginning
    case running
    case finished
  }

  /// The client will send no more.
  public var onHalfClose: (() -> Void)?
  /// The call ended before `finish`: reset, deadline, connection lost. At most once; sends are ignored after it.
  public var onCancel: (() -> Void)?
  /// Work posted here runs on the call's loop; from other threads this is the way to answer.
  public let mailbox: LoopMailbox

  private let server: GRPCServer
  private var phase = Phase.beginning
  private var method: Router.Method?
  private var request: ByteBuffer?

  // What the request's headers said.
  private var hasHeaders = false
  private var isPost = false
  private var otherMethod = ""
  private var unknownPath = ""
  private var contentType = ContentType.other("")
  private var timeout: TimeAmount?
  private var malformedTimeout: String?
  private var encoding: String?
  private var raw = RawFields()
  private var parsedMetadata: Metadata?

  private enum ContentType {
    case grpc
    /// Begins like gRPC's and is not.
    case almost(String)
    case other(String)
  }

  init(server: GRPCServer, mailbox: LoopMailbox) {
    self.server = server
    self.mailbox = mailbox
    super.init(messageLimit: server.limits.messageBytes)
  }

  /// The call's loop.
  public var eventLoop: any EventLoop { mailbox.eventLoop }
  /// `/package.Service/Method`
  public var path: String { method?.path ?? unknownPath }
  /// The client's address.
  public var remoteAddress: SocketAddress? { connection?.remoteAddress }
  /// The request's headers, without those that are gRPC's own.
  public var metadata: Metadata {
    if let parsedMetadata { return parsedMetadata }
    let metadata = raw.metadata
    parsedMetadata = metadata
    return metadata
  }

  // MARK: headers

  public override func receiveHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>)
  {
    guard !hasHeaders else { return }
    switch name.count {
    case 2 where name.equals("te"): return
    case 5 where name.equals(":path"):
      method = server.router.method(value)
      if method == nil { unknownPath = String(decoding: value, as: UTF8.self) }
      return
    case 7 where name.equals(":method"):
      isPost = value.equals("POST")
      if !isPost { otherMethod = String(decoding: value, as: UTF8.self) }
      return
    case 7 where name.equals(":scheme"): return
    case 12 where name.equals("content-type"):
      contentType = Self.classify(value)
      return
    case 12 where name.equals("grpc-timeout"):
      timeout = Timeout.parse(value)
      if timeout == nil { malformedTimeout = String(decoding: value, as: UTF8.self) }
      return
    case 13 where name.equals("grpc-encoding"):
      if !value.equals("identity") { encoding = String(decoding: value, as: UTF8.self) }
      return
    case 20 where name.equals("grpc-accept-encoding"): return
    default: break
    }
    raw.append(name, value)
  }

  /// `application/grpc`, alone or with a subtype or parameters.
  private static func classify(_ value: UnsafeBufferPointer<UInt8>) -> ContentType {
    let name: StaticString = "application/grpc"
    guard value.starts(with: name) else { return .other(String(decoding: value, as: UTF8.self)) }
    let length = name.utf8CodeUnitCount
    guard value.count > length, value[length] != UInt8(ascii: "+"), value[length] != UInt8(ascii: ";") else {
      return .grpc
    }
    return .almost(String(decoding: value, as: UTF8.self))
  }

  public override func receiveHeadersComplete() {
    guard !hasHeaders else { return }
    hasHeaders = true
    switch contentType {
    case .grpc: break
    case .almost(let text):
      refuse(httpStatus: 415, GRPCStatus(.invalidArgument, "invalid gRPC request content-type \"\(text)\""))
      return
    case .other(let text):
      handOver(contentType: text)
      return
    }
    guard isPost else {
      refuse(
        httpStatus: 405,
        GRPCStatus(
          .internalError, "Received a HEADERS frame with :method \"\(otherMethod)\" which should be POST"))
      return
    }
    if let malformedTimeout {
      refuse(
        httpStatus: 400, GRPCStatus(.internalError, "malformed grpc-timeout: \"\(malformedTimeout)\""))
      return
    }
    guard method != nil else {
      finish(server.router.unimplemented(unknownPath))
      return
    }
    if let encoding {
      var trailers = Metadata()
      trailers.add("grpc-accept-encoding", "identity")
      finish(
        GRPCStatus(.unimplemented, "grpc: Decompressor is not installed for grpc-encoding \"\(encoding)\""),
        trailers: trailers)
      return
    }
    countHeldBytes()
    guard !isOver else { return }
    if let timeout { setDeadline(Timeout.deadline(after: timeout)) }
    guard case .stream = method?.handler else { return }
    if waitForConnection() { pause() } else { start() }
  }

  /// Not gRPC: the plain endpoints' handler gets it.
  private func handOver(contentType: String) {
    isOver = true
    phase = .finished
    var headers = raw.metadata.fields
    if !contentType.isEmpty { headers.append(("content-type", contentType)) }
    PlainHTTPStream.takeOver(
      self, method: isPost ? "POST" : otherMethod, target: path, headers: headers,
      bodyLimit: server.limits.httpBodyBytes, handler: server.http)
  }

  /// Answers a request that is not a proper call with an HTTP status and the gRPC status that goes with it.
  private func refuse(httpStatus: Int, _ status: GRPCStatus) {
    phase = .finished
    isOver = true
    sendResponseHeaders(
      nil,
      [
        (":status", String(httpStatus)), ("content-type", "application/grpc"),
        ("grpc-status", String(status.code.rawValue)), ("grpc-message", StatusMessage.encode(status.message)),
      ], end: true)
  }

  // MARK: messages

  override var heldBytes: Int { super.heldBytes + (request?.readableBytes ?? 0) + raw.byteCount }

  override func deliver(_ message: ByteBuffer) {
    guard case .unary = method?.handler else {
      onMessage?(message)
      return
    }
    if request == nil {
      request = message
    } else {
      fail(
        GRPCStatus(
          .internalError, "cardinality violation: received multiple request messages for a unary call"))
    }
  }

  override func deliverEnd() {
    guard case .unary = method?.handler else {
      onHalfClose?()
      return
    }
    guard request != nil else {
      fail(GRPCStatus(.internalError, "cardinality violation: received no request message for a unary call"))
      return
    }
    if !waitForConnection() { start() }
  }

  public override func connectionDrained() {
    guard case .beginning = phase else { return }
    if case .stream = method?.handler { resume(after: start) } else { start() }
  }

  private func start() {
    guard let method else { return }
    phase = .running
    switch method.handler {
    case .unary(let handler):
      guard let request else { return }
      self.request = nil
      countHeldBytes()
      handler(self, request)
    case .stream(let handler):
      handler(self)
    }
  }

  override func fail(_ status: GRPCStatus) {
    cancel(with: status)
  }

  // MARK: the end

  public override func deadlineReached() {
    let isStuck = pendingSendBytes > 0
    cancel(with: GRPCStatus(.deadlineExceeded, "context deadline exceeded"))
    // The client does not read: no trailer would reach it, and what waits for it is let go.
    if isStuck { reset(HTTP2Error.cancel) }
  }

  private func cancel(with status: GRPCStatus) {
    let cancelled = takeCancelHandler()
    finish(status)
    cancelled?()
  }

  private func takeCancelHandler() -> (() -> Void)? {
    guard case .running = phase else { return nil }
    defer { onCancel = nil }
    return onCancel
  }

  public override func didClose(_ reason: StreamClosure) {
    let cancelled = takeCancelHandler()
    phase = .finished
    dropCallbacks()
    super.didClose(reason)
    cancelled?()
  }

  /// Callbacks usually hold the call that holds them.
  private func dropCallbacks() {
    isOver = true
    onMessage = nil
    onWritable = nil
    onHalfClose = nil
    onCancel = nil
    request = nil
  }

  // MARK: what the server says

  private static let headers = HeaderBlock([(":status", "200"), ("content-type", "application/grpc")])
  private static let okTrailers = HeaderBlock([("grpc-status", "0")])
  private static let okOnly = HeaderBlock([
    (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "0"),
  ])

  override func willSend() {
    if !hasSentHeaders { sendResponseHeaders(Self.headers, end: false) }
  }

  /// Sends the answer's headers now, before any message, with `metadata` among them. Does nothing once they are sent.
  public func sendHeaders(_ metadata: Metadata = Metadata()) {
    if !hasSentHeaders { sendResponseHeaders(Self.headers, metadata.fields, end: false) }
  }

  /// Ends the call.
  public func finish(_ status: GRPCStatus = .ok, trailers: Metadata = Metadata()) {
    eventLoop.assertInEventLoop()
    if case .finished = phase { return }
    phase = .finished
    dropCallbacks()
    clearDeadline()
    if owesBytes && status.code == .ok {
      reset(HTTP2Error.internalError)
      return
    }
    if status.code == .ok && trailers.fields.isEmpty {
      if hasSentHeaders {
        endData(trailers: Self.okTrailers)
      } else {
        sendResponseHeaders(Self.okOnly, end: true)
      }
      return
    }
    var fields = [("grpc-status", String(status.code.rawValue))]
    if !status.message.isEmpty { fields.append(("grpc-message", StatusMessage.encode(status.message))) }
    fields += trailers.fields.map { ($0.name, $0.value) }
    if hasSentHeaders {
      endData(trailers: nil, fields)
    } else {
      sendResponseHeaders(Self.headers, fields, end: true)
    }
  }

  /// `send` and `finish` of a unary answer, in one frame sequence.
  public func respond(_ message: ByteBuffer) {
    send(message)
    finish()
  }
}

extension UnsafeBufferPointer<UInt8> {
  func starts(with text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard count >= length else { return false }
    for index in 0..<length where self[index] != text.utf8Start[index] { return false }
    return true
  }

  func equals(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && starts(with: text)
  }
}
