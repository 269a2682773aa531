import CNghttp2
import DequeModule
public import NIOCore

/// Why a stream ended.
public enum StreamClosure: Sendable, Hashable {
  /// Both sides said all they had to say.
  case ended
  /// A RST_STREAM of either side, with its error code (RFC 9113, section 7).
  case reset(UInt32)
  /// The connection is gone.
  case connectionLost
}

/// HTTP/2 error codes that callers name (RFC 9113, section 7).
public enum HTTP2Error {
  /// Graceful end.
  public static let noError: UInt32 = 0
  /// The peer broke the protocol.
  public static let protocolError: UInt32 = 1
  /// This side cannot go on.
  public static let internalError: UInt32 = 2
  /// The stream was not looked at: it may be tried again.
  public static let refusedStream: UInt32 = 7
  /// The stream is no longer wanted.
  public static let cancel: UInt32 = 8
  /// The peer asks for too much.
  public static let enhanceYourCalm: UInt32 = 11
  /// TLS is too weak.
  public static let inadequateSecurity: UInt32 = 12
}

/// One HTTP/2 stream, of either side. Subclasses override what arrives, and call what is to be sent. Belongs to its
/// connection's event loop.
///
/// Safe: because every member is used on the connection's event loop only; other threads reach a stream by posting to
open class HTTP2Stream: @unchecked Sendable {
  // its connection's `LoopMailbox`.

  /// Bytes on their way out: up to eight in `head`, then `body`.
  private struct Part {
    var head: UInt64
    var headBytes: Int
    var body: ByteBuffer
    var count: Int { headBytes + body.readableBytes }
  }

  private enum Sending {
    /// No headers yet.
    case idle
    /// Headers are sent; the library asks for data when it can send some.
    case open
    /// Everything to send is queued; the stream ends behind it.
    case ending
    /// The last frame has been handed to the library.
    case ended
  }

  /// The connection; nil once the stream has closed.
  public final internal(set) var connection: HTTP2Connection?
  final var id: Int32 = 0
  // Safe: because a stream leaves the connection's list, which clears these, before it is released.
  final var nextInList: HTTP2Stream?
  final unowned(unsafe) var previousInList: HTTP2Stream?

  private var sending = Sending.idle
  private var isDeferred = false
  private var current: Part?
  private var queue = Deque<Part>()
  private var trailerBlock: HeaderBlock?
  private var trailerFields: [(name: String, value: String)] = []
  private var hasTrailers = false
  /// Bytes queued and not yet handed to the socket.
  public private(set) final var pendingSendBytes = 0
  /// Bytes counted by `reserveSend`.
  private var reservedSendBytes = 0
  /// Someone saw `isWritable` false and is to be told when it is true.
  final var awaitsWritable = false
  final var isInWritableList = false
  /// When `deadlineReached` is to be called.
  public private(set) final var deadline: NIODeadline?
  final var receivedEnd = false

  /// A stream that has no connection yet.
  public init() {}

  // MARK: what arrives

  /// One header or trailer field. The bytes are borrowed for the call.
  open func receiveHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {}
  /// A header block is complete. `receiveEnd` follows when the stream ends with it.
  open func receiveHeadersComplete() {}
  /// Some bytes of the body, borrowed for the call. Whoever takes them calls `consume` for them, now or later.
  open func receiveData(_ bytes: UnsafeRawBufferPointer) {}
  /// The peer will send no more.
  open func receiveEnd() {}
  /// The stream is over; last call of all.
  open func didClose(_ reason: StreamClosure) {}
  /// The deadline has passed.
  open func deadlineReached() {}
  /// `isWritable` had been read as false and is true again.
  open func didBecomeWritable() {}
  /// The connection was congested when `waitForConnection` was called, and is so no more.
  open func connectionDrained() {}

  // MARK: what is sent

  /// Whether more may be queued: the stream and its connection are below their budgets.
  public final var isWritable: Bool {
    guard let connection else { return false }
    if pendingSendBytes < connection.limits.streamSendBytes && !connection.isCongested { return true }
    awaitsWritable = true
    return false
  }

