import CLMDB
import CZstd
import Glibc
import Synchronization

/// The flush thread's half: turns the oldest immutable memtable into checkpoint, in one transaction or, when
/// that would make too many pages dirty, in several, each of which leaves a state the store can start from.
/// Its index changes become a run on the disk and part of the delta in memory; see `Settle.swift` for the rest of
/// their way.
///
/// Safe: because one thread at a time flushes.
final class Flusher: @unchecked Sendable {
  let state: StoreState
  let environment: Environment
  /// The next node of long keys to hand out.
  var nextNode: UInt64
  /// The runs on the disk; what they hold is in the delta, or in `unmerged` while a memtable is being flushed.
  var runs: IndexRuns
  /// Packed rows of the runs written for the oldest memtable.
  private(set) var unmerged: [PackedRun] = []
  private let writer = VersionWriter()

  init(_ state: StoreState, _ environment: Environment, nextNode: UInt64, runs: IndexRuns) {
    self.state = state
    self.environment = environment
    self.nextNode = nextNode
    self.runs = runs
  }

  func flushOldest() throws(StoreError) -> Bool {
    // Left over from a settle that failed, or from another process.
    try settleIfDue()
    guard let table = oldest() else { return false }
    repeat { try writeSlice(of: table) } while table.flushedTo != 0
    try publish()
    try settleIfDue()
    try measure()
    return true
  }

  /// Lets reads find in the delta what they found in the oldest memtable.
  private func publish() throws(StoreError) {
    var delta = self.delta
    if !unmerged.isEmpty { delta = try IndexDelta(merging: [delta.bytes] + unmerged.map(\.bytes)) }
    unmerged = []
    state.shared.change { shared in
      shared.tables = MemtableSet(
        Array(shared.tables.tables.dropLast()), delta: delta, environment: environment)
    }
  }

  var delta: IndexDelta { state.shared.with { $0.tables.delta } }

  /// The newest index row of `key` in the checkpoint, as a write transaction sees it.
  func checkpointRow(
    of key: UnsafeRawBufferPointer, in transaction: borrowing WriteTransaction
  ) throws(StoreError) -> CurrentRow? {
    if let row = delta.find(key) { return row }
    return try KeyRows.find(key, in: transaction.pointer, environment.databases)
  }

  /// The memtable to flush next.
  func oldest() -> Memtable? {
    state.shared.with { shared in
      shared.isClosed || shared.tables.tables.count < 2 ? nil : shared.tables.tables.last
    }
  }

  /// Counts the free pages, for `sizeInUse`.
  func measure() throws(StoreError) {
    let free = try ReadSession(environment, counted: false).freePageCount()
    state.shared.with { $0.freePages = free }
  }

  /// One transaction's part of a memtable: from its first unflushed version up to, not including, `end`.
  private struct Slice {
    var first: ArenaOffset
    var end: ArenaOffset
    var after: CheckpointState
    /// The last entry that has a version before `end`: the keys that it attached and detached go along even if
    /// its rest is in a later slice, because the replay of that entry does not look at them.
    var lastEntry = UInt64.max
  }

  /// One transaction: the store could start from what it leaves.
  func writeSlice(of table: Memtable) throws(StoreError) {
    let databases = environment.databases
    let transaction = try WriteTransaction(environment)
    let slice = nextSlice(of: table)
    let run = try writeRows(of: table, slice, transaction)
    let flushed = state.shared.with { $0.flushed }
    for change in table.metaChanges
    where change.index > flushed.position.index && change.index <= slice.after.position.index {
      try Checkpoint.write(change.name, change.value, transaction, databases.meta)
    }
    let leaseChanges = try writeLeases(of: table, slice, transaction)
    try writeState(slice.after, transaction)
    try transaction.commit()
    if let run {
      runs.add(bytes: run.bytes.count)
      unmerged.append(run)
    }
    table.flushedTo = slice.end
    table.flushedLeaseChanges = leaseChanges
    state.shared.with { $0.flushed = slice.after }
  }

  func writeState(
    _ reached: CheckpointState, _ transaction: borrowing WriteTransaction
  ) throws(StoreError) {
    var checkpoint = Checkpoint()
    checkpoint.state = reached
    checkpoint.nextNode = nextNode
    try checkpoint.writeState(transaction, environment.databases.meta)
  }

