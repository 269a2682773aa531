public import GRPC
public import MVCC
public import NIOCore
public import Proto

/// Calls of the etcd API over one connection, to any etcd v3 server. Belongs to the connection's event loop.
///
/// The futures fail with `GRPCStatus` as the server gave it, or with `MalformedResponse`.
public struct EtcdClient: Sendable {
  let connection: ClientConnection
  /// How long a call may take; nil for as long as it takes.
  public var timeout: TimeAmount?

  /// - Parameter connection: stays the caller's to close.
  public init(_ connection: ClientConnection, timeout: TimeAmount? = nil) {
    self.connection = connection
    self.timeout = timeout
  }

  /// etcd API: Range
  public func range(_ query: RangeQuery, serializable: Bool = false) -> EventLoopFuture<
    EtcdResponse<RangeResult>
  > {
    call("/etcdserverpb.KV/Range", KVCodec.encode(query, serializable: serializable), KVCodec.decodeRange)
  }

  /// etcd API: Put
  public func put(_ command: PutCommand) -> EventLoopFuture<EtcdResponse<KeyValue?>> {
    call("/etcdserverpb.KV/Put", KVCodec.encode(command), KVCodec.decodePut)
  }

  /// etcd API: DeleteRange
  public func delete(
    _ command: DeleteCommand
  ) -> EventLoopFuture<EtcdResponse<(deleted: Int64, previous: [KeyValue])>> {
    call("/etcdserverpb.KV/DeleteRange", KVCodec.encode(command), KVCodec.decodeDelete)
  }

  /// etcd API: Txn
  public func transaction(_ command: TransactionCommand) -> EventLoopFuture<EtcdResponse<TransactionResult>> {
    call("/etcdserverpb.KV/Txn", KVCodec.encode(command), KVCodec.decodeTransaction)
  }

  /// etcd API: Status
  public func status() -> EventLoopFuture<Etcdserverpb_StatusResponse> {
    call("/etcdserverpb.Maintenance/Status", ByteBuffer()) { (message) throws(MalformedResponse) in
      do throws(EtcdError) {
        return try message.decoded(as: Etcdserverpb_StatusResponse.self)
      } catch {
        throw MalformedResponse(reason: error.message)
      }
    }
  }

  func call<Response: Sendable>(
    _ path: String, _ message: ByteBuffer,
    _ decode: @escaping (ByteBuffer) throws(MalformedResponse) -> Response
  ) -> EventLoopFuture<Response> {
    let promise = connection.eventLoop.makePromise(of: Response.self)
    connection.unary(path, message, timeout: timeout) { result in
      promise.completeWith(Result { try decode(try result.get()) })
    }
    return promise.futureResult
  }
}
