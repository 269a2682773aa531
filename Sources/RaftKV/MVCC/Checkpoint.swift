import CChecksum
import CLMDB

/// What `meta` holds: the checkpoint's format and state, the alarms, and named documents. Every row starts
/// with the CRC-32C of its name and the rest.
struct Checkpoint {
  /// The format of the whole checkpoint. A change that older readers would misread needs a new number.
  static let format: UInt64 = 2
  static let formatName = "format"
  static let stateName = "state"
  static let alarmsName = "alarms"
  static let compactionName = "compaction"
  static let documentPrefix = "document/"
  static let maximumNameBytes = 400

  var state = CheckpointState()
  /// The next node of long keys to hand out.
  var nextNode: UInt64 = 1
  var alarms: [Alarm] = []
  var documents: [String: Bytes] = [:]
  var compaction = CompactionProgress()
  var leases: [Lease] = []

  /// Reads `meta`, or writes it for a new checkpoint. Does not look at keys.
  static func load(_ environment: Environment, path: String) throws(StoreError) -> Checkpoint {
    if let loaded = try read(environment, path: path) { return loaded }
    let transaction = try WriteTransaction(environment)
    if try transaction.pages(environment.databases.versions) > 0 {
      throw .corrupt("the checkpoint in \(path) has data but no format; restore it from a snapshot")
    }
    let new = Checkpoint()
    try write(
      formatName, encode([format]), transaction, environment.databases.meta)
    try new.writeState(transaction, environment.databases.meta)
    try transaction.commit()
    return new
  }

  /// What `meta` says; nil when it says nothing, as in a new checkpoint.
  static func read(_ environment: Environment, path: String) throws(StoreError) -> Checkpoint? {
    try read(ReadSession(environment, counted: false), path: path)
  }

  /// The same, as a session under way sees it.
  static func read(_ session: ReadSession, path: String) throws(StoreError) -> Checkpoint? {
    var rows: [String: Bytes] = [:]
    var opened: OpaquePointer?
    try check(mdb_cursor_open(session.handle, session.databases.meta, &opened), "reading meta")
    defer { mdb_cursor_close(opened) }
    var key = MDB_val()
    var data = MDB_val()
    var code = mdb_cursor_get(opened, &key, &data, MDB_FIRST)
    while code == MDB_SUCCESS {
      let row = data.bytes
      let name = String(decoding: key.bytes, as: UTF8.self)
      guard row.count >= 4, row.loadUnaligned(as: UInt32.self) == checksum(key.bytes, row) else {
        throw .corrupt("the row \(name) of the checkpoint's meta in \(path) fails its checksum")
      }
      rows[name] = Bytes(row[4...])
      code = mdb_cursor_get(opened, &key, &data, MDB_NEXT)
    }
    if code != MDB_NOTFOUND { throw lmdbError(code, "reading meta") }
    if rows.isEmpty { return nil }

    guard let formatRow = rows[formatName], let found = decode(formatRow, 1)?[0] else {
      throw .corrupt("the checkpoint in \(path) names no format; restore it from a snapshot")
    }
    if found != format {
      throw .storage(
        "the checkpoint in \(path) has format \(found), this version reads format \(format); "
          + "use the version that wrote it, or move the folder away and restore a snapshot")
    }
    guard let stateRow = rows[stateName], let numbers = decode(stateRow, 6),
      numbers[2] >= 1, numbers[2] < UInt64(Int64.max), numbers[3] <= UInt64(UInt32.max),
      numbers[4] <= numbers[2] + 1, numbers[5] >= 1, let alarms = decodeAlarms(rows[alarmsName] ?? [])
    else {
      throw .corrupt("the state row of the checkpoint in \(path) has the wrong shape")
    }
    var loaded = Checkpoint()
    loaded.state = CheckpointState(
      position: Store.Position(index: numbers[0], term: numbers[1]), revision: Int64(numbers[2]),
      partialChanges: Int64(numbers[3]), compactRevision: Int64(numbers[4]) - 1)
    loaded.nextNode = numbers[5]
    loaded.alarms = alarms
    if let row = rows[compactionName] {
      guard let progress = CompactionProgress(row), progress.target <= loaded.state.compactRevision else {
        throw .corrupt("the compaction row of the checkpoint in \(path) has the wrong shape")
      }
      loaded.compaction = progress
    }
    for (name, value) in rows where name.hasPrefix(documentPrefix) {
      loaded.documents[String(name.dropFirst(documentPrefix.count))] = value
    }
    loaded.leases = try LeaseRows.readAll(session)
    try loaded.requireNewestVersion(session, path: path)
    return loaded
  }

