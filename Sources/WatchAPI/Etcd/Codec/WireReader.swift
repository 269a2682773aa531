/// Why bytes are not a message of the expected type (protobuf.dev: encoding).
enum WireError: Error, Hashable {
  case truncated
  case malformedVarint
  case illegalTag
  /// A known field whose bytes are of another shape than its type has.
  case wrongWireType(field: UInt32)
  case unmatchedGroup
  case tooDeep
  /// Transactions nested deeper than the decoder follows.
  case transactionTooDeep
  /// Well-formed, but nothing that was ever proposed.
  case unknownOperation
}

extension WireError: CustomStringConvertible {
  var description: String {
    switch self {
    case .truncated: "unexpected EOF"
    case .malformedVarint: "proto: integer overflow"
    case .illegalTag: "proto: illegal tag"
    case .wrongWireType(let field): "proto: wrong wire type for field \(field)"
    case .unmatchedGroup: "proto: unexpected end of group"
    case .tooDeep, .transactionTooDeep: "proto: nested too deep"
    case .unknownOperation: "proto: unknown operation"
    }
  }
}

/// Reads the fields of one message from borrowed bytes, without copying.
///
/// Safe: because every read is checked against `end` first; slices handed out are valid as long as the bytes
/// given to `init` are.
struct WireReader {
  enum WireType: UInt32 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case startGroup = 3
    case endGroup = 4
    case fixed32 = 5
  }

  struct Tag {
    var field: UInt32
    var type: WireType
  }

  /// Groups of unknown fields may nest so deep.
  private static let maximumGroupDepth = 100

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The next field's tag; nil at the end of the message.
  @inline(__always)
  mutating func nextTag() throws(WireError) -> Tag? {
    if position == bytes.count { return nil }
    let raw = try varint()
    guard raw <= UInt64(UInt32.max), let type = WireType(rawValue: UInt32(raw & 7)), raw >> 3 > 0 else {
      throw .illegalTag
    }
    return Tag(field: UInt32(raw >> 3), type: type)
  }

  @inline(__always)
  mutating func varint() throws(WireError) -> UInt64 {
    guard position < bytes.count else { throw .truncated }
    let first = bytes[position]
    position += 1
    if first < 0x80 { return UInt64(first) }
    return try longVarint(UInt64(first & 0x7f))
  }

  private mutating func longVarint(_ first: UInt64) throws(WireError) -> UInt64 {
    var value = first
    var shift: UInt64 = 7
    while shift < 64 {
      guard position < bytes.count else { throw .truncated }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw .malformedVarint
  }

  // MARK: fields of known types

  @inline(__always)
  mutating func uint64(_ tag: Tag) throws(WireError) -> UInt64 {
    guard tag.type == .varint else { throw .wrongWireType(field: tag.field) }
    return try varint()
  }

  @inline(__always)
  mutating func int64(_ tag: Tag) throws(WireError) -> Int64 {
    Int64(bitPattern: try uint64(tag))
  }

  @inline(__always)
  mutating func bool(_ tag: Tag) throws(WireError) -> Bool {
    try uint64(tag) != 0
  }

  /// One occurrence of a repeated enumeration: a single value, or several packed together.
  mutating func enumerations(_ tag: Tag) throws(WireError) -> [Int32] {
    guard tag.type == .lengthDelimited else { return [try enumeration(tag)] }
    var packed = WireReader(try slice(tag))
    var values: [Int32] = []
    while packed.position < packed.bytes.count {
      values.append(Int32(truncatingIfNeeded: try packed.varint()))
    }
    return values
  }

  /// An enum's number; what exceeds 32 bits is cut off, as everywhere in protobuf.
  @inline(__always)
  mutating func enumeration(_ tag: Tag) throws(WireError) -> Int32 {
    Int32(truncatingIfNeeded: try uint64(tag))
  }

  /// The bytes of a `bytes`, `string` or message field.
  @inline(__always)
  mutating func slice(_ tag: Tag) throws(WireError) -> UnsafeRawBufferPointer {
    guard tag.type == .lengthDelimited else { throw .wrongWireType(field: tag.field) }
    return try lengthDelimited()
  }

  @inline(__always)
  private mutating func lengthDelimited() throws(WireError) -> UnsafeRawBufferPointer {
    let length = try varint()
    guard length <= UInt64(bytes.count - position) else { throw .truncated }
    let end = position + Int(length)
    defer { position = end }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
  }

  // MARK: fields of unknown numbers

  mutating func skip(_ tag: Tag) throws(WireError) {
    try skip(tag, depth: 0)
  }

  private mutating func skip(_ tag: Tag, depth: Int) throws(WireError) {
    switch tag.type {
    case .varint: _ = try varint()
    case .fixed64: try advance(8)
    case .fixed32: try advance(4)
    case .lengthDelimited: _ = try lengthDelimited()
    case .endGroup: throw .unmatchedGroup
    case .startGroup:
      guard depth < Self.maximumGroupDepth else { throw .tooDeep }
      while true {
        guard let inner = try nextTag() else { throw .truncated }
        if inner.type == .endGroup {
          guard inner.field == tag.field else { throw .unmatchedGroup }
          return
        }
        try skip(inner, depth: depth + 1)
      }
    }
  }

  private mutating func advance(_ count: Int) throws(WireError) {
    guard bytes.count - position >= count else { throw .truncated }
    position += count
  }
}
