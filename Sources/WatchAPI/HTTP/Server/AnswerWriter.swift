import NIOCore
import Synchronization

/// Where an answer goes: one HTTP/2 stream, or an HTTP/1.1 connection for the time of one exchange. On the event loop.
protocol AnswerSink: AnyObject {
  /// Whether more may be written. Whoever sees false is told by `AnswerWriter.sinkBecameWritable`.
  var takesMore: Bool { get }
  /// The head; `length` is nil when what follows comes as it happens.
  func begin(status: Int, headers: [(name: String, value: String)], length: Int?)
  /// Some of the body.
  func write(_ bytes: ByteBuffer)
  /// Nothing follows.
  func end()
  /// The writer has no more for now. `end` is not followed by it.
  func flush()
  /// Breaks off, so that the peer knows that something is missing.
  func abort()
  /// Sends the head of an answer that takes over the connection, of which nothing was written before, and hands the
  /// connection over; nil when that cannot be. The sink has done its work then.
  func upgrade(headers: [(name: String, value: String)]) -> ByteTunnel?
}

/// One request's way to its answer: has the handler answer in a task, and moves the answer to the sink no faster than the
/// sink takes it. What a stream offers while the event loop is busy, or the sink is full, is joined and goes out as one.
///
/// At most one piece of a stream waits here for a sink that is full, and `coalescedBytes` and one piece for a loop that
/// is busy, so that a client that reads nothing costs no more than that.
///
/// Safe: because `sink`, `rest`, `isOver` and `isLive` are used on the event loop only; the inbox has its lock.
final class AnswerWriter: @unchecked Sendable {
  private enum Ending {
    case whole
    case broken
  }

  private struct Inbox {
    var pieces: [[UInt8]] = []
    var bytes = 0
    var ending: Ending?
    var isPosted = false
    /// The sink took no more when it was last asked.
    var isBlocked = false
    var isCancelled = false
    var waiter: CheckedContinuation<Void, Never>?
    var stream: (any ResponseStream)?
    var task: Task<Void, Never>?
  }

  /// Bodies in parts are copied in pieces of this many bytes.
  private static let pieceBytes = 64 << 10

  private let mailbox: LoopMailbox
  private let coalescedBytes: Int
  private let live: LiveStreams
  private let inbox = Mutex(Inbox())

  private var sink: (any AnswerSink)?
  /// What is left of a body in parts.
  private var rest: PartsReader?
  private var isOver = false
  private var isLive = false

  init(sink: any AnswerSink, mailbox: LoopMailbox, coalescedBytes: Int, live: LiveStreams) {
    self.sink = sink
    self.mailbox = mailbox
    self.coalescedBytes = coalescedBytes
    self.live = live
  }

  // MARK: on the event loop

  /// Has `handler` answer.
  func start(_ request: HTTPServerRequest, _ handler: any HTTPExchangeHandler) {
    let task = Task { await self.answer(request, handler) }
    inbox.withLock { $0.task = task }
  }

  /// Sends an answer that is there already.
  func send(_ response: HTTPServerResponse, toHead: Bool) {
    if let stream = begin(response, toHead: toHead) {
      let task = Task { await self.pull(stream) }
      inbox.withLock { $0.task = task }
    }
  }

  func sinkBecameWritable() {
    if rest != nil { writeParts() } else { drain() }
  }

  /// The client is gone, or wants no more.
  func cancel() {
    // A stream that has come to its end is not cancelled.
    guard !isOver else { return }
    finish()
    let (stream, waiter, task) = inbox.withLock { inbox in
      inbox.isCancelled = true
      inbox.pieces = []
      inbox.bytes = 0
      defer {
        inbox.waiter = nil
        inbox.task = nil
      }
      return (inbox.stream, inbox.waiter, inbox.task)
    }
    stream?.cancel()
    waiter?.resume()
    task?.cancel()
  }

  private func finish() {
    isOver = true
    sink = nil
    rest = nil
    if isLive { live.remove(self) }
    isLive = false
  }

  /// Sends the head, and a body in parts; returns a stream that is to be pulled.
  private func begin(_ response: HTTPServerResponse, toHead: Bool) -> (any ResponseStream)? {
    let status = (200...999).contains(response.status) ? response.status : 500
    let hasBody = !toHead && status != 204 && status != 304
    switch response.body {
    case .parts(let parts):
      guard let sink, !isOver else { return nil }
      let reader = PartsReader(parts)
      sink.begin(status: status, headers: response.headers, length: reader.byteCount)
      rest = hasBody ? reader : PartsReader([])
      writeParts()
      return nil
    case .stream(let stream):
      guard let sink, !isOver else {
        stream.cancel()
        return nil
      }
      sink.begin(status: status, headers: response.headers, length: nil)
      guard hasBody else {
        stream.cancel()
        finish()
        sink.end()
        return nil
      }
      inbox.withLock { $0.stream = stream }
      isLive = true
      live.add(self)
      // Watchers wait for the head before the first event.
      sink.flush()
      return stream
    case .upgrade:
      // Only `answer` has a task to run it in.
      return begin(.text(500, "this answer cannot take over the connection\n"), toHead: toHead)
    }
  }

  private func upgrade(_ response: HTTPServerResponse) -> ByteTunnel? {
    guard let sink, !isOver else { return nil }
    if let tunnel = sink.upgrade(headers: response.headers) {
      finish()
      return tunnel
    }
    _ = begin(.text(400, "the request does not ask for another protocol over HTTP/1.1\n"), toHead: false)
    return nil
  }

  private func writeParts() {
    while let sink, sink.takesMore {
      guard let piece = rest?.next(atMost: Self.pieceBytes) else {
        finish()
        sink.end()
        return
      }
      sink.write(piece)
    }
    sink?.flush()
  }

