import Synchronization

/// The branches a transaction takes. As in etcd all comparisons, those of nested transactions included, see
/// the state before the transaction, so the whole path is known, and can be checked, before anything changes.
struct TransactionPath {
  let succeeded: Bool
  /// The operations of the branch taken.
  let operations: [Operation]
  /// One path for each nested transaction among `operations`, in order.
  private(set) var nested: [TransactionPath] = []

  init(_ command: TransactionCommand, reader: ReadHandle, before bound: Bound) throws(StoreError) {
    var holds = true
    for comparison in command.comparisons where holds {
      holds = try comparison.holds(reader: reader, before: bound)
    }
    succeeded = holds
    operations = holds ? command.success : command.failure
    for operation in operations {
      if case .transaction(let inner) = operation {
        nested.append(try TransactionPath(inner, reader: reader, before: bound))
      }
    }
  }

  /// Finds the first put that cannot be: `.keyNotFound`, `.leaseNotFound`.
  func checkPuts(_ check: (PutCommand) throws(StoreError) -> Void) throws(StoreError) {
    var inner = nested.makeIterator()
    for operation in operations {
      switch operation {
      case .put(let put): try check(put)
      case .transaction: try inner.next()?.checkPuts(check)
      case .range, .delete: break
      }
    }
  }

  /// Finds the first range whose revision cannot be read: `.futureRevision`, `.compacted`.
  func checkRanges(current: Int64, reader: ReadHandle) throws(StoreError) {
    var inner = nested.makeIterator()
    for operation in operations {
      switch operation {
      case .range(let query):
        if query.revision == 0 { continue }
        if query.revision > current { throw .futureRevision }
        // A negative revision reads the newest state in a range of its own, but is compared here, as in etcd,
        // where nothing compacted yet is the revision -1.
        if query.revision < reader.state.compactRevision.load(ordering: .acquiring) { throw .compacted }
      case .transaction: try inner.next()?.checkRanges(current: current, reader: reader)
      case .put, .delete: break
      }
    }
  }
}

extension TransactionCommand {
  /// Whether any branch, nested ones included, puts: the NOSPACE alarm refuses those.
  var containsPut: Bool {
    func puts(_ operations: [Operation]) -> Bool {
      operations.contains { operation in
        switch operation {
        case .put: true
        case .transaction(let nested): nested.containsPut
        case .range, .delete: false
        }
      }
    }
    return puts(success) || puts(failure)
  }
}

extension Comparison {
  func holds(reader: ReadHandle, before bound: Bound) throws(StoreError) -> Bool {
    var isEmpty = true
    var holds = true
    try reader.visitAll(range, before: bound) { (key, version) throws(StoreError) -> Bool in
      isEmpty = false
      holds =
        switch target {
        case .version(let number): relation.holds(version.version, number)
        case .createRevision(let number): relation.holds(version.createRevision, number)
        case .modRevision(let number): relation.holds(version.main, number)
        case .lease(let number): relation.holds(version.lease, number)
        case .value(let bytes): try relation.holds(reader.value(version, of: key), bytes)
        }
      return holds
    }
    if !isEmpty { return holds }
    switch target {
    case .value: return false
    case .version(let number), .createRevision(let number), .modRevision(let number), .lease(let number):
      return relation.holds(0, number)
    }
  }
}

extension Comparison.Relation {
  fileprivate func holds(_ left: Int64, _ right: Int64) -> Bool {
    switch self {
    case .equal: left == right
    case .greater: left > right
    case .less: left < right
    case .notEqual: left != right
    }
  }

  fileprivate func holds(_ left: Bytes, _ right: Bytes) -> Bool {
    let order = left.withUnsafeBytes { left in right.withUnsafeBytes { compareBytes(left, $0) } }
    return holds(Int64(order), 0)
  }
}
