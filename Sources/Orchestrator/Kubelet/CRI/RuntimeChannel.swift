import GRPC
import HTTP
import NIOCore
import Synchronization

/// Calls to a runtime over one connection, which is made when it is needed and made anew when it is lost.
///
/// A call waits for its turn, then for the connection, then for its answer: its deadline covers all three. While the
/// runtime is away calls fail at once, and a connection is tried for no more often than `ReconnectPause` allows.
///
/// Safe: because `lastID` is a lock's, what is constant is, and every other member is used on the event loop only.
final class RuntimeChannel: @unchecked Sendable {
  /// Calls that compete with each other for their turn.
  enum Lane: CaseIterable {
    case quick
    case long
    case events
  }

  /// Begins on a connection, with the time that is left, and returns what gives it up.
  typealias Start = (_ connection: ClientConnection, _ timeout: TimeAmount?) -> (() -> Void)

  private struct Call {
    let lane: Lane
    let deadline: NIODeadline?
    let start: Start
    let fail: (RuntimeError) -> Void
    var timer: Scheduled<Void>?
    var stage = Stage.waiting
  }

  private enum Stage {
    case waiting
    case connecting
    case underway(giveUp: () -> Void)
  }

  /// Longer ones are as good as this, and a clock counts no further than some 290 years.
  private static let longestTimeout = Duration.seconds(10 * 365 * 86_400)

  private static let givenUp = RuntimeError(.cancelled, "the call was given up")

