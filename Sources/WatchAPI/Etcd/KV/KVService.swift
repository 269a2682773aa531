import GRPC
import HTTP
import MVCC
import NIOCore
import RaftKV

/// etcd API: service KV. Requests are decoded and checked where they lie; writes are proposed as the bytes that
/// came in; reads run on the call's loop if they are short, else on the reader threads.
struct KVService<Node: ServedNode>: Sendable {
  let context: CallContext<Node>
  let check: RequestCheck
  let limits: EtcdLimits
  let handles: LoopHandles

  var node: Node { context.node }

  func register(_ methods: inout MethodTable) {
    let service = "/etcdserverpb.KV/"
    methods.unary(service + "Range", range)
    methods.serverStream(service + "RangeStream", rangeStream)
    methods.unary(service + "Put", put)
    methods.unary(service + "DeleteRange", deleteRange)
    methods.unary(service + "Txn", transaction)
    methods.unary(service + "Compact", compact)
  }

  // MARK: writes

  private func put(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    try message.withRequest { (bytes) throws(EtcdError) in
      try check.check(try decoded { () throws(WireError) in try PutRequestView(bytes) })
      try propose(.put, bytes, growth: bytes.count, exchange) { result, header in
        guard case .put(let previous) = result else { return nil }
        return PutResponse(header: header, previous: previous).encoded()
      }
    }
  }

  private func deleteRange(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    try message.withRequest { (bytes) throws(EtcdError) in
      try check.check(try decoded { () throws(WireError) in try DeleteRequestView(bytes) })
      try propose(.deleteRange, bytes, growth: 0, exchange) { result, header in
        guard case .delete(let deleted, let previous) = result else { return nil }
        return DeleteRangeResponse(header: header, deleted: deleted, previous: previous).encoded()
      }
    }
  }

  private func transaction(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    try context.admit(exchange.call)
    try message.withRequest { (bytes) throws(EtcdError) in
      let request = try decoded { () throws(WireError) in try DecodedTransaction<CheckedOperation>(bytes) }
      try check.check(request)
      if request.isReadOnly {
        let command = try decoded { () throws(WireError) in
          TransactionCommand(try DecodedTransaction<Operation>(bytes))
        }
        read(exchange, isSerializable: request.isSerializable, isShort: request.isSmall) {
          (handle) throws(StoreError) in
          let (result, revision) = try handle.transaction(command)
          return TxnResponse(result, header: context.header(revision: revision)).encoded()
        }
        return
      }
      try propose(.transaction, bytes, growth: request.hasPuts ? bytes.count : 0, exchange) {
        result, header in
        guard case .transaction(let result) = result else { return nil }
        return TxnResponse(result, header: header).encoded()
      }
    }
  }

  /// Proposes the request as it is, and answers once it is applied.
  private func propose(
    _ kind: RequestKind, _ bytes: UnsafeRawBufferPointer, growth: Int, _ exchange: Exchange,
    response: @escaping @Sendable (CommandResult, ResponseHeader) -> ByteBuffer?
  ) throws(EtcdError) {
    if bytes.count > limits.requestBytes { throw .requestTooLarge }
    context.propose(kind, bytes, growth: growth, exchange, response: response)
  }

  // MARK: reads

  private func range(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    let status = try context.admit(exchange.call, byLearner: true)
    let (query, isSerializable) = try message.withRequest {
      (bytes) throws(EtcdError) -> (RangeQuery, Bool) in
      let request = try decoded { () throws(WireError) in try RangeRequestView(bytes) }
      try check.check(request)
      guard let query = request.query else { throw .invalidSortOption }
      return (query, request.isSerializable)
    }
    if status.isLearner && !isSerializable { throw .notSupportedForLearner }
    if case .single = query.range.end {
      read(exchange, isSerializable: isSerializable, isShort: true) { (handle) throws(StoreError) in
        // One key-value is as large as the request that put it, and no larger.
        guard case .whole(let message) = try RangeReply(query, handle, context, budget: .max) else {
          preconditionFailure("an answer without a budget is whole")
        }
        return message
      }
    } else {
      reserveAnswer(exchange, isWhole: query.isHeldWhole)
      whenReadable(exchange, isSerializable: isSerializable) {
        readLong(exchange) { (handle) throws(StoreError) in
          let reply = try RangeReply(query, handle, context, budget: limits.responseBytes)
          exchange.onLoop { reply.send(exchange, chunks: chunks) }
        }
      }
    }
  }

