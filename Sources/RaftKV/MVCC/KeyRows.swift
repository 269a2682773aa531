import CLMDB
import Glibc

/// How keys of any length lie in the checkpoint. LMDB's keys end at 511 bytes, so a key is cut into chunks
/// of 480: the first is a row of `current`; each row may name a child node, below which the next chunks lie
/// in `longkeys` under (node ‖ chunk). A row can hold a version of its own (of the key that ends there) and a
/// child. Own version first, then the child's rows in order: that walk is the order of the whole keys.
/// Only a full chunk can have a child, and the last chunk of a key is never empty.
enum KeyRows {
  static let chunkBytes = 480
  static let nodeBytes = 8
  /// Chunks of the longest key.
  static let maximumDepth = (Store.maximumKeyBytes + chunkBytes - 1) / chunkBytes

  /// The row of exactly `key`; nil when there is none, or only longer keys pass through it.
  @inline(__always)
  static func find(
    _ key: UnsafeRawBufferPointer, in session: ReadSession
  ) throws(StoreError) -> CurrentRow? {
    try find(key, in: session.handle, session.databases)
  }

  /// The same in any transaction.
  static func find(
    _ key: UnsafeRawBufferPointer, in transaction: OpaquePointer, _ databases: Databases
  ) throws(StoreError) -> CurrentRow? {
    if key.count <= chunkBytes {
      guard let bytes = try lookUp(transaction, databases.current, key) else { return nil }
      guard let row = CurrentRow(bytes, key: key) else { throw corruptRow }
      return row.main == 0 ? nil : row
    }
    return try withUnsafeTemporaryBytes(nodeBytes + chunkBytes) {
      (buffer) throws(StoreError) -> CurrentRow? in
      var rowKey = UnsafeRawBufferPointer(rebasing: key[..<chunkBytes])
      var database = databases.current
      var rest = UnsafeRawBufferPointer(rebasing: key[chunkBytes...])
      while true {
        guard let bytes = try lookUp(transaction, database, rowKey) else { return nil }
        guard let row = CurrentRow(bytes, key: rowKey) else { throw corruptRow }
        if rest.count == 0 { return row.main == 0 ? nil : row }
        if row.child == 0 { return nil }
        let length = min(rest.count, chunkBytes)
        rowKey = nodeKey(row.child, UnsafeRawBufferPointer(rebasing: rest[..<length]), in: buffer)
        rest = UnsafeRawBufferPointer(rebasing: rest[length...])
        database = databases.longKeys
      }
    }
  }

  static let corruptRow = StoreError.corrupt(
    "a row of the checkpoint's index fails its checksum or its shape")

  static func nodeKey(
    _ node: UInt64, _ chunk: UnsafeRawBufferPointer, in buffer: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    buffer.storeBytes(of: node.bigEndian, as: UInt64.self)
    if chunk.count > 0 { memcpy(buffer.baseAddress! + nodeBytes, chunk.baseAddress!, chunk.count) }
    return UnsafeRawBufferPointer(rebasing: buffer[..<(nodeBytes + chunk.count)])
  }
}

/// Memory for the length of a call.
func withUnsafeTemporaryBytes<Result>(
  _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Result
) throws(StoreError) -> Result {
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
  defer { buffer.deallocate() }
  return try body(buffer)
}

