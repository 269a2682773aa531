internal import Synchronization

/// What the loops of a run and the thread that watches them share.
final class RunState: Sendable {
  private let stopping = Atomic<Bool>(false)
  private let abandoned = Atomic<Bool>(false)
  private let ended = Atomic<Bool>(false)
  private let answeredCount = Atomic<Int>(0)
  private let delivered = Mutex<[Int: Int]>([:])

  /// No more requests; wait for the answers under way.
  var isStopping: Bool { stopping.load(ordering: .relaxed) }
  /// Do not wait for answers either.
  var isAbandoned: Bool { abandoned.load(ordering: .relaxed) }
  /// All loops have come to their end.
  var isEnded: Bool { ended.load(ordering: .acquiring) }
  /// Requests answered so far, failures included.
  var answered: Int { answeredCount.load(ordering: .relaxed) }

  /// Events of watches received so far, over all loops.
  var deliveredCount: Int { delivered.withLock { $0.values.reduce(0, +) } }

  func stop() { stopping.store(true, ordering: .relaxed) }
  func abandon() {
    stop()
    abandoned.store(true, ordering: .relaxed)
  }
  func end() { ended.store(true, ordering: .releasing) }
  func setDelivered(_ count: Int, loop: Int) {
    if count > 0 { delivered.withLock { $0[loop] = count } }
  }
  func countAnswer() { answeredCount.add(1, ordering: .relaxed) }
}
