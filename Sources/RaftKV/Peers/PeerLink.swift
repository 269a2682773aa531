import NIOCore
import Raft
import RaftKV
import Synchronization

/// Keeps one connection to a member, and sends over it what any thread hands over.
///
/// Safe: because only the link's event loop touches the mutable state, but for what has a lock.
final class PeerLink: PeerConnectionDelegate, @unchecked Sendable {
  /// What waits to be sent.
  enum Item: Sendable {
    case message(Message)
    case proposals([[UInt8]])
  }

  private struct Outbox {
    var items: BoundedQueue<Item>
    /// Questions that were not sent yet.
    var asks: [(number: UInt64, request: [UInt8])] = []
    var isScheduled = false
    /// The last attempt to connect failed.
    var isDown = false
    var isStopped = false
  }

  private enum Phase {
    case idle
    case connecting
    case greeting(PeerConnection)
    case open(PeerConnection, since: NIODeadline)
    case waiting(Scheduled<Void>)
    case stopped
  }

  let member: MemberID
  let role: ConnectionRole
  private let core: TransportCore
  private let counters: PeerCounters
  private let loop: any EventLoop
  private let outbox: Mutex<Outbox>
  private let asks: AskTable

  private var phase = Phase.idle
  private var urls: [PeerURL]
  /// Which of `urls` is tried next, and how many in turn were tried in vain.
  private var urlIndex = 0
  private var triedURLs = 0
  private var backoff: Backoff
  private var sentAsks: Set<UInt64> = []

  init(
    to member: MemberID, _ role: ConnectionRole, urls: [PeerURL], core: TransportCore, counters: PeerCounters
  ) {
    self.member = member
    self.role = role
    self.urls = urls
    self.core = core
    self.counters = counters
    let limits = core.limits
    loop = core.connector.loop(for: role)
    let items: BoundedQueue<Item> =
      role == .urgent
      ? BoundedQueue(
        maximumCount: limits.urgentQueueMessages, maximumBytes: .max, overflow: .dropsOldest)
      : BoundedQueue(
        maximumCount: limits.bulkQueueMessages, maximumBytes: limits.bulkQueueBytes, overflow: .dropsNewest)
    outbox = Mutex(Outbox(items: items))
    asks = AskTable(limit: limits.outstandingAsks)
    backoff = Backoff(
      minimum: limits.minimumBackoff, maximum: limits.maximumBackoff,
      seed: core.seed ^ member ^ UInt64(role.rawValue) &* 0x9E37_79B9)
  }

  // MARK: Any thread

  func start() { loop.execute { self.connect() } }

  func setURLs(_ urls: [PeerURL]) {
    loop.execute {
      guard urls != self.urls else { return }
      self.urls = urls
      self.urlIndex = 0
      self.triedURLs = 0
      // The new address is tried at once: the old one may be why there is no connection.
      if case .waiting(let retry) = self.phase {
        retry.cancel()
        self.connect()
      }
    }
  }

  func stop() {
    outbox.withLock { $0.isStopped = true }
    asks.failAll()
    loop.execute { self.end() }
  }

  /// Hands a batch over; drops what does not fit.
  func submit(_ batch: [Message]) {
    submit(count: batch.count) { outbox in
      batch.reduce(0) { dropped, message in
        dropped + outbox.items.append(.message(message), bytes: MessageCodec.estimatedBytes(message))
      }
    }
  }

  func submit(proposals: [[UInt8]]) {
    let bytes = proposals.reduce(0) { $0 + $1.count + 4 }
    submit(count: 1) { outbox in outbox.items.append(.proposals(proposals), bytes: bytes) }
  }

