import DequeModule
import MVCC
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
  private let tailBytes: Int
  /// The newest of each kind that a new segment must start with.
  private let identity: LogRecord
  private var hardState: LogRecord?
  /// Damage took entries that the member has not got back yet.
  private var lacksEntries: Bool
  /// Writes that found no space, in order; what comes later waits behind them. Bounded by what the core hands
  /// out before anything is durable.
  private var waiting: [StorageWrite] = []
  private var lastAttempt: UInt64 = 0
  /// What was appended and is not synced yet.
  private var unsynced = Unsynced()
  private var gathering = Gathering()

  private struct Unsynced {
    var entries = 0
    /// The number of the newest write.
    var lastWrite: UInt64?
  }

  init(
    log: WriteAheadLog, identity: Identity, hardState: HardState, lacksEntries: Bool, pipeline: Pipeline,
    clock: any NodeClock,
    limits: NodeLimits, nodeLog: NodeLog
  ) {
    self.log = log
    self.identity = identity.record
    self.hardState = LogRecord(hardState)
    self.pipeline = pipeline
    self.clock = clock
    self.nodeLog = nodeLog
    tailBytes = limits.logTailBytes
    self.lacksEntries = lacksEntries
    retryNanoseconds = UInt64(limits.retryMilliseconds) * 1_000_000
    carryRecords()
  }

  func handle(_ batch: [LogInput]) {
    if pipeline.health.hasFailed.load(ordering: .acquiring) { return }
    var writes: [StorageWrite] = []
    var released: LogIndex?
    var isRecovered = false
    for input in batch {
      switch input {
      case .append(let write): writes.append(write)
      case .release(let index): released = index
      case .recovered: isRecovered = true
      case .sync, .tick: break
      }
    }
    do throws(WALError) {
      // Space first: it may be what the writes need.
      if let released { try release(upTo: released) }
      try lookForSpace()
      if !waiting.isEmpty {
        waiting += writes
        if released != nil { try retry() }
      } else if !writes.isEmpty {
        try write(writes)
      }
      if isRecovered { try noteRecovery() }
      try syncOrGather()
    } catch {
      pipeline.health.fail("the log cannot be written: \(error)")
    }
  }

  /// A segment that cannot be removed is only in the way: the next release tries it again.
  private func release(upTo index: LogIndex) throws(WALError) {
    do throws(WALError) {
      let isAlone = pipeline.peers.count.load(ordering: .relaxed) == 0
      try log.release(upTo: index, keepingBytes: isAlone ? 0 : tailBytes)
      pipeline.raft.submit(.discarded(below: log.reader.firstIndex))
    } catch .file(let cause) {
      nodeLog.error("a part of the log that is no longer needed cannot be removed", "\(cause)")
    }
  }

  private func write(_ writes: [StorageWrite]) throws(WALError) {
    var records: [LogRecord] = []
    for write in writes {
      if let state = write.hardState { records.append(LogRecord(state)) }
      if let snapshot = write.snapshot {
        records.append(LogRecord(beginningAfter: Store.Position(index: snapshot.index, term: snapshot.term)))
      }
      for entry in write.entries { records.append(LogRecord(entry)) }
    }
    do throws(WALError) {
      try log.append(records)
    } catch .noSpace(let cause) {
      return try waitForSpace(writes, cause)
    }
    unsynced.entries += writes.reduce(0) { $0 + $1.entries.count }
    unsynced.lastWrite = writes.last?.number
    if let state = writes.last(where: { $0.hardState != nil })?.hardState {
      hardState = LogRecord(state)
      carryRecords()
    }
  }

  /// Makes durable what was appended, unless it is worth while to let more of it arrive first.
  private func syncOrGather() throws(WALError) {
    guard let lastWrite = unsynced.lastWrite else { return }
    if gathering.shouldWait(entries: unsynced.entries) {
      clock.pause(nanoseconds: Gathering.pauseNanoseconds)
      pipeline.log.submit(.sync)
      return
    }
    let start = clock.now()
    try log.sync()
    pipeline.metrics.logSync.record(nanoseconds: clock.now() &- start)
    unsynced = Unsynced()
    pipeline.raft.submit(.persisted(through: lastWrite))
  }

  /// Keeps what found no space. The ballast pays for this much and for what still comes: deletes, and the alarm
  /// that tells clients why their writes are refused.
  private func waitForSpace(_ writes: [StorageWrite], _ cause: FileError) throws(WALError) {
    waiting = writes
    lastAttempt = clock.now()
    if pipeline.health.isLogFull.exchange(true, ordering: .acquiringAndReleasing) { return }
    nodeLog.error("the log has no space for another segment: writes are refused until it has", "\(cause)")
    try log.releaseBallast()
    try retry()
  }

  private func retry() throws(WALError) {
    let writes = waiting
    waiting = []
    try write(writes)
  }

  /// On a full disk, now and then: what waits is tried again, and once the ballast is back so are the writes.
  private func lookForSpace() throws(WALError) {
    guard pipeline.health.isLogFull.load(ordering: .relaxed), clock.now() &- lastAttempt >= retryNanoseconds
    else { return }
    lastAttempt = clock.now()
    if !waiting.isEmpty { try retry() }
    if waiting.isEmpty, log.restoreBallast() {
      pipeline.health.isLogFull.store(false, ordering: .releasing)
      nodeLog.notice("the log has space again")
    }
  }

  private func carryRecords() {
    log.carriedRecords =
      [identity] + (hardState.map { [$0] } ?? []) + (lacksEntries ? [LogRecord(lacksEntries: true)] : [])
  }

  /// Everything that damage took is back. Without the note the next start would only be careful in vain.
  private func noteRecovery() throws(WALError) {
    lacksEntries = false
    carryRecords()
    do throws(WALError) {
      try log.append([LogRecord(lacksEntries: false)])
    } catch .noSpace {}
    nodeLog.notice("everything that damage had taken from the log is back")
  }

  /// Leaves the mark of an orderly end. Once no more batches will come.
  func close() {
    do throws(WALError) {
      try log.seal()
    } catch {
      nodeLog.error("the log could not be sealed; the next start replays it", "\(error)")
    }
  }
}