  private func rangeStream(_ exchange: Exchange, _ message: ByteBuffer) throws(EtcdError) {
    let status = try context.admit(exchange.call, byLearner: true)
    let (query, isSerializable) = try message.withRequest {
      (bytes) throws(EtcdError) -> (RangeQuery, Bool) in
      let request = try decoded { () throws(WireError) in try RangeRequestView(bytes) }
      try check.checkStreamed(request)
      guard let query = request.query else { throw .invalidSortOption }
      return (query, request.isSerializable)
    }
    if status.isLearner && !isSerializable { throw .notSupportedForLearner }
    reserveAnswer(exchange, isWhole: false)
    let stream = RangeStream(exchange: exchange, context: context, chunks: chunks)
    whenReadable(exchange, isSerializable: isSerializable) {
      readLong(exchange) { (handle) throws(StoreError) in try stream.begin(query, handle) }
    }
  }

  private var chunks: ChunkReader<Node> {
    ChunkReader(node: node, chunkBytes: limits.chunkBytes, reservedBytes: limits.responseBytes)
  }

  /// Counts the answer to a list against the connection's budget before it is known: else a connection that reads
  /// nothing could have any number of answers made for it at the same time. One that is held whole, of any size, is
  /// made alone.
  private func reserveAnswer(_ exchange: Exchange, isWhole: Bool) {
    exchange.call.reserveSend(isWhole ? 16 * limits.responseBytes : limits.chunkBytes)
  }

  /// Answers with what `body` reads, once a read is linearizable.
  private func read(
    _ exchange: Exchange, isSerializable: Bool, isShort: Bool,
    _ body: @escaping @Sendable (ReadHandle) throws(StoreError) -> ByteBuffer
  ) {
    guard isShort else {
      reserveAnswer(exchange, isWhole: true)
      return whenReadable(exchange, isSerializable: isSerializable) {
        readLong(exchange) { (handle) throws(StoreError) in
          let message = try body(handle)
          exchange.onLoop { exchange.respond(message) }
        }
      }
    }
    let readHere: @Sendable () -> Void = {
      do throws(StoreError) {
        if let message = try handles.read(on: exchange.call.eventLoop, body) {
          exchange.respond(message)
        } else {
          readLong(exchange) { (handle) throws(StoreError) in
            let message = try body(handle)
            exchange.onLoop { exchange.respond(message) }
          }
        }
      } catch {
        exchange.fail(EtcdError(error))
      }
    }
    if isSerializable { return readHere() }
    whenReadable(exchange, isSerializable: false) { exchange.onLoop(readHere) }
  }

  /// Calls `body`, on any thread, once a read of the local store is as fresh as was asked for.
  private func whenReadable(
    _ exchange: Exchange, isSerializable: Bool, _ body: @escaping @Sendable () -> Void
  ) {
    if isSerializable { return body() }
    node.readBarrier { error in
      if let error {
        exchange.onLoop { exchange.fail(EtcdError(error)) }
      } else {
        body()
      }
    }
  }

  /// Reads on a reader thread; what `body` throws ends the call.
  private func readLong(
    _ exchange: Exchange, _ body: @escaping @Sendable (ReadHandle) throws(StoreError) -> Void
  ) {
    let accepted = node.read { handle in
      do throws(StoreError) {
        try body(handle)
      } catch {
        exchange.onLoop { exchange.fail(EtcdError(error)) }
      }
    }
    if !accepted { exchange.onLoop { exchange.fail(.tooManyRequests) } }
  }
}

/// Turns what the codec throws into what the client is told.
func decoded<Value>(_ decode: () throws(WireError) -> Value) throws(EtcdError) -> Value {
  do throws(WireError) {
    return try decode()
  } catch {
    throw .malformed(error)
  }
}

extension ByteBuffer {
  /// Lends the message's bytes to `body`.
  func withRequest<Value>(
    _ body: (UnsafeRawBufferPointer) throws(EtcdError) -> Value
  ) throws(EtcdError) -> Value {
    let result: Result<Value, EtcdError> = withUnsafeReadableBytes { bytes in
      do throws(EtcdError) {
        return .success(try body(bytes))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
