import CLMDB
import Synchronization

/// How far physical compaction has come; a row of `meta`, so that it goes on after a restart.
struct CompactionProgress: Equatable {
  /// The revision that the current or last pass compacts to; -1 before the first.
  var target: Int64 = -1
  /// The pass has seen every version before this place.
  var next = Revision(main: 0)
  /// Rows removed since the tree of versions was last packed.
  var removedRows: Int64 = 0

  /// Whether the pass has seen all that it has to.
  var isComplete: Bool { next.main > target }

  /// Begins a pass to a later revision, or lets the current one go further.
  mutating func extend(to newTarget: Int64) {
    // Tombstones at the old target were kept. Now they lie below the new one.
    if target >= 0 && next.main >= target { next = Revision(main: target) }
    target = newTarget
  }

  init() {}

  init?(_ row: Bytes) {
    guard let numbers = Checkpoint.decode(row, 4), numbers.allSatisfy({ $0 <= UInt64(Int64.max) }) else {
      return nil
    }
    target = Int64(numbers[0]) - 1
    next = Revision(main: Int64(numbers[1]), sub: Int64(numbers[2]))
    removedRows = Int64(numbers[3])
  }

  var row: Bytes {
    Checkpoint.encode([UInt64(target + 1), UInt64(next.main), UInt64(next.sub), UInt64(removedRows)])
  }
}

/// Physical compaction: removes the versions that nothing can read any more. The flush thread's.
///
/// A pass to revision C walks `versions` over what came since the last pass, up to and with C, and removes the
/// version that each entry hides, and each tombstone below C with its index row, if that is still the newest.
/// A tombstone at C stays (as in etcd since 3.5.16): the next pass takes it.
///
/// It walks a batch of versions first and remembers what they hide, then removes that in revision order, in
/// transactions of a bounded number of rows: neighbours go together, so that a page is rewritten about once a
/// batch and not once for each of its rows. A batch whose progress a crash loses is done again: what is gone is
/// not missed.
///
/// Only what the checkpoint accounts for is compacted, so that a replay of the log from its position never meets a
/// compaction that came later than the entries it replays.
struct Compactor {
  /// A version to remove.
  private struct Doomed: Comparable {
    var main: Int64
    var sub: UInt32
    /// A tombstone to remove for its own sake, not only because a later version hides it.
    var isTombstone: Bool

    static func < (left: Doomed, right: Doomed) -> Bool {
      (left.main, left.sub) < (right.main, right.sub)
    }
  }

  /// What a walk found, and how much of it is removed.
  private struct Batch {
    var doomed: [Doomed] = []
    var removed = 0
    /// Where the walk ended.
    var next: Revision
  }

  private let state: StoreState
  private let environment: Environment
  private let flusher: Flusher
  private(set) var progress: CompactionProgress
  private var batch: Batch?
  /// Versions removed since the pass began or was taken up again.
  private(set) var removedVersions = 0

  init(_ state: StoreState, flusher: Flusher, progress: CompactionProgress) {
    self.state = state
    environment = flusher.environment
    self.flusher = flusher
    self.progress = progress
  }

  /// What a step did.
  enum Step {
    /// Nothing is left to do.
    case none
    /// Reads need what would go next.
    case waiting
    case worked
    /// The pass to this revision is complete.
    case completed(revision: Int64, removedVersions: Int)
  }

  /// Walks one batch, or removes a part of it in one transaction. `now` is monotonic time in nanoseconds.
  mutating func step(now: UInt64) throws(StoreError) -> Step {
    if let open = batch {
      if open.removed < open.doomed.count || progress.next != open.next { return try removeSome() }
      batch = nil
      if progress.isComplete {
        defer { removedVersions = 0 }
        return .completed(revision: progress.target, removedVersions: removedVersions)
      }
    }
    let wanted = state.shared.with { $0.flushed.compactRevision }
    if wanted > progress.target {
      let target = state.retention.raise(to: wanted, now: now)
      // After a restart the floor lies at the last compaction, perhaps past what was flushed of it by then.
      if min(target, wanted) <= progress.target && progress.isComplete { return .waiting }
      if min(target, wanted) > progress.target { progress.extend(to: min(target, wanted)) }
    }
    if progress.isComplete { return .none }
    batch = try walk()
    return .worked
  }

  /// Forgets a batch under way, whose transaction failed: it is walked again.
  mutating func reset() { batch = nil }

  /// The rows removed so far are packed away.
  mutating func didPack() throws(StoreError) {
    var progress = progress
    progress.removedRows = 0
    try persist(progress)
  }

  private mutating func persist(_ progress: CompactionProgress) throws(StoreError) {
    let transaction = try WriteTransaction(environment)
    try Checkpoint.write(
      Checkpoint.compactionName, progress.row, transaction, environment.databases.meta)
    try transaction.commit()
    self.progress = progress
  }

  // MARK: the walk

