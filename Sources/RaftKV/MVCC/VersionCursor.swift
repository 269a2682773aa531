import CLMDB
import Glibc

/// Walks the versions of the checkpoint in revision order. Belongs to one session; its position is valid until the
/// session is reset.
final class VersionCursor {
  private let session: ReadSession
  private var cursor: OpaquePointer?
  /// The key of a version, when it does not lie in one piece.
  private let assembled = UnsafeMutableRawBufferPointer.allocate(
    byteCount: Store.maximumKeyBytes, alignment: 8)
  private(set) var main: Int64 = 0
  private(set) var sub: Int64 = 0
  private(set) var record = VersionRecord()
  /// Valid until the cursor moves.
  private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)

  init(_ session: ReadSession) { self.session = session }

  deinit { assembled.deallocate() }

  /// Stands on the first version at or after this place; false when there is none.
  func seek(_ main: Int64, sub: Int64 = 0) throws(StoreError) -> Bool {
    cursor = try session.changesCursor()
    return try VersionKey(main: main, sub: sub).withBytes { (key) throws(StoreError) -> Bool in
      try move(MDB_SET_RANGE, key)
    }
  }

  /// Stands on the next version; false when there is none.
  func next() throws(StoreError) -> Bool {
    try move(MDB_NEXT, UnsafeRawBufferPointer(start: nil, count: 0))
  }

  private func move(
    _ first: MDB_cursor_op, _ target: UnsafeRawBufferPointer
  ) throws(StoreError) -> Bool {
    var rowKey = MDB_val(target)
    var row = MDB_val()
    var operation = first
    while true {
      let code = mdb_cursor_get(cursor, &rowKey, &row, operation)
      if code == MDB_NOTFOUND { return false }
      try check(code, "walking the checkpoint's versions")
      if rowKey.mv_size == VersionKey.bytes { break }
      // A chunk of the version before.
      operation = MDB_NEXT
    }
    let place = rowKey.bytes
    main = Int64(bitPattern: UInt64(bigEndian: place.loadUnaligned(as: UInt64.self)))
    sub = Int64(UInt32(bigEndian: place.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
    guard let decoded = VersionRecord(row.bytes, key: place, main: main),
      decoded.keyLength <= Store.maximumKeyBytes
    else { throw corrupt }
    record = decoded
    let payload = UnsafeRawBufferPointer(rebasing: row.bytes[decoded.payloadStart...])
    if payload.count >= decoded.keyLength {
      key = UnsafeRawBufferPointer(rebasing: payload[..<decoded.keyLength])
    } else {
      try assembleKey(payload)
    }
    return true
  }

  /// A long key goes on in the chunk rows behind its version.
  private func assembleKey(_ first: UnsafeRawBufferPointer) throws(StoreError) {
    var piece = first
    var filled = 0
    while true {
      let count = min(piece.count, record.keyLength - filled)
      memcpy(assembled.baseAddress! + filled, piece.baseAddress!, count)
      filled += count
      if filled == record.keyLength { break }
      var rowKey = MDB_val()
      var row = MDB_val()
      let code = mdb_cursor_get(cursor, &rowKey, &row, MDB_NEXT)
      if code == MDB_NOTFOUND { throw corrupt }
      try check(code, "walking the checkpoint's versions")
      guard rowKey.mv_size == VersionKey.chunkBytes, row.mv_size > 4,
        VersionRecord.isIntact(row.bytes, key: rowKey.bytes)
      else { throw corrupt }
      piece = UnsafeRawBufferPointer(rebasing: row.bytes[4...])
    }
    key = UnsafeRawBufferPointer(start: assembled.baseAddress, count: filled)
  }

  private var corrupt: StoreError {
    .corrupt("version \(main).\(sub) of the checkpoint fails its checksum or its shape")
  }
}
