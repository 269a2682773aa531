internal import NIOCore

/// The few messages of the etcd v3 API that the generator sends and looks into, written by hand: their fields
/// have known lengths, so that a request is encoded in one pass without an object in between.
enum EtcdMessage {
  /// Keys are decimal numbers; this byte sorts after all of them.
  static let byteAfterDigits = UInt8(ascii: ":")

  // MARK: requests

  /// What an operation of a transaction is, by its field in `RequestOp`.
  enum OperationField: UInt8 {
    case range = 1
    case put = 2
  }

  /// The head of a field of bytes (protobuf wire type 2).
  static func writeField(_ number: UInt8, length: Int, into buffer: inout ByteBuffer) {
    buffer.writeInteger(number << 3 | 2)
    writeVarint(UInt64(length), into: &buffer)
  }

  static func writeVarint(_ value: UInt64, into buffer: inout ByteBuffer) {
    var rest = value
    while rest >= 0x80 {
      buffer.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    buffer.writeInteger(UInt8(rest))
  }

  static func varintLength(_ value: UInt64) -> Int {
    max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
  }

  /// The length of a field of bytes, its head included.
  static func fieldLength(_ length: Int) -> Int { 1 + varintLength(UInt64(length)) + length }

  /// A key number as decimal digits with zeros before them.
  static func writeKey(_ number: Int, length: Int, into buffer: inout ByteBuffer) {
    let start = buffer.writerIndex
    buffer.writeRepeatingByte(UInt8(ascii: "0"), count: length)
    var rest = number
    var index = start + length
    while rest > 0 {
      index -= 1
      buffer.setInteger(UInt8(ascii: "0") + UInt8(rest % 10), at: index)
      rest /= 10
    }
  }

  static func putLength(key: Int, value: Int) -> Int {
    fieldLength(key) + (value > 0 ? fieldLength(value) : 0)
  }

  /// `PutRequest { key = 1; value = 2 }` with a random value.
  static func writePut(
    key: Int, keyLength: Int, valueLength: Int, _ random: inout SplitMix64, into buffer: inout ByteBuffer
  ) {
    writeField(1, length: keyLength, into: &buffer)
    writeKey(key, length: keyLength, into: &buffer)
    guard valueLength > 0 else { return }
    writeField(2, length: valueLength, into: &buffer)
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: valueLength) { bytes in
      // Safe: because at least `valueLength` bytes are writable, and no store goes past them.
      let words = valueLength / 8
      for word in 0..<words { bytes.storeBytes(of: random.next(), toByteOffset: word * 8, as: UInt64.self) }
      for index in words * 8..<valueLength { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
      return valueLength
    }
  }

  static func rangeLength(key: Int, end: Int, limit: Int, serializable: Bool) -> Int {
    fieldLength(key) + (end > 0 ? fieldLength(end) : 0)
      + (limit > 0 ? 1 + varintLength(UInt64(limit)) : 0) + (serializable ? 2 : 0)
  }

  /// The tail of `RangeRequest { key = 1; range_end = 2; limit = 3; serializable = 7 }`.
  static func writeRangeOptions(limit: Int, serializable: Bool, into buffer: inout ByteBuffer) {
    if limit > 0 {
      buffer.writeInteger(UInt8(3 << 3))
      writeVarint(UInt64(limit), into: &buffer)
    }
    if serializable {
      buffer.writeInteger(UInt8(7 << 3))
      buffer.writeInteger(UInt8(1))
    }
  }

  /// The heads of one `TxnRequest { success = 2 }` operation, whose request of `length` bytes follows.
  static func writeTransactionOperation(
    _ field: OperationField, length: Int, into buffer: inout ByteBuffer
  ) {
    writeField(2, length: fieldLength(length), into: &buffer)
    writeField(field.rawValue, length: length, into: &buffer)
  }

  // MARK: responses

  /// How many key-values a `RangeResponse { kvs = 2 }` holds; nil if it is malformed.
  static func keyValues(inRange message: ByteBuffer) -> Int? {
    var rest = message
    var count = 0
    while let field = nextField(&rest) {
      if field.number == 2 { count += 1 }
    }
    return rest.readableBytes == 0 ? count : nil
  }

  /// The same over `TxnResponse { responses = 3 { response_range = 1 } }`.
  static func keyValues(inTransaction message: ByteBuffer) -> Int? {
    var rest = message
    var count = 0
    while let field = nextField(&rest) {
      guard field.number == 3, var response = field.bytes else { continue }
      while let inner = nextField(&response) {
        guard inner.number == 1, let range = inner.bytes else { continue }
        guard let keys = keyValues(inRange: range) else { return nil }
        count += keys
      }
      if response.readableBytes > 0 { return nil }
    }
    return rest.readableBytes == 0 ? count : nil
  }

  /// The server's version in a `StatusResponse { version = 2 }`.
  static func version(inStatus message: ByteBuffer) -> String? {
    var rest = message
    while let field = nextField(&rest) {
      if field.number == 2, let bytes = field.bytes { return String(buffer: bytes) }
    }
    return nil
  }

  /// The store's revision in a response's `header = 1 { revision = 3 }`; 0 without one.
  static func revision(in message: ByteBuffer) -> Int64 {
    let bytes = message.readableBytesUInt8Span
    var position = 0
    guard let header = Protobuf.next(bytes, &position, end: bytes.count), header.number == 1 else { return 0 }
    var inner = header.bytes.lowerBound
    while let field = Protobuf.next(bytes, &inner, end: header.bytes.upperBound) {
      if field.number == 3 { return Int64(bitPattern: field.value) }
    }
    return 0
  }

  private struct Field {
    var number: UInt64
    var bytes: ByteBuffer?
  }

  /// Takes the next field off `buffer`; nil at the end, and with bytes left over when it is malformed.
  private static func nextField(_ buffer: inout ByteBuffer) -> Field? {
    var rest = buffer
    guard let tag = readVarint(&rest) else { return nil }
    var field = Field(number: tag >> 3, bytes: nil)
    switch tag & 7 {
    case 0: guard readVarint(&rest) != nil else { return nil }
    case 1: guard rest.readSlice(length: 8) != nil else { return nil }
    case 2:
      guard let length = readVarint(&rest), length <= UInt64(rest.readableBytes),
        let bytes = rest.readSlice(length: Int(length))
      else { return nil }
      field.bytes = bytes
    case 5: guard rest.readSlice(length: 4) != nil else { return nil }
    default: return nil
    }
    buffer = rest
    return field
  }

  private static func readVarint(_ buffer: inout ByteBuffer) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte: UInt8 = buffer.readInteger() else { return nil }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    return nil
  }
}
