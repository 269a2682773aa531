import NIOCore
import Raft
import RaftKV

/// Sends one snapshot to a member over a connection of its own, and goes on after a cut for as long as that brings
/// something further.
///
/// Safe: because only `loop` touches the mutable state, and only the executor the source.
final class SnapshotSender: PeerConnectionDelegate, @unchecked Sendable {
  private enum Phase {
    case idle
    case connecting
    case greeting(PeerConnection)
    /// The receiver is asked where to begin.
    case offering(PeerConnection)
    case sending(PeerConnection)
    /// All bytes were sent; the receiver's word is awaited.
    case finishing(PeerConnection)
    case waiting(Scheduled<Void>)
    case over
  }

  private let description: SnapshotDescription
  private let source: any SnapshotSource
  private let member: MemberID
  private let urls: [PeerURL]
  private let core: TransportCore
  private let executor: any Executor
  private let loop: any EventLoop
  private let completion: @Sendable (Bool) -> Void

  private var phase = Phase.idle
  private var offset: Int64 = 0
  private var furthestOffset: Int64 = -1
  private var attempts = 0
  private var backoff: Backoff
  private var isReading = false
  /// Not before this is the next chunk sent, for the bound on bandwidth.
  private var nextChunk = NIODeadline.uptimeNanoseconds(0)
  private var pacing: Scheduled<Void>?

  init(
    _ description: SnapshotDescription, from source: any SnapshotSource, to member: MemberID, urls: [PeerURL],
    core: TransportCore, executor: any Executor, completion: @escaping @Sendable (Bool) -> Void
  ) {
    self.description = description
    self.source = source
    self.member = member
    self.urls = urls
    self.core = core
    self.executor = executor
    self.completion = completion
    loop = core.connector.loop(for: .snapshot)
    backoff = Backoff(
      minimum: core.limits.minimumBackoff, maximum: core.limits.maximumBackoff, seed: core.seed ^ member)
  }

  /// Any thread.
  func start() { loop.execute { self.connect() } }
  /// Any thread; the completion is told soon.
  func stop() { loop.execute { self.end(false, "the transport stops") } }

  private func connect() {
    switch phase {
    case .idle, .waiting: break
    default: return
    }
    guard !urls.isEmpty, let identity = core.identity else { return end(false, "it has no usable peer URL") }
    phase = .connecting
    let hello = Hello(
      role: .snapshot, clusterID: identity.clusterID, sender: identity.memberID, receiver: member, urls: [])
    core.connector.connect(to: urls[attempts % urls.count], on: loop, hello: hello) { result in
      self.connected(result)
    }
  }

  private func connected(_ result: Result<PeerConnection, any Error>) {
    guard case .connecting = phase else {
      if case .success(let connection) = result { connection.close("no longer wanted") }
      return
    }
    switch result {
    case .success(let connection):
      guard !connection.isClosed else { return retry("the connection ended at once") }
      connection.counters = core.counters(of: member)
      connection.delegate = self
      phase = .greeting(connection)
    case .failure(let error): retry(describeFailure(error))
    }
  }

  /// Tries again, unless the attempts since anything new arrived were too many.
  private func retry(_ reason: String) {
    attempts = offset > furthestOffset && furthestOffset >= 0 ? 1 : attempts + 1
    furthestOffset = max(furthestOffset, offset)
    guard attempts < max(core.limits.snapshotAttempts, urls.count) else { return end(false, reason) }
    phase = .waiting(loop.scheduleTask(in: backoff.next()) { self.connect() })
  }

  private func end(_ isDone: Bool, _ reason: String) {
    let former = phase
    if case .over = former { return }
    phase = .over
    pacing?.cancel()
    switch former {
    case .greeting(let connection), .offering(let connection), .sending(let connection),
      .finishing(let connection):
      connection.close("the snapshot is over")
    case .waiting(let retry): retry.cancel()
    case .idle, .connecting, .over: break
    }
    core.counters(of: member).update { statistics in
      if isDone { statistics.sentSnapshots += 1 } else { statistics.failedSnapshots += 1 }
    }
    let facts = ["member": hexadecimal(member), "index": "\(description.snapshot.index)"]
    if isDone {
      core.log.info("a snapshot has arrived", facts)
    } else {
      core.log.warning("a snapshot did not arrive", facts.merging(["reason": reason]) { $1 })
    }
    // Behind a reading that may be under way.
    executor.execute { [source, completion] in
      source.close()
      completion(isDone)
    }
  }

  // MARK: The connection

  func connection(_ connection: PeerConnection, answeredBy answer: HelloAnswer) {
    guard case .greeting = phase else { return }
    if let refusal = answer.refusal { return end(false, refusal.explanation) }
    guard answer.member == member else { return end(false, "another member answers there") }
    phase = .offering(connection)
    connection.send(.snapshotBegin) { SnapshotFrames.encode(description, into: &$0) }
  }

  func connection(_ connection: PeerConnection, received frame: Frame) throws(WireError) {
    var body = frame.body
    switch (frame.kind, phase) {
    case (.snapshotResume, .offering):
      let start: Int64 = try body.take()
      guard (0...description.byteCount).contains(start) else {
        throw .malformed("a snapshot cannot begin there")
      }
      offset = start
      phase = .sending(connection)
      sendMore()
    case (.snapshotRefused, .offering): end(false, "the member does not want it")
    case (.snapshotDone, .finishing):
      let isGood = try body.takeFlag()
      end(isGood, "the member could not use it")
    default: throw .unknown("out of turn a frame of kind", frame.kind.rawValue)
    }
  }

  func connectionBecameWritable(_ connection: PeerConnection) { sendMore() }

  func connection(_ connection: PeerConnection, closed reason: String) {
    switch phase {
    case .greeting(let current), .offering(let current), .sending(let current), .finishing(let current):
      if current === connection { retry(reason) }
    case .idle, .connecting, .waiting, .over: break
    }
  }

  // MARK: Bytes

  private func sendMore() {
    guard case .sending(let connection) = phase, !isReading, connection.isWritable else { return }
    if offset == description.byteCount {
      phase = .finishing(connection)
      return connection.send(.snapshotEnd)
    }
    let now = NIODeadline.now()
    if nextChunk > now {
      guard pacing == nil else { return }
      pacing = loop.scheduleTask(deadline: nextChunk) {
        self.pacing = nil
        self.sendMore()
      }
      return
    }
    let count = Int(min(Int64(core.limits.snapshotChunkBytes), description.byteCount - offset))
    let start = offset
    isReading = true
    executor.execute { [self] in
      let result = Result { try source.read(at: start, maximumBytes: count) }
      loop.execute { self.read(result, count, connection) }
    }
  }

  private func read(_ result: Result<[UInt8], any Error>, _ count: Int, _ connection: PeerConnection) {
    isReading = false
    guard case .sending(let current) = phase else { return }
    // The connection was lost meanwhile, and another one has begun, perhaps elsewhere.
    guard current === connection else { return sendMore() }
    switch result {
    case .failure(let error): end(false, "it cannot be read: \(error)")
    case .success(let bytes):
      guard bytes.count == count else { return end(false, "it is shorter than it should be") }
      connection.send(.snapshotChunk) { body in
        body.put(offset)
        body.writeBytes(bytes)
      }
      offset += Int64(count)
      if core.snapshotBytesPerSecond > 0 {
        let pause = Int64(count) * 1_000_000_000 / Int64(core.snapshotBytesPerSecond)
        nextChunk = max(nextChunk, NIODeadline.now() - .milliseconds(20)) + .nanoseconds(pause)
      }
      sendMore()
    }
  }
}