  /// A server's answer begins. With `end` the stream ends with this block, otherwise data and trailers may follow.
  public final func sendResponseHeaders(
    _ block: HeaderBlock?, _ fields: [(name: String, value: String)] = [], end: Bool
  ) {
    guard let connection, let session = connection.session, case .idle = sending else { return }
    sending = end ? .ended : .open
    func submit(_ pointer: UnsafeMutablePointer<nghttp2_nv>?, _ count: Int) -> Int32 {
      if end { return nghttp2_submit_response(session, id, pointer, count, nil) }
      var provider = dataProvider()
      return nghttp2_submit_response(session, id, pointer, count, &provider)
    }
    let result: Int32
    if let block, fields.isEmpty {
      result = submit(block.fields.baseAddress, block.count)
    } else {
      result = HeaderBlock.withFields(block, fields, submit)
    }
    connection.submitted(result)
  }

  /// Tells a client that waits to be told to send its request's body (RFC 9110, 15.2.1).
  final func sendContinue() {
    guard let connection, let session = connection.session, case .idle = sending else { return }
    let result = HeaderBlock.withFields(nil, [(":status", "100")]) {
      nghttp2_submit_headers(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, nil, $0, $1, nil)
    }
    connection.submitted(result)
  }

  /// A client's request begins and gets its identifier. With `end` it has no body. False when the connection takes no
  /// new streams.
  final func sendRequestHeaders(
    on connection: HTTP2Connection, _ block: HeaderBlock?, _ fields: [(name: String, value: String)],
    end: Bool
  ) -> Bool {
    guard let session = connection.session else { return false }
    func submit(_ pointer: UnsafeMutablePointer<nghttp2_nv>?, _ count: Int) -> Int32 {
      let user = Unmanaged.passUnretained(self).toOpaque()
      if end { return nghttp2_submit_request(session, nil, pointer, count, nil, user) }
      var provider = dataProvider()
      return nghttp2_submit_request(session, nil, pointer, count, &provider, user)
    }
    sending = end ? .ended : .open
    let result: Int32
    if let block, fields.isEmpty {
      result = submit(block.fields.baseAddress, block.count)
    } else {
      result = HeaderBlock.withFields(block, fields, submit)
    }
    guard result > 0 else { return false }
    id = result
    connection.adopt(self)
    connection.setNeedsFlush()
    return true
  }

  /// Counts `count` bytes, which are being made for this stream elsewhere, as if they waited to be sent already, until
  /// something is sent or the stream ends: so that streams answered at the same time stay within the connection's
  /// budget. Does nothing when some are counted already.
  public final func reserveSend(_ count: Int) {
    guard let connection, reservedSendBytes == 0 else { return }
    reservedSendBytes = count
    connection.pendingSendBytes += count
  }

  private func endReservation() {
    guard reservedSendBytes > 0 else { return }
    let count = reservedSendBytes
    reservedSendBytes = 0
    connection?.sent(count, by: self)
  }

  /// Queues `headBytes` bytes of `head` (lowest first) and then `body`.
  public final func sendData(head: UInt64 = 0, headBytes: Int = 0, _ body: ByteBuffer) {
    guard let connection, case .open = sending else { return }
    let part = Part(head: head, headBytes: headBytes, body: body)
    let count = part.count
    guard count > 0 else { return }
    endReservation()
    pendingSendBytes += count
    connection.pendingSendBytes += count
    if current == nil { current = part } else { queue.append(part) }
    wakeSender()
  }

  /// Ends this side of the stream behind what is queued.
  public final func endData() {
    guard case .open = sending else { return }
    endReservation()
    sending = .ending
    wakeSender()
  }

  /// Ends this side of the stream with trailers behind what is queued.
  public final func endData(trailers: HeaderBlock?, _ fields: [(name: String, value: String)] = []) {
    guard case .open = sending else { return }
    endReservation()
    trailerBlock = trailers
    trailerFields = fields
    hasTrailers = true
    sending = .ending
    wakeSender()
  }

