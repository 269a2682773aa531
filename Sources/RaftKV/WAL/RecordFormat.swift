import CChecksum

/// How a record lies in a segment: a 40-byte header, then the payload, padded with zeros to 8 bytes.
/// All integers are little-endian.
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 4 | checksum of header and padded payload, continued from the header's |
/// | 4 | 4 | checksum of the header from byte 8, seeded with the segment's seed |
/// | 8 | 4 | bytes of payload |
/// | 12 | 4 | checksum of the record before this one (or of the segment header): the chain |
/// | 16 | 4 | durable offset ÷ 8 |
/// | 20 | 1 | kind |
/// | 21 | 1 | 1 if the log begins anew with this record, else 0; then 2 zeros |
/// | 24 | 8 | term |
/// | 32 | 8 | index |
///
/// The *durable offset* is how much of this segment had been synced before the record was written. It makes a torn
/// tail distinguishable from corruption: an intact record further on whose durable offset lies beyond a bad record
/// proves that the bad one had been durable.
///
/// The header's own checksum lets a search for intact records pass over anything else in linear time, and still
/// tells term and index when only a payload is damaged.
struct RecordHeader: Hashable {
  static let byteCount = 40
  /// The kind of the record that marks an orderly end: it proves that all before it was durable.
  static let sealKind: UInt8 = 255

  var checksum: UInt32
  var headerChecksum: UInt32
  var payloadBytes: Int
  var previous: UInt32
  var durableOffset: Int
  var kind: UInt8
  var beginsAnew: Bool
  var term: UInt64
  var index: UInt64

  /// Whether this is the header of an entry.
  var isEntry: Bool { index > 0 && !beginsAnew }

  /// The bytes the record takes in the file.
  var recordBytes: Int { RecordHeader.recordBytes(payload: payloadBytes) }

  static func recordBytes(payload: Int) -> Int { byteCount + padded(payload) }

  static func padded(_ count: Int) -> Int { (count + 7) & ~7 }

  /// The header at the start of `bytes`, or nil if there is no intact one.
  init?(_ bytes: UnsafeRawBufferPointer, seed: UInt32) {
    precondition(bytes.count >= RecordHeader.byteCount)
    // The cheap tests come first: a search asks this at every eighth byte.
    kind = bytes[20]
    guard kind != 0 && bytes[21] & ~1 | bytes[22] | bytes[23] == 0 else { return nil }
    beginsAnew = bytes[21] == 1
    headerChecksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    guard RecordHeader.headerChecksum(bytes, seed: seed) == headerChecksum else { return nil }
    func integer<Value: FixedWidthInteger>(_ offset: Int, as: Value.Type) -> Value {
      Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
    checksum = integer(0, as: UInt32.self)
    payloadBytes = Int(integer(8, as: UInt32.self))
    previous = integer(12, as: UInt32.self)
    durableOffset = Int(integer(16, as: UInt32.self)) * 8
    term = integer(24, as: UInt64.self)
    index = integer(32, as: UInt64.self)
  }

  /// Writes a record to the start of `bytes`, which must be large enough, and returns its checksum.
  static func encode(
    kind: UInt8, beginsAnew: Bool, term: UInt64, index: UInt64, payload: UnsafeRawBufferPointer,
    into bytes: UnsafeMutableRawBufferPointer, seed: UInt32, previous: UInt32, durableOffset: Int
  ) -> UInt32 {
    let paddedBytes = padded(payload.count)
    precondition(bytes.count >= byteCount + paddedBytes && payload.count <= Int(UInt32.max))
    func store<Value: FixedWidthInteger>(_ value: Value, _ offset: Int) {
      bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
    store(UInt32(payload.count), 8)
    store(previous, 12)
    store(UInt32(durableOffset / 8), 16)
    store(UInt32(kind) | (beginsAnew ? 0x100 : 0), 20)
    store(term, 24)
    store(index, 32)
    let headerChecksum = headerChecksum(UnsafeRawBufferPointer(bytes), seed: seed)
    store(headerChecksum, 4)
    if paddedBytes > 0 {
      // The last word first: its padding must be zero, whatever the reused buffer held.
      store(UInt64(0), byteCount + paddedBytes - 8)
      UnsafeMutableRawBufferPointer(rebasing: bytes[byteCount...]).copyMemory(from: payload)
    }
    // Safe: the precondition bounds the range read.
    let checksum = checksum_crc32c(headerChecksum, bytes.baseAddress! + byteCount, paddedBytes)
    store(checksum, 0)
    return checksum
  }

  /// Whether the padded payload, which follows the header, is the one the header was written with.
  func matches(paddedPayload bytes: UnsafeRawBufferPointer) -> Bool {
    // Safe: the buffer gives its own bounds.
    checksum == checksum_crc32c(headerChecksum, bytes.baseAddress, bytes.count)
  }

  static func headerChecksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    // Safe: callers pass at least `byteCount` bytes.
    checksum_crc32c(seed, bytes.baseAddress! + 8, byteCount - 8)
  }
}
