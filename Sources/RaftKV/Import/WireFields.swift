/// The fields of a protobuf message, one after the other; groups are not known, as etcd has none.
struct WireFields {
  enum Value {
    case varint(UInt64)
    case bytes(ArraySlice<UInt8>)
    /// Of four or eight bytes.
    case fixed
  }

  private let source: ArraySlice<UInt8>
  private var position: Int
  /// The message ended inside a field, or holds what no field may.
  private(set) var isMalformed = false

  init(_ source: ArraySlice<UInt8>) {
    self.source = source
    position = source.startIndex
  }

  /// Nil at the end, and when the message is malformed.
  mutating func next() -> (number: UInt64, value: Value)? {
    guard position < source.endIndex, !isMalformed else { return nil }
    guard let tag = varint(), tag >> 3 != 0, let value = value(tag & 7) else {
      isMalformed = true
      return nil
    }
    return (tag >> 3, value)
  }

  private mutating func value(_ wireType: UInt64) -> Value? {
    switch wireType {
    case 0: return varint().map(Value.varint)
    case 1: return skip(8)
    case 5: return skip(4)
    case 2:
      guard let count = varint(), count <= UInt64(source.endIndex - position) else { return nil }
      defer { position += Int(count) }
      return .bytes(source[position..<position + Int(count)])
    default: return nil
    }
  }

  private mutating func skip(_ count: Int) -> Value? {
    guard count <= source.endIndex - position else { return nil }
    position += count
    return .fixed
  }

  private mutating func varint() -> UInt64? {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while position < source.endIndex, shift < 64 {
      let byte = source[position]
      position += 1
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
    return nil
  }
}
