import Synchronization

/// One thread's way to read: owns an LMDB read transaction that each call renews and releases. When the store has
/// taken another checkpoint over, the next call begins one there.
/// Nothing is held between calls. A handle must not be used from inside one of its own visits (which is why
/// exclusivity can go unchecked on what each read touches).
public final class ReadHandle {
  let state: StoreState
  @exclusivity(unchecked) private(set) var session: ReadSession
  @exclusivity(unchecked) private(set) var rows: KeyCursor
  @exclusivity(unchecked) private(set) var versions: VersionReader
  @exclusivity(unchecked) private(set) var changeCursor: VersionCursor
  /// Why this call cannot read the checkpoint.
  @exclusivity(unchecked) private var failure: StoreError?
  @exclusivity(unchecked) private(set) var tables: MemtableSet?
  @exclusivity(unchecked) private var isCheckpointOpen = false
  private let sources: UnsafeMutableBufferPointer<MemtableSource>
  private let deltaKey = UnsafeMutableRawPointer.allocate(byteCount: Store.maximumKeyBytes, alignment: 8)
  /// Compaction has removed what this call began to read.
  @exclusivity(unchecked) private var isOvertaken = false
  /// The revision this call reads at; `Int64.max` on the apply thread, which is never below the compacted one.
  @exclusivity(unchecked) private var pinned = Int64.max

  init(_ state: StoreState) throws(StoreError) {
    self.state = state
    let session = try ReadHandle.openSession(state)
    self.session = session
    rows = KeyCursor(session)
    versions = VersionReader(session)
    changeCursor = VersionCursor(session)
    // The active table, those that wait, and one that is being replaced.
    sources = .allocate(capacity: min(state.configuration.immutableMemtables + 2, 64))
  }

  deinit {
    sources.deallocate()
    deltaKey.deallocate()
  }

  // MARK: one call

  /// Takes memtables and delta. The checkpoint is renewed after that, on first use: what a flush moves in between
  /// is then seen twice, never not at all.
  @inline(__always)
  func begin() {
    precondition(tables == nil, "a read inside another on the same handle")
    let taken = state.shared.with { $0.tables }
    if taken.environment === session.environment, session.enter() {
      tables = taken
    } else {
      beginElsewhere()
    }
  }

  /// The store has taken another checkpoint over.
  private func beginElsewhere() {
    do throws(StoreError) {
      while true {
        let session = try ReadHandle.openSession(state)
        let taken = state.shared.with { $0.tables }
        guard taken.environment === session.environment, session.enter() else { continue }
        self.session = session
        rows = KeyCursor(session)
        versions = VersionReader(session)
        changeCursor = VersionCursor(session)
        tables = taken
        return
      }
    } catch {
      failure = error
      tables = state.shared.with { $0.tables }
    }
  }

  private static func openSession(_ state: StoreState) throws(StoreError) -> ReadSession {
    while true {
      let environment = state.environment
      do throws(StoreError) {
        return try ReadSession(environment)
      } catch {
        // One that was retired meanwhile is no failure.
        if state.environment === environment { throw error }
      }
    }
  }

  @inline(__always)
  func end() {
    if failure == nil {
      session.reset()
      session.leave()
    } else {
      failure = nil
    }
    isCheckpointOpen = false
    tables = nil
    pinned = .max
  }

  /// Renews the checkpoint's transaction and checks that the versions to read are still there.
  @inline(__always)
  func openCheckpoint() throws(StoreError) {
    if isCheckpointOpen { return }
    if let failure { throw failure }
    try session.renew()
    isCheckpointOpen = true
    // Only now: whatever this state of the checkpoint lacks, the floor was raised before it was removed.
    if pinned < state.retention.floor.load(ordering: .acquiring) {
      isOvertaken = true
      throw .compacted
    }
  }

  /// Runs one call at `requested` (or the current revision), chosen before the memtables are taken. With a pin of
  /// that revision the call goes on where an earlier one stopped, even if it was compacted meanwhile.
  func reading<Result>(
    _ requested: Int64, pin: ReadPin? = nil, _ body: (_ revision: Int64) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    while true {
      let revision = pin == nil ? try resolve(requested).revision : requested
      begin()
      defer { end() }
      pinned = pin?.revision ?? revision
      isOvertaken = false
      do throws(StoreError) {
        return try body(revision)
      } catch {
        // The current revision was compacted away while the call began: the next one is as good.
        if isOvertaken && requested <= 0 { continue }
        throw error
      }
    }
  }