  private func submit(count: Int, _ add: (inout Outbox) -> Int) {
    let (dropped, mustWake) = outbox.withLock { outbox -> (Int, Bool) in
      if outbox.isStopped { return (count, false) }
      if outbox.isDown, role == .bulk { return (count, false) }
      var dropped = add(&outbox)
      if outbox.isDown { dropped += outbox.items.keepNewest(core.limits.urgentQueueMessagesWhenDown) }
      defer { outbox.isScheduled = true }
      return (dropped, !outbox.isScheduled)
    }
    if dropped > 0 { counters.update { $0.sendFailures += UInt64(dropped) } }
    if mustWake { loop.execute { self.drain() } }
  }

  func ask(
    _ request: [UInt8], milliseconds: Int, completion: @escaping @Sendable ([UInt8]?) -> Void
  ) {
    guard request.count <= core.limits.askBytes, let number = asks.add(completion) else {
      return completion(nil)
    }
    let (isRefused, mustWake) = outbox.withLock { outbox -> (Bool, Bool) in
      if outbox.isDown { outbox.asks.removeAll { !asks.contains($0.number) } }
      let waiting = outbox.asks.reduce(0) { $0 + $1.request.count }
      if outbox.isStopped || waiting + request.count > core.limits.waitingAskBytes { return (true, false) }
      outbox.asks.append((number, request))
      defer { outbox.isScheduled = true }
      return (false, !outbox.isScheduled)
    }
    if isRefused { return asks.end(number, nil) }
    let timeout = loop.scheduleTask(in: .milliseconds(Int64(max(0, milliseconds)))) {
      self.asks.end(number, nil)
    }
    asks.setTimeout(number, timeout)
    if mustWake { loop.execute { self.drain() } }
  }

  // MARK: Sending

  private func drain() {
    outbox.withLock { $0.isScheduled = false }
    guard case .open(let connection, _) = phase else { return }
    var hasWritten = false
    while connection.isWritable {
      let (questions, items) = outbox.withLock { outbox in
        defer { outbox.asks = [] }
        return (outbox.asks, outbox.items.take(maximumBytes: core.limits.writeBytes))
      }
      if questions.isEmpty, items.isEmpty { break }
      var buffer = connection.allocator.buffer(capacity: 4096)
      for (number, request) in questions where asks.contains(number) {
        sentAsks.insert(number)
        Frame.append(.ask, to: &buffer) { body in
          body.put(number)
          body.writeBytes(request)
        }
      }
      for item in items { encode(item, into: &buffer) }
      counters.update { $0.sentMessages += UInt64(items.count) }
      connection.write(buffer)
      hasWritten = true
    }
    if hasWritten { connection.flush() }
  }

  private func encode(_ item: Item, into buffer: inout ByteBuffer) {
    let start = buffer.writerIndex
    switch item {
    case .message(let message):
      Frame.append(.message, to: &buffer) { MessageCodec.encode(message, into: &$0) }
    case .proposals(let proposals):
      Frame.append(.proposals, to: &buffer) { body in
        body.put(UInt32(proposals.count))
        for proposal in proposals { body.putCounted(proposal) }
      }
    }
    let bodyBytes = buffer.writerIndex - start - Frame.headBytes
    let maximum = role == .bulk ? core.limits.bulkFrameBytes : core.limits.urgentFrameBytes
    if bodyBytes > maximum {
      // The peer would end the connection on it.
      buffer.moveWriterIndex(to: start)
      counters.update { $0.sendFailures += 1 }
      core.log.warning(
        "a message is too large to be sent", ["member": hexadecimal(member), "limit": "\(maximum)"])
    }
  }

  // MARK: Connecting

  private func connect() {
    switch phase {
    case .idle, .waiting: break
    case .connecting, .greeting, .open, .stopped: return
    }
    guard !urls.isEmpty, let identity = core.identity else {
      return wait()
    }
    urlIndex %= urls.count
    let url = urls[urlIndex]
    phase = .connecting
    let hello = Hello(
      role: role, clusterID: identity.clusterID, sender: identity.memberID, receiver: member,
      urls: core.advertisedURLs)
    core.connector.connect(to: url, on: loop, hello: hello) { result in
      self.connected(result, url)
    }
  }

