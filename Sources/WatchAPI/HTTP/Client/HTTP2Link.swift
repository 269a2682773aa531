import NIOCore

/// A client's HTTP/2 connection. Belongs to its event loop; `start` and `close` may be called from any thread.
///
/// Safe: because every member but the constants is used on the event loop only.
final class HTTP2Link: HTTP2ConnectionDelegate, @unchecked Sendable {
  let mailbox: LoopMailbox
  private let pool: ConnectionPool
  private var connection: HTTP2Connection?
  private var ready: EventLoopPromise<Link>?
  private(set) var closeReason = "the connection is closed"

  /// On the event loop of `channel`.
  init(on channel: any Channel, pool: ConnectionPool, ready: EventLoopPromise<Link>) throws {
    mailbox = LoopMailbox.current(of: channel.eventLoop)
    self.pool = pool
    self.ready = ready
    let connection = HTTP2Connection(
      role: .client, limits: pool.limits.connection, channel: channel, delegate: self)
    self.connection = connection
    try channel.pipeline.syncOperations.addHandler(connection)
  }

  func start(_ request: PreparedRequest, _ exchange: ClientExchange) {
    mailbox.post {
      let call = HTTP2ClientCall(self, request, exchange)
      guard exchange.attach(call) else {
        self.callEnded()
        return
      }
      var fields = [
        (name: ":method", value: request.method), (name: ":scheme", value: request.scheme),
        (name: ":path", value: request.target), (name: ":authority", value: request.authority),
      ]
      fields += request.headers
      guard let connection = self.connection, connection.open(call, nil, fields, end: request.body.isEmpty)
      else {
        exchange.finish(.failure(RepeatableFailure(reason: .connectionLost(self.closeReason))))
        self.pool.retire(self)
        self.callEnded()
        return
      }
      call.writeBody()
    }
  }

  func callEnded() { pool.callEnded(on: self) }

  func close() {
    mailbox.post { self.connection?.closeNow("closed by this side") }
  }

  // MARK: HTTP2ConnectionDelegate

  /// The HTTP/2 library refuses streams that a server opens, as this side has disabled push.
  func makeStream(on connection: HTTP2Connection) -> HTTP2Stream { HTTP2Stream() }

  func connectionReady(_ connection: HTTP2Connection) {
    let ready = ready
    self.ready = nil
    ready?.succeed(.http2(self, calls: max(1, connection.peerConcurrentStreams)))
  }

  func connectionGoingAway(_ connection: HTTP2Connection) {
    pool.retire(self)
    connection.shutDownGracefully()
  }

  func connectionClosed(_ connection: HTTP2Connection, reason: String) {
    closeReason = reason
    self.connection = nil
    let ready = ready
    self.ready = nil
    ready?.fail(HTTPClientError.cannotConnect(address: pool.address, reason: reason))
    pool.retire(self)
  }
}

/// One call on an HTTP/2 connection.
///
/// Safe: because it is confined to its connection's loop like every stream; `consumed` and `cancel` post to it.
private final class HTTP2ClientCall: HTTP2Stream, ExchangeControl, @unchecked Sendable {
  private static let pieceBytes = 64 << 10

  private let link: HTTP2Link
  private let exchange: ClientExchange
  private let isSafe: Bool
  private var upload: PartsReader
  private var status = 0
  private var headers: [(name: String, value: String)] = []
  private var hasHead = false

  init(_ link: HTTP2Link, _ request: PreparedRequest, _ exchange: ClientExchange) {
    self.link = link
    self.exchange = exchange
    isSafe = request.isSafe
    upload = PartsReader([request.body])
    super.init()
  }

  func writeBody() {
    guard upload.byteCount > 0 else { return }
    while !hasEndedSending, isWritable {
      guard let piece = upload.next(atMost: Self.pieceBytes) else {
        endData()
        return
      }
      sendData(piece)
    }
  }

  override func didBecomeWritable() { writeBody() }

  override func receiveHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    guard !hasHead else { return }
    let text = String(decoding: value, as: UTF8.self)
    if name.first == UInt8(ascii: ":") {
      status = Int(text) ?? 0
    } else {
      headers.append((String(decoding: name, as: UTF8.self), text))
    }
  }

  override func receiveHeadersComplete() {
    guard !hasHead else { return }
    // An interim answer is followed by another.
    if status >= 200 {
      hasHead = true
      exchange.receive((status, headers))
    }
    headers = []
  }

  override func receiveData(_ bytes: UnsafeRawBufferPointer) {
    // The connection's window is given back at once: a body that nobody reads holds back itself, and no other.
    consumeConnection(bytes.count)
    exchange.receive(bytes)
  }

  override func receiveEnd() { exchange.finish(.success(())) }

  override func didClose(_ reason: StreamClosure) {
    let error: HTTPClientError =
      switch reason {
      case .ended: .connectionLost("the server ended the call without an answer")
      case .reset(let code): .reset(code)
      case .connectionLost: .connectionLost(link.closeReason)
      }
    let mayRepeat =
      !hasHead && (reason == .reset(HTTP2Error.refusedStream) || reason == .connectionLost && isSafe)
    exchange.finish(.failure(mayRepeat ? RepeatableFailure(reason: error) : error))
    link.callEnded()
  }

  func consumed(_ count: Int) {
    link.mailbox.post { self.consumeStream(count) }
  }

  func cancel() {
    link.mailbox.post { self.reset(HTTP2Error.cancel) }
  }
}