  /// The revision compacted to; reads below it fail. 0 before the first compaction.
  public var compactRevision: Int64 { state.compactRevision.load(ordering: .acquiring) }

  /// Pins the revision to read at: `requested` if positive, else the current one.
  /// Fails with `.futureRevision` or `.compacted`.
  public func resolve(_ requested: Int64) throws(StoreError) -> (revision: Int64, current: Int64) {
    let current = state.revision.load(ordering: .acquiring)
    if requested <= 0 { return (current, current) }
    if requested > current { throw .futureRevision }
    if requested < state.compactRevision.load(ordering: .acquiring) { throw .compacted }
    return (requested, current)
  }

  /// The same, with a pin for a read that goes on over several calls (`pinned`).
  public func resolve(
    _ requested: Int64, pinned: Bool
  ) throws(StoreError) -> (revision: Int64, current: Int64, pin: ReadPin?) {
    while true {
      let (revision, current) = try resolve(requested)
      do throws(StoreError) {
        return (revision, current, pinned ? try ReadPin(revision, state.retention) : nil)
      } catch {
        // The current revision was compacted away meanwhile: the next one is as good.
        if error == .compacted && requested <= 0 { continue }
        throw error
      }
    }
  }

  // MARK: lookups within a call

  /// Puts the sources of a merge on `start`; those with nothing there are left out.
  func seekSources(_ start: UnsafeRawBufferPointer) -> UnsafeMutableBufferPointer<MemtableSource> {
    var count = 0
    for table in tables!.tables {
      let node = start.count == 0 ? table.firstKey : table.seek(start).found
      if node == 0 { continue }
      precondition(count < sources.count, "more memtables than the configuration allows")
      (sources.baseAddress! + count).initialize(
        to: MemtableSource(table: .passUnretained(table), node: node))
      count += 1
    }
    return UnsafeMutableBufferPointer(start: sources.baseAddress, count: count)
  }

  /// A cursor over the delta, on the first key at or after `start`.
  func seekDelta(_ start: UnsafeRawBufferPointer) -> PackedRowCursor {
    let delta = tables!.delta
    var cursor = PackedRowCursor(delta.bytes, keyMemory: deltaKey)
    delta.seek(&cursor, start)
    return cursor
  }

  /// The newest index row of `key` in the checkpoint, whether it is in `current` already or not.
  @inline(__always)
  func checkpointRow(of key: UnsafeRawBufferPointer) throws(StoreError) -> CurrentRow? {
    if let row = tables!.delta.find(key) { return row }
    try openCheckpoint()
    return try KeyRows.find(key, in: session)
  }

  /// The newest version of `key` before `bound`, tombstones included.
  @inline(__always)
  func find(
    _ key: UnsafeRawBufferPointer, before bound: Bound, skipping skipped: Memtable? = nil
  ) throws(StoreError) -> VisibleVersion? {
    for table in tables!.tables where table !== skipped {
      let node = table.find(key)
      if node != 0, let found = table.newest(of: node, before: bound) {
        return VisibleVersion(found)
      }
    }
    guard let row = try checkpointRow(of: key) else { return nil }
    if bound.isAfter(main: row.main, sub: row.sub) { return VisibleVersion(row) }
    try openCheckpoint()
    return try walkBack(row, before: bound)
  }

  /// The version at exactly this place, if it lies in a memtable.
  func find(_ key: UnsafeRawBufferPointer, main: Int64, sub: Int64) -> VersionPointer? {
    for table in tables!.tables {
      let node = table.find(key)
      if node != 0, let found = table.newest(of: node, before: Bound(main: main, sub: sub + 1)),
        found.pointee.main == main, Int64(found.pointee.sub) == sub
      {
        return found
      }
    }
    return nil
  }

  /// The next older version of the same key in the same memtable.
  func older(_ version: VersionPointer) -> VersionPointer? {
    if version.pointee.older == 0 { return nil }
    for table in tables!.tables {
      let distance = UnsafeRawPointer(version) - UnsafeRawPointer(table.base)
      if distance >= 0 && distance < table.capacity { return table.version(at: version.pointee.older) }
    }
    return nil
  }

