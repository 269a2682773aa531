import CChecksum

/// The start of every segment file. All integers are little-endian.
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 8 | magic |
/// | 8 | 4 | format version |
/// | 12 | 4 | bytes of metadata |
/// | 16 | 8 | identity of the log |
/// | 24 | 8 | sequence number of the segment |
/// | 32 | 8 | capacity: the size of the file |
/// | 40 | 8 | index of the last entry before this segment |
/// | 48 | 8 | where the records of the segment before this one end |
/// | 56 | 4 | checksum of the last of them: the chain |
/// | 60 | 4 | checksum of the 60 bytes before and of the padded metadata |
/// | 64 | 8 | from format 2 on: the sequence number of the segment before this one |
/// | 64 or 72 | | metadata, padded with zeros to 8 bytes |
///
/// Format 2 is written where format 1 does not do, so that older programs read whatever they can understand: in a
/// segment with which the log begins anew, and in one that takes the place of damaged ones, which are void.
///
/// It is written together with the segment's first records, after everything in the segment before is durable.
struct SegmentHeader: Hashable {
  static let magic = Array("raftkvWL".utf8)
  static let newestVersion: UInt32 = 2
  /// What all formats have in common.
  static let fixedBytes = 64
  /// Keeps the header within one read, and within the smallest segment.
  static let metadataBytesMax = 1024
  static let byteCountMax = fixedBytes + 8 + metadataBytesMax

  /// Where the metadata starts.
  static func metadataOffset(version: UInt32) -> Int { version == 1 ? fixedBytes : fixedBytes + 8 }

  var version: UInt32 = 1
  var identity: UInt64
  var sequence: UInt64
  /// The segment that this one follows; in format 1 always the one numbered before it.
  var precedingSequence: UInt64
  var capacity: Int
  var precedingIndex: UInt64
  var precedingEnd: Int
  var previous: UInt32
  var metadata: [UInt8]

  var byteCount: Int {
    SegmentHeader.metadataOffset(version: version) + RecordHeader.padded(metadata.count)
  }

  /// What every checksum of a record of this segment starts from, so that bytes of another log or segment, or a
  /// copy of them inside a value, never look like a record here.
  static func seed(identity: UInt64, sequence: UInt64) -> UInt32 {
    withUnsafeBytes(of: (identity.littleEndian, sequence.littleEndian)) {
      checksum_crc32c(0, $0.baseAddress, $0.count)
    }
  }

  var seed: UInt32 { SegmentHeader.seed(identity: identity, sequence: sequence) }

  /// The bytes of the header, and its checksum, with which the segment's chain starts.
  func encoded() -> (bytes: [UInt8], checksum: UInt32) {
    precondition(metadata.count <= SegmentHeader.metadataBytesMax)
    precondition(version > 1 || precedingSequence &+ 1 == sequence)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    func append<Value: FixedWidthInteger>(_ value: Value) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    bytes += SegmentHeader.magic
    append(version)
    append(UInt32(metadata.count))
    append(identity)
    append(sequence)
    append(UInt64(capacity))
    append(precedingIndex)
    append(UInt64(precedingEnd))
    append(previous)
    append(UInt32(0))
    if version > 1 { append(precedingSequence) }
    bytes += metadata
    bytes += [UInt8](repeating: 0, count: byteCount - bytes.count)
    let checksum = SegmentHeader.checksum(bytes)
    withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(60..<64, with: $0) }
    return (bytes, checksum)
  }

  /// What the first bytes of a segment file turn out to be.
  enum Decoded {
    case header(SegmentHeader, checksum: UInt32)
    /// Nothing but zeros where the header belongs, which all lies in the file's first sector but for metadata.
    case blank
    /// The magic is not there: not a segment of this log, or damaged in its first bytes.
    case foreign
    /// A segment of a format that this version cannot read; or a damaged version number, if with that of a known
    /// format the checksum is right.
    case version(UInt32, isDamaged: Bool)
    /// The magic is there, the checksum is wrong; the header seems to take this many bytes.
    case damaged(byteCount: Int)
  }

  /// Reads a header from the start of a file; `bytes` may be shorter only if the file is.
  static func decode(_ bytes: [UInt8]) -> Decoded {
    if bytes.prefix(fixedBytes).allSatisfy({ $0 == 0 }) { return .blank }
    guard bytes.starts(with: magic) else { return .foreign }
    guard bytes.count >= fixedBytes else { return .damaged(byteCount: bytes.count) }
    func integer<Value: FixedWidthInteger>(_ offset: Int, as: Value.Type) -> Value {
      bytes.withUnsafeBytes {
        Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self))
      }
    }
    let version = integer(8, as: UInt32.self)
    guard version >= 1 && version <= newestVersion else {
      return .version(version, isDamaged: bytes.isHeaderWithAnotherVersion)
    }
    let metadataBytes = Int(integer(12, as: UInt32.self))
    let metadataOffset = metadataOffset(version: version)
    let end = metadataOffset + RecordHeader.padded(metadataBytes)
    guard metadataBytes <= metadataBytesMax && bytes.count >= end else {
      return .damaged(byteCount: fixedBytes)
    }
    let checksum = integer(60, as: UInt32.self)
    guard checksum == SegmentHeader.checksum(Array(bytes[..<end])),
      let capacity = Int(exactly: integer(32, as: UInt64.self)),
      let precedingEnd = Int(exactly: integer(48, as: UInt64.self))
    else { return .damaged(byteCount: end) }
    let sequence = integer(24, as: UInt64.self)
    let header = SegmentHeader(
      version: version, identity: integer(16, as: UInt64.self), sequence: sequence,
      precedingSequence: version == 1 ? sequence &- 1 : integer(64, as: UInt64.self), capacity: capacity,
      precedingIndex: integer(40, as: UInt64.self), precedingEnd: precedingEnd,
      previous: integer(56, as: UInt32.self),
      metadata: Array(bytes[metadataOffset..<metadataOffset + metadataBytes]))
    return .header(header, checksum: checksum)
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { bytes in
      // Safe: both callers pass at least `fixedBytes`.
      let fixed = checksum_crc32c(0, bytes.baseAddress, 60)
      return checksum_crc32c(fixed, bytes.baseAddress! + fixedBytes, bytes.count - fixedBytes)
    }
  }
}

extension [UInt8] {
  fileprivate var isHeaderWithAnotherVersion: Bool {
    (1...SegmentHeader.newestVersion).contains { version in
      var bytes = self
      Swift.withUnsafeBytes(of: version.littleEndian) { bytes.replaceSubrange(8..<12, with: $0) }
      if case .header = SegmentHeader.decode(bytes) { return true }
      return false
    }
  }
}
