import CChecksum
import CLMDB
import Glibc

/// How leases lie in the checkpoint.
///
/// | database | key | value |
/// |---|---|---|
/// | `leases` | id | CRC-32C, TTL, remaining time, index of the grant |
/// | `leasekeys` | id ‖ key, of up to 480 bytes | CRC-32C |
/// | | id ‖ the first 480 bytes ‖ hash of the rest | CRC-32C, then the rest (of each key with that hash) after its length |
///
/// Numbers are of eight bytes, big-endian; a length is of two. A checksum covers the key and what follows it.
enum LeaseRows {
  private static let idBytes = 8
  private static let keyBytes = 480
  private static let hashBytes = 8

  private static func corrupt(_ lease: Int64) -> StoreError {
    .corrupt("the checkpoint's row of lease \(lease) fails its checksum or its shape")
  }

  // MARK: reading

  static func readAll(_ session: ReadSession) throws(StoreError) -> [Lease] {
    var leases: [Lease] = []
    try visit(session, session.databases.leases, prefix: []) { (key, row) throws(StoreError) in
      guard key.count == idBytes else {
        throw .corrupt("the checkpoint's table of leases has a malformed key")
      }
      let id = Int64(bigEndian: key.loadUnaligned(as: Int64.self))
      guard isIntact(row, key: key), row.count == 4 + 24 else { throw corrupt(id) }
      func number(_ place: Int) -> UInt64 {
        UInt64(bigEndian: row.loadUnaligned(fromByteOffset: 4 + 8 * place, as: UInt64.self))
      }
      leases.append(
        Lease(
          id: id, seconds: Int64(bitPattern: number(0)), remainingSeconds: Int64(bitPattern: number(1)),
          grantIndex: number(2)))
    }
    return leases
  }

  /// The keys attached to `lease` as of the checkpoint.
  static func keys(of lease: Int64, in session: ReadSession) throws(StoreError) -> Set<Bytes> {
    var keys: Set<Bytes> = []
    try visit(session, session.databases.leaseKeys, prefix: idKey(lease)) {
      (rowKey, row) throws(StoreError) in
      guard isIntact(row, key: rowKey) else { throw corrupt(lease) }
      let key = Bytes(rowKey[idBytes...])
      if key.count <= keyBytes {
        keys.insert(key)
        return
      }
      guard let rests = decode(UnsafeRawBufferPointer(rebasing: row[4...])) else { throw corrupt(lease) }
      for rest in rests { keys.insert(key[..<keyBytes] + rest) }
    }
    return keys
  }

