internal import GRPC
internal import NIOCore

/// Drives the clients of one event loop and counts what they get. Belongs to that loop.
///
/// Closed loop: a client sends its next request when its last one was answered. Open loop (`rate`): request `i`
/// is due at start + i / rate whatever the answers do, and its latency counts from then on, so that a server
/// that stalls is charged for the requests that had to wait (no coordinated omission).
final class LoadLoop<Driven: Target> {
  /// Which part of the run this loop has: requests `first`, `first + stride`, … below `end`.
  struct Share {
    var first: Int
    var stride: Int
    /// nil: no end but the deadline.
    var end: Int?
  }

  private let target: Driven
  private let workload: Workload
  private let state: RunState
  private let eventLoop: any EventLoop
  private let share: Share
  private let start: NIODeadline
  private let deadline: NIODeadline?
  /// Open loop: nanoseconds from one request of the run to the next.
  private let interval: Double?
  private let finished: EventLoopPromise<LoadResult>

  private var nextIndex: Int
  /// Clients without a request under way.
  private var idle: [Int]
  private var inFlight = 0
  private var sentAt: [NIODeadline]
  private var indices: [Int]
  private var tally = Tally()
  private var lastAnswer: NIODeadline
  private var isPumping = false
  private var isTimerSet = false
  private var hasEndedSending = false
  private var isFinished = false

  init(
    target: Driven, workload: Workload, configuration: Configuration, state: RunState,
    eventLoop: any EventLoop, share: Share, start: NIODeadline
  ) {
    self.target = target
    self.workload = workload
    self.state = state
    self.eventLoop = eventLoop
    self.share = share
    self.start = start
    deadline = configuration.durationSeconds.map { start + .nanoseconds(Int64($0 * 1e9)) }
    interval = configuration.requestsPerSecond.map { 1e9 / $0 }
    finished = eventLoop.makePromise()
    nextIndex = share.first
    idle = Array((0..<target.clients).reversed())
    sentAt = Array(repeating: start, count: target.clients)
    indices = Array(repeating: 0, count: target.clients)
    lastAnswer = start
  }

  /// Begins; the result comes when all requests were answered or the run was stopped.
  func run() -> EventLoopFuture<LoadResult> {
    target.onAnswer = { client, answer in self.finish(client, answer) }
    tick()
    return finished.futureResult
  }

  /// Looks from time to time whether the run was stopped or its time is over, though nothing is answered, and whether
  /// the last events have come.
  private func tick() {
    state.setDelivered(target.deliveries.count, loop: share.first)
    pump()
    guard !isFinished else { return }
    eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { self.tick() }
  }

  /// Sends what may be sent now. Answers that come while it runs are taken up by its own loop, so that
  /// a target that answers at once cannot exhaust the stack.
  private func pump() {
    guard !isPumping, !isFinished else { return }
    isPumping = true
    if !state.isAbandoned {
      while !idle.isEmpty, let due = nextDue() {
        send(due)
      }
    }
    isPumping = false
    if state.isAbandoned {
      complete()
    } else if inFlight == 0 && (isExhausted || idle.isEmpty) {
      if !hasEndedSending {
        hasEndedSending = true
        target.sendingEnded()
      }
      if target.isDrained { complete() }
    }
  }

  /// Whether no more requests are to be sent, now or later.
  private var isExhausted: Bool {
    if state.isStopping { return true }
    if let end = share.end, nextIndex >= end { return true }
    guard let deadline else { return false }
    return NIODeadline.now() >= deadline
  }

  /// From when on the next request's latency counts; nil when none is due now.
  private func nextDue() -> NIODeadline? {
    if state.isStopping { return nil }
    if let end = share.end, nextIndex >= end { return nil }
    let now = NIODeadline.now()
    if let deadline, now >= deadline { return nil }
    guard let interval else { return now }
    let due = start + .nanoseconds(Int64(Double(nextIndex) * interval))
    if due <= now { return due }
    if !isTimerSet {
      isTimerSet = true
      eventLoop.assumeIsolated().scheduleTask(deadline: due) {
        self.isTimerSet = false
        self.pump()
      }
    }
    return nil
  }

  private func send(_ due: NIODeadline) {
    let client = idle.removeLast()
    sentAt[client] = due
    indices[client] = nextIndex
    inFlight += 1
    if target.send(nextIndex, client: client, due: due) {
      nextIndex += share.stride
    } else {
      // The client has no connection any more: it leaves the run.
      inFlight -= 1
      tally.clientsLost += 1
    }
  }

  private func finish(_ client: Int, _ answer: Answer) {
    let now = NIODeadline.now()
    inFlight -= 1
    lastAnswer = now
    state.countAnswer()
    idle.append(client)
    switch answer {
    case .success(let keys):
      tally.succeeded += 1
      tally.latencies.record(nanoseconds: (now - sentAt[client]).nanoseconds)
      if workload.reads {
        tally.keysRead += keys
        if keys == 0, !workload.kind(of: indices[client]).writes { tally.emptyReads += 1 }
      }
      tally.keysWritten += workload.keysWritten(by: indices[client])
      pump()
    case .failure(let status):
      tally.fail(status)
      // Not at once: a connection that just broke answers all its requests before it is known to be closed.
      eventLoop.assumeIsolated().execute { self.pump() }
    }
  }

  private func complete() {
    isFinished = true
    tally.unanswered = inFlight
    target.onAnswer = nil
    target.collect(into: &tally)
    finished.succeed(LoadResult(tally: tally, end: max(lastAnswer, target.deliveries.last)))
  }
}

/// What one loop measured.
struct LoadResult: Sendable {
  var tally: Tally
  /// When the last answer or event came.
  var end: NIODeadline
}
