import GRPC
import MVCC
import NIOCore
import RaftKV

/// A `WatchResponse` (etcd API), with the prefix that makes it a gRPC message.
struct WatchResponse {
  private enum Field {
    static let header: UInt32 = 1
    static let watchID: UInt32 = 2
    static let created: UInt32 = 3
    static let canceled: UInt32 = 4
    static let compactRevision: UInt32 = 5
    static let cancelReason: UInt32 = 6
    static let fragment: UInt32 = 7
    static let events: UInt32 = 11
  }

  /// The id of responses that concern no watch, or all of them.
  static let noWatch: Int64 = -1

  var header: ResponseHeader
  var watch: Int64
  var created = false
  var canceled = false
  var compactRevision: Int64 = 0
  var cancelReason = ""
  var fragment = false

  init(header: ResponseHeader, watch: Int64) {
    self.header = header
    self.watch = watch
  }

  /// The length without events.
  private var length: Int {
    WireSize.message(Field.header, header) + WireSize.int64(Field.watchID, watch)
      + WireSize.bool(Field.created, created) + WireSize.bool(Field.canceled, canceled)
      + WireSize.int64(Field.compactRevision, compactRevision)
      + WireSize.bytes(Field.cancelReason, cancelReason.utf8.count)
      + WireSize.bool(Field.fragment, fragment)
  }

  /// Appends the response without events.
  func write(to buffer: inout ByteBuffer) {
    let length = length
    Self.writePrefix(length, to: &buffer)
    buffer.writeFields(count: length) { encode(to: &$0) }
  }

  /// Appends the response with these events of a batch.
  func write(
    _ events: ArraySlice<Int32>, of batch: EventBatch, withPrevious: Bool, to buffer: inout ByteBuffer
  ) {
    let length = events.reduce(length) {
      $0 + WireSize.message(Field.events, batch.length(of: $1, withPrevious: withPrevious))
    }
    Self.writePrefix(length, to: &buffer)
    buffer.writeFields(count: length) { writer in
      encode(to: &writer)
      for event in events {
        let bytes = batch.bytes(of: event, withPrevious: withPrevious)
        writer.message(Field.events, length: bytes.count)
        writer.reserve(bytes.count).copyMemory(from: bytes)
      }
    }
  }

  /// How many of `events`, from the first on, fit a response of less than `limit` bytes; at least one.
  func count(
    of events: ArraySlice<Int32>, in batch: EventBatch, withPrevious: Bool, fitting limit: Int
  ) -> Int {
    var total = length
    for (count, event) in events.enumerated() {
      total += WireSize.message(Field.events, batch.length(of: event, withPrevious: withPrevious))
      if total >= limit, count > 0 { return count }
    }
    return events.count
  }

  private func encode(to writer: inout WireWriter) {
    writer.message(Field.header, header)
    writer.int64(Field.watchID, watch)
    writer.bool(Field.created, created)
    writer.bool(Field.canceled, canceled)
    writer.int64(Field.compactRevision, compactRevision)
    if !cancelReason.isEmpty { writer.bytes(Field.cancelReason, Array(cancelReason.utf8)) }
    writer.bool(Field.fragment, fragment)
  }

  private static func writePrefix(_ length: Int, to buffer: inout ByteBuffer) {
    buffer.reserveCapacity(minimumWritableBytes: length + CallStream.messagePrefixBytes)
    buffer.writeInteger(UInt8(0))
    buffer.writeInteger(UInt32(length))
  }
}

extension WatchRefusal {
  /// etcd's text for it.
  var reason: String {
    switch self {
    case .emptyRange: "mvcc: watcher range is empty"
    case .duplicateID: "mvcc: duplicate watch ID provided on the WatchStream"
    case .negativeRevision: EtcdError.compacted.message
    case .tooMany: EtcdError.tooManyRequests.message
    }
  }
}
