import NIOCore

/// How many bytes protobuf needs for what (protobuf.dev: encoding). A field of its type's default value needs
/// none: proto3 leaves it out.
enum WireSize {
  @inline(__always)
  static func varint(_ value: UInt64) -> Int {
    // Seven bits a byte: 9/64 approximates 1/7 exactly enough for 1 to 64 bits.
    ((64 - (value | 1).leadingZeroBitCount) * 9 + 64) / 64
  }

  /// Field numbers below 16 need one byte of tag, those below 2048 two; none here is larger.
  @inline(__always)
  static func tag(_ field: UInt32) -> Int { field < 16 ? 1 : 2 }

  @inline(__always)
  static func uint64(_ field: UInt32, _ value: UInt64) -> Int {
    value == 0 ? 0 : tag(field) + varint(value)
  }

  @inline(__always)
  static func int64(_ field: UInt32, _ value: Int64) -> Int {
    uint64(field, UInt64(bitPattern: value))
  }

  @inline(__always)
  static func bool(_ field: UInt32, _ value: Bool) -> Int {
    value ? tag(field) + 1 : 0
  }

  /// A `bytes` field.
  @inline(__always)
  static func bytes(_ field: UInt32, _ count: Int) -> Int {
    count == 0 ? 0 : message(field, count)
  }

  /// A message field, which is written even when it is empty.
  @inline(__always)
  static func message(_ field: UInt32, _ length: Int) -> Int {
    tag(field) + varint(UInt64(length)) + length
  }
}

/// Writes fields into memory whose size was computed first. A field of its type's default value is left out.
///
/// Safe: because each write is checked against the space that is left, and the pointer lives only inside
/// `writeFields`.
struct WireWriter {
  private var cursor: UnsafeMutableRawPointer
  private let end: UnsafeMutableRawPointer

  fileprivate init(_ memory: UnsafeMutableRawBufferPointer, count: Int) {
    precondition(memory.count >= count)
    // Safe: because NIO hands out memory with an address even when it is empty.
    cursor = memory.baseAddress!
    end = cursor + count
  }

  fileprivate var isFull: Bool { cursor == end }

  @inline(__always)
  private mutating func byte(_ value: UInt8) {
    precondition(cursor < end, "a message is longer than its computed length")
    cursor.storeBytes(of: value, as: UInt8.self)
    cursor += 1
  }

  @inline(__always)
  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  @inline(__always)
  private mutating func tag(_ field: UInt32, _ type: WireReader.WireType) {
    varint(UInt64(field << 3 | type.rawValue))
  }

  @inline(__always)
  mutating func uint64(_ field: UInt32, _ value: UInt64) {
    if value == 0 { return }
    tag(field, .varint)
    varint(value)
  }

  @inline(__always)
  mutating func int64(_ field: UInt32, _ value: Int64) {
    uint64(field, UInt64(bitPattern: value))
  }

  @inline(__always)
  mutating func bool(_ field: UInt32, _ value: Bool) {
    uint64(field, value ? 1 : 0)
  }

  @inline(__always)
  mutating func bytes(_ field: UInt32, _ value: UnsafeRawBufferPointer) {
    if value.isEmpty { return }
    message(field, length: value.count)
    reserve(value.count).copyMemory(from: value)
  }

  @inline(__always)
  mutating func bytes(_ field: UInt32, _ value: [UInt8]) {
    value.withUnsafeBytes { bytes(field, $0) }
  }

  /// A field that is written whatever its value: one of a union.
  mutating func presentUInt64(_ field: UInt32, _ value: UInt64) {
    tag(field, .varint)
    varint(value)
  }

  /// The same for bytes.
  mutating func presentBytes(_ field: UInt32, _ value: [UInt8]) {
    if value.isEmpty { return message(field, length: 0) }
    bytes(field, value)
  }

  /// Begins a message (or bytes) field; its `length` bytes are to follow.
  @inline(__always)
  mutating func message(_ field: UInt32, length: Int) {
    tag(field, .lengthDelimited)
    varint(UInt64(length))
  }

  /// Memory for the next `count` bytes, for the caller to fill.
  @inline(__always)
  mutating func reserve(_ count: Int) -> UnsafeMutableRawBufferPointer {
    precondition(end - cursor >= count, "a message is longer than its computed length")
    defer { cursor += count }
    return UnsafeMutableRawBufferPointer(start: cursor, count: count)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Fills exactly all of the memory.
  @inline(__always)
  func writeFields<Failure: Error>(
    _ body: (inout WireWriter) throws(Failure) -> Void
  ) throws(Failure) {
    if count == 0 { return }
    var writer = WireWriter(self, count: count)
    try body(&writer)
    precondition(writer.isFull, "a message is shorter than its computed length")
  }
}

extension ByteBuffer {
  /// Appends exactly `count` bytes, which `body` writes. Nothing is appended if it throws.
  @inline(__always)
  mutating func writeFields<Failure: Error>(
    count: Int, _ body: (inout WireWriter) throws(Failure) -> Void
  ) throws(Failure) {
    if count == 0 { return }
    var failure: Failure?
    writeWithUnsafeMutableBytes(minimumWritableBytes: count) { memory in
      var writer = WireWriter(memory, count: count)
      do throws(Failure) {
        try body(&writer)
      } catch {
        failure = error
        return 0
      }
      precondition(writer.isFull, "a message is shorter than its computed length")
      return count
    }
    if let failure { throw failure }
  }
}
