import MVCC
import NIOCore

/// A message that knows its encoded length before a byte is written, so that nothing is copied or moved.
protocol WireMessage {
  var encodedLength: Int { get }
  func encode(to writer: inout WireWriter)
}

extension WireMessage {
  /// The whole message.
  func encoded() -> ByteBuffer {
    let length = encodedLength
    var buffer = ByteBufferAllocator().buffer(capacity: length)
    buffer.writeFields(count: length) { encode(to: &$0) }
    return buffer
  }
}

extension WireSize {
  static func message(_ field: UInt32, _ content: some WireMessage) -> Int {
    message(field, content.encodedLength)
  }
}

extension WireWriter {
  mutating func message(_ field: UInt32, _ content: some WireMessage) {
    message(field, length: content.encodedLength)
    content.encode(to: &self)
  }
}

/// etcd API: `ResponseHeader`.
struct ResponseHeader: WireMessage {
  var clusterID: UInt64 = 0
  var memberID: UInt64 = 0
  var revision: Int64 = 0
  var term: UInt64 = 0

  var encodedLength: Int {
    WireSize.uint64(1, clusterID) + WireSize.uint64(2, memberID) + WireSize.int64(3, revision)
      + WireSize.uint64(4, term)
  }

  func encode(to writer: inout WireWriter) {
    writer.uint64(1, clusterID)
    writer.uint64(2, memberID)
    writer.int64(3, revision)
    writer.uint64(4, term)
  }

  func at(_ revision: Int64) -> ResponseHeader {
    var header = self
    header.revision = revision
    return header
  }
}

extension KeyValue: WireMessage {
  var encodedLength: Int {
    WireSize.bytes(1, key.count) + WireSize.int64(2, createRevision) + WireSize.int64(3, modRevision)
      + WireSize.int64(4, version) + WireSize.bytes(5, value.count) + WireSize.int64(6, lease)
  }

  func encode(to writer: inout WireWriter) {
    writer.bytes(1, key)
    writer.int64(2, createRevision)
    writer.int64(3, modRevision)
    writer.int64(4, version)
    writer.bytes(5, value)
    writer.int64(6, lease)
  }
}

extension KeyValueView {
  /// The length of this as a `mvccpb.KeyValue`, with or without its value.
  func encodedLength(keysOnly: Bool) -> Int {
    WireSize.bytes(1, key.count) + WireSize.int64(2, createRevision) + WireSize.int64(3, modRevision)
      + WireSize.int64(4, version) + WireSize.bytes(5, keysOnly ? 0 : valueLength)
      + WireSize.int64(6, lease)
  }

  func encode(to writer: inout WireWriter, keysOnly: Bool) throws(StoreError) {
    writer.bytes(1, key)
    writer.int64(2, createRevision)
    writer.int64(3, modRevision)
    writer.int64(4, version)
    if !keysOnly, valueLength > 0 {
      writer.message(5, length: valueLength)
      // Safe: because `reserve` made room for exactly `valueLength` bytes, more than zero.
      try copyValue(to: writer.reserve(valueLength).baseAddress!)
    }
    writer.int64(6, lease)
  }
}

/// etcd API: `PutResponse`.
struct PutResponse: WireMessage {
  var header: ResponseHeader
  var previous: KeyValue?

  var encodedLength: Int {
    WireSize.message(1, header) + (previous.map { WireSize.message(2, $0) } ?? 0)
  }

  func encode(to writer: inout WireWriter) {
    writer.message(1, header)
    if let previous { writer.message(2, previous) }
  }
}

/// etcd API: `DeleteRangeResponse`.
struct DeleteRangeResponse: WireMessage {
  var header: ResponseHeader
  var deleted: Int64
  var previous: [KeyValue]

  var encodedLength: Int {
    previous.reduce(WireSize.message(1, header) + WireSize.int64(2, deleted)) { length, keyValue in
      length + WireSize.message(3, keyValue)
    }
  }

  func encode(to writer: inout WireWriter) {
    writer.message(1, header)
    writer.int64(2, deleted)
    for keyValue in previous { writer.message(3, keyValue) }
  }
}

/// etcd API: `RangeResponse`.
struct RangeResponse: WireMessage {
  var header: ResponseHeader
  var result: RangeResult

  var encodedLength: Int {
    let rest = WireSize.message(1, header) + WireSize.bool(3, result.more) + WireSize.int64(4, result.count)
    return result.keyValues.reduce(rest) { length, keyValue in length + WireSize.message(2, keyValue) }
  }

  func encode(to writer: inout WireWriter) {
    writer.message(1, header)
    for keyValue in result.keyValues { writer.message(2, keyValue) }
    writer.bool(3, result.more)
    writer.int64(4, result.count)
  }
}

/// etcd API: `TxnResponse`.
struct TxnResponse: WireMessage {
  var header: ResponseHeader
  var succeeded: Bool
  var responses: [ResponseOp]

  var encodedLength: Int {
    responses.reduce(WireSize.message(1, header) + WireSize.bool(2, succeeded)) { length, response in
      length + WireSize.message(3, response)
    }
  }

  func encode(to writer: inout WireWriter) {
    writer.message(1, header)
    writer.bool(2, succeeded)
    for response in responses { writer.message(3, response) }
  }
}

/// etcd API: `ResponseOp`.
indirect enum ResponseOp: WireMessage {
  case range(RangeResponse)
  case put(PutResponse)
  case delete(DeleteRangeResponse)
  case transaction(TxnResponse)

  var encodedLength: Int {
    switch self {
    case .range(let response): WireSize.message(1, response)
    case .put(let response): WireSize.message(2, response)
    case .delete(let response): WireSize.message(3, response)
    case .transaction(let response): WireSize.message(4, response)
    }
  }

  func encode(to writer: inout WireWriter) {
    switch self {
    case .range(let response): writer.message(1, response)
    case .put(let response): writer.message(2, response)
    case .delete(let response): writer.message(3, response)
    case .transaction(let response): writer.message(4, response)
    }
  }
}
