import MVCC

/// The rules a request must keep whatever the store holds, tried in etcd's order (etcd API: KV).
struct RequestCheck: Sendable {
  /// `--max-txn-ops`
  var maximumOperations: Int
  var maximumKeyBytes: Int

  func check(_ request: RangeRequestView) throws(EtcdError) {
    if request.key.isEmpty { throw .emptyKey }
    if request.order == nil || request.target == nil { throw .invalidSortOption }
    try checkLength(request.key, request.rangeEnd)
  }

  /// What RangeStream asks for beyond that: key order, and nothing filtered.
  func checkStreamed(_ request: RangeRequestView) throws(EtcdError) {
    try check(request)
    let inKeyOrder =
      request.order == RangeQuery.Order.none || (request.order == .ascending && request.target == .key)
    if !inKeyOrder { throw .streamedSort }
    if request.isFiltered { throw .streamedFilter }
  }

  func check(_ request: PutRequestView) throws(EtcdError) {
    if request.key.isEmpty { throw .emptyKey }
    if request.ignoreValue && !request.value.isEmpty { throw .valueProvided }
    if request.ignoreLease && request.lease != 0 { throw .leaseProvided }
    try checkLength(request.key)
  }

  func check(_ request: DeleteRequestView) throws(EtcdError) {
    if request.key.isEmpty { throw .emptyKey }
    try checkLength(request.key, request.rangeEnd)
  }

  func check(_ request: DecodedTransaction<CheckedOperation>) throws(EtcdError) {
    try check(request, maximumOperations)
    // Only then, when there are few enough operations to compare.
    _ = try TransactionWrites(request.success)
    _ = try TransactionWrites(request.failure)
  }

  /// A level may hold `limit` comparisons, and as many operations in each branch; the transactions nested in it
  /// get what its largest list leaves.
  private func check(_ request: DecodedTransaction<CheckedOperation>, _ limit: Int) throws(EtcdError) {
    let count = max(request.compare.count, request.success.count, request.failure.count)
    if count > limit { throw .tooManyOperations }
    for compare in request.compare {
      if compare.key.isEmpty { throw .emptyKey }
      try checkLength(compare.key, compare.rangeEnd)
    }
    for operation in request.success { try check(operation, limit - count) }
    for operation in request.failure { try check(operation, limit - count) }
  }

  private func check(_ operation: CheckedOperation, _ limit: Int) throws(EtcdError) {
    switch operation {
    case .range(let request): try check(request)
    case .put(let request): try check(request)
    case .delete(let request): try check(request)
    case .transaction(let request): try check(request, limit)
    case .none: throw .keyNotFound
    }
  }

  private func checkLength(_ key: UnsafeRawBufferPointer, _ rangeEnd: UnsafeRawBufferPointer? = nil)
    throws(EtcdError)
  {
    if key.count > maximumKeyBytes || (rangeEnd?.count ?? 0) > maximumKeyBytes {
      throw .keyTooLarge(limit: maximumKeyBytes)
    }
  }
}

extension RangeRequestView {
  var isFiltered: Bool {
    minModRevision != 0 || maxModRevision != 0 || minCreateRevision != 0 || maxCreateRevision != 0
  }
}

/// An operation of a transaction, borrowed from the request for checking.
enum CheckedOperation: DecodedOperation {
  case range(RangeRequestView)
  case put(PutRequestView)
  case delete(DeleteRequestView)
  case transaction(DecodedTransaction<CheckedOperation>)
  case none

  static func condition(_ compare: CompareView) -> CompareView { compare }
  static func empty() -> CheckedOperation { .none }
}

extension DecodedTransaction<CheckedOperation> {
  /// Whether no branch, nested ones included, may write.
  var isReadOnly: Bool {
    (success + failure).allSatisfy { operation in
      switch operation {
      case .range, .none: true
      case .put, .delete: false
      case .transaction(let nested): nested.isReadOnly
      }
    }
  }

  /// Whether any branch, nested ones included, may put.
  var hasPuts: Bool {
    (success + failure).contains { operation in
      switch operation {
      case .put: true
      case .range, .delete, .none: false
      case .transaction(let nested): nested.hasPuts
      }
    }
  }

  /// Whether this member's own state is good enough: every range says so.
  var isSerializable: Bool {
    (success + failure).allSatisfy { operation in
      switch operation {
      case .range(let request): request.isSerializable
      default: false
      }
    }
  }

  /// Whether it looks at a handful of single keys only, so that it may run on an event loop.
  var isSmall: Bool {
    let operations = success + failure
    return compare.count + operations.count <= 16
      && compare.allSatisfy { $0.rangeEnd.isEmpty }
      && operations.allSatisfy { operation in
        switch operation {
        case .range(let request): request.rangeEnd.isEmpty
        default: false
        }
      }
  }
}
