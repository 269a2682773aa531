import Synchronization

/// Keys of objects that are to be looked at, and who looks at which.
///
/// - A key that is added while it waits is handed out once.
/// - A key that is added while it is looked at is handed out again after `done`, never to two at a time.
/// - A key that is to come later waits until then, or until it is added at once.
public final class WorkQueue<Key: Hashable & Sendable>: Sendable {
  private struct State {
    /// Handed out in this order, from `head` on; those before have been handed out.
    var order: [Key] = []
    var head = 0
    /// Keys to be looked at, waiting or being looked at once more.
    var dirty: Set<Key> = []
    var processing: Set<Key> = []
    var failures: [Key: Int] = [:]
    var delayed = DelayHeap<Key>()
    var timer: Task<Void, Never>?
    var timerDue: Duration?
    var waiters: [(id: Int, continuation: CheckedContinuation<Key?, Never>)] = []
    var lastWaiter = 0
    var isShutDown = false

    mutating func pop() -> Key? {
      guard head < order.count else { return nil }
      let key = order[head]
      head += 1
      if head > 1024, head * 2 > order.count {
        order.removeFirst(head)
        head = 0
      }
      processing.insert(key)
      dirty.remove(key)
      return key
    }

    /// The next key and who gets it, if both are there.
    mutating func handOut() -> (continuation: CheckedContinuation<Key?, Never>, key: Key)? {
      guard !waiters.isEmpty, let key = pop() else { return nil }
      return (waiters.removeFirst().continuation, key)
    }
  }

  private let state = Mutex(State())
  private let time: any TimeSource
  private let initialDelay: Duration
  private let maximumDelay: Duration

  /// An empty queue. Keys that fail come back after `initialDelay`, doubled each time up to `maximumDelay`.
  public init(
    time: any TimeSource = SystemTime(), initialDelay: Duration = .milliseconds(5),
    maximumDelay: Duration = .seconds(1000)
  ) {
    self.time = time
    self.initialDelay = initialDelay
    self.maximumDelay = maximumDelay
  }

  deinit { state.withLock { $0.timer?.cancel() } }

  /// How many keys wait to be handed out.
  public var count: Int { state.withLock { $0.order.count - $0.head } }

  /// Adds a key to be looked at now.
  public func add(_ key: Key) {
    let next = state.withLock { state in
      Self.add(key, to: &state)
      return state.handOut()
    }
    if let next { next.continuation.resume(returning: next.key) }
  }

  private static func add(_ key: Key, to state: inout State) {
    guard !state.isShutDown, state.dirty.insert(key).inserted, !state.processing.contains(key) else { return }
    state.order.append(key)
  }

  /// Adds a key to be looked at after a while; of several times for a key the earliest counts.
  public func addAfter(_ key: Key, _ delay: Duration) {
    guard delay > .zero else { return add(key) }
    let due = time.uptime + delay
    state.withLock { state in
      guard !state.isShutDown, state.delayed.insert(key, due: due) else { return }
      if state.timerDue.map({ due < $0 }) ?? true { startTimer(&state, due: due) }
    }
  }

  /// Adds a key whose look has failed, after a time that doubles with each failure.
  public func addRateLimited(_ key: Key) {
    let failures = state.withLock { state in
      let failures = state.failures[key, default: 0]
      state.failures[key] = failures + 1
      return failures
    }
    addAfter(key, delay(afterFailures: failures))
  }

  /// The delay before a key is tried again that has failed this often before.
  func delay(afterFailures failures: Int) -> Duration {
    var delay = initialDelay
    for _ in 0..<failures where delay < maximumDelay { delay = delay * 2 }
    return min(delay, maximumDelay)
  }

  /// A look at the key went well: its next failure is the first again.
  public func forget(_ key: Key) { state.withLock { $0.failures[key] = nil } }

  /// How often a key has failed since it was last forgotten.
  public func failures(of key: Key) -> Int { state.withLock { $0.failures[key] ?? 0 } }

  /// The look at a key has ended.
  public func done(_ key: Key) {
    let next = state.withLock { state in
      state.processing.remove(key)
      if state.dirty.contains(key) { state.order.append(key) }
      return state.handOut()
    }
    if let next { next.continuation.resume(returning: next.key) }
  }

  /// The next key to look at; say `done` afterwards. Waits until there is one; nil if the task is cancelled, or if the
  /// queue is shut down and empty.
  public func next() async -> Key? {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Key?? = state.withLock { state in
          if Task.isCancelled { return .some(nil) }
          if let key = state.pop() { return key }
          if state.isShutDown { return .some(nil) }
          state.waiters.append((id: id, continuation: continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
      }
      waiter?.resume(returning: nil)
    }
  }

  /// Takes no more keys; those that wait are still handed out, and then nil.
  public func shutDown() {
    let waiters = state.withLock { state in
      state.isShutDown = true
      state.timer?.cancel()
      state.timer = nil
      state.timerDue = nil
      state.delayed = DelayHeap()
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume(returning: nil) }
  }

  // MARK: Time

  /// One task waits for the earliest of the keys that come later.
  private func startTimer(_ state: inout State, due: Duration) {
    state.timer?.cancel()
    state.timerDue = due
    let wait = due - time.uptime
    state.timer = Task { [time, weak self] in
      do {
        try await time.sleep(for: wait)
      } catch {
        return
      }
      self?.timerFired(due)
    }
  }

  private func timerFired(_ fired: Duration) {
    let now = time.uptime
    let next = state.withLock { state in
      // Another timer has taken over.
      guard state.timerDue == fired else { return [(CheckedContinuation<Key?, Never>, Key)]() }
      state.timer = nil
      state.timerDue = nil
      while let key = state.delayed.pop(now: now) { Self.add(key, to: &state) }
      if let earliest = state.delayed.nextDue { startTimer(&state, due: earliest) }
      var next: [(CheckedContinuation<Key?, Never>, Key)] = []
      while let (continuation, key) = state.handOut() { next.append((continuation, key)) }
      return next
    }
    for (continuation, key) in next { continuation.resume(returning: key) }
  }
}
