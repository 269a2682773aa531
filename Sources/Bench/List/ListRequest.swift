internal import NIOCore

/// A range to read (etcd API: `RangeRequest`).
struct ListRequest: Sendable {
  var start: ByteBuffer
  /// Empty: the key alone.
  var end: ByteBuffer
  var limit: Int64 = 0
  /// 0 for the newest.
  var revision: Int64 = 0
  /// The latest change first, instead of by key.
  var sortsByLatestChange = false
  var isSerializable = false
  var isKeysOnly = false
  var isCountOnly = false

  var fields: ProtobufMessage {
    ProtobufMessage.make {
      $0.add(1, start)
      $0.add(2, end)
      $0.add(3, limit)
      $0.add(4, revision)
      $0.add(5, sortsByLatestChange ? 2 : 0 as Int64)
      $0.add(6, sortsByLatestChange ? 3 : 0 as Int64)
      $0.add(7, isSerializable)
      $0.add(8, isKeysOnly)
      $0.add(9, isCountOnly)
    }
  }

  var message: ByteBuffer { fields.buffer }
}

/// What a `RangeResponse` says beyond its values.
struct ListPage {
  /// The store's revision when the answer was made.
  var revision: Int64 = 0
  var keyValues = 0
  var hasMore = false
  var count: Int64 = 0
  /// The last key-value's latest change, and its version; 0 without one.
  var modRevision: Int64 = 0
  var version: Int64 = 0
  /// Where the next page begins: right behind the last key; nil when the page is empty.
  var next: ByteBuffer?

  /// Reads a message, or the part of one at `range`; nil if it is malformed.
  init?(_ message: ByteBuffer, range: Range<Int>? = nil) {
    let bytes = message.readableBytesUInt8Span
    let range = range ?? 0..<bytes.count
    var position = range.lowerBound
    var lastKey: Range<Int>?
    while let field = Protobuf.next(bytes, &position, end: range.upperBound) {
      switch field.number {
      case 1:
        var inner = field.bytes.lowerBound
        while let part = Protobuf.next(bytes, &inner, end: field.bytes.upperBound) {
          if part.number == 3 { revision = Int64(bitPattern: part.value) }
        }
      case 2:
        keyValues += 1
        var inner = field.bytes.lowerBound
        while let part = Protobuf.next(bytes, &inner, end: field.bytes.upperBound) {
          if part.number == 1 { lastKey = part.bytes }
          if part.number == 3 { modRevision = Int64(bitPattern: part.value) }
          if part.number == 4 { version = Int64(bitPattern: part.value) }
        }
        guard inner == field.bytes.upperBound else { return nil }
      case 3: hasMore = field.value != 0
      case 4: count = Int64(bitPattern: field.value)
      default: break
      }
    }
    guard position == range.upperBound else { return nil }
    if let lastKey {
      var key = message.getSlice(at: message.readerIndex + lastKey.lowerBound, length: lastKey.count)
      key?.writeInteger(UInt8(0))
      next = key
    }
  }
}
