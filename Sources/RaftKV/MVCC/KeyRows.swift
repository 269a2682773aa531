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
  static func find(
    _ key: UnsafeRawBufferPointer, in session: ReadSession
  ) throws(StoreError) -> CurrentRow? {
    if key.count <= chunkBytes {
      guard let bytes = try lookUp(session.handle, session.databases.current, key) else { return nil }
      guard let row = CurrentRow(bytes, key: key) else { throw corruptRow }
      return row.main == 0 ? nil : row
    }
    return try withUnsafeTemporaryBytes(nodeBytes + chunkBytes) {
      (buffer) throws(StoreError) -> CurrentRow? in
      var rowKey = UnsafeRawBufferPointer(rebasing: key[..<chunkBytes])
      var database = session.databases.current
      var rest = UnsafeRawBufferPointer(rebasing: key[chunkBytes...])
      while true {
        guard let bytes = try lookUp(session.handle, database, rowKey) else { return nil }
        guard let row = CurrentRow(bytes, key: rowKey) else { throw corruptRow }
        if rest.count == 0 { return row.main == 0 ? nil : row }
        if row.child == 0 { return nil }
        let length = min(rest.count, chunkBytes)
        rowKey = nodeKey(row.child, UnsafeRawBufferPointer(rebasing: rest[..<length]), in: buffer)
        rest = UnsafeRawBufferPointer(rebasing: rest[length...])
        database = session.databases.longKeys
      }
    }
  }

  /// Removes the row of `key` if the newest version that it names is still this one; rows that only led to it go
  /// with it.
  static func remove(
    _ key: UnsafeRawBufferPointer, ifNewest revision: Revision, _ transaction: OpaquePointer,
    _ databases: Databases
  ) throws(StoreError) {
    // The rows on the way to the key, outermost first.
    var path: [(database: MDB_dbi, key: Bytes, row: CurrentRow)] = []
    var database = databases.current
    var rowKey = Bytes(key.prefix(chunkBytes))
    var rest = key.dropFirst(chunkBytes)
    while true {
      let found = try rowKey.withRawBytes { (bytes) throws(StoreError) -> CurrentRow? in
        guard let row = try lookUp(transaction, database, bytes) else { return nil }
        guard let decoded = CurrentRow(row, key: bytes) else { throw corruptRow }
        return decoded
      }
      guard let found else { return }
      path.append((database, rowKey, found))
      if rest.isEmpty { break }
      if found.child == 0 { return }
      rowKey = withUnsafeBytes(of: found.child.bigEndian) { Bytes($0) } + Bytes(rest.prefix(chunkBytes))
      rest = rest.dropFirst(chunkBytes)
      database = databases.longKeys
    }
    guard var last = path.popLast(), last.row.main == revision.main, last.row.sub == revision.sub else {
      return
    }
    let child = last.row.child
    last.row = CurrentRow()
    last.row.child = child
    while true {
      if last.row.main != 0 || last.row.child != 0 {
        return try overwrite(last.row, last.key, last.database, transaction)
      }
      try last.key.withRawBytes { (bytes) throws(StoreError) in
        try removeRow(transaction, last.database, bytes)
      }
      guard let parent = path.popLast() else { return }
      if try hasRows(parent.row.child, transaction, databases) { return }
      last = parent
      last.row.child = 0
    }
  }

  private static func overwrite(
    _ row: CurrentRow, _ key: Bytes, _ database: MDB_dbi, _ transaction: OpaquePointer
  ) throws(StoreError) {
    try withUnsafeTemporaryBytes(CurrentRow.maximumBytes) { (buffer) throws(StoreError) in
      try key.withRawBytes { (bytes) throws(StoreError) in
        var keyValue = MDB_val(bytes)
        var data = MDB_val(row.encode(key: bytes, into: buffer.baseAddress!))
        try check(mdb_put(transaction, database, &keyValue, &data, 0), "writing to the checkpoint")
      }
    }
  }

  /// Whether anything lies below a node of long keys.
  private static func hasRows(
    _ node: UInt64, _ transaction: OpaquePointer, _ databases: Databases
  ) throws(StoreError) -> Bool {
    var opened: OpaquePointer?
    try check(mdb_cursor_open(transaction, databases.longKeys, &opened), "opening a cursor")
    defer { mdb_cursor_close(opened) }
    return try withUnsafeBytes(of: node.bigEndian) { Bytes($0) }.withRawBytes {
      (start) throws(StoreError) -> Bool in
      var key = MDB_val(start)
      var data = MDB_val()
      let code = mdb_cursor_get(opened, &key, &data, MDB_SET_RANGE)
      if code == MDB_NOTFOUND { return false }
      try check(code, "walking the checkpoint's long keys")
      return key.mv_size >= nodeBytes && key.bytes.loadUnaligned(as: UInt64.self) == node.bigEndian
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

  private func write(
    _ row: CurrentRow, _ key: UnsafeRawBufferPointer, _ database: MDB_dbi
  ) throws(StoreError) {
    var keyValue = MDB_val(key)
    var dataValue = MDB_val(row.encode(key: key, into: scratch.baseAddress! + 512))
    try check(mdb_put(transaction, database, &keyValue, &dataValue, 0), "writing to the checkpoint")
  }
}
