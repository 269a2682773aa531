import MVCC
import Raft
import Synchronization

/// The flush stage: the only writer of the checkpoint. Between two checkpoints it compacts and gives disk space back, a
/// bounded step at a time.
///
/// Safe: because only the flush stage's handler touches the mutable state.
final class Flusher: @unchecked Sendable {
  private let store: Store
  private let snapshots: SnapshotReceiver
  private let pipeline: Pipeline
  private let clock: any NodeClock
  private let retryNanoseconds: UInt64
  private let log: NodeLog
  /// When the last attempt failed, if it did.
  private var failedAt: UInt64?
  private var isStopping = false
  private let maximumPauseNanoseconds: UInt64
  private let maximumWaiting: Int
  /// The next step is asked for.
  private var isMaintaining = false
  private var maintenanceFailedAt: UInt64?
  /// When the steps of the work under way began.
  private var workingSince: UInt64?
  /// Who waits for the end of a physical compaction.
  private var waiting: [(revision: Int64, completion: @Sendable (NodeError?) -> Void)] = []
  /// Who waits for what is in memory to be in the checkpoint.
  private var waitingForFlush: [(index: LogIndex, completion: @Sendable (NodeError?) -> Void)] = []

  init(
    store: Store, snapshots: SnapshotReceiver, pipeline: Pipeline, clock: any NodeClock, limits: NodeLimits,
    log: NodeLog
  ) {
    self.store = store
    self.snapshots = snapshots
    self.pipeline = pipeline
    self.clock = clock
    self.log = log
    retryNanoseconds = UInt64(limits.retryMilliseconds) * 1_000_000
    maximumPauseNanoseconds = UInt64(limits.maintenancePauseMilliseconds) * 1_000_000
    maximumWaiting = limits.pendingCompactionWaits
  }

  func handle(_ batch: [FlushInput]) {
    for input in batch {
      switch input {
      case .flush: if failedAt == nil { flushAll() }
      case .tick:
        if let failedAt, clock.now() &- failedAt >= retryNanoseconds { flushAll() }
      case .maintain: isMaintaining = false
      case .whenCompacted(let revision, let completion): wait(for: revision, completion)
      case .whenFlushed(let index, let completion): wait(forFlush: index, completion)
      case .reclaim: store.requestReclaim()
      case .install(let snapshot): install(snapshot)
      case .stop:
        isStopping = true
        flushAll()
        answerWaiting(.stopped)
      }
    }
    answerFlushed()
    maintain()
  }

  // MARK: between checkpoints

  /// Takes one step, and comes back for the next after what waits here meanwhile.
  private func maintain() {
    if isStopping || isMaintaining || failedAt != nil { return }
    let start = clock.now()
    if let maintenanceFailedAt, start &- maintenanceFailedAt < retryNanoseconds { return }
    do {
      let step = try store.maintain(now: start)
      maintenanceFailedAt = nil
      let end = clock.now()
      record(step, from: start, to: end)
      if step == .idle || step == .waiting { return }
      clock.pause(nanoseconds: min((end &- start) &* 2, maximumPauseNanoseconds))
      isMaintaining = true
      pipeline.flush.submit(.maintain)
    } catch {
      if maintenanceFailedAt == nil {
        log.error("compaction or giving space back failed; it is tried again", "\(error)")
      }
      maintenanceFailedAt = clock.now()
    }
  }

  private func record(_ step: MaintenanceStep, from start: UInt64, to end: UInt64) {
    let metrics = pipeline.metrics
    switch step {
    case .idle, .waiting: break
    case .worked:
      if workingSince == nil { workingSince = start }
      metrics.compactionStep.record(nanoseconds: end &- start)
    case .compacted(let revision, let versions):
      let took = end &- (workingSince ?? start)
      workingSince = nil
      metrics.compactionTotal.record(nanoseconds: took)
      log.info(
        "finished scheduled compaction",
        [
          "compact-revision": "\(revision)", "removed-versions": "\(versions)",
          "took-milliseconds": "\(took / 1_000_000)",
        ])
      waiting.removeAll { waiter in
        guard waiter.revision <= revision else { return false }
        waiter.completion(nil)
        return true
      }
    case .reclaimed(let bytes):
      let took = end &- (workingSince ?? start)
      workingSince = nil
      metrics.reclaim.record(nanoseconds: took)
      log.info(
        "gave free disk space back to the file system",
        [
          "bytes": "\(bytes)", "size": "\(store.size)", "size-in-use": "\(store.sizeInUse)",
          "took-milliseconds": "\(took / 1_000_000)",
        ])
    }
  }

  private func wait(for revision: Int64, _ completion: @escaping @Sendable (NodeError?) -> Void) {
    if isStopping { return completion(.stopped) }
    if store.physicalRevision >= revision { return completion(nil) }
    if waiting.count == maximumWaiting { return completion(.tooManyRequests) }
    waiting.append((revision, completion))
  }

  private func answerWaiting(_ error: NodeError) {
    answerFlushed()
    for waiter in waiting { waiter.completion(error) }
    for waiter in waitingForFlush { waiter.completion(error) }
    waiting = []
    waitingForFlush = []
  }

  private func wait(forFlush index: LogIndex, _ completion: @escaping @Sendable (NodeError?) -> Void) {
    if store.flushed.index >= index { return completion(nil) }
    if isStopping { return completion(.stopped) }
    if waitingForFlush.count == maximumWaiting { return completion(.tooManyRequests) }
    waitingForFlush.append((index, completion))
  }

  private func answerFlushed() {
    if waitingForFlush.isEmpty { return }
    let flushed = store.flushed.index
    waitingForFlush.removeAll { waiter in
      guard waiter.index <= flushed else { return false }
      waiter.completion(nil)
      return true
    }
  }

  // MARK: a snapshot takes the place of everything

  /// While the apply stage stands still. The log says already that everything up to there comes from the snapshot.
  private func install(_ snapshot: Snapshot) {
    do throws(StoreError) {
      let prepared = try store.prepareInstall()
      guard prepared.position == Store.Position(index: snapshot.index, term: snapshot.term) else {
        throw .corrupt("the checkpoint that was built ends at entry \(prepared.position.index)")
      }
      try store.install(prepared)
    } catch {
      pipeline.health.fail("the snapshot at entry \(snapshot.index) cannot be taken over: \(error)")
    }
    snapshots.finished()
    log.info("took over a snapshot", ["index": "\(snapshot.index)", "revision": "\(store.currentRevision)"])
    pipeline.log.submit(.release(upTo: store.flushed.index))
    pipeline.apply.submit(.installed)
  }

  // MARK: checkpoints

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