  private func walk() throws(StoreError) -> Batch {
    let session = try ReadSession(environment, counted: false)
    let cursor = try session.versionsCursor()
    var batch = Batch(next: Revision(main: progress.target + 1))
    var key = MDB_val()
    var data = MDB_val()
    var code = try VersionKey(main: progress.next.main, sub: progress.next.sub).withBytes {
      (start) throws(StoreError) -> Int32 in
      key = MDB_val(start)
      return mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE)
    }
    var walked = 0
    while code == MDB_SUCCESS {
      let row = data.bytes
      guard let place = VersionKey.decode(key.bytes) else { throw Self.corrupt }
      if place.isChunk {
        code = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)
        continue
      }
      if place.main > progress.target { break }
      if walked == state.configuration.compactionBatchVersions {
        batch.next = Revision(main: place.main, sub: Int64(place.sub))
        break
      }
      walked += 1
      guard let record = VersionRecord(row, key: key.bytes, main: place.main) else { throw Self.corrupt }
      if record.previousMain != 0 {
        batch.doomed.append(
          Doomed(
            main: record.previousMain, sub: UInt32(truncatingIfNeeded: record.previousSub), isTombstone: false
          ))
      }
      if record.version == 0 && place.main < progress.target {
        batch.doomed.append(Doomed(main: place.main, sub: place.sub, isTombstone: true))
      }
      if record.bytesInChunks(after: row) <= VersionRecord.chunkPayloadBytes {
        code = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)
      } else {
        // Past the rows of a large value without reading its pages.
        code = try VersionKey(main: place.main, sub: Int64(place.sub) + 1).withBytes {
          (start) throws(StoreError) -> Int32 in
          key = MDB_val(start)
          return mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE)
        }
      }
    }
    if code != MDB_SUCCESS && code != MDB_NOTFOUND { throw lmdbError(code, "walking the versions") }
    batch.doomed.sort()
    return batch
  }

  static let corrupt = StoreError.corrupt(
    "a row of the checkpoint's versions fails its checksum or its shape")

  // MARK: removal

  private mutating func removeSome() throws(StoreError) -> Step {
    guard var open = batch else { return .none }
    var progress = progress
    let transaction = try WriteTransaction(environment)
    let (versions, rows) = try remove(from: &open, transaction)
    progress.removedRows += Int64(rows)
    if open.removed == open.doomed.count { progress.next = open.next }
    try Checkpoint.write(
      Checkpoint.compactionName, progress.row, transaction, environment.databases.meta)
    try transaction.commit()
    self.progress = progress
    batch = open
    removedVersions += versions
    state.removedVersions.wrappingAdd(UInt64(versions), ordering: .relaxed)
    return .worked
  }

  /// Removes the next versions of the batch, with the rows of tombstones in the index. The writer's cursor ends with
  /// this call, before the commit.
  private func remove(
    from batch: inout Batch, _ transaction: borrowing WriteTransaction
  ) throws(StoreError) -> (versions: Int, rows: Int) {
    var index = try KeyRowWriter(transaction, environment.databases, nextNode: flusher.nextNode)
    var versions = 0
    var rows = 0
    while batch.removed < batch.doomed.count && rows < state.configuration.compactionStepRows {
      let doomed = batch.doomed[batch.removed]
      let (removed, key) = try remove(doomed, transaction)
      if let key { try removeIndexRow(of: key, doomed, transaction, &index) }
      batch.removed += 1
      if removed > 0 { versions += 1 }
      rows += removed
    }
    return (versions, rows)
  }

  /// Removes the index row of a tombstone if it still is the newest. One in the delta stays, and hides an older row in
  /// `current`: it goes when the delta is settled, as every tombstone below the floor does.
  private func removeIndexRow(
    of key: Bytes, _ tombstone: Doomed, _ transaction: borrowing WriteTransaction, _ index: inout KeyRowWriter
  ) throws(StoreError) {
    // Neither a borrowed transaction nor the writer can go into a closure.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(key.count, 1), alignment: 8)
    defer { memory.deallocate() }
    memory.copyBytes(from: key)
    let bytes = UnsafeRawBufferPointer(rebasing: memory[..<key.count])
    guard flusher.delta.find(bytes) == nil else { return }
    let row = try flusher.checkpointRow(of: bytes, in: transaction)
    if row?.main == tombstone.main && row?.sub == Int64(tombstone.sub) { try index.remove(bytes) }
  }

  /// Removes all rows of a version, and returns how many there were, and the key of a tombstone.
  private func remove(
    _ doomed: Doomed, _ transaction: borrowing WriteTransaction
  ) throws(StoreError) -> (rows: Int, key: Bytes?) {
    let versions = environment.databases.versions
    let pointer = transaction.pointer
    var key = VersionKey(main: doomed.main, sub: Int64(doomed.sub))
    let found = try key.withBytes { (bytes) throws(StoreError) -> (inChunks: Int, key: Bytes?)? in
      guard let row = try lookUp(pointer, versions, bytes) else { return nil }
      guard let record = VersionRecord(row, key: bytes, main: doomed.main) else { throw Self.corrupt }
      let payload = UnsafeRawBufferPointer(rebasing: row[record.payloadStart...])
      return (
        record.bytesInChunks(after: row), doomed.isTombstone ? Bytes(payload.prefix(record.keyLength)) : nil
      )
    }
    guard let found else { return (0, nil) }
    try key.withBytes { (bytes) throws(StoreError) in try removeRow(pointer, versions, bytes) }
    var userKey = found.key
    var inChunks = found.inChunks
    var rows = 1
    while inChunks > 0 {
      try key.withBytes(chunk: true) { (bytes) throws(StoreError) in
        guard let chunk = try lookUp(pointer, versions, bytes), VersionRecord.isIntact(chunk, key: bytes)
        else {
          throw Self.corrupt
        }
        inChunks -= chunk.count - 4
        // A tombstone has no value: what goes on in chunks is its key.
        userKey?.append(contentsOf: chunk[4...])
        try removeRow(pointer, versions, bytes)
      }
      rows += 1
      key.chunk += 1
    }
    return (rows, userKey)
  }
}
