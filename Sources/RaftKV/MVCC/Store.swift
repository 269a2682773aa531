/// The storage engine of one member: memtables over an LMDB checkpoint.
public final class Store: @unchecked Sendable {
  /// Bounds of the engine, all in one place.
  public struct Configuration: Sendable {
    /// A memtable is full at so many bytes.
    public var memtableBytes = 64 << 20
    /// … or at so many changes: they bound the replay after a crash.
    public var memtableChanges = 100_000
    /// Immutable memtables that may wait for the flush; then `apply` waits.
    public var immutableMemtables = 2
    /// The size of LMDB's map: the most that the checkpoint may ever hold, in bytes (sparse).
    public var mapBytes = 1 << 40
    /// Threads that may read at the same time.
    public var maximumReaders = 1024

    public init() {}
  }

  /// The log position up to which every entry is part of the store's state.
  public struct Position: Sendable, Hashable {
    public var index: UInt64
    public var term: UInt64
  }

  /// Opens or creates the checkpoint in `directory`. Fails with `.storage` or `.corrupt` and a message for
  /// the operator when it cannot be read, is of another format, or is open in another process.
  public init(directory: String, configuration: Configuration = .init()) throws(StoreError) { fatalError() }

  // MARK: apply thread

  /// Applies the entry at `index` (the next one after the last applied). Visible to reads at once.
  public func apply(_ command: Command, index: UInt64, term: UInt64) -> Outcome { fatalError() }
  /// Advances the applied position over an entry that changes nothing.
  public func skip(index: UInt64, term: UInt64) { fatalError() }
  /// The last applied entry.
  public var applied: Position { fatalError() }

  // MARK: any thread

  /// The newest revision that reads see.
  public var currentRevision: Int64 { fatalError() }
  /// The revision compacted to; reads below it fail.
  public var compactRevision: Int64 { fatalError() }
  /// Everything up to here is in the checkpoint: log entries up to it are no longer needed.
  public var flushed: Position { fatalError() }
  /// Bytes of the checkpoint file that hold pages (etcd API: `Status.dbSize`), memtables included.
  public var size: Int64 { fatalError() }
  /// The same without free pages (etcd API: `Status.dbSizeInUse`).
  public var sizeInUse: Int64 { fatalError() }
  /// The alarms raised now, in order.
  public var alarms: [Alarm] { fatalError() }
  /// A named document in `meta`.
  public func meta(_ name: String) throws(StoreError) -> Bytes? { fatalError() }
  /// A handle that one thread at a time may read through. Make one per thread and keep it.
  public func makeReadHandle() throws(StoreError) -> ReadHandle { fatalError() }

  // MARK: flush thread

  /// Called (on the apply thread) each time a memtable became immutable: run `flush()` on the flush thread.
  public var onFlushNeeded: (@Sendable () -> Void)? { get { fatalError() } set { fatalError() } }
  /// Writes the oldest immutable memtable to the checkpoint; false when there is none. A failed flush throws,
  /// keeps the memtable, and may be tried again.
  public func flushOldest() throws(StoreError) -> Bool { fatalError() }
  /// Makes the active memtable immutable if it holds anything (apply thread only): on idle, and on shutdown.
  public func rotate() { fatalError() }

  /// Closes the checkpoint. No handle may be in use.
  public func close() { fatalError() }
}

/// One key-value of a scan, borrowed: valid only inside the visit.
public struct KeyValueView: ~Copyable {
  public var key: UnsafeRawBufferPointer { fatalError() }
  public var createRevision: Int64 { fatalError() }
  public var modRevision: Int64 { fatalError() }
  public var version: Int64 { fatalError() }
  public var lease: Int64 { fatalError() }
  /// The value's length in bytes.
  public var valueLength: Int { fatalError() }
  /// Copies the whole value (`valueLength` bytes) to `target`, checking its checksums.
  public func copyValue(to target: UnsafeMutableRawPointer) throws(StoreError) { fatalError() }
}

/// One thread's way to read: owns an LMDB read transaction that each call renews and releases.
public final class ReadHandle {
  /// Pins the revision to read at: `requested` if positive, else the current one.
  /// Fails with `.futureRevision` or `.compacted`.
  public func resolve(_ requested: Int64) throws(StoreError) -> (revision: Int64, current: Int64) { fatalError() }

  /// Visits the keys of `range` as they were at `revision`, in key order, until `visit` returns false.
  /// Begin again later with the next key as the range's start: nothing is held between calls.
  public func scan(
    _ range: KeyRange, revision: Int64,
    visit: (borrowing KeyValueView) throws(StoreError) -> Bool
  ) throws(StoreError) { fatalError() }

  /// How many keys `range` holds at `revision`.
  public func count(_ range: KeyRange, revision: Int64) throws(StoreError) -> Int64 { fatalError() }

  /// The whole of etcd's Range, materialised: sorted, filtered and limited.
  public func range(_ query: RangeQuery) throws(StoreError) -> RangeResult { fatalError() }

  /// Evaluates a read-only transaction at one revision.
  public func transaction(_ command: TransactionCommand) throws(StoreError) -> (TransactionResult, revision: Int64) { fatalError() }
}