  /// The newest version before `bound` of a key whose row in the checkpoint is newer.
  func walkBack(_ row: CurrentRow, before bound: Bound) throws(StoreError) -> VisibleVersion? {
    var main = row.main
    var sub = row.sub
    while true {
      guard let record = try versions.header(main: main, sub: sub) else {
        // Compaction removes tombstones and what they and newer versions hide.
        if main <= state.retention.floor.load(ordering: .acquiring) { return nil }
        throw .corrupt("the checkpoint lacks version \(main).\(sub) that its index names")
      }
      if bound.isAfter(main: main, sub: sub) { return VisibleVersion(record, main: main, sub: sub) }
      if record.previousMain == 0 { return nil }
      guard record.previousMain < main || record.previousSub < sub else {
        throw .corrupt("version \(main).\(sub) of the checkpoint names a previous one that is not older")
      }
      (main, sub) = (record.previousMain, record.previousSub)
    }
  }

  func copyValue(
    _ version: VisibleVersion, of key: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer
  ) throws(StoreError) {
    if let inMemory = version.inMemory {
      if version.valueLength > 0 {
        target.copyMemory(from: inMemory.value.baseAddress!, byteCount: version.valueLength)
      }
      return
    }
    try openCheckpoint()
    try versions.copyValue(
      main: version.main, sub: version.sub, key: key, to: target, length: version.valueLength)
  }

