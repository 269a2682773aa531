import CChecksum

/// What the checkpoint says of one key (or of the first chunk of longer keys): the newest version's place
/// and shape, without its value. Kept small: rewriting these rows is most of what a put costs on disk.
///
/// Layout: CRC-32C of key and the rest (4 bytes), flags, then: main; sub, if not 0; create and version, unless
/// a tombstone; lease, if not 0; value length, unless a tombstone; child node, if any. Main and create take
/// 4 bytes each (8, flagged, from 2³² on), the others are varints, version and value length of at least two
/// bytes: a row that does not change its size is overwritten in place, while one that grows would split
/// full pages, and leave twice as many to write.
struct CurrentRow {
  static let maximumBytes = 80

  private static let hasVersion: UInt8 = 1
  private static let isTombstone: UInt8 = 2
  private static let hasSub: UInt8 = 4
  private static let hasLease: UInt8 = 8
  private static let hasChild: UInt8 = 16
  private static let isWide: UInt8 = 32

  /// 0 when the row has no version of its own, only longer keys below it.
  var main: Int64 = 0
  var sub: Int64 = 0
  var createRevision: Int64 = 0
  /// 0 marks a tombstone.
  var version: Int64 = 0
  var lease: Int64 = 0
  var valueLength: Int64 = 0
  /// The node that holds what follows this chunk in longer keys; 0 when there is none.
  var child: UInt64 = 0

  func encode(key: UnsafeRawBufferPointer, into base: UnsafeMutableRawPointer) -> UnsafeRawBufferPointer {
    var writer = ByteWriter(base: base, count: 4)
    var flags: UInt8 = 0
    if main != 0 { flags |= CurrentRow.hasVersion }
    if main != 0 && version == 0 { flags |= CurrentRow.isTombstone }
    if sub != 0 { flags |= CurrentRow.hasSub }
    if lease != 0 { flags |= CurrentRow.hasLease }
    if child != 0 { flags |= CurrentRow.hasChild }
    let wide = main > Int64(UInt32.max)
    if wide { flags |= CurrentRow.isWide }
    writer.append(byte: flags)
    if main != 0 {
      writer.append(revision: main, wide: wide)
      if sub != 0 { writer.append(varint: UInt64(sub)) }
      if version != 0 {
        writer.append(revision: createRevision, wide: wide)
        writer.append(varintOfTwo: UInt64(version))
        if lease != 0 { writer.append(varint: UInt64(bitPattern: lease)) }
        writer.append(varintOfTwo: UInt64(valueLength))
      }
    }
    if child != 0 { writer.append(varint: child) }
    let row = UnsafeRawBufferPointer(start: base, count: writer.count)
    base.storeBytes(of: CurrentRow.checksum(key: key, row: row), as: UInt32.self)
    return row
  }

  /// Nil when the checksum or the shape is wrong.
  @inline(__always)
  init?(_ row: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) {
    guard row.count > 4, row.loadUnaligned(as: UInt32.self) == CurrentRow.checksum(key: key, row: row) else {
      return nil
    }
    var reader = ByteReader(row)
    reader.position = 4
    let flags = reader.byte()
    if flags & CurrentRow.hasVersion != 0 {
      let wide = flags & CurrentRow.isWide != 0
      main = reader.revision(wide: wide)
      if flags & CurrentRow.hasSub != 0 { sub = reader.signed() }
      if flags & CurrentRow.isTombstone == 0 {
        createRevision = reader.revision(wide: wide)
        version = reader.signed()
        if flags & CurrentRow.hasLease != 0 { lease = Int64(bitPattern: reader.varint()) }
        valueLength = reader.signed()
      }
    }
    if flags & CurrentRow.hasChild != 0 { child = reader.varint() }
    if reader.failed || reader.position != row.count { return nil }
  }

  init() {}

  @inline(__always)
  private static func checksum(key: UnsafeRawBufferPointer, row: UnsafeRawBufferPointer) -> UInt32 {
    checksum_crc32c(
      checksum_crc32c(0, key.baseAddress, key.count), row.baseAddress! + 4, row.count - 4)
  }
}