  private func connected(_ result: Result<PeerConnection, any Error>, _ url: PeerURL) {
    guard case .connecting = phase else {
      if case .success(let connection) = result { connection.close("no longer wanted") }
      return
    }
    switch result {
    case .success(let connection):
      guard !connection.isClosed else { return failed("the connection ended at once", url) }
      connection.counters = counters
      connection.delegate = self
      phase = .greeting(connection)
    case .failure(let error): failed(describeFailure(error), url)
    }
  }

  private func failed(_ reason: String, _ url: PeerURL?) {
    var facts = ["member": hexadecimal(member), "reason": reason]
    if let url { facts["url"] = url.description }
    // One line an outage and peer is enough; the second connection fails for the same reason.
    if role == .urgent { core.log.warning("a member cannot be reached", facts) }
    phase = .idle
    urlIndex += 1
    triedURLs += 1
    if triedURLs < urls.count { return connect() }
    triedURLs = 0
    wait()
  }

  /// Waits for the next attempt.
  private func wait() {
    let dropped = outbox.withLock { outbox -> Int in
      outbox.isDown = true
      return outbox.items.keepNewest(role == .bulk ? 0 : core.limits.urgentQueueMessagesWhenDown)
    }
    if dropped > 0 { counters.update { $0.sendFailures += UInt64(dropped) } }
    phase = .waiting(loop.scheduleTask(in: backoff.next()) { self.connect() })
    if counters.beginsOutage() { core.lost(member) }
  }

  private func end() {
    let former = phase
    phase = .stopped
    switch former {
    case .greeting(let connection): connection.close("no longer wanted")
    case .open(let connection, _):
      if role == .urgent { counters.setActive(since: nil) }
      connection.close("no longer wanted")
    case .waiting(let retry): retry.cancel()
    case .idle, .connecting, .stopped: break
    }
    _ = outbox.withLock { $0.items.keepNewest(0) }
    asks.failAll()
  }

  // MARK: The connection

  func connection(_ connection: PeerConnection, answeredBy answer: HelloAnswer) {
    guard case .greeting(let current) = phase, current === connection else { return }
    if let refusal = answer.refusal {
      if refusal == .removed, answer.member == member, answer.clusterID == core.identity?.clusterID {
        core.removed()
      }
      return connection.close("the connection was refused: \(refusal.explanation)")
    }
    guard answer.member == member else {
      return connection.close("member \(hexadecimal(answer.member)) answers there")
    }
    phase = .open(connection, since: .now())
    triedURLs = 0
    counters.endOutage()
    outbox.withLock { $0.isDown = false }
    if role == .urgent {
      counters.setActive(since: core.clock.now())
      core.log.info(
        "connected to a member", ["member": hexadecimal(member), "address": connection.remoteAddress])
    }
    drain()
  }

  func connection(_ connection: PeerConnection, received frame: Frame) throws(WireError) {
    guard frame.kind == .answer else { throw .unknown("an answer of kind", frame.kind.rawValue) }
    var body = frame.body
    let number: UInt64 = try body.take()
    sentAsks.remove(number)
    asks.end(number, Array(body.readableBytesView))
  }

  func connectionBecameWritable(_ connection: PeerConnection) { drain() }

  func connection(_ connection: PeerConnection, closed reason: String) {
    switch phase {
    case .greeting(let current) where current === connection:
      failed(reason, urlIndex < urls.count ? urls[urlIndex] : nil)
    case .open(let current, let since) where current === connection:
      for number in sentAsks { asks.end(number, nil) }
      sentAsks = []
      if role == .urgent {
        counters.setActive(since: nil)
        core.log.warning(
          "the connection to a member ended",
          ["member": hexadecimal(member), "address": connection.remoteAddress, "reason": reason])
      }
      // A connection that lasts no time is no better than none.
      if NIODeadline.now() - since > core.limits.pingInterval { backoff.reset() }
      wait()
    default: break
    }
  }
}
