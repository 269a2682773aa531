public import MVCC
public import NIOCore

/// The client's side of the hot messages: requests to bytes, responses from bytes (etcd API: KV).
public enum KVCodec {
  /// etcd API: `RangeRequest`
  public static func encode(_ query: RangeQuery, serializable: Bool = false) -> ByteBuffer {
    RangeRequest(query: query, isSerializable: serializable).encoded()
  }

  /// etcd API: `PutRequest`
  public static func encode(_ command: PutCommand) -> ByteBuffer { command.encoded() }

  /// etcd API: `DeleteRangeRequest`
  public static func encode(_ command: DeleteCommand) -> ByteBuffer { command.encoded() }

  /// etcd API: `TxnRequest`
  public static func encode(_ command: TransactionCommand) -> ByteBuffer { command.encoded() }
}

/// etcd API: `RangeRequest`.
private struct RangeRequest: WireMessage {
  var query: RangeQuery
  var isSerializable: Bool

  private var order: UInt64 {
    switch query.order {
    case .none: 0
    case .ascending: 1
    case .descending: 2
    }
  }

  private var target: UInt64 {
    switch query.target {
    case .key: 0
    case .version: 1
    case .createRevision: 2
    case .modRevision: 3
    case .value: 4
    }
  }

  var encodedLength: Int {
    query.range.encodedLength(endField: 2) + WireSize.int64(3, query.limit)
      + WireSize.int64(4, query.revision) + WireSize.uint64(5, order) + WireSize.uint64(6, target)
      + WireSize.bool(7, isSerializable) + WireSize.bool(8, query.keysOnly)
      + WireSize.bool(9, query.countOnly) + WireSize.int64(10, query.minModRevision)
      + WireSize.int64(11, query.maxModRevision) + WireSize.int64(12, query.minCreateRevision)
      + WireSize.int64(13, query.maxCreateRevision)
  }

  func encode(to writer: inout WireWriter) {
    query.range.encode(to: &writer, keyField: 1, endField: 2)
    writer.int64(3, query.limit)
    writer.int64(4, query.revision)
    writer.uint64(5, order)
    writer.uint64(6, target)
    writer.bool(7, isSerializable)
    writer.bool(8, query.keysOnly)
    writer.bool(9, query.countOnly)
    writer.int64(10, query.minModRevision)
    writer.int64(11, query.maxModRevision)
    writer.int64(12, query.minCreateRevision)
    writer.int64(13, query.maxCreateRevision)
  }
}

extension KeyRange {
  fileprivate var rangeEnd: Bytes {
    switch end {
    case .single: []
    case .before(let end): end
    case .unbounded: [0]
    }
  }

  fileprivate func encodedLength(endField: UInt32) -> Int {
    WireSize.bytes(1, start.count) + WireSize.bytes(endField, rangeEnd.count)
  }

  fileprivate func encode(to writer: inout WireWriter, keyField: UInt32, endField: UInt32) {
    writer.bytes(keyField, start)
    writer.bytes(endField, rangeEnd)
  }
}

extension PutCommand: WireMessage {
  var encodedLength: Int {
    WireSize.bytes(1, key.count) + WireSize.bytes(2, value.count) + WireSize.int64(3, lease)
      + WireSize.bool(4, wantsPrevious) + WireSize.bool(5, ignoreValue) + WireSize.bool(6, ignoreLease)
  }

  func encode(to writer: inout WireWriter) {
    writer.bytes(1, key)
    writer.bytes(2, value)
    writer.int64(3, lease)
    writer.bool(4, wantsPrevious)
    writer.bool(5, ignoreValue)
    writer.bool(6, ignoreLease)
  }
}

extension DeleteCommand: WireMessage {
  var encodedLength: Int {
    range.encodedLength(endField: 2) + WireSize.bool(3, wantsPrevious)
  }

  func encode(to writer: inout WireWriter) {
    range.encode(to: &writer, keyField: 1, endField: 2)
    writer.bool(3, wantsPrevious)
  }
}

extension Comparison: WireMessage {
  private var result: UInt64 {
    switch relation {
    case .equal: 0
    case .greater: 1
    case .less: 2
    case .notEqual: 3
    }
  }

  /// The field of the union; less four, the target's number in its enum.
  private var field: UInt32 {
    switch target {
    case .version: 4
    case .createRevision: 5
    case .modRevision: 6
    case .value: 7
    case .lease: 8
    }
  }

  private static let endField: UInt32 = 64

  var encodedLength: Int {
    let union =
      switch target {
      case .version(let value), .createRevision(let value), .modRevision(let value), .lease(let value):
        WireSize.tag(field) + WireSize.varint(UInt64(bitPattern: value))
      case .value(let value): WireSize.message(field, value.count)
      }
    return WireSize.uint64(1, result) + WireSize.uint64(2, UInt64(field - 4)) + union
      + range.encodedLength(endField: Self.endField)
  }

  func encode(to writer: inout WireWriter) {
    writer.uint64(1, result)
    writer.uint64(2, UInt64(field - 4))
    writer.bytes(3, range.start)
    // Present even when zero: which of the union is set says something.
    switch target {
    case .version(let value), .createRevision(let value), .modRevision(let value), .lease(let value):
      writer.presentUInt64(field, UInt64(bitPattern: value))
    case .value(let value): writer.presentBytes(field, value)
    }
    writer.bytes(Self.endField, range.rangeEnd)
  }
}

extension Operation: WireMessage {
  var encodedLength: Int {
    switch self {
    case .range(let query): WireSize.message(1, RangeRequest(query: query, isSerializable: false))
    case .put(let command): WireSize.message(2, command)
    case .delete(let command): WireSize.message(3, command)
    case .transaction(let command): WireSize.message(4, command)
    }
  }

  func encode(to writer: inout WireWriter) {
    switch self {
    case .range(let query): writer.message(1, RangeRequest(query: query, isSerializable: false))
    case .put(let command): writer.message(2, command)
    case .delete(let command): writer.message(3, command)
    case .transaction(let command): writer.message(4, command)
    }
  }
}

extension TransactionCommand: WireMessage {
  var encodedLength: Int {
    comparisons.reduce(0) { $0 + WireSize.message(1, $1) }
      + success.reduce(0) { $0 + WireSize.message(2, $1) }
      + failure.reduce(0) { $0 + WireSize.message(3, $1) }
  }

  func encode(to writer: inout WireWriter) {
    for comparison in comparisons { writer.message(1, comparison) }
    for operation in success { writer.message(2, operation) }
    for operation in failure { writer.message(3, operation) }
  }
}