  /// The last row of `versions` must be of the revision that the state names, or of the entry begun after it,
  /// each of whose changes may be a revision.
  private mutating func requireNewestVersion(_ session: ReadSession, path: String) throws(StoreError) {
    let cursor = try session.versionsCursor()
    var key = MDB_val()
    var data = MDB_val()
    let code = mdb_cursor_get(cursor, &key, &data, MDB_LAST)
    var newest: Int64 = 0
    var newestSub: Int64 = 0
    if code != MDB_NOTFOUND {
      try check(code, "reading the newest version")
      if key.mv_size >= VersionKey.bytes {
        newest = Int64(bigEndian: key.bytes.loadUnaligned(as: Int64.self))
        newestSub = Int64(UInt32(bigEndian: key.bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
      }
    }
    if state.partialChanges > 0 { state.partialEnd = Bound(main: newest, sub: newestSub + 1) }
    if newest > state.revision + state.partialChanges {
      throw .corrupt(
        "the checkpoint in \(path) holds revision \(newest) but its state names \(state.revision)")
    }
  }

  func writeState(_ transaction: borrowing WriteTransaction, _ meta: MDB_dbi) throws(StoreError) {
    let numbers = [
      state.position.index, state.position.term, UInt64(state.revision), UInt64(state.partialChanges),
      UInt64(state.compactRevision + 1), nextNode,
    ]
    try Checkpoint.write(Checkpoint.stateName, Checkpoint.encode(numbers), transaction, meta)
  }

  /// Writes one row of `meta`, or removes it (nil).
  static func write(
    _ name: String, _ value: Bytes?, _ transaction: borrowing WriteTransaction, _ meta: MDB_dbi
  ) throws(StoreError) {
    let key = Bytes(name.utf8)
    var row = [0, 0, 0, 0] + (value ?? [])
    let sum = key.withUnsafeBytes { key in row.withUnsafeBytes { checksum(key, $0) } }
    row.withUnsafeMutableBytes { $0.storeBytes(of: sum, as: UInt32.self) }
    // A borrowed transaction cannot go into a closure: these pointers live as long as the arrays do.
    let keyMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: key.count, alignment: 1)
    defer { keyMemory.deallocate() }
    keyMemory.copyBytes(from: key)
    let rowMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: row.count, alignment: 1)
    defer { rowMemory.deallocate() }
    rowMemory.copyBytes(from: row)
    if value == nil {
      try transaction.remove(meta, UnsafeRawBufferPointer(keyMemory))
    } else {
      try transaction.put(meta, UnsafeRawBufferPointer(keyMemory), UnsafeRawBufferPointer(rowMemory))
    }
  }

  private static func checksum(_ key: UnsafeRawBufferPointer, _ row: UnsafeRawBufferPointer) -> UInt32 {
    checksum_crc32c(
      checksum_crc32c(0, key.baseAddress, key.count), row.baseAddress! + 4, row.count - 4)
  }

  // MARK: codecs

  static func encode(_ alarms: [Alarm]) -> Bytes {
    alarms.flatMap { encode([$0.member]) + [$0.kind.rawValue] }
  }

  private static func decodeAlarms(_ bytes: Bytes) -> [Alarm]? {
    guard bytes.count % 9 == 0 else { return nil }
    var alarms: [Alarm] = []
    for start in stride(from: 0, to: bytes.count, by: 9) {
      guard let member = decode(Bytes(bytes[start..<start + 8]), 1)?[0],
        let kind = Alarm.Kind(rawValue: bytes[start + 8])
      else { return nil }
      alarms.append(Alarm(member: member, kind: kind))
    }
    return alarms.sorted()
  }

  static func encode(_ numbers: [UInt64]) -> Bytes {
    numbers.flatMap { number in withUnsafeBytes(of: number.bigEndian) { Bytes($0) } }
  }

  static func decode(_ bytes: Bytes, _ count: Int) -> [UInt64]? {
    guard bytes.count == 8 * count else { return nil }
    return bytes.withUnsafeBytes { raw in
      (0..<count).map { UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
    }
  }
}
