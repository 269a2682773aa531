import Synchronization

/// What the checkpoint, or a memtable, accounts for.
struct CheckpointState {
  /// The last entry that is complete.
  var position = Store.Position(index: 0, term: 0)
  /// The store's revision after it.
  var revision: Int64 = 1
  /// Changes of the entry after `position` (main revision `revision` + 1, or that and later ones) that are in
  /// already: a flush may end inside an entry that filled a memtable.
  var partialChanges: Int64 = 0
  /// Where those end; nil when there are none.
  var partialEnd: Bound?
  /// The revision that the entries up to `position` compacted to; -1 before the first compaction, as in etcd.
  var compactRevision: Int64 = -1

  /// Everything before this place in history is in, and nothing after it.
  var end: Bound { partialEnd ?? Bound(through: revision) }
}

/// What reads find at one moment. A flush moves a memtable's keys into the delta in one step.
final class MemtableSet: Sendable {
  /// Newest first: the active one and those that wait for the flush.
  let tables: [Memtable]
  /// The part of the checkpoint's index that is not in `current` yet.
  let delta: IndexDelta
  /// The checkpoint below them.
  let environment: Environment

  init(_ tables: [Memtable], delta: IndexDelta, environment: Environment) {
    self.tables = tables
    self.delta = delta
    self.environment = environment
  }
}

/// What the threads of a store share.
///
/// Safe: because every member is immutable, atomic or behind a lock.
final class StoreState: @unchecked Sendable {
  struct Shared {
    var tables: MemtableSet
    var flushed: CheckpointState
    var isClosed = false
    /// Nobody flushes any more: waiting for it has no end.
    var mayWait = true
    var onFlushNeeded: (@Sendable () -> Void)?
    /// Pages of the checkpoint that are free, as of the last flush.
    var freePages = 0
  }

  struct Documents {
    var byName: [String: Bytes] = [:]
    var alarms: [Alarm] = []
  }

  let configuration: Store.Configuration
  let shared: Monitor<Shared>
  let documents: Mutex<Documents>
  let leases: LeaseTable
  let counts = Mutex(CountCache())
  /// The newest revision that reads see.
  let revision: Atomic<Int64>
  /// New reads below it fail.
  let compactRevision: Atomic<Int64>
  /// Versions that physical compaction has removed since the start.
  let removedVersions = Atomic<UInt64>(0)
  /// Everything that can go for a compaction to this revision is gone.
  let physicalRevision: Atomic<Int64>
  /// What physical compaction may remove.
  let retention: Retention
  /// How often another checkpoint has taken the place of all content.
  let replacements = Atomic<UInt64>(0)

  init(configuration: Store.Configuration, tables: MemtableSet, loaded: Checkpoint) {
    self.configuration = configuration
    shared = Monitor(Shared(tables: tables, flushed: loaded.state))
    leases = LeaseTable(loaded.leases)
    documents = Mutex(Documents(byName: loaded.documents, alarms: loaded.alarms))
    revision = Atomic(loaded.state.revision)
    compactRevision = Atomic(loaded.state.compactRevision)
    physicalRevision = Atomic(loaded.compaction.isComplete ? loaded.compaction.target : -1)
    // What was removed before a restart was removed for this compaction or an earlier one.
    retention = Retention(
      floor: loaded.state.compactRevision, waitNanoseconds: configuration.pinWaitMilliseconds * 1_000_000)
  }

  /// The checkpoint of this moment. Not for use inside `shared`.
  var environment: Environment { shared.with { $0.tables.environment } }
}

/// The counts of recent lists. A list read page by page asks for the count of what is left with each page:
/// counting anew each time would make the whole quadratic.
struct CountCache {
  static let capacity = 64

  private var entries: [(range: KeyRange, revision: Int64, count: Int64)] = []
  private var oldest = 0

  func count(of range: KeyRange, at revision: Int64) -> Int64? {
    entries.first { $0.revision == revision && $0.range == range }?.count
  }

  mutating func remember(_ count: Int64, of range: KeyRange, at revision: Int64) {
    if self.count(of: range, at: revision) != nil { return }
    if entries.count < CountCache.capacity {
      entries.append((range, revision, count))
    } else {
      entries[oldest] = (range, revision, count)
      oldest = (oldest + 1) % CountCache.capacity
    }
  }
}
