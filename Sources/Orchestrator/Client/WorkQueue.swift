import Synchronization

/// Keys to work on. A key that is added again while it waits is worked on once; one that is added while it is worked on
/// comes again after that.
public final class WorkQueue<Key: Hashable & Sendable>: Sendable {
  /// The pause after a key's first failure; each is twice as long as the one before.
  public static var firstPause: Duration { .milliseconds(5) }
  /// The longest pause.
  public static var lastPause: Duration { .seconds(1000) }

  private struct State {
    var order: [Key] = []
    var head = 0
    var dirty: Set<Key> = []
    var processing: Set<Key> = []
    var waiters: [(id: UInt64, continuation: CheckedContinuation<Key?, Never>)] = []
    var lastWaiter: UInt64 = 0
    var failures: [Key: Int] = [:]
    /// When a key is to be added.
    var later: [Key: ContinuousClock.Instant] = [:]
    var timer: (at: ContinuousClock.Instant, task: Task<Void, Never>)?

    var first: Key? {
      mutating get {
        guard head < order.count else { return nil }
        let key = order[head]
        head += 1
        if head > 1024, head * 2 > order.count {
          order.removeFirst(head)
          head = 0
        }
        return key
      }
    }
  }

  private let state = Mutex(State())

  /// An empty queue.
  public init() {}

  deinit { state.withLock { $0.timer?.task.cancel() } }

  /// Adds a key.
  public func add(_ key: Key) {
    let waiter = state.withLock { state -> CheckedContinuation<Key?, Never>? in
      guard state.dirty.insert(key).inserted, !state.processing.contains(key) else { return nil }
      return Self.offer(key, in: &state)
    }
    waiter?.resume(returning: key)
  }

  /// Gives a key to whoever waits, or lets it wait.
  private static func offer(_ key: Key, in state: inout State) -> CheckedContinuation<Key?, Never>? {
    guard !state.waiters.isEmpty else {
      state.order.append(key)
      return nil
    }
    state.dirty.remove(key)
    state.processing.insert(key)
    return state.waiters.removeFirst().continuation
  }

  /// Adds a key after a time, or earlier if it has been promised earlier.
  public func addAfter(_ key: Key, _ time: Duration) {
    guard time > .zero else { return add(key) }
    let due = ContinuousClock.now + time
    state.withLock { state in
      if let known = state.later[key], known <= due { return }
      state.later[key] = due
      if let timer = state.timer, timer.at <= due { return }
      state.timer?.task.cancel()
      state.timer = (due, makeTimer(due))
    }
  }

  private func makeTimer(_ due: ContinuousClock.Instant) -> Task<Void, Never> {
    Task { [weak self] in
      try? await Task.sleep(until: due, clock: .continuous)
      if !Task.isCancelled { self?.addDue() }
    }
  }

  private func addDue() {
    let now = ContinuousClock.now
    let due = state.withLock { state in
      let due = state.later.filter { $0.value <= now }.map(\.key)
      for key in due { state.later[key] = nil }
      state.timer = state.later.values.min().map { ($0, makeTimer($0)) }
      return due
    }
    for key in due { add(key) }
  }

  /// Adds a key after a pause that grows with its failures.
  public func addRateLimited(_ key: Key) {
    let failures = state.withLock { state in
      defer { state.failures[key, default: 0] += 1 }
      return state.failures[key] ?? 0
    }
    addAfter(key, failures > 17 ? Self.lastPause : min(Self.firstPause * (1 << failures), Self.lastPause))
  }

  /// The key has been worked on without failure.
  public func forget(_ key: Key) { state.withLock { $0.failures[key] = nil } }

  /// The next key; waits for it. Nil once the task is cancelled. Call `done` when it has been worked on.
  public func next() async -> Key? {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let key = state.withLock { state -> Key?? in
          if Task.isCancelled { return .some(nil) }
          guard let key = state.first else {
            state.waiters.append((id, continuation))
            return nil
          }
          state.dirty.remove(key)
          state.processing.insert(key)
          return key
        }
        if let key { continuation.resume(returning: key) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
      }
      waiter?.resume(returning: nil)
    }
  }

  /// A key has been worked on.
  public func done(_ key: Key) {
    let waiter = state.withLock { state -> CheckedContinuation<Key?, Never>? in
      state.processing.remove(key)
      return state.dirty.contains(key) ? Self.offer(key, in: &state) : nil
    }
    waiter?.resume(returning: key)
  }

  /// How many keys wait.
  public var count: Int { state.withLock { $0.order.count - $0.head } }
}
