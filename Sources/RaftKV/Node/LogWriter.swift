import DequeModule
import Raft
import Synchronization
import WAL

/// The log stage: makes entries durable. One sync serves everything that queued while the last one ran.
///
/// Safe: because only the log stage's handler touches the mutable state.
final class LogWriter: @unchecked Sendable {
  private let log: WriteAheadLog
  private let pipeline: Pipeline
  private let clock: any NodeClock
  private let nodeLog: NodeLog
  private let retryNanoseconds: UInt64
  /// The newest of each kind that a new segment must start with.
  private let identity: LogRecord
  private var hardState: LogRecord?
  /// Writes that found no space, in order; what comes later waits behind them.
  private var waiting: [StorageWrite] = []
  private var lastAttempt: UInt64 = 0

  init(
    log: WriteAheadLog, identity: Identity, hardState: HardState, pipeline: Pipeline, clock: any NodeClock,
    limits: NodeLimits, nodeLog: NodeLog
  ) {
    self.log = log
    self.identity = identity.record
    self.hardState = LogRecord(hardState)
    self.pipeline = pipeline
    self.clock = clock
    self.nodeLog = nodeLog
    retryNanoseconds = UInt64(limits.retryMilliseconds) * 1_000_000
    carryRecords()
  }

  func handle(_ batch: [LogInput]) {
    var writes: [StorageWrite] = []
    var released: LogIndex?
    var isTick = false
    for input in batch {
      switch input {
      case .append(let write): writes.append(write)
      case .release(let index): released = index
      case .tick: isTick = true
      }
    }
    do throws(WALError) {
      // Space first: it may be what the writes need.
      if let released { try log.release(upTo: released) }
      if !waiting.isEmpty {
        waiting += writes
        let isDue = isTick && clock.now() &- lastAttempt >= retryNanoseconds
        if isDue || released != nil { try write(waiting) }
      } else if !writes.isEmpty {
        try write(writes)
      }
    } catch {
      pipeline.health.fail("the log cannot be written: \(error)")
    }
  }

  private func write(_ writes: [StorageWrite]) throws(WALError) {
    var records: [LogRecord] = []
    for write in writes {
      if let state = write.hardState { records.append(LogRecord(state)) }
      for entry in write.entries { records.append(LogRecord(entry)) }
    }
    do throws(WALError) {
      try log.append(records)
    } catch .noSpace(let cause) {
      try waitForSpace(writes, cause)
      return
    }
    let start = clock.now()
    try log.sync()
    pipeline.metrics.logSync.record(nanoseconds: clock.now() &- start)
    if let state = writes.last(where: { $0.hardState != nil })?.hardState {
      hardState = LogRecord(state)
      carryRecords()
    }
    if let last = writes.last { pipeline.raft.submit(.persisted(through: last.number)) }
    if !waiting.isEmpty {
      waiting = []
      pipeline.health.isLogFull.store(false, ordering: .releasing)
      nodeLog.notice("the log has space again")
    }
  }
}
