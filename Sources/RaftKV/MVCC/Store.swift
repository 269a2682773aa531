import Synchronization

/// The storage engine of one member: memtables over an LMDB checkpoint.
///
/// Safe: because what the threads share is in `StoreState`, what belongs to the flush thread is behind a lock, and the
/// rest belongs to the apply thread. Exclusivity is unchecked on what each put touches, which one thread
/// alone does, and never from inside itself.
public final class Store: @unchecked Sendable {
  /// Bounds of the engine, all in one place.
  public struct Configuration: Sendable {
    /// A memtable is full at so many bytes.
    public var memtableBytes = 64 << 20
    /// … or at so many changes: they bound the replay after a crash.
    public var memtableChanges = 100_000
    /// Immutable memtables that may wait for the flush; then `apply` waits. From 1 to 32.
    public var immutableMemtables = 2
    /// The size of LMDB's map: the most that the checkpoint may ever hold, in bytes (sparse).
    public var mapBytes = 1 << 40
    /// Threads that may read at the same time.
    public var maximumReaders = 1024
    /// Pages that one transaction of a flush may make dirty; LMDB's own list ends at 131,071.
    public var flushPages = 60_000
    /// The index changes of the latest flushes stay in memory until they take so many bytes, then they are written
    /// into the index together. Memory may exceed it by the keys of one memtable.
    public var indexDeltaBytes = 16 << 20
    /// Physical compaction waits so long for the end of reads that need what it would remove.
    public var pinWaitMilliseconds: UInt64 = 60_000
    /// … and so long for a snapshot that is being taken.
    public var snapshotWaitMilliseconds: UInt64 = 600_000
    /// Versions that one round of physical compaction looks at: what they hide is held in memory (16 bytes each).
    public var compactionBatchVersions = 65_536
    /// Rows that one transaction of physical compaction removes, or one version's, if that has more.
    public var compactionStepRows = 2048
    /// Leaf pages that one transaction rewrites when it packs what compaction left over.
    public var packingStepPages = 256
    /// Bytes that one step of giving space back to the file system punches out, at most.
    public var reclaimStepBytes = 16 << 20
    /// … and holes that it makes.
    public var reclaimStepHoles = 128
    /// Free space that stays in the file for reuse, in bytes, unless an eighth of what is in use is more.
    public var reclaimReserveBytes = 4 << 20

    /// The bounds a member runs with.
    public init() {}
  }

  /// The log position up to which every entry is part of the store's state.
  public struct Position: Sendable, Hashable {
    /// The entry's index; 0 before the first.
    public var index: UInt64
    /// The entry's term.
    public var term: UInt64

    /// A place in the log.
    public init(index: UInt64, term: UInt64) {
      self.index = index
      self.term = term
    }
  }

  /// The longest key, in bytes. Longer ones are refused.
  public static let maximumKeyBytes = 8192

  let state: StoreState
  /// The checkpoint's folder.
  let directory: String
  /// Held for each step of the flush thread, and while another checkpoint takes this one's place.
  let background: Monitor<Background>

  /// What the flush thread works with.
  struct Background {
    var flusher: Flusher
    var maintainer: Maintainer
    var folder: FolderLock
    /// A folder to remove.
    var discarded: String?
  }

  // The apply thread's.
  @exclusivity(unchecked) var active: Memtable
  let reader: ReadHandle
  @exclusivity(unchecked) var readerIsStale = false
  @exclusivity(unchecked) var position: Position
  @exclusivity(unchecked) var revision: Int64
  /// Changes of the next entry that the checkpoint has already.
  @exclusivity(unchecked) var partialChanges: Int64
  @exclusivity(unchecked) var entryIndex: UInt64 = 0
  @exclusivity(unchecked) var entryTerm: UInt64 = 0
  /// Revisions that the entry being applied has completed: one that revokes many leases takes many.
  @exclusivity(unchecked) var entryRevisions: Int64 = 0
  /// Changes that the entry being applied has made.
  @exclusivity(unchecked) var entryChanges: Int64 = 0
  /// … and those of them that belong to its current revision.
  @exclusivity(unchecked) var nextSub: Int64 = 0
  /// Why no more entries can be applied.
  @exclusivity(unchecked) var failure: StoreError?