  private func drain() {
    guard let sink, !isOver else { return }
    guard sink.takesMore else {
      inbox.withLock { inbox in
        inbox.isPosted = false
        inbox.isBlocked = true
      }
      return
    }
    let (pieces, bytes, ending) = inbox.withLock { inbox in
      inbox.isPosted = false
      defer {
        inbox.pieces = []
        inbox.bytes = 0
      }
      return (inbox.pieces, inbox.bytes, inbox.ending)
    }
    if bytes > 0 {
      var joined = ByteBuffer()
      joined.reserveCapacity(bytes)
      for piece in pieces { joined.writeBytes(piece) }
      sink.write(joined)
      if ending == nil { sink.flush() }
    }
    if let ending {
      finish()
      if case .whole = ending { sink.end() } else { sink.abort() }
      return
    }
    let takesMore = sink.takesMore
    let waiter = inbox.withLock { inbox -> CheckedContinuation<Void, Never>? in
      inbox.isBlocked = !takesMore
      guard takesMore else { return nil }
      defer { inbox.waiter = nil }
      return inbox.waiter
    }
    waiter?.resume()
  }

  // MARK: in the exchange's task

  private func answer(_ request: HTTPServerRequest, _ handler: any HTTPExchangeHandler) async {
    let response = await handler.handle(request)
    let isHead = request.method == "HEAD"
    if case .upgrade(let run) = response.body {
      let tunnel = await withCheckedContinuation { continuation in
        mailbox.post { continuation.resume(returning: self.upgrade(response)) }
      }
      guard let tunnel else { return }
      await run(tunnel)
      tunnel.close()
      return
    }
    guard case .stream = response.body else {
      mailbox.post { _ = self.begin(response, toHead: isHead) }
      return
    }
    let stream = await withCheckedContinuation { continuation in
      mailbox.post { continuation.resume(returning: self.begin(response, toHead: isHead)) }
    }
    if let stream { await pull(stream) }
  }

  private func pull(_ stream: any ResponseStream) async {
    do {
      while let piece = try await stream.next() {
        guard await offer(piece) else {
          stream.cancel()
          return
        }
      }
      end(.whole)
    } catch {
      stream.cancel()
      end(.broken)
    }
  }

  /// Waits until more may be offered; false when nobody wants it.
  private func offer(_ piece: [UInt8]) async -> Bool {
    let (mustPost, mustWait, isWanted) = inbox.withLock { inbox in
      guard !inbox.isCancelled else { return (false, false, false) }
      guard !piece.isEmpty else { return (false, false, true) }
      inbox.pieces.append(piece)
      inbox.bytes += piece.count
      defer { inbox.isPosted = true }
      return (!inbox.isPosted, inbox.isBlocked || inbox.bytes >= coalescedBytes, true)
    }
    if mustPost { mailbox.post { self.drain() } }
    guard mustWait else { return isWanted }
    await withCheckedContinuation { continuation in
      let mustWait = inbox.withLock { inbox in
        // The loop may have made room meanwhile.
        guard !inbox.isCancelled, inbox.isBlocked || inbox.bytes >= coalescedBytes else { return false }
        inbox.waiter = continuation
        return true
      }
      if !mustWait { continuation.resume() }
    }
    return inbox.withLock { !$0.isCancelled }
  }

  private func end(_ ending: Ending) {
    let mustPost = inbox.withLock { inbox in
      inbox.ending = ending
      guard !inbox.isCancelled else { return false }
      defer { inbox.isPosted = true }
      return !inbox.isPosted
    }
    if mustPost { mailbox.post { self.drain() } }
  }

  // MARK: from any thread

  /// Has the stream, if there is one, come to its end; what it gave before that is still sent.
  func endStream() {
    inbox.withLock { $0.stream }?.cancel()
  }
}

/// Reads parts in pieces, and lets go of each part once it has been read.
struct PartsReader {
  private var parts: [[UInt8]]
  private var index = 0
  private var offset = 0
  private var left: Int
  let byteCount: Int

  init(_ parts: [[UInt8]]) {
    self.parts = parts
    byteCount = parts.reduce(0) { $0 + $1.count }
    left = byteCount
  }

  /// The bytes that follow, small parts joined; nil at the end.
  mutating func next(atMost limit: Int) -> ByteBuffer? {
    guard left > 0 else { return nil }
    var piece = ByteBuffer()
    piece.reserveCapacity(min(left, limit))
    while index < parts.count, piece.readableBytes < limit {
      let count = min(limit - piece.readableBytes, parts[index].count - offset)
      piece.writeBytes(parts[index][offset..<(offset + count)])
      offset += count
      if offset == parts[index].count {
        parts[index] = []
        index += 1
        offset = 0
      }
    }
    left -= piece.readableBytes
    return piece
  }
}

/// The streams that a server is sending, to be ended when it stops. Bounded by the server's connections and their streams.
final class LiveStreams: Sendable {
  private struct State {
    var writers: [ObjectIdentifier: AnswerWriter] = [:]
    var isStopped = false
  }
  private let state = Mutex(State())

  func add(_ writer: AnswerWriter) {
    let isStopped = state.withLock { state in
      state.writers[ObjectIdentifier(writer)] = writer
      return state.isStopped
    }
    if isStopped { writer.endStream() }
  }

  func remove(_ writer: AnswerWriter) {
    _ = state.withLock { $0.writers.removeValue(forKey: ObjectIdentifier(writer)) }
  }

  /// Ends those that there are, and those that come later as they come.
  func stop() {
    let writers = state.withLock { state in
      state.isStopped = true
      return Array(state.writers.values)
    }
    for writer in writers { writer.endStream() }
  }

  var count: Int { state.withLock { $0.writers.count } }
}
