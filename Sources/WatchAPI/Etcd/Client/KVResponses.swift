public import MVCC
public import NIOCore

/// A decoded response.
public struct EtcdResponse<Result: Sendable>: Sendable {
  /// The store's revision when the request was carried out (etcd API: `ResponseHeader.revision`).
  public var revision: Int64
  /// What the request did or found.
  public var result: Result
}

/// Why bytes are not the response they should be.
public struct MalformedResponse: Error, Sendable, Hashable {
  /// What is wrong with them.
  public let reason: String
}

extension KVCodec {
  /// etcd API: `RangeResponse`
  public static func decodeRange(_ message: ByteBuffer) throws(MalformedResponse) -> EtcdResponse<RangeResult>
  {
    try decode(message, ResponseDecoding.range)
  }

  /// etcd API: `PutResponse`; the result is the previous key-value, if it was asked for.
  public static func decodePut(_ message: ByteBuffer) throws(MalformedResponse) -> EtcdResponse<KeyValue?> {
    try decode(message, ResponseDecoding.put)
  }

  /// etcd API: `DeleteRangeResponse`
  public static func decodeDelete(
    _ message: ByteBuffer
  ) throws(MalformedResponse) -> EtcdResponse<(deleted: Int64, previous: [KeyValue])> {
    try decode(message, ResponseDecoding.delete)
  }

  /// etcd API: `TxnResponse`
  public static func decodeTransaction(
    _ message: ByteBuffer
  ) throws(MalformedResponse) -> EtcdResponse<TransactionResult> {
    try decode(message) { (bytes) throws(WireError) in try ResponseDecoding.transaction(bytes, depth: 1) }
  }

  private static func decode<Value>(
    _ message: ByteBuffer, _ decode: (UnsafeRawBufferPointer) throws(WireError) -> EtcdResponse<Value>
  ) throws(MalformedResponse) -> EtcdResponse<Value> {
    let result: Result<EtcdResponse<Value>, WireError> = message.withUnsafeReadableBytes { bytes in
      do throws(WireError) {
        return .success(try decode(bytes))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let response): return response
    case .failure(let error): throw MalformedResponse(reason: "\(error)")
    }
  }
}

/// The fields of the responses. A server is no more to be trusted than a client: nothing here crashes.
private enum ResponseDecoding {
  static func headerRevision(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Int64 {
    var revision: Int64 = 0
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      if tag.field == 3 { revision = try reader.int64(tag) } else { try reader.skip(tag) }
    }
    return revision
  }

  static func keyValue(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> KeyValue {
    var result = KeyValue(key: [], value: [], createRevision: 0, modRevision: 0, version: 0, lease: 0)
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: result.key = Bytes(try reader.slice(tag))
      case 2: result.createRevision = try reader.int64(tag)
      case 3: result.modRevision = try reader.int64(tag)
      case 4: result.version = try reader.int64(tag)
      case 5: result.value = Bytes(try reader.slice(tag))
      case 6: result.lease = try reader.int64(tag)
      default: try reader.skip(tag)
      }
    }
    return result
  }

  static func range(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> EtcdResponse<RangeResult> {
    var response = EtcdResponse(revision: 0, result: RangeResult())
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: response.revision = try headerRevision(reader.slice(tag))
      case 2: response.result.keyValues.append(try keyValue(reader.slice(tag)))
      case 3: response.result.more = try reader.bool(tag)
      case 4: response.result.count = try reader.int64(tag)
      default: try reader.skip(tag)
      }
    }
    return response
  }

  static func put(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> EtcdResponse<KeyValue?> {
    var response = EtcdResponse<KeyValue?>(revision: 0, result: nil)
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: response.revision = try headerRevision(reader.slice(tag))
      case 2: response.result = try keyValue(reader.slice(tag))
      default: try reader.skip(tag)
      }
    }
    return response
  }

  static func delete(
    _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) -> EtcdResponse<(deleted: Int64, previous: [KeyValue])> {
    var response = EtcdResponse<(deleted: Int64, previous: [KeyValue])>(revision: 0, result: (0, []))
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: response.revision = try headerRevision(reader.slice(tag))
      case 2: response.result.deleted = try reader.int64(tag)
      case 3: response.result.previous.append(try keyValue(reader.slice(tag)))
      default: try reader.skip(tag)
      }
    }
    return response
  }

  static func transaction(
    _ bytes: UnsafeRawBufferPointer, depth: Int
  ) throws(WireError) -> EtcdResponse<TransactionResult> {
    guard depth <= maximumTransactionDepth else { throw .transactionTooDeep }
    var response = EtcdResponse(revision: 0, result: TransactionResult(succeeded: false, results: []))
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: response.revision = try headerRevision(reader.slice(tag))
      case 2: response.result.succeeded = try reader.bool(tag)
      case 3: response.result.results.append(try operation(reader.slice(tag), depth: depth))
      default: try reader.skip(tag)
      }
    }
    return response
  }

  static func operation(
    _ bytes: UnsafeRawBufferPointer, depth: Int
  ) throws(WireError) -> OperationResult {
    var result: OperationResult?
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: result = .range(try range(reader.slice(tag)).result)
      case 2: result = .put(previous: try put(reader.slice(tag)).result)
      case 3:
        let (deleted, previous) = try delete(reader.slice(tag)).result
        result = .delete(deleted: deleted, previous: previous)
      case 4: result = .transaction(try transaction(reader.slice(tag), depth: depth + 1).result)
      default: try reader.skip(tag)
      }
    }
    guard let result else { throw .unknownOperation }
    return result
  }
}
