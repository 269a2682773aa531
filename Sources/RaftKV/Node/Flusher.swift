import MVCC
import Synchronization

/// The flush stage: the only writer of the checkpoint.
///
/// Safe: because only the flush stage's handler touches the mutable state.
final class Flusher: @unchecked Sendable {
  private let store: Store
  private let pipeline: Pipeline
  private let clock: any NodeClock
  private let retryNanoseconds: UInt64
  private let log: NodeLog
  /// When the last attempt failed, if it did.
  private var failedAt: UInt64?
  private var isStopping = false

  init(store: Store, pipeline: Pipeline, clock: any NodeClock, limits: NodeLimits, log: NodeLog) {
    self.store = store
    self.pipeline = pipeline
    self.clock = clock
    self.log = log
    retryNanoseconds = UInt64(limits.retryMilliseconds) * 1_000_000
  }

  func handle(_ batch: [FlushInput]) {
    for input in batch {
      switch input {
      case .flush: if failedAt == nil { flushAll() }
      case .tick:
        if let failedAt, clock.now() &- failedAt >= retryNanoseconds { flushAll() }
      case .stop:
        isStopping = true
        flushAll()
      }
    }
  }

  private func flushAll() {
    do {
      while true {
        let start = clock.now()
        guard try store.flushOldest() else { break }
        pipeline.metrics.checkpoint.record(nanoseconds: clock.now() &- start)
        pipeline.log.submit(.release(upTo: store.flushed.index))
        pipeline.apply.submit(.flushed)
      }
      if failedAt != nil {
        failedAt = nil
        pipeline.health.isCheckpointFailing.store(false, ordering: .releasing)
        log.notice("the checkpoint succeeds again")
      }
    } catch {
      if failedAt == nil {
        log.error("the checkpoint failed; the log keeps everything and it is tried again", "\(error)")
      }
      failedAt = clock.now()
      pipeline.health.isCheckpointFailing.store(true, ordering: .releasing)
      // Nobody tries again: an apply that waits for room would wait for ever.
      if isStopping { store.stopWaiting() }
    }
  }
}
