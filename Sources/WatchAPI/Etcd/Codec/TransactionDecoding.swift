import MVCC

/// What a transaction's operations are decoded into: commands for the store, or borrowed views for checking.
/// Both come from the same walk over the bytes, so what was checked is what will be applied.
protocol DecodedOperation {
  associatedtype Condition

  static func condition(_ compare: CompareView) -> Condition
  static func range(_ request: RangeRequestView) throws(WireError) -> Self
  static func put(_ request: PutRequestView) -> Self
  static func delete(_ request: DeleteRequestView) -> Self
  static func transaction(_ transaction: DecodedTransaction<Self>) -> Self
  /// A `RequestOp` that holds no request.
  static func empty() throws(WireError) -> Self
}

/// Deeper transactions are refused: each level costs stack, on the apply thread too. etcd allows one level for
/// each of `--max-txn-ops` (128).
let maximumTransactionDepth = 200

/// A `TxnRequest`.
struct DecodedTransaction<Operation: DecodedOperation> {
  var compare: [Operation.Condition] = []
  var success: [Operation] = []
  var failure: [Operation] = []

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    try self.init(bytes, depth: 1)
  }

  private init(_ bytes: UnsafeRawBufferPointer, depth: Int) throws(WireError) {
    guard depth <= maximumTransactionDepth else { throw .transactionTooDeep }
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: compare.append(Operation.condition(try CompareView(reader.slice(tag))))
      case 2: success.append(try Self.operation(reader.slice(tag), depth: depth))
      case 3: failure.append(try Self.operation(reader.slice(tag), depth: depth))
      default: try reader.skip(tag)
      }
    }
  }

  /// A `RequestOp`; if several requests are in it, the last one counts.
  private static func operation(_ bytes: UnsafeRawBufferPointer, depth: Int) throws(WireError) -> Operation {
    var operation: Operation?
    var reader = WireReader(bytes)
    while let tag = try reader.nextTag() {
      switch tag.field {
      case 1: operation = try .range(RangeRequestView(reader.slice(tag)))
      case 2: operation = .put(try PutRequestView(reader.slice(tag)))
      case 3: operation = .delete(try DeleteRequestView(reader.slice(tag)))
      case 4: operation = .transaction(try Self(reader.slice(tag), depth: depth + 1))
      default: try reader.skip(tag)
      }
    }
    if let operation { return operation }
    return try .empty()
  }
}

extension Operation: DecodedOperation {
  static func condition(_ compare: CompareView) -> Comparison { compare.comparison }

  static func range(_ request: RangeRequestView) throws(WireError) -> Operation {
    guard let query = request.query else { throw .unknownOperation }
    return .range(query)
  }

  static func put(_ request: PutRequestView) -> Operation { .put(request.command) }

  static func delete(_ request: DeleteRequestView) -> Operation { .delete(request.command) }

  static func transaction(_ transaction: DecodedTransaction<Operation>) -> Operation {
    .transaction(TransactionCommand(transaction))
  }

  static func empty() throws(WireError) -> Operation { throw .unknownOperation }
}

extension TransactionCommand {
  init(_ transaction: DecodedTransaction<Operation>) {
    self.init(
      comparisons: transaction.compare, success: transaction.success, failure: transaction.failure)
  }
}