  /// Opens or creates the checkpoint in `directory`. Fails with `.storage` or `.corrupt` and a message for
  /// the operator when it cannot be read, is of another format, or is open in another process.
  public init(directory: String, configuration: Configuration = .init()) throws(StoreError) {
    var bounded = configuration
    bounded.immutableMemtables = min(max(bounded.immutableMemtables, 1), 32)
    bounded.memtableChanges = max(bounded.memtableChanges, 1)
    bounded.memtableBytes = min(max(bounded.memtableBytes, 4096), 16 << 30)
    let folder = try FolderLock(directory)
    self.directory = directory
    let environment = try Environment(path: directory, configuration: bounded)
    let loaded: Checkpoint
    let (runs, delta): (IndexRuns, IndexDelta)
    do throws(StoreError) {
      loaded = try Checkpoint.load(environment, path: directory)
      (runs, delta) = try IndexRuns.load(environment)
      try folder.sync()
    } catch {
      environment.close()
      throw error
    }
    active = Store.makeMemtable(bounded, room: 0, origin: loaded.state)
    state = StoreState(
      configuration: bounded, tables: MemtableSet([active], delta: delta, environment: environment),
      loaded: loaded)
    let flusher = Flusher(state, environment, nextNode: loaded.nextNode, runs: runs)
    background = Monitor(
      Background(
        flusher: flusher, maintainer: Maintainer(state, flusher: flusher, progress: loaded.compaction),
        folder: folder))
    do throws(StoreError) {
      reader = try ReadHandle(state)
    } catch {
      environment.close()
      throw error
    }
    position = loaded.state.position
    revision = loaded.state.revision
    partialChanges = loaded.state.partialChanges
    try flusher.measure()
  }

  static func makeMemtable(_ configuration: Configuration, room: Int, origin: CheckpointState) -> Memtable {
    let slack = min(Memtable.slackBytes, configuration.memtableBytes)
    let capacity = max(configuration.memtableBytes + slack, room)
    guard let table = Memtable(capacity: capacity, changes: configuration.memtableChanges, origin: origin)
    else {
      // Nothing that was applied is lost, and no later entry can be applied without memory.
      fatalError("out of memory: the kernel refused \(capacity) bytes for a memtable")
    }
    return table
  }

  // MARK: apply thread

  /// The last applied entry.
  public var applied: Position { position }

  /// Whether the next entry would have to wait for a flush: the active memtable is full, and as many immutable
  /// ones wait as may. Whoever must not be held up asks first.
  public var mustWaitForFlush: Bool { isFull && isFlushBehind }

  // MARK: any thread

  /// As many immutable memtables wait for the flush as may: one more has to wait.
  public var isFlushBehind: Bool {
    let limit = state.configuration.immutableMemtables
    return state.shared.with { $0.tables.tables.count > limit }
  }

  /// For a stop while flushes fail: an `apply` or `rotate` that waits for a flush, now or later, gives up.
  /// `apply` then fails with `.storage`, and its entry counts as not applied.
  public func stopWaiting() { state.shared.change { $0.mayWait = false } }

  /// The newest revision that reads see; 1 in an empty store.
  public var currentRevision: Int64 { state.revision.load(ordering: .acquiring) }
  /// The revision compacted to; reads below it fail. -1 before the first compaction (as in etcd).
  public var compactRevision: Int64 { state.compactRevision.load(ordering: .acquiring) }
  /// Everything up to here is in the checkpoint: log entries up to it are no longer needed.
  public var flushed: Position { state.shared.with { $0.flushed.position } }

  /// Bytes of disk that the checkpoint takes (etcd API: `Status.dbSize`), and memtables, which it will take in.
  public var size: Int64 {
    state.shared.with { shared in
      if shared.isClosed { return 0 }
      return Int64(shared.tables.environment.allocatedBytes + Store.memory(shared.tables))
    }
  }

