public import Client
public import Objects
import Synchronization

/// Time that passes only when a test says so, and by itself if it is told to.
public final class VirtualTime: TimeSource {
  private struct State {
    var uptime = Duration.zero
    var sleepers: [Int: (due: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]
    var lastSleeper = 0
    var sleeps: [Duration] = []
  }

  private let state = Mutex(State())
  private let origin: Int64
  private let isAutomatic: Bool

  /// Time that begins at this second.
  ///
  /// - Parameter isAutomatic: whether sleepers wake at once, with time having passed.
  public init(origin: Int64 = 1_767_225_600, isAutomatic: Bool = false) {
    self.origin = origin
    self.isAutomatic = isAutomatic
  }

  /// The date.
  public var now: Timestamp {
    let parts = uptime.components
    return Timestamp(
      seconds: origin + parts.seconds, nanoseconds: Int32(parts.attoseconds / 1_000_000_000))
  }

  /// The time that has passed.
  public var uptime: Duration { state.withLock { $0.uptime } }

  /// How long everybody who slept wanted to, in order.
  public var sleeps: [Duration] { state.withLock { $0.sleeps } }

  /// How many sleep now.
  public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  /// Waits until time has passed.
  public func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    let id = state.withLock { state in
      state.lastSleeper += 1
      state.sleeps.append(duration)
      if isAutomatic { state.uptime += max(.zero, duration) }
      return state.lastSleeper
    }
    if isAutomatic {
      await Task.yield()
      return
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          if Task.isCancelled { return true }
          state.sleepers[id] = (due: state.uptime + duration, continuation: continuation)
          return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(
        throwing: CancellationError())
    }
  }

  /// Lets time pass, and wakes those who are due.
  public func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.uptime += duration
      let due = state.sleepers.filter { $0.value.due <= state.uptime }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.sorted { $0.due < $1.due }
    }
    for sleeper in due { sleeper.continuation.resume() }
  }
}

/// Waits until a condition holds; false if it does not after a long while.
public func eventually(
  within limit: Duration = .seconds(300), _ condition: @Sendable () async -> Bool
) async -> Bool {
  let end = ContinuousClock.now + limit
  while ContinuousClock.now < end {
    if await condition() { return true }
    await Task.yield()
    try? await Task.sleep(for: .milliseconds(1))
  }
  return await condition()
}
