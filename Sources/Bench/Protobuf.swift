internal import NIOCore

/// Reading protobuf without objects in between: fields are found by their place in the bytes.
enum Protobuf {
  /// One field of a message.
  struct Field {
    var number: Int
    /// Of a varint field; 0 for the others.
    var value: UInt64
    /// Where the bytes of a length-delimited field lie; empty for the others.
    var bytes: Range<Int>
  }

  /// Takes the field at `position` and moves past it; nil at `end`, or without moving when the message is malformed.
  static func next(_ message: Span<UInt8>, _ position: inout Int, end: Int) -> Field? {
    var next = position
    guard let tag = varint(message, &next, end: end), tag >> 3 > 0, tag >> 3 <= 1 << 29 else { return nil }
    var field = Field(number: Int(tag >> 3), value: 0, bytes: next..<next)
    switch tag & 7 {
    case 0:
      guard let value = varint(message, &next, end: end) else { return nil }
      field.value = value
    case 1: next += 8
    case 2:
      guard let length = varint(message, &next, end: end), length <= UInt64(end - next) else { return nil }
      field.bytes = next..<next + Int(length)
      next += Int(length)
    case 5: next += 4
    default: return nil
    }
    guard next <= end else { return nil }
    position = next
    return field
  }

  /// A variable-length number; nil when `end` or ten bytes come first.
  static func varint(_ message: Span<UInt8>, _ position: inout Int, end: Int) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end, shift < 64 {
      let byte = message[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  /// Eight bytes at `position` as a big-endian number; nil when they reach past `end`.
  static func bigEndian(_ message: Span<UInt8>, at position: Int, end: Int) -> UInt64? {
    guard position >= 0, end - position >= 8 else { return nil }
    var value: UInt64 = 0
    for index in position..<position + 8 { value = value << 8 | UInt64(message[index]) }
    return value
  }
}

/// A protobuf message in the making. Fields that hold their default are left out, as proto3 has it.
struct ProtobufMessage: Sendable {
  private(set) var buffer = ByteBuffer()

  mutating func add(_ number: Int, _ value: Int64) {
    guard value != 0 else { return }
    writeVarint(UInt64(number) << 3)
    writeVarint(UInt64(bitPattern: value))
  }

  /// A member of a `oneof`, which is there even if it is 0.
  mutating func addOneOf(_ number: Int, _ value: Int64) {
    writeVarint(UInt64(number) << 3)
    writeVarint(UInt64(bitPattern: value))
  }

  mutating func add(_ number: Int, _ flag: Bool) { add(number, flag ? 1 : 0 as Int64) }

  mutating func add(_ number: Int, _ bytes: ByteBuffer) {
    guard bytes.readableBytes > 0 else { return }
    add(number, head: bytes.readableBytes)
    buffer.writeImmutableBuffer(bytes)
  }

  mutating func add(_ number: Int, _ text: String) { add(number, ByteBuffer(string: text)) }

  /// A message inside this one; there even if it is empty.
  mutating func add(_ number: Int, _ message: ProtobufMessage) {
    add(number, head: message.buffer.readableBytes)
    buffer.writeImmutableBuffer(message.buffer)
  }

  /// A message of the fields that `fill` adds.
  static func make(_ fill: (inout ProtobufMessage) -> Void) -> ProtobufMessage {
    var message = ProtobufMessage()
    fill(&message)
    return message
  }

  private mutating func add(_ number: Int, head length: Int) {
    writeVarint(UInt64(number) << 3 | 2)
    writeVarint(UInt64(length))
  }

  private mutating func writeVarint(_ value: UInt64) { EtcdMessage.writeVarint(value, into: &buffer) }
}