  /// Bytes of the pages that hold something, as of the last flush (etcd API: `Status.dbSizeInUse`), and memtables.
  public var sizeInUse: Int64 {
    state.shared.with { shared in
      if shared.isClosed { return 0 }
      let environment = shared.tables.environment
      let pages = max(environment.pageCount - shared.freePages, 0)
      return Int64(pages * environment.pageSize + Store.memory(shared.tables))
    }
  }

  private static func memory(_ tables: MemtableSet) -> Int {
    tables.tables.reduce(0) { $0 + $1.used }
  }

  /// The alarms raised now, in order.
  public var alarms: [Alarm] { state.documents.withLock { $0.alarms } }

  /// All leases, by id.
  public var leases: [Lease] { state.leases.all }

  /// A lease; nil when there is none of that id.
  public func lease(_ id: Int64) -> Lease? { state.leases.lease(id) }

  /// A named document in `meta`; nil when there is none.
  public func meta(_ name: String) throws(StoreError) -> Bytes? {
    state.documents.withLock { $0.byName[name] }
  }

  /// Everything that can go for a compaction to this revision is gone from the checkpoint. -1 before the first.
  public var physicalRevision: Int64 { state.physicalRevision.load(ordering: .acquiring) }
  /// How often another checkpoint has taken the place of all content (`install`). Look at it after
  /// `currentRevision`: whoever sees the new revision sees the new number, too.
  public var replacements: UInt64 { state.replacements.load(ordering: .acquiring) }
  /// Versions that compaction has removed since the start.
  public var removedVersions: UInt64 { state.removedVersions.load(ordering: .relaxed) }

  /// Keeps what reads at `revision` need from being removed, for a read that goes on over several calls.
  /// Fails with `.compacted` when some of it may be gone.
  public func pin(_ revision: Int64) throws(StoreError) -> ReadPin { try ReadPin(revision, state.retention) }

  /// A handle that one thread at a time may read through. Make one per thread and keep it.
  public func makeReadHandle() throws(StoreError) -> ReadHandle {
    if state.shared.with({ $0.isClosed }) { throw .storage("the store is closed") }
    return try ReadHandle(state)
  }

  // MARK: flush thread

  /// Called (on the apply thread) each time a memtable became immutable: run `flushOldest()` on the flush
  /// thread.
  public var onFlushNeeded: (@Sendable () -> Void)? {
    get { state.shared.with { $0.onFlushNeeded } }
    set { state.shared.with { $0.onFlushNeeded = newValue } }
  }

  /// Writes the oldest immutable memtable to the checkpoint; false when there is none. A failed flush throws,
  /// keeps the memtable, and may be tried again. One thread at a time.
  public func flushOldest() throws(StoreError) -> Bool {
    try background.with { (background) throws(StoreError) -> Bool in try background.flusher.flushOldest() }
  }

  /// The flush thread's; for use between its steps.
  var flusher: Flusher { background.with { $0.flusher } }

  /// Takes one bounded step of what has to be done in the background: physical compaction, packing, giving disk
  /// space back. `now` is monotonic time in nanoseconds. A failed step throws and may be tried again. On the flush
  /// thread, between flushes.
  public func maintain(now: UInt64) throws(StoreError) -> MaintenanceStep {
    if state.shared.with({ $0.isClosed }) { return .idle }
    return try background.with { (background) throws(StoreError) -> MaintenanceStep in
      if let folder = background.discarded {
        try Folders.remove(folder)
        background.discarded = nil
        return .worked
      }
      return try background.maintainer.step(now: now)
    }
  }

  /// Asks the next maintenance steps to give back all the disk space they can (etcd API: Defragment). On the flush
  /// thread.
  public func requestReclaim() { background.with { $0.maintainer.requestReclaim() } }

  /// Closes the checkpoint. No handle may be in use; those still around fail from now on. What is in
  /// memtables stays in the log alone.
  public func close() {
    let wasOpen = state.shared.with { shared in
      defer { shared.isClosed = true }
      return !shared.isClosed
    }
    if !wasOpen { return }
    failure = .storage("the store is closed")
    background.with { background in
      state.environment.close()
      background.folder.release()
    }
  }

  deinit { close() }
}
