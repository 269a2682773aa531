import CLMDB
import CZstd
import Glibc

/// Reads versions and their values from the checkpoint, for one session.
final class VersionReader {
  /// Scratch space kept between calls is at most so large.
  private static let keptScratchBytes = 1 << 20

  private let session: ReadSession
  private var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private let decompressor = ZSTD_createDCtx()

  init(_ session: ReadSession) { self.session = session }

  deinit {
    scratch.deallocate()
    ZSTD_freeDCtx(decompressor)
  }

  /// The header of a version; nil when there is none.
  func header(main: Int64, sub: Int64) throws(StoreError) -> VersionRecord? {
    try VersionKey(main: main, sub: sub).withBytes { (key) throws(StoreError) -> VersionRecord? in
      guard let row = try lookUp(session.handle, session.databases.versions, key) else { return nil }
      guard let record = VersionRecord(row, key: key, main: main) else {
        throw corruptVersion(main: main, sub: sub)
      }
      return record
    }
  }

  /// Copies the value of a version of `key` to `target`, which holds `length` bytes.
  func copyValue(
    main: Int64, sub: Int64, key: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, length: Int
  ) throws(StoreError) {
    let cursor = try session.versionsCursor()
    var versionKey = VersionKey(main: main, sub: sub)
    let row = try seek(cursor, versionKey, isChunk: false)
    let record = try versionKey.withBytes { (bytes) throws(StoreError) -> VersionRecord? in
      VersionRecord(row, key: bytes, main: main)
    }
    guard let record, record.keyLength == key.count, record.valueLength == length else {
      throw corruptVersion(main: main, sub: sub)
    }
    let payload = UnsafeRawBufferPointer(rebasing: row[record.payloadStart...])
    let total = record.keyLength + record.storedLength
    if payload.count == total {
      let storedKey = UnsafeRawBufferPointer(rebasing: payload[..<key.count])
      guard compareBytes(storedKey, key) == 0 else { throw corruptVersion(main: main, sub: sub) }
      if record.storedLength == 0 { return }
      try finish(
        record, stored: UnsafeRawBufferPointer(rebasing: payload[key.count...]), to: target, main: main,
        sub: sub)
      return
    }
    guard payload.count < total else { throw corruptVersion(main: main, sub: sub) }

    // The value continues in chunk rows: gather its stored form, in place unless it is compressed.
    let gathered = record.isCompressed ? reserve(record.storedLength) : target
    defer { releaseScratch() }
    var position = 0
    func take(_ piece: UnsafeRawBufferPointer) {
      let skipped = min(max(record.keyLength - position, 0), piece.count)
      if piece.count > skipped {
        memcpy(
          gathered + (position + skipped - record.keyLength), piece.baseAddress! + skipped,
          piece.count - skipped)
      }
      position += piece.count
    }
    take(payload)
    while position < total {
      let chunk = try seek(cursor, versionKey, isChunk: true)
      let intact = try versionKey.withBytes(chunk: true) { (bytes) throws(StoreError) -> Bool in
        VersionRecord.isIntact(chunk, key: bytes)
      }
      guard intact, chunk.count - 4 <= total - position else { throw corruptVersion(main: main, sub: sub) }
      take(UnsafeRawBufferPointer(rebasing: chunk[4...]))
      versionKey.chunk += 1
    }
    if record.isCompressed {
      try finish(
        record, stored: UnsafeRawBufferPointer(start: gathered, count: record.storedLength), to: target,
        main: main, sub: sub)
    }
  }

  private func seek(
    _ cursor: OpaquePointer, _ key: VersionKey, isChunk: Bool
  ) throws(StoreError) -> UnsafeRawBufferPointer {
    try key.withBytes(chunk: isChunk) { (bytes) throws(StoreError) -> UnsafeRawBufferPointer in
      var keyValue = MDB_val(bytes)
      var data = MDB_val()
      // LMDB's cursor looks at its own page first, so that neighbouring rows cost no new search.
      let code = mdb_cursor_get(cursor, &keyValue, &data, MDB_SET)
      if code == MDB_NOTFOUND { throw .corrupt("the checkpoint lacks a version that its index names") }
      try check(code, "reading a version")
      return data.bytes
    }
  }

  private func finish(
    _ record: VersionRecord, stored: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, main: Int64,
    sub: Int64
  ) throws(StoreError) {
    if record.isCompressed {
      let produced = ZSTD_decompressDCtx(
        decompressor, target, record.valueLength, stored.baseAddress, stored.count)
      guard produced == record.valueLength else { throw corruptVersion(main: main, sub: sub) }
    } else {
      memcpy(target, stored.baseAddress!, stored.count)
    }
  }

  private func corruptVersion(main: Int64, sub: Int64) -> StoreError {
    .corrupt("version \(main).\(sub) of the checkpoint fails its checksum or its shape")
  }

  private func reserve(_ bytes: Int) -> UnsafeMutableRawPointer {
    if scratch.count < bytes {
      scratch.deallocate()
      scratch = .allocate(byteCount: max(bytes, 64 << 10), alignment: 16)
    }
    return scratch.baseAddress!
  }

  private func releaseScratch() {
    if scratch.count > VersionReader.keptScratchBytes {
      scratch.deallocate()
      scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
  }
}