  /// Versions in revision order, then the index changes in key order, which it returns.
  /// The cursors end with this call, before the commit.
  private func writeRows(
    of table: Memtable, _ slice: Slice, _ transaction: borrowing WriteTransaction
  ) throws(StoreError) -> PackedRun? {
    if slice.first == 0 { return nil }
    let databases = environment.databases
    let versions = try WriteCursor(transaction, databases.versions)
    var at = slice.first
    while at != slice.end {
      let version = table.version(at: at)
      try writer.append(version, key: table.node(at: version.pointee.key).key, to: versions)
      at = version.pointee.following
    }
    let first = table.version(at: slice.first)
    let end: Bound
    if slice.end == 0 {
      end = Bound(main: .max, sub: 0)
    } else {
      let next = table.version(at: slice.end).pointee
      end = Bound(main: next.main, sub: Int64(next.sub))
    }
    let start = Bound(main: first.pointee.main, sub: Int64(first.pointee.sub))
    var rows = PackedRowWriter()
    var node = table.firstKey
    while node != 0 {
      if let newest = table.newest(of: node, before: end), !newest.isBefore(start) {
        var row = CurrentRow()
        row.main = newest.pointee.main
        row.sub = Int64(newest.pointee.sub)
        row.createRevision = newest.pointee.createRevision
        row.version = newest.pointee.version
        row.lease = newest.pointee.lease
        row.valueLength = Int64(newest.pointee.valueLength)
        rows.append(table.node(at: node).key, row)
      }
      node = table.next(after: node)
    }
    let run = PackedRun(rows)
    try runs.write(run.bytes, transaction, databases)
    return run
  }

  /// What the slice's entries changed about leases; returns how many of the table's changes are done then.
  /// Revocations belong to whole entries only: their replay has to find the lease and its keys.
  private func writeLeases(
    of table: Memtable, _ slice: Slice, _ transaction: borrowing WriteTransaction
  ) throws(StoreError) -> Int {
    let records = table.leases.records
    var next = table.flushedLeaseChanges
    while next < records.count {
      let record = records[next]
      switch record.change {
      case .set, .dropped: if record.index > slice.after.position.index { return next }
      case .attached, .detached: if record.index > slice.lastEntry { return next }
      }
      try LeaseRows.write(record.change, transaction, environment.databases)
      next += 1
    }
    return next
  }

  /// As many versions as stay below the bound on dirty pages, and the state after them.
  private func nextSlice(of table: Memtable) -> Slice {
    var slice = Slice(first: table.flushedTo, end: table.flushedTo, after: table.end)
    if slice.first == 0 { return slice }
    // A row in a page wastes at most a third of it.
    var bytes = 0
    let leaseRecords = table.leases.records
    var nextLeaseRecord = table.flushedLeaseChanges
    var leaseRows = 0
    var last: VersionPointer?
    // Where the entry begins that the last version is of, and how many of its changes are in by then.
    let flushed = state.shared.with { $0.flushed }
    var entry = (index: flushed.position.index + 1, origin: flushed.revision, changes: flushed.partialChanges)
    while slice.end != 0 {
      let version = table.version(at: slice.end)
      let keyLength = table.node(at: version.pointee.key).keyLength
      bytes += VersionRecord.maximumHeaderBytes + keyLength + Int(version.pointee.valueLength)
      bytes += PackedRows.maximumFieldBytes + keyLength
      while nextLeaseRecord < leaseRecords.count,
        leaseRecords[nextLeaseRecord].index <= version.pointee.index
      {
        leaseRows += 1
        nextLeaseRecord += 1
      }
      // A row in a full page leaves two.
      let pages = bytes / (environment.pageSize * 2 / 3) + 2 * leaseRows
      if last != nil && pages > state.configuration.flushPages { break }
      last = version
      if version.pointee.index != entry.index {
        entry = (version.pointee.index, version.pointee.main - 1, 0)
      }
      entry.changes += 1
      slice.end = version.pointee.following
    }
    if let last, slice.end != 0 {
      // Cut inside the table: between two entries, or inside one, which the replay then completes.
      let isComplete = table.version(at: slice.end).pointee.index != last.pointee.index
      let index = isComplete ? last.pointee.index : last.pointee.index - 1
      slice.lastEntry = last.pointee.index
      slice.after = CheckpointState(
        position: Store.Position(index: index, term: table.term(at: index)),
        revision: isComplete ? last.pointee.main : entry.origin,
        partialChanges: isComplete ? 0 : entry.changes,
        partialEnd: isComplete ? nil : Bound(main: last.pointee.main, sub: Int64(last.pointee.sub) + 1),
        compactRevision: table.compactRevision(at: index))
    }
    return slice
  }
}

