internal import NIOCore

/// The parts of a `WatchResponse` that the generator looks at. Events are visited in place, never kept.
struct WatchResponse {
  /// One change of a key.
  struct Event {
    var isDeletion: Bool
    var modRevision: Int64
    /// The eight bytes at the start of the value, or at `stampOffset` in it; nil when it is shorter.
    var stamp: UInt64?
  }

  /// The store's revision when the answer was made.
  var revision: Int64 = 0
  var watchID: Int64 = 0
  var isCreated = false
  var isCanceled = false
  /// Above 0 when the start of the watch was compacted.
  var compactRevision: Int64 = 0
  var cancelReason = ""
  var eventCount = 0

  /// Reads a message and calls `visit` for each event, in order; nil if it is malformed. The id of the watcher, which
  /// the events are for, comes before them on the wire as fields are written in the order of their numbers.
  init?(
    _ message: ByteBuffer, stampOffset: Int = 0, visit: (_ watchID: Int64, Event) -> Void
  ) {
    let bytes = message.readableBytesUInt8Span
    var position = 0
    while let field = Protobuf.next(bytes, &position, end: bytes.count) {
      switch field.number {
      case 1:
        guard let found = Self.number(3, in: field.bytes, of: bytes) else { return nil }
        revision = found
      case 2: watchID = Int64(bitPattern: field.value)
      case 3: isCreated = field.value != 0
      case 4: isCanceled = field.value != 0
      case 5: compactRevision = Int64(bitPattern: field.value)
      case 6: cancelReason = Self.text(field.bytes, of: bytes)
      case 11:
        guard let event = Self.event(field.bytes, of: bytes, stampOffset) else { return nil }
        eventCount += 1
        visit(watchID, event)
      default: break
      }
    }
    guard position == bytes.count else { return nil }
  }

  private static func event(_ range: Range<Int>, of bytes: Span<UInt8>, _ stampOffset: Int) -> Event? {
    var event = Event(isDeletion: false, modRevision: 0, stamp: nil)
    var position = range.lowerBound
    while let field = Protobuf.next(bytes, &position, end: range.upperBound) {
      switch field.number {
      case 1: event.isDeletion = field.value == 1
      case 2:
        var inner = field.bytes.lowerBound
        while let part = Protobuf.next(bytes, &inner, end: field.bytes.upperBound) {
          switch part.number {
          case 3: event.modRevision = Int64(bitPattern: part.value)
          case 5:
            event.stamp = Protobuf.bigEndian(
              bytes, at: part.bytes.lowerBound + stampOffset, end: part.bytes.upperBound)
          default: break
          }
        }
        guard inner == field.bytes.upperBound else { return nil }
      default: break
      }
    }
    return position == range.upperBound ? event : nil
  }

  /// A varint field of the message at `range`; 0 when it is left out, nil when the message is malformed.
  private static func number(_ number: Int, in range: Range<Int>, of bytes: Span<UInt8>) -> Int64? {
    var position = range.lowerBound
    var found: Int64 = 0
    while let field = Protobuf.next(bytes, &position, end: range.upperBound) {
      if field.number == number { found = Int64(bitPattern: field.value) }
    }
    return position == range.upperBound ? found : nil
  }

  private static func text(_ range: Range<Int>, of bytes: Span<UInt8>) -> String {
    String(decoding: range.map { bytes[$0] }, as: UTF8.self)
  }
}
