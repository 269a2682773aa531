import CChecksum
import CLMDB
import Glibc

/// The runs: the index changes of each flush since the last settle, as rows of the database `runs`. A flush
/// appends what it changed, a few bytes a key, where writing `current` would touch a page for nearly every one.
///
/// A run is packed rows cut into blocks: key (run number ‖ block number, big-endian), value CRC-32C of the key and
/// the rest (4 bytes), then the bytes.
struct IndexRuns {
  /// More runs than this are settled however small they are, since a start merges them.
  static let maximumCount = 64
  /// The largest row that LMDB keeps two of in a page of 4 KiB.
  private static let blockBytes = 2038 - 8 - keyBytes
  private static let checksumBytes = 4
  private static let keyBytes = 8

  /// The number of the next run.
  private(set) var next: UInt32 = 1
  private(set) var count = 0
  /// Bytes of packed rows in all runs.
  private(set) var bytes = 0

  /// Appends a run in a transaction: count it with `add` once that is committed.
  func write(
    _ rows: UnsafeRawBufferPointer, _ transaction: borrowing WriteTransaction, _ databases: Databases
  ) throws(StoreError) {
    let cursor = try WriteCursor(transaction, databases.runs)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
    defer { memory.deallocate() }
    let key = UnsafeMutableRawBufferPointer(rebasing: memory[..<IndexRuns.keyBytes])
    let space = UnsafeMutableRawBufferPointer(rebasing: memory[IndexRuns.keyBytes...])
    key.storeBytes(of: next.bigEndian, as: UInt32.self)
    var position = 0
    var number: UInt32 = 0
    while position < rows.count {
      let length = min(IndexRuns.blockBytes - IndexRuns.checksumBytes, rows.count - position)
      key.storeBytes(of: number.bigEndian, toByteOffset: 4, as: UInt32.self)
      memcpy(space.baseAddress! + IndexRuns.checksumBytes, rows.baseAddress! + position, length)
      let block = UnsafeRawBufferPointer(rebasing: space[..<(IndexRuns.checksumBytes + length)])
      space.storeBytes(of: IndexRuns.checksum(UnsafeRawBufferPointer(key), block), as: UInt32.self)
      try cursor.put(UnsafeRawBufferPointer(key), block, flags: MDB_APPEND)
      position += length
      number += 1
    }
  }

  mutating func add(bytes: Int) {
    next += 1
    count += 1
    self.bytes += bytes
  }

  /// Removes all runs.
  static func clear(_ transaction: borrowing WriteTransaction, _ databases: Databases) throws(StoreError) {
    try check(mdb_drop(transaction.pointer, databases.runs, 0), "removing the runs of the index")
  }

  /// Reads all runs and merges them. Fails with `.corrupt`.
  static func load(_ environment: Environment) throws(StoreError) -> (runs: IndexRuns, delta: IndexDelta) {
    var runs = IndexRuns()
    let session = try ReadSession(environment, counted: false)
    let found = try measure(session)
    if found.isEmpty { return (runs, .empty) }
    let memory = MappedMemory(capacity: found.reduce(0) { $0 + $1.bytes })
    var sources: [UnsafeRawBufferPointer] = []
    var position = 0
    for (number, bytes) in found {
      let target = UnsafeMutableRawBufferPointer(start: memory.base + position, count: bytes)
      try read(number, into: target, session)
      sources.append(UnsafeRawBufferPointer(target))
      position += bytes
      runs.next = number
      runs.add(bytes: bytes)
    }
    return try withExtendedLifetime(memory) { () throws(StoreError) -> (IndexRuns, IndexDelta) in
      (runs, try IndexDelta(merging: sources))
    }
  }

  /// The runs and how many bytes of rows each has.
  private static func measure(_ session: ReadSession) throws(StoreError) -> [(number: UInt32, bytes: Int)] {
    var found: [(number: UInt32, bytes: Int)] = []
    try forEachBlock(from: 0, session) { (run, _, _, block) throws(StoreError) -> Bool in
      if found.last?.number != run { found.append((run, 0)) }
      found[found.count - 1].bytes += block.count - checksumBytes
      return true
    }
    return found
  }

  private static func read(
    _ number: UInt32, into target: UnsafeMutableRawBufferPointer, _ session: ReadSession
  ) throws(StoreError) {
    var position = 0
    var next: UInt32 = 0
    try forEachBlock(from: number, session) { (run, block, key, row) throws(StoreError) -> Bool in
      if run != number { return false }
      guard block == next, row.loadUnaligned(as: UInt32.self) == checksum(key, row) else {
        throw .corrupt(
          "block \(block) of run \(run) of the checkpoint's index fails its checksum or its place")
      }
      let rest = UnsafeRawBufferPointer(rebasing: row[checksumBytes...])
      memcpy(target.baseAddress! + position, rest.baseAddress!, rest.count)
      position += rest.count
      next += 1
      return position < target.count
    }
  }

  private static func forEachBlock(
    from first: UInt32, _ session: ReadSession,
    _ body: (
      _ run: UInt32, _ block: UInt32, _ key: UnsafeRawBufferPointer, _ row: UnsafeRawBufferPointer
    ) throws(StoreError) -> Bool
  ) throws(StoreError) {
    var opened: OpaquePointer?
    try check(mdb_cursor_open(session.handle, session.databases.runs, &opened), "reading the runs")
    defer { mdb_cursor_close(opened) }
    var start = (UInt64(first) << 32).bigEndian
    var key = MDB_val(mv_size: keyBytes, mv_data: nil)
    var data = MDB_val()
    var code = withUnsafeMutableBytes(of: &start) { bytes in
      key.mv_data = bytes.baseAddress
      return mdb_cursor_get(opened, &key, &data, MDB_SET_RANGE)
    }
    while code == MDB_SUCCESS {
      guard key.mv_size == keyBytes, data.mv_size > checksumBytes else { throw PackedRows.corrupt }
      let run = UInt32(bigEndian: key.bytes.loadUnaligned(as: UInt32.self))
      let block = UInt32(bigEndian: key.bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      if try !body(run, block, key.bytes, data.bytes) { return }
      code = mdb_cursor_get(opened, &key, &data, MDB_NEXT)
    }
    if code != MDB_NOTFOUND { throw lmdbError(code, "reading the runs of the index") }
  }

  private static func checksum(_ key: UnsafeRawBufferPointer, _ row: UnsafeRawBufferPointer) -> UInt32 {
    checksum_crc32c(
      checksum_crc32c(0, key.baseAddress, key.count), row.baseAddress! + checksumBytes,
      row.count - checksumBytes)
  }
}