  /// Ends the stream at once in both directions; what is queued is dropped.
  public final func reset(_ code: UInt32) {
    guard let connection, let session = connection.session else { return }
    sending = .ended
    dropQueue()
    connection.submitted(nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, code))
  }

  /// Whether `reset`, the last frame, or an ending block has been sent or queued.
  public final var hasEndedSending: Bool {
    switch sending {
    case .idle, .open: false
    case .ending, .ended: true
    }
  }

  /// Whether this side's headers have been sent.
  public final var hasSentHeaders: Bool {
    if case .idle = sending { return false }
    return true
  }

  /// Gives the peer back `count` bytes of its flow-control windows.
  public final func consume(_ count: Int) {
    guard count > 0, let connection, let session = connection.session else { return }
    connection.submitted(nghttp2_session_consume(session, id, count))
  }

  /// Gives the peer back `count` bytes of the connection's window alone: a stream that is not read then holds back no
  /// other. `consumeStream` follows for the same bytes.
  public final func consumeConnection(_ count: Int) {
    guard count > 0, let connection, let session = connection.session else { return }
    connection.submitted(nghttp2_session_consume_connection(session, count))
  }

  /// Gives the peer back `count` bytes of the stream's window alone.
  public final func consumeStream(_ count: Int) {
    guard count > 0, let connection, let session = connection.session else { return }
    connection.submitted(nghttp2_session_consume_stream(session, id, count))
  }

  /// Has `deadlineReached` called at `deadline` or, on a connection of many streams, some milliseconds after it.
  public final func setDeadline(_ deadline: NIODeadline) {
    self.deadline = deadline
    connection?.noteDeadline(deadline)
  }

  /// Takes the deadline away.
  public final func clearDeadline() {
    deadline = nil
  }

  /// If answers are piling up unread on the connection, true, and `connectionDrained` is called when they no longer do.
  public final func waitForConnection() -> Bool {
    guard let connection, connection.isCongested else { return false }
    connection.wait(self)
    return true
  }

  // MARK: the library's side

  private func dataProvider() -> nghttp2_data_provider {
    var provider = nghttp2_data_provider()
    // Safe: because the connection's list retains the stream as long as the library knows it.
    provider.source.ptr = Unmanaged.passUnretained(self).toOpaque()
    provider.read_callback = { session, _, _, length, flags, source, _ in
      let stream = Unmanaged<HTTP2Stream>.fromOpaque(source!.pointee.ptr).takeUnretainedValue()
      return stream.offerData(atMost: length, flags: flags!, session: session!)
    }
    return provider
  }

  private func wakeSender() {
    guard let connection, let session = connection.session else { return }
    if isDeferred {
      isDeferred = false
      nghttp2_session_resume_data(session, id)
    }
    connection.setNeedsFlush()
  }

  private func offerData(
    atMost length: Int, flags: UnsafeMutablePointer<UInt32>, session: OpaquePointer
  ) -> Int {
    let count = min(length, pendingSendBytes)
    let isEnding = if case .ending = sending { true } else { false }
    if count == 0 && !isEnding {
      isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_COPY.rawValue)
    if isEnding && count == pendingSendBytes {
      sending = .ended
      flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
      if hasTrailers {
        flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
        let result: Int32
        if let trailerBlock, trailerFields.isEmpty {
          result = nghttp2_submit_trailer(session, id, trailerBlock.fields.baseAddress, trailerBlock.count)
        } else {
          result = HeaderBlock.withFields(trailerBlock, trailerFields) {
            nghttp2_submit_trailer(session, id, $0, $1)
          }
        }
        if result != 0 { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
      }
    }
    return count
  }

  /// Moves exactly `length` queued bytes to `output`.
  final func takeData(_ length: Int, into output: inout ByteBuffer) {
    var left = length
    while left > 0, var part = current {
      current = nil
      while part.headBytes > 0 && left > 0 {
        if left >= part.headBytes {
          // The head goes out in one store when it fits; the unused high bytes are overwritten by what follows.
          output.writeInteger(part.head, endianness: .little)
          output.moveWriterIndex(to: output.writerIndex - (8 - part.headBytes))
          left -= part.headBytes
          part.headBytes = 0
        } else {
          output.writeInteger(UInt8(truncatingIfNeeded: part.head))
          part.head >>= 8
          part.headBytes -= 1
          left -= 1
        }
      }
      let bodyBytes = part.body.readableBytes
      if bodyBytes <= left {
        output.writeBuffer(&part.body)
        left -= bodyBytes
        if part.headBytes == 0 {
          current = queue.popFirst()
          continue
        }
      } else if left > 0 {
        part.body.readWithUnsafeReadableBytes { bytes in
          output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<left]))
          return left
        }
        left = 0
      }
      current = part
    }
    pendingSendBytes -= length
    connection?.sent(length, by: self)
  }

  final func dropQueue() {
    current = nil
    queue.removeAll()
    let count = pendingSendBytes + reservedSendBytes
    pendingSendBytes = 0
    reservedSendBytes = 0
    if count > 0 { connection?.sent(count, by: self) }
  }
}