/// Writes versions as rows, compressing values where that pays.
///
/// Safe: because it belongs to the flush thread.
final class VersionWriter {
  /// Smaller values are not worth the time.
  static let minimumCompressedBytes = 512
  /// Compressed values must save at least one part in so many.
  static let minimumSaving = 8
  /// Of zstd's fast levels: a third larger than level 1, and read in half the time (docs/decisions/0015).
  static let compressionLevel: Int32 = -1
  /// Scratch space kept between values is at most so large.
  private static let keptScratchBytes = 4 << 20

  /// Where in `row` the key lies, past the longest row.
  private static let keyOffset = 3072

  private let row = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
  private var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private let compressor = ZSTD_createCCtx()

  deinit {
    row.deallocate()
    scratch.deallocate()
    ZSTD_freeCCtx(compressor)
  }

  func append(
    _ version: VersionPointer, key: UnsafeRawBufferPointer, to versions: borrowing WriteCursor
  ) throws(StoreError) {
    let main = version.pointee.main
    var record = VersionRecord()
    record.keyLength = key.count
    record.createRevision = version.pointee.createRevision
    record.version = version.pointee.version
    record.lease = version.pointee.lease
    record.previousMain = version.pointee.previousMain
    record.previousSub = Int64(version.pointee.previousSub)
    record.valueLength = Int(version.pointee.valueLength)
    var stored = version.value
    if let smaller = compress(stored) {
      stored = smaller
      record.isCompressed = true
    }
    record.storedLength = stored.count

    var writer = ByteWriter(base: row.baseAddress!, count: 4)
    record.encodeHeader(main: main, into: &writer)
    var position = 0
    fill(&writer, upTo: VersionRecord.maximumRowBytes, key, stored, &position)
    var versionKey = VersionKey(main: main, sub: Int64(version.pointee.sub))
    try put(versionKey, isChunk: false, length: writer.count, versions)
    while position < key.count + stored.count {
      writer.count = 4
      fill(&writer, upTo: VersionRecord.maximumChunkBytes, key, stored, &position)
      try put(versionKey, isChunk: true, length: writer.count, versions)
      versionKey.chunk += 1
    }
    if scratch.count > VersionWriter.keptScratchBytes {
      scratch.deallocate()
      scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
  }

  /// Continues the payload (the key, then the stored value) at `position`.
  private func fill(
    _ writer: inout ByteWriter, upTo limit: Int, _ key: UnsafeRawBufferPointer,
    _ stored: UnsafeRawBufferPointer, _ position: inout Int
  ) {
    if position < key.count {
      let count = min(limit - writer.count, key.count - position)
      writer.append(UnsafeRawBufferPointer(rebasing: key[position..<position + count]))
      position += count
    }
    if position >= key.count {
      let start = position - key.count
      let count = min(limit - writer.count, stored.count - start)
      writer.append(UnsafeRawBufferPointer(rebasing: stored[start..<start + count]))
      position += count
    }
  }

  private func put(
    _ key: VersionKey, isChunk: Bool, length: Int, _ versions: borrowing WriteCursor
  ) throws(StoreError) {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: row[..<length])
    let keySpace = row.baseAddress! + VersionWriter.keyOffset
    let keyLength = try key.withBytes(chunk: isChunk) { (source) throws(StoreError) -> Int in
      keySpace.copyMemory(from: source.baseAddress!, byteCount: source.count)
      return source.count
    }
    let keyBytes = UnsafeRawBufferPointer(start: keySpace, count: keyLength)
    VersionRecord.seal(bytes, key: keyBytes)
    // The rows of a version follow each other, and versions come in order: always at the end.
    try versions.put(keyBytes, UnsafeRawBufferPointer(bytes), flags: MDB_APPEND)
  }

  private func compress(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    if value.count < VersionWriter.minimumCompressedBytes { return nil }
    // With no more room than the largest acceptable result, incompressible values end early.
    let target = value.count - value.count / VersionWriter.minimumSaving
    if scratch.count < target {
      scratch.deallocate()
      scratch = .allocate(byteCount: max(target, 64 << 10), alignment: 16)
    }
    let produced = ZSTD_compressCCtx(
      compressor, scratch.baseAddress, target, value.baseAddress, value.count,
      VersionWriter.compressionLevel)
    if ZSTD_isError(produced) != 0 { return nil }
    return UnsafeRawBufferPointer(start: scratch.baseAddress, count: produced)
  }
}