  private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
  }

  private let target: ClientConnection.Target
  private let eventLoop: any EventLoop
  private let limits: RuntimeClientLimits
  private let lastID = Atomic<UInt64>(0)

  private var gates: [Lane: CallGate]
  private var calls: [UInt64: Call] = [:]
  private var connection: ClientConnection?
  private var isConnecting = false
  private var isClosed = false
  private var pause: ReconnectPause
  private var lastFailure = RuntimeError(.unavailable, "the runtime is not connected")

  init(to target: ClientConnection.Target, on eventLoop: any EventLoop, limits: RuntimeClientLimits) {
    self.target = target
    self.eventLoop = eventLoop
    self.limits = limits
    pause = ReconnectPause(first: limits.firstPause, longest: limits.longestPause)
    gates = [
      .quick: CallGate(limit: limits.quickCalls, waitingLimit: limits.waitingCalls),
      .long: CallGate(limit: limits.longCalls, waitingLimit: limits.waitingCalls),
      // A stream has no end to wait for.
      .events: CallGate(limit: limits.eventStreams, waitingLimit: 0),
    ]
  }

  // MARK: From any thread

  /// One request, one answer.
  func unary(
    _ path: String, _ message: ByteBuffer, timeout: Duration, lane: Lane
  ) async throws(RuntimeError) -> ByteBuffer {
    let id = nextID()
    let isGivenUp = Flag()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<ByteBuffer, RuntimeError>, Never>) in
        let deadline = NIODeadline.now() + TimeAmount(min(max(timeout, .zero), Self.longestTimeout))
        eventLoop.execute { [self] in
          // A task may be cancelled before its call has come here.
          guard !isGivenUp.isSet else { return continuation.resume(returning: .failure(Self.givenUp)) }
          submit(
            id, lane: lane, deadline: deadline,
            start: { [self] connection, left in
              let call = connection.unary(path, message, timeout: left) { [self] result in
                guard remove(id) else { return }
                continuation.resume(returning: result.mapError { RuntimeError($0) })
              }
              return { call.cancel() }
            }, fail: { continuation.resume(returning: .failure($0)) })
        }
      }
    } onCancel: {
      isGivenUp.set()
      eventLoop.execute { self.end(id, Self.givenUp) }
    }
    return try result.get()
  }

  /// One request, any number of answers. `onEnd` is called once, last; both on the event loop.
  ///
  /// - Returns: what gives the stream up, from any thread.
  func stream(
    _ path: String, _ message: ByteBuffer, onMessage: @escaping @Sendable (ByteBuffer) -> Void,
    onEnd: @escaping @Sendable (RuntimeError?) -> Void
  ) -> @Sendable () -> Void {
    let id = nextID()
    eventLoop.execute { [self] in
      submit(
        id, lane: .events, deadline: nil,
        start: { [self] connection, _ in
          let call = connection.open(path)
          call.onMessage = onMessage
          call.onFinish = { [self] status, _ in
            guard remove(id) else { return }
            onEnd(status.code == .ok ? nil : RuntimeError(status))
          }
          call.send(message)
          call.halfClose()
          return { call.cancel() }
        }, fail: onEnd)
    }
    return { self.eventLoop.execute { self.end(id, Self.givenUp) } }
  }

  /// Ends every call as `.cancelled`, and takes no more.
  func close() {
    eventLoop.execute { [self] in
      isClosed = true
      for id in calls.keys.sorted() { end(id, RuntimeError(.cancelled, "the client was closed")) }
      connection?.close(now: true)
      connection = nil
    }
  }

  private func nextID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

  // MARK: On the event loop

  private func submit(
    _ id: UInt64, lane: Lane, deadline: NIODeadline?, start: @escaping Start,
    fail: @escaping (RuntimeError) -> Void
  ) {
    guard !isClosed else { return fail(RuntimeError(.cancelled, "the client was closed")) }
    let entry = gates[lane]?.enter(id) ?? .refused
    guard entry != .refused else {
      return fail(RuntimeError(.resourceExhausted, "too many calls to the runtime are under way"))
    }
    var call = Call(lane: lane, deadline: deadline, start: start, fail: fail)
    if let deadline {
      call.timer = eventLoop.scheduleTask(deadline: deadline) { [weak self] in
        self?.end(id, RuntimeError(.deadlineExceeded, "the runtime did not answer in time"))
      }
    }
    calls[id] = call
    if entry == .admitted { proceed(id) }
  }

  /// Its turn has come.
  private func proceed(_ id: UInt64) {
    guard calls[id] != nil else { return }
    if let connection, connection.isOpen { return begin(id, connection) }
    calls[id]?.stage = .connecting
    connect()
  }

  private func begin(_ id: UInt64, _ connection: ClientConnection) {
    guard let call = calls[id] else { return }
    let giveUp = call.start(connection, call.deadline.map { $0 - .now() })
    // A call that cannot begin ends later: it is still there.
    calls[id]?.stage = .underway(giveUp: giveUp)
  }

  private func connect() {
    guard !isConnecting else { return }
    let now = Duration.nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    guard pause.allows(at: now) else { return failConnecting() }
    isConnecting = true
    var bounds = ClientLimits()
    bounds.messageBytes = limits.messageBytes
    bounds.connectTimeout = TimeAmount(limits.connectTimeout)
    ClientConnection.connect(to: target, on: eventLoop, limits: bounds).assumeIsolated().whenComplete {
      result in
      self.connected(result)
    }
  }

  private func connected(_ result: Result<ClientConnection, any Error>) {
    isConnecting = false
    switch result {
    case .success(let connection):
      guard !isClosed else { return connection.close(now: true) }
      pause.succeeded()
      self.connection = connection
      for id in connectingCalls { begin(id, connection) }
    case .failure(let error):
      pause.failed(at: .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)))
      let reason = (error as? GRPCStatus)?.message ?? "\(error)"
      lastFailure = RuntimeError(.unavailable, "the container runtime at \(target): \(reason)")
      failConnecting()
    }
  }

  private func failConnecting() {
    for id in connectingCalls { end(id, lastFailure) }
  }

  /// In the order in which they came.
  private var connectingCalls: [UInt64] {
    calls.filter { if case .connecting = $0.value.stage { true } else { false } }.keys.sorted()
  }

  /// Ends a call that the runtime has not ended.
  private func end(_ id: UInt64, _ error: RuntimeError) {
    guard let call = calls[id] else { return }
    remove(id)
    if case .underway(let giveUp) = call.stage { giveUp() }
    call.fail(error)
  }

  /// Forgets a call and gives its turn to the next; false if it had ended before.
  @discardableResult
  private func remove(_ id: UInt64) -> Bool {
    guard let call = calls.removeValue(forKey: id) else { return false }
    call.timer?.cancel()
    // In a turn of its own: calls that fail at once must not pile up on the stack.
    if let next = gates[call.lane]?.leave(id) { eventLoop.execute { self.proceed(next) } }
    return true
  }
}

extension TimeAmount {
  /// A duration; some 290 years at most.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    self = .nanoseconds(overflows ? (seconds < 0 ? .min : .max) : whole + attoseconds / 1_000_000_000)
  }
}