  func value(_ version: VisibleVersion, of key: UnsafeRawBufferPointer) throws(StoreError) -> Bytes {
    var failure: StoreError?
    let bytes = Bytes(unsafeUninitializedCapacity: version.valueLength) { buffer, count in
      do throws(StoreError) {
        if version.valueLength > 0 || version.inMemory == nil {
          // An empty array has no memory, but an empty value's record is still checked.
          var nothing: UInt64 = 0
          try withUnsafeMutablePointer(to: &nothing) { (spare) throws(StoreError) in
            try copyValue(
              version, of: key,
              to: UnsafeMutableRawPointer(buffer.baseAddress) ?? UnsafeMutableRawPointer(spare))
          }
        }
        count = version.valueLength
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  func keyValue(
    _ version: VisibleVersion, key: UnsafeRawBufferPointer, withValue: Bool = true
  ) throws(StoreError) -> KeyValue {
    KeyValue(
      key: Bytes(key), value: withValue ? try value(version, of: key) : [],
      createRevision: version.createRevision, modRevision: version.main, version: version.version,
      lease: version.lease)
  }

  /// Runs `body` on a merge over `range`; ranges that end at or before their start hold nothing.
  func merging<Result>(
    _ range: KeyRange, before bound: Bound, empty: Result,
    _ body: (inout MergeCursor) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try range.start.withRawBytes { (start) throws(StoreError) -> Result in
      switch range.end {
      case .single:
        preconditionFailure("a single key is looked up, not merged")
      case .unbounded:
        var cursor = try MergeCursor(self, from: start, to: .unbounded, before: bound)
        return try body(&cursor)
      case .before(let end):
        return try end.withRawBytes { (end) throws(StoreError) -> Result in
          if compareBytes(start, end) >= 0 { return empty }
          var cursor = try MergeCursor(self, from: start, to: .before(end), before: bound)
          return try body(&cursor)
        }
      }
    }
  }

  /// The keys attached to a lease, in order.
  func leaseKeys(_ lease: Int64) throws(StoreError) -> [Bytes] {
    try openCheckpoint()
    var keys = try LeaseRows.keys(of: lease, in: session)
    // Oldest first. What a flush moved meanwhile is done twice, which changes nothing.
    for table in tables!.tables.reversed() { table.leases.replay(on: &keys, of: lease) }
    if keys.count <= 1 { return Array(keys) }
    return keys.sorted { left, right in
      left.withUnsafeBytes { left in right.withUnsafeBytes { compareBytes(left, $0) < 0 } }
    }
  }

  // MARK: reads

  /// The keys attached to a lease now, in order. Fails with `.corrupt`.
  public func keys(ofLease lease: Int64) throws(StoreError) -> [Bytes] {
    begin()
    defer { end() }
    return try leaseKeys(lease)
  }

  /// Visits the keys of `range` as they were at `revision` (positive, as `resolve` gave it), in key order,
  /// until `visit` returns false. Begin again later with the next key as the range's start: nothing is held
  /// between calls, but by a `pin` of that revision, which lets a list that has begun go on when it is compacted.
  /// Fails with `.futureRevision`, `.compacted`, `.corrupt` or what `visit` throws.
  public func scan(
    _ range: KeyRange, revision: Int64, pin: ReadPin? = nil,
    visit: (borrowing KeyValueView) throws(StoreError) -> Bool
  ) throws(StoreError) {
    try reading(revision, pin: pin) { (revision) throws(StoreError) in
      try visitAll(range, before: Bound(through: revision)) { (key, version) throws(StoreError) -> Bool in
        try visit(KeyValueView(key: key, version: version, handle: self))
      }
    }
  }

  /// `scan` within a call.
  @inline(__always)
  func visitAll(
    _ range: KeyRange, before bound: Bound,
    _ visit: (UnsafeRawBufferPointer, VisibleVersion) throws(StoreError) -> Bool
  ) throws(StoreError) {
    if range.end == .single {
      try range.start.withRawBytes { (key) throws(StoreError) in
        if let found = try find(key, before: bound), !found.isTombstone { _ = try visit(key, found) }
      }
      return
    }
    try merging(range, before: bound, empty: ()) { (cursor) throws(StoreError) in
      while try cursor.next() {
        if try !visit(cursor.key, cursor.visible) { return }
      }
    }
  }

  /// How many keys `range` holds at `revision` (positive, as `resolve` gave it).
  public func count(_ range: KeyRange, revision: Int64, pin: ReadPin? = nil) throws(StoreError) -> Int64 {
    try reading(revision, pin: pin) { (revision) throws(StoreError) -> Int64 in
      try count(range, before: Bound(through: revision), cached: revision)
    }
  }

  /// The whole of etcd's Range, materialised: sorted, filtered and limited (etcd API: KV.Range).
  /// Fails with `.futureRevision`, `.compacted` or `.corrupt`.
  public func range(_ query: RangeQuery) throws(StoreError) -> RangeResult {
    try reading(query.revision) { (revision) throws(StoreError) -> RangeResult in
      try run(query, before: Bound(through: revision), cached: revision)
    }
  }

  /// Evaluates a read-only transaction (etcd API: KV.Txn), all at one revision except for ranges that name
  /// their own. Fails with `.futureRevision` or `.compacted`. The transaction must be `isReadOnly`.
  public func transaction(
    _ command: TransactionCommand
  ) throws(StoreError) -> (TransactionResult, revision: Int64) {
    precondition(command.isReadOnly, "a transaction that writes needs the log")
    return try reading(0) { (revision) throws(StoreError) -> (TransactionResult, revision: Int64) in
      let bound = Bound(through: revision)
      let path = try TransactionPath(command, reader: self, before: bound)
      try path.checkRanges(current: revision, reader: self)
      return (try readOnlyResult(path, revision: revision), revision)
    }
  }

  private func readOnlyResult(
    _ path: TransactionPath, revision: Int64
  ) throws(StoreError) -> TransactionResult {
    var result = TransactionResult(succeeded: path.succeeded, results: [])
    result.results.reserveCapacity(path.operations.count)
    var nested = path.nested.makeIterator()
    for operation in path.operations {
      switch operation {
      case .range(let query):
        let at = query.revision > 0 ? query.revision : revision
        result.results.append(.range(try run(query, before: Bound(through: at), cached: at)))
      case .transaction:
        if let inner = nested.next() {
          result.results.append(.transaction(try readOnlyResult(inner, revision: revision)))
        }
      case .put, .delete:
        preconditionFailure("a read-only transaction writes")
      }
    }
    return result
  }
}

/// One key-value of a scan, borrowed: valid only inside the visit.
///
/// Safe: because the visit borrows it, while the handle holds the memtables and the read transaction.
public struct KeyValueView: ~Copyable {
  /// The key's bytes.
  public let key: UnsafeRawBufferPointer
  private let visible: VisibleVersion
  private unowned(unsafe) let handle: ReadHandle

  init(key: UnsafeRawBufferPointer, version: VisibleVersion, handle: ReadHandle) {
    self.key = key
    visible = version
    self.handle = handle
  }

  /// The revision that created the key.
  public var createRevision: Int64 { visible.createRevision }
  /// The revision of this version.
  public var modRevision: Int64 { visible.main }
  /// Changes since the key was created, that one included.
  public var version: Int64 { visible.version }
  /// The lease it is attached to, or 0.
  public var lease: Int64 { visible.lease }
  /// The value's length in bytes.
  public var valueLength: Int { visible.valueLength }

  /// Copies the whole value (`valueLength` bytes) to `target`, checking its checksums.
  /// Fails with `.corrupt`.
  public func copyValue(to target: UnsafeMutableRawPointer) throws(StoreError) {
    try handle.copyValue(visible, of: key, to: target)
  }
}