  /// Visits the rows whose keys begin with `prefix`.
  private static func visit(
    _ session: ReadSession, _ database: MDB_dbi, prefix: Bytes,
    _ body: (_ key: UnsafeRawBufferPointer, _ row: UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    try session.renew()
    var opened: OpaquePointer?
    try check(mdb_cursor_open(session.handle, database, &opened), "reading leases")
    defer { mdb_cursor_close(opened) }
    try prefix.withRawBytes { (prefix) throws(StoreError) in
      var key = MDB_val(prefix)
      var data = MDB_val()
      var code = mdb_cursor_get(opened, &key, &data, prefix.count == 0 ? MDB_FIRST : MDB_SET_RANGE)
      while code == MDB_SUCCESS {
        if !begins(key.bytes, with: prefix) { return }
        try body(key.bytes, data.bytes)
        code = mdb_cursor_get(opened, &key, &data, MDB_NEXT)
      }
      if code != MDB_NOTFOUND { throw lmdbError(code, "reading leases") }
    }
  }

  // MARK: writing

  /// Carries out one change of a journal.
  static func write(
    _ change: LeaseJournal.Change, _ transaction: borrowing WriteTransaction, _ databases: Databases
  ) throws(StoreError) {
    // A borrowed transaction cannot go into a closure; its handle can.
    let transaction = transaction.pointer
    switch change {
    case .set(let lease):
      let numbers = [
        UInt64(bitPattern: lease.seconds), UInt64(bitPattern: lease.remainingSeconds), lease.grantIndex,
      ]
      let row = numbers.flatMap { number in withUnsafeBytes(of: number.bigEndian) { Bytes($0) } }
      try put(row, idKey(lease.id), databases.leases, transaction)
    case .dropped(let id):
      try remove(idKey(id), databases.leases, transaction)
      try removeAll(idKey(id), databases.leaseKeys, transaction)
    case .attached(let id, let key):
      let rowKey = rowKey(id, key)
      guard key.count > keyBytes else { return try put([], rowKey, databases.leaseKeys, transaction) }
      var rests = try rests(rowKey, id, databases.leaseKeys, transaction)
      let rest = Bytes(key[keyBytes...])
      if rests.contains(rest) { return }
      rests.append(rest)
      try put(encode(rests), rowKey, databases.leaseKeys, transaction)
    case .detached(let id, let key):
      let rowKey = rowKey(id, key)
      guard key.count > keyBytes else { return try remove(rowKey, databases.leaseKeys, transaction) }
      var rests = try rests(rowKey, id, databases.leaseKeys, transaction)
      rests.removeAll { $0.elementsEqual(key[keyBytes...]) }
      if rests.isEmpty {
        try remove(rowKey, databases.leaseKeys, transaction)
      } else {
        try put(encode(rests), rowKey, databases.leaseKeys, transaction)
      }
    }
  }

  private static func put(
    _ content: Bytes, _ key: Bytes, _ database: MDB_dbi, _ transaction: OpaquePointer
  ) throws(StoreError) {
    var row = [0, 0, 0, 0] + content
    let sum = key.withUnsafeBytes { key in row.withUnsafeBytes { checksum(key, $0) } }
    row.withUnsafeMutableBytes { $0.storeBytes(of: sum, as: UInt32.self) }
    try key.withRawBytes { (key) throws(StoreError) in
      try row.withRawBytes { (row) throws(StoreError) in
        var keyValue = MDB_val(key)
        var dataValue = MDB_val(row)
        try check(mdb_put(transaction, database, &keyValue, &dataValue, 0), "writing leases")
      }
    }
  }

  private static func remove(
    _ key: Bytes, _ database: MDB_dbi, _ transaction: OpaquePointer
  ) throws(StoreError) {
    try key.withRawBytes { (key) throws(StoreError) in
      var keyValue = MDB_val(key)
      let code = mdb_del(transaction, database, &keyValue, nil)
      if code != MDB_NOTFOUND { try check(code, "removing a lease") }
    }
  }

  private static func removeAll(
    _ prefix: Bytes, _ database: MDB_dbi, _ transaction: OpaquePointer
  ) throws(StoreError) {
    var opened: OpaquePointer?
    try check(mdb_cursor_open(transaction, database, &opened), "removing the keys of a lease")
    defer { mdb_cursor_close(opened) }
    try prefix.withRawBytes { (prefix) throws(StoreError) in
      while true {
        var key = MDB_val(prefix)
        var data = MDB_val()
        let code = mdb_cursor_get(opened, &key, &data, MDB_SET_RANGE)
        if code == MDB_NOTFOUND { return }
        try check(code, "removing the keys of a lease")
        if !begins(key.bytes, with: prefix) { return }
        try check(mdb_cursor_del(opened, 0), "removing the keys of a lease")
      }
    }
  }

  /// What follows the first chunk in the long keys of one row.
  private static func rests(
    _ rowKey: Bytes, _ lease: Int64, _ database: MDB_dbi, _ transaction: OpaquePointer
  ) throws(StoreError) -> [Bytes] {
    try rowKey.withRawBytes { (key) throws(StoreError) -> [Bytes] in
      guard let row = try lookUp(transaction, database, key) else { return [] }
      guard isIntact(row, key: key), let rests = decode(UnsafeRawBufferPointer(rebasing: row[4...])) else {
        throw corrupt(lease)
      }
      return rests
    }
  }

  // MARK: shapes

  private static func idKey(_ id: Int64) -> Bytes { withUnsafeBytes(of: id.bigEndian) { Bytes($0) } }

  private static func rowKey(_ id: Int64, _ key: Bytes) -> Bytes {
    if key.count <= keyBytes { return idKey(id) + key }
    // FNV-1a: it only has to keep rows apart, and keys with the same hash share one.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key[keyBytes...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return idKey(id) + key[..<keyBytes] + withUnsafeBytes(of: hash.bigEndian) { Bytes($0) }
  }

  private static func encode(_ rests: [Bytes]) -> Bytes {
    rests.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 0xFF)] + $0 }
  }

  private static func decode(_ row: UnsafeRawBufferPointer) -> [Bytes]? {
    var rests: [Bytes] = []
    var position = 0
    while position < row.count {
      guard row.count - position >= 2 else { return nil }
      let length = Int(row[position]) << 8 | Int(row[position + 1])
      position += 2
      guard row.count - position >= length else { return nil }
      rests.append(Bytes(row[position..<position + length]))
      position += length
    }
    return rests
  }

  private static func begins(_ key: UnsafeRawBufferPointer, with prefix: UnsafeRawBufferPointer) -> Bool {
    key.count >= prefix.count
      && (prefix.count == 0 || memcmp(key.baseAddress!, prefix.baseAddress!, prefix.count) == 0)
  }

  private static func isIntact(_ row: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Bool {
    row.count >= 4 && row.loadUnaligned(as: UInt32.self) == checksum(key, row)
  }

  private static func checksum(_ key: UnsafeRawBufferPointer, _ row: UnsafeRawBufferPointer) -> UInt32 {
    checksum_crc32c(
      checksum_crc32c(0, key.baseAddress, key.count), row.baseAddress! + 4, row.count - 4)
  }
}
