import DequeModule
public import HTTP
public import NIOCore

/// What both sides of a call share: messages in and out, and holding the peer back. Belongs to its connection's event loop.
///
/// Safe: because it is confined to its connection's loop like every stream.
public class CallStream: HTTP2Stream, @unchecked Sendable {
  /// One whole message of the peer.
  public final var onMessage: ((ByteBuffer) -> Void)?
  /// The peer's bytes as they arrive, the messages' prefixes included, for a reader that keeps none of them: while it
  /// is set, no message is put together. To be set before the first byte arrives.
  public final var onBytes: ((UnsafeRawBufferPointer) -> Void)?
  /// `isWritable` had been read as false and is true again: more may be sent.
  public final var onWritable: (() -> Void)?

  private var reader: MessageReader
  private var isPaused = false
  private var held = Deque<ByteBuffer>()
  private var heldEnd = false
  private var unconsumed = 0
  private var countedBytes = 0
  /// Bytes still owed to a message begun with `beginMessage`.
  private var promisedBytes = 0
  /// Nothing more is delivered.
  final var isOver = false

  init(messageLimit: Int) {
    reader = MessageReader(limit: messageLimit)
    super.init()
  }

  // MARK: what subclasses do with what arrives

  func deliver(_ message: ByteBuffer) { onMessage?(message) }
  func deliverEnd() {}
  /// The peer broke the rules of gRPC.
  func fail(_ status: GRPCStatus) {}

  // MARK: receiving

  /// Stops delivery of messages; flow control then holds the peer back.
  public final func pause() {
    isPaused = true
  }

  /// Goes on with delivery.
  public final func resume() {
    guard isPaused else { return }
    isPaused = false
    deliverHeld()
  }

  /// Ends a pause by running `start`, which may pause again before anything is delivered.
  final func resume(after start: () -> Void) {
    isPaused = false
    start()
    deliverHeld()
  }

  private func deliverHeld() {
    while !isPaused, !isOver, let message = held.popFirst() {
      let bytes = min(message.readableBytes + 5, unconsumed)
      unconsumed -= bytes
      consume(bytes)
      deliver(message)
    }
    guard !isPaused, !isOver else { return }
    consume(unconsumed)
    unconsumed = 0
    if heldEnd {
      heldEnd = false
      deliverEnd()
    }
  }

  public final override func receiveData(_ bytes: UnsafeRawBufferPointer) {
    if let onBytes, !isOver {
      consume(bytes.count)
      onBytes(bytes)
      return
    }
    if isPaused && !isOver { unconsumed += bytes.count } else { consume(bytes.count) }
    guard !isOver, let connection else { return }
    var rest = bytes
    do throws(GRPCStatus) {
      while !isOver, let message = try reader.next(&rest, connection.allocator) {
        if isPaused { held.append(message) } else { deliver(message) }
      }
    } catch {
      fail(error)
      return
    }
    countHeldBytes()
  }

  public final override func receiveEnd() {
    guard !isOver else { return }
    guard reader.isBetweenMessages else {
      fail(GRPCStatus(.internalError, "unexpected EOF"))
      return
    }
    if isPaused { heldEnd = true } else { deliverEnd() }
  }

  /// Bytes of the peer's that wait here for more of them.
  var heldBytes: Int { reader.partialBytes }

  /// Counts them against the connection's bound, and fails the call when it is exceeded.
  final func countHeldBytes() {
    let bytes = isOver ? 0 : heldBytes
    guard bytes != countedBytes else { return }
    let change = bytes - countedBytes
    countedBytes = bytes
    if connection?.addHeldBytes(change) == false && !isOver {
      fail(GRPCStatus(.resourceExhausted, "too many bytes of unfinished requests on one connection"))
    }
  }

  public override func didClose(_ reason: StreamClosure) {
    giveBack()
    isOver = true
    countHeldBytes()
    onMessage = nil
    onBytes = nil
    onWritable = nil
    held.removeAll()
  }

  /// The peer has ended the call in good order, and `resume` will deliver what it sent.
  final var isHoldingEnd: Bool { heldEnd && !isOver }

  /// Returns what was not consumed: the connection's window outlives the stream's.
  final func giveBack() {
    consume(unconsumed)
    unconsumed = 0
  }

  // MARK: sending

  public final override func didBecomeWritable() {
    onWritable?()
  }

  /// Headers go out before the first message.
  func willSend() {}

  /// Sends one whole message.
  public final func send(_ message: ByteBuffer) {
    connection?.eventLoop.assertInEventLoop()
    guard promisedBytes == 0 else {
      reset(HTTP2Error.internalError)
      return
    }
    willSend()
    sendData(head: Self.prefix(message.readableBytes), headBytes: 5, message)
  }

  /// The bytes before each message in `sendFramed`.
  public static let messagePrefixBytes = 5

  /// Sends any number of whole messages, each with its prefix before it: a zero byte and the length in four bytes, the
  /// highest first. So they share frames.
  public final func sendFramed(_ messages: ByteBuffer) {
    connection?.eventLoop.assertInEventLoop()
    guard promisedBytes == 0 else {
      reset(HTTP2Error.internalError)
      return
    }
    willSend()
    sendData(messages)
  }

  /// Begins a message of exactly `length` bytes, whose bytes follow in `sendPart`s. A call that sends more or fewer is
  /// reset: its peer could not make sense of the rest.
  public final func beginMessage(length: Int) {
    guard promisedBytes == 0, length >= 0, length <= Int(UInt32.max) else {
      reset(HTTP2Error.internalError)
      return
    }
    willSend()
    promisedBytes = length
    sendData(head: Self.prefix(length), headBytes: 5, ByteBuffer())
  }

  /// Sends the next bytes of a message begun with `beginMessage`.
  public final func sendPart(_ bytes: ByteBuffer) {
    promisedBytes -= bytes.readableBytes
    guard promisedBytes >= 0 else {
      promisedBytes = 0
      reset(HTTP2Error.internalError)
      return
    }
    sendData(bytes)
  }

  /// Whether a message begun is still short of bytes.
  final var owesBytes: Bool { promisedBytes != 0 }

  private static func prefix(_ length: Int) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: length).byteSwapped) << 8
  }
}