/// Writes rows of keys in one write transaction.
struct KeyRowWriter: ~Copyable {
  private let transaction: OpaquePointer
  private let databases: Databases
  private let cursor: WriteCursor
  /// The next node to hand out; written back to `meta` with the transaction.
  private(set) var nextNode: UInt64
  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 8)

  init(
    _ transaction: borrowing WriteTransaction, _ databases: Databases, nextNode: UInt64
  ) throws(StoreError) {
    self.transaction = transaction.pointer
    self.databases = databases
    self.nextNode = nextNode
    cursor = try WriteCursor(transaction, databases.current)
  }

  deinit { scratch.deallocate() }

  /// Makes `row` the newest version of `key`. Fast when keys come in order.
  mutating func put(_ key: UnsafeRawBufferPointer, _ row: CurrentRow) throws(StoreError) {
    let rowSpace = scratch.baseAddress! + 512
    if key.count < KeyRows.chunkBytes {
      try cursor.put(key, row.encode(key: key, into: rowSpace))
      return
    }
    var rowKey = UnsafeRawBufferPointer(rebasing: key[..<KeyRows.chunkBytes])
    var database = databases.current
    var rest = UnsafeRawBufferPointer(rebasing: key[KeyRows.chunkBytes...])
    while true {
      var existing = CurrentRow()
      if let bytes = try lookUp(transaction, database, rowKey) {
        guard let found = CurrentRow(bytes, key: rowKey) else { throw KeyRows.corruptRow }
        existing = found
      }
      if rest.count == 0 {
        var final = row
        final.child = existing.child
        try write(final, rowKey, database)
        return
      }
      if existing.child == 0 {
        existing.child = nextNode
        nextNode += 1
        try write(existing, rowKey, database)
      }
      let length = min(rest.count, KeyRows.chunkBytes)
      rowKey = KeyRows.nodeKey(existing.child, UnsafeRawBufferPointer(rebasing: rest[..<length]), in: scratch)
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
      database = databases.longKeys
    }
  }

  /// Removes the row of `key`, if there is one, and what only led to it.
  mutating func remove(_ key: UnsafeRawBufferPointer) throws(StoreError) {
    if key.count < KeyRows.chunkBytes { return try delete(key, databases.current) }
    var path: [(key: Bytes, row: CurrentRow)] = []
    var rowKey = Bytes(key[..<KeyRows.chunkBytes])
    var rest = UnsafeRawBufferPointer(rebasing: key[KeyRows.chunkBytes...])
    while true {
      guard let row = try self.row(rowKey, depth: path.count) else { return }
      path.append((rowKey, row))
      if rest.count == 0 { break }
      if row.child == 0 { return }
      let length = min(rest.count, KeyRows.chunkBytes)
      rowKey = Bytes(
        KeyRows.nodeKey(row.child, UnsafeRawBufferPointer(rebasing: rest[..<length]), in: scratch))
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
    }
    path[path.count - 1].row = CurrentRow()
    path[path.count - 1].row.child = try self.row(rowKey, depth: path.count - 1)?.child ?? 0
    while let (rowKey, row) = path.popLast() {
      let database = path.isEmpty ? databases.current : databases.longKeys
      if row.main != 0 || row.child != 0 {
        return try rowKey.withRawBytes { (key) throws(StoreError) in try write(row, key, database) }
      }
      try rowKey.withRawBytes { (key) throws(StoreError) in try delete(key, database) }
      guard let parent = path.last, try !hasRows(below: parent.row.child) else { return }
      path[path.count - 1].row.child = 0
    }
  }

  private func row(_ key: Bytes, depth: Int) throws(StoreError) -> CurrentRow? {
    try key.withRawBytes { (key) throws(StoreError) -> CurrentRow? in
      let database = depth == 0 ? databases.current : databases.longKeys
      guard let bytes = try lookUp(transaction, database, key) else { return nil }
      guard let row = CurrentRow(bytes, key: key) else { throw KeyRows.corruptRow }
      return row
    }
  }

  /// Whether any chunk lies below `node`.
  private func hasRows(below node: UInt64) throws(StoreError) -> Bool {
    var opened: OpaquePointer?
    try check(mdb_cursor_open(transaction, databases.longKeys, &opened), "opening a cursor")
    defer { mdb_cursor_close(opened) }
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var key = MDB_val(KeyRows.nodeKey(node, nothing, in: scratch))
    var data = MDB_val()
    let code = mdb_cursor_get(opened, &key, &data, MDB_SET_RANGE)
    if code == MDB_NOTFOUND { return false }
    try check(code, "walking the checkpoint's long keys")
    return key.mv_size >= KeyRows.nodeBytes
      && UInt64(bigEndian: key.bytes.loadUnaligned(as: UInt64.self)) == node
  }

  private func delete(_ key: UnsafeRawBufferPointer, _ database: MDB_dbi) throws(StoreError) {
    try removeRow(transaction, database, key)
  }

  private func write(
    _ row: CurrentRow, _ key: UnsafeRawBufferPointer, _ database: MDB_dbi
  ) throws(StoreError) {
    var keyValue = MDB_val(key)
    var dataValue = MDB_val(row.encode(key: key, into: scratch.baseAddress! + 512))
    try check(mdb_put(transaction, database, &keyValue, &dataValue, 0), "writing to the checkpoint")
  }
}
