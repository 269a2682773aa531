import CChecksum
import Glibc

/// The key of a row of `versions`: main and sub, big-endian, so that rows lie in revision order; a chunk row
/// adds its number.
struct VersionKey {
  static let bytes = 12
  static let chunkBytes = 16

  private var storage: (UInt64, UInt32, UInt32)

  init(main: Int64, sub: Int64) {
    storage = (UInt64(bitPattern: main).bigEndian, UInt32(truncatingIfNeeded: sub).bigEndian, 0)
  }

  /// The parts of a row's key; nil when it is none.
  static func decode(_ key: UnsafeRawBufferPointer) -> (main: Int64, sub: UInt32, isChunk: Bool)? {
    guard key.count == bytes || key.count == chunkBytes else { return nil }
    return (
      Int64(bigEndian: key.loadUnaligned(as: Int64.self)),
      UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 8, as: UInt32.self)), key.count == chunkBytes
    )
  }

  var chunk: UInt32 {
    get { UInt32(bigEndian: storage.2) }
    set { storage.2 = newValue.bigEndian }
  }

  @inline(__always)
  func withBytes<Result>(
    chunk: Bool = false, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try withUnsafePointer(to: storage) { (pointer) throws(StoreError) -> Result in
      try body(
        UnsafeRawBufferPointer(
          start: UnsafeRawPointer(pointer), count: chunk ? VersionKey.chunkBytes : VersionKey.bytes))
    }
  }
}

/// One version in the checkpoint: header, key, value (perhaps compressed). What does not fit a node inside
/// an LMDB page goes on in chunk rows, so that no version ever needs a run of neighbouring pages.
///
/// Layout: CRC-32C of the row's key and the rest (4 bytes), flags, then varints: key length; main − create
/// and version, unless a tombstone; lease, if not 0; main − previous main and previous sub, if there is a
/// previous; value length, unless a tombstone; stored length, if compressed; then the payload (key, stored
/// value) up to the row's end. A chunk row: CRC-32C as above, then payload.
struct VersionRecord {
  /// The largest node of a row or chunk row, with its 8-byte header and its key, for 4 KiB pages. LMDB keeps up to
  /// 2,038 bytes inside a page; two of these leave room for the marker of `Packer` beside them.
  private static let maximumNodeBytes = 2024
  static let maximumRowBytes = maximumNodeBytes - 8 - VersionKey.bytes
  static let maximumChunkBytes = maximumNodeBytes - 8 - VersionKey.chunkBytes
  static let chunkPayloadBytes = maximumChunkBytes - 4
  static let maximumHeaderBytes = 96

  private static let isTombstone: UInt8 = 1
  private static let isCompressed: UInt8 = 2
  private static let hasLease: UInt8 = 4
  private static let hasPrevious: UInt8 = 8

  var keyLength = 0
  var createRevision: Int64 = 0
  /// 0 marks a tombstone.
  var version: Int64 = 0
  var lease: Int64 = 0
  var previousMain: Int64 = 0
  var previousSub: Int64 = 0
  var valueLength = 0
  /// Bytes of the value as stored; less than `valueLength` when compressed.
  var storedLength = 0
  var isCompressed = false
  /// Where in the row the payload starts.
  private(set) var payloadStart = 0

  init() {}

  /// Writes the header after the four bytes of the checksum.
  func encodeHeader(main: Int64, into writer: inout ByteWriter) {
    var flags: UInt8 = 0
    if version == 0 { flags |= VersionRecord.isTombstone }
    if isCompressed { flags |= VersionRecord.isCompressed }
    if lease != 0 { flags |= VersionRecord.hasLease }
    if previousMain != 0 { flags |= VersionRecord.hasPrevious }
    writer.append(byte: flags)
    writer.append(varint: UInt64(keyLength))
    if version != 0 {
      writer.append(varint: UInt64(main - createRevision))
      writer.append(varint: UInt64(version))
    }
    if lease != 0 { writer.append(varint: UInt64(bitPattern: lease)) }
    if previousMain != 0 {
      writer.append(varint: UInt64(main - previousMain))
      writer.append(varint: UInt64(previousSub))
    }
    if version != 0 { writer.append(varint: UInt64(valueLength)) }
    if isCompressed { writer.append(varint: UInt64(storedLength)) }
  }

  /// Nil when the checksum or the shape is wrong.
  init?(_ row: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, main: Int64) {
    guard VersionRecord.isIntact(row, key: key) else { return nil }
    var reader = ByteReader(row)
    reader.position = 4
    let flags = reader.byte()
    let length = reader.signed()
    if flags & VersionRecord.isTombstone == 0 {
      createRevision = main - reader.signed()
      version = reader.signed()
    }
    if flags & VersionRecord.hasLease != 0 { lease = Int64(bitPattern: reader.varint()) }
    if flags & VersionRecord.hasPrevious != 0 {
      previousMain = main - reader.signed()
      previousSub = reader.signed()
    }
    var full: Int64 = 0
    var stored: Int64 = 0
    if flags & VersionRecord.isTombstone == 0 { full = reader.signed() }
    stored = full
    if flags & VersionRecord.isCompressed != 0 {
      isCompressed = true
      stored = reader.signed()
    }
    guard !reader.failed, length <= Int64(Int32.max), full <= Int64(UInt32.max), stored <= full else {
      return nil
    }
    keyLength = Int(length)
    valueLength = Int(full)
    storedLength = Int(stored)
    payloadStart = reader.position
  }

  /// Bytes of the payload that chunk rows hold after `row`, the version's first.
  func bytesInChunks(after row: UnsafeRawBufferPointer) -> Int {
    max(0, keyLength + storedLength - (row.count - payloadStart))
  }

  static func isIntact(_ row: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Bool {
    row.count > 4 && row.loadUnaligned(as: UInt32.self) == checksum(row, key: key)
  }

  /// Fills in the checksum of a finished row.
  static func seal(_ row: UnsafeMutableRawBufferPointer, key: UnsafeRawBufferPointer) {
    row.storeBytes(of: checksum(UnsafeRawBufferPointer(row), key: key), as: UInt32.self)
  }

  private static func checksum(_ row: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> UInt32 {
    checksum_crc32c(
      checksum_crc32c(0, key.baseAddress, key.count), row.baseAddress! + 4, row.count - 4)
  }
}
