import CLMDB
import Glibc

/// Walks the keys of the checkpoint in order: rows of `current`, and below them the nodes of long keys.
/// Belongs to one session; positions are valid until the session is reset.
final class KeyCursor {
  private let session: ReadSession
  @exclusivity(unchecked) private var cursor: OpaquePointer?
  @exclusivity(unchecked) private var longCursor: OpaquePointer?
  /// The nodes passed through on the way to the current row; empty at a row of `current`.
  @exclusivity(unchecked) private var nodes: [UInt64] = []
  /// The whole key, while below `current`.
  private let assembled = UnsafeMutableRawBufferPointer.allocate(
    byteCount: (KeyRows.maximumDepth + 1) * KeyRows.chunkBytes, alignment: 8)
  private let search = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
  /// Whether the cursor stands on a row.
  @exclusivity(unchecked) private(set) var isValid = false
  @exclusivity(unchecked) private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
  @exclusivity(unchecked) private(set) var row = CurrentRow()

  init(_ session: ReadSession) { self.session = session }

  deinit {
    assembled.deallocate()
    search.deallocate()
  }

  /// Stands on the first key at or after `start`.
  func seek(_ start: UnsafeRawBufferPointer) throws(StoreError) {
    cursor = try session.currentCursor()
    nodes.removeAll(keepingCapacity: true)
    isValid = false
    if start.count == 0 { return try landTop(MDB_FIRST, start) }
    if start.count <= KeyRows.chunkBytes { return try landTop(MDB_SET_RANGE, start) }
    let first = UnsafeRawBufferPointer(rebasing: start[..<KeyRows.chunkBytes])
    guard try moveTop(MDB_SET_RANGE, first) else { return }
    guard compareBytes(key, first) == 0 else { return try settle() }
    var rest = UnsafeRawBufferPointer(rebasing: start[KeyRows.chunkBytes...])
    while true {
      // Every key below the current row starts with what was matched so far.
      if row.child == 0 { return try advance() }
      try enter(row.child)
      let length = min(rest.count, KeyRows.chunkBytes)
      let wanted = UnsafeRawBufferPointer(rebasing: rest[..<length])
      guard try moveBelow(wanted, exclusive: false) else { return try leave() }
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
      let chunkStart = nodes.count * KeyRows.chunkBytes
      let chunk = UnsafeRawBufferPointer(rebasing: key[chunkStart...])
      if rest.count == 0 || compareBytes(chunk, wanted) != 0 { return try settle() }
    }
  }

  /// Moves to the next key.
  @inline(__always)
  func next() throws(StoreError) {
    if nodes.isEmpty && row.child == 0 {
      try landTop(MDB_NEXT, key)
    } else if row.child != 0 {
      try descend()
    } else {
      try advance()
    }
  }

  // MARK: rows of `current`

  @inline(__always)
  private func landTop(_ operation: MDB_cursor_op, _ target: UnsafeRawBufferPointer) throws(StoreError) {
    guard try moveTop(operation, target) else { return }
    if row.main == 0 { try settle() } else { isValid = true }
  }

  @inline(__always)
  private func moveTop(_ operation: MDB_cursor_op, _ target: UnsafeRawBufferPointer) throws(StoreError)
    -> Bool
  {
    var keyValue = MDB_val(target)
    var data = MDB_val()
    let code = mdb_cursor_get(cursor, &keyValue, &data, operation)
    if code == MDB_NOTFOUND {
      isValid = false
      return false
    }
    try check(code, "walking the checkpoint's keys")
    key = keyValue.bytes
    guard let found = CurrentRow(data.bytes, key: key) else { throw KeyRows.corruptRow }
    row = found
    return true
  }

  // MARK: long keys

  /// On any row: stops at its own version, or goes on to the first below it.
  private func settle() throws(StoreError) {
    if row.main != 0 {
      isValid = true
    } else if row.child != 0 {
      try descend()
    } else {
      throw KeyRows.corruptRow
    }
  }

  private func descend() throws(StoreError) {
    while true {
      try enter(row.child)
      guard try moveBelow(UnsafeRawBufferPointer(start: nil, count: 0), exclusive: false) else {
        return try leave()
      }
      if row.main != 0 {
        isValid = true
        return
      }
      if row.child == 0 { throw KeyRows.corruptRow }
    }
  }

  /// Goes below the current row, whose key becomes the assembled prefix.
  private func enter(_ node: UInt64) throws(StoreError) {
    guard key.count == (nodes.count + 1) * KeyRows.chunkBytes, nodes.count < KeyRows.maximumDepth else {
      throw KeyRows.corruptRow
    }
    if nodes.isEmpty { memcpy(assembled.baseAddress!, key.baseAddress!, key.count) }
    longCursor = try session.longKeysCursor()
    nodes.append(node)
  }

  /// Moves to the first row of the innermost node at (or, if `exclusive`, after) `chunk`; false when there
  /// is none.
  private func moveBelow(_ chunk: UnsafeRawBufferPointer, exclusive: Bool) throws(StoreError) -> Bool {
    let node = nodes[nodes.count - 1]
    let wanted = KeyRows.nodeKey(node, chunk, in: search)
    var keyValue = MDB_val(wanted)
    var data = MDB_val()
    var code = mdb_cursor_get(longCursor, &keyValue, &data, MDB_SET_RANGE)
    if code == MDB_SUCCESS && exclusive && compareBytes(keyValue.bytes, wanted) == 0 {
      code = mdb_cursor_get(longCursor, &keyValue, &data, MDB_NEXT)
    }
    if code == MDB_NOTFOUND { return false }
    try check(code, "walking the checkpoint's long keys")
    let found = keyValue.bytes
    guard found.count > KeyRows.nodeBytes, found.count <= KeyRows.nodeBytes + KeyRows.chunkBytes else {
      throw KeyRows.corruptRow
    }
    if UInt64(bigEndian: found.loadUnaligned(as: UInt64.self)) != node { return false }
    guard let decoded = CurrentRow(data.bytes, key: found) else { throw KeyRows.corruptRow }
    row = decoded
    let start = nodes.count * KeyRows.chunkBytes
    let length = found.count - KeyRows.nodeBytes
    memcpy(assembled.baseAddress! + start, found.baseAddress! + KeyRows.nodeBytes, length)
    key = UnsafeRawBufferPointer(start: assembled.baseAddress, count: start + length)
    return true
  }

  /// To the next key after the current row and all below it.
  private func advance() throws(StoreError) {
    while !nodes.isEmpty {
      let start = nodes.count * KeyRows.chunkBytes
      if try moveBelow(UnsafeRawBufferPointer(rebasing: key[start...]), exclusive: true) {
        return try settle()
      }
      key = UnsafeRawBufferPointer(start: assembled.baseAddress, count: start)
      nodes.removeLast()
    }
    try landTop(MDB_NEXT, key)
  }

  /// The innermost node holds nothing (more) to visit: back to its parent row, and on from there.
  private func leave() throws(StoreError) {
    key = UnsafeRawBufferPointer(start: assembled.baseAddress, count: nodes.count * KeyRows.chunkBytes)
    nodes.removeLast()
    row.child = 0
    try advance()
  }
}
