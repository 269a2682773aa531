import MVCC
import Storage

/// The one transaction that all writes are: if the key's newest revision is the expected one, write, else say what is
/// there.
enum GuardedWrite {
  static func put(_ key: [UInt8], value: [UInt8], expecting expected: Int64, lease: Int64)
    -> TransactionCommand
  {
    var put = PutCommand(key: key, value: value)
    put.lease = lease
    return command(key, expected, .put(put))
  }

  static func delete(_ key: [UInt8], expecting expected: Int64) -> TransactionCommand {
    command(key, expected, .delete(DeleteCommand(range: KeyRange(start: key))))
  }

  private static func command(_ key: [UInt8], _ expected: Int64, _ write: MVCC.Operation)
    -> TransactionCommand
  {
    let range = KeyRange(start: key)
    return TransactionCommand(
      comparisons: [Comparison(range: range, relation: .equal, target: .modRevision(expected))],
      success: [write], failure: [.range(RangeQuery(range: range))])
  }

  static func outcome(_ result: TransactionResult, revision: Int64) -> WriteOutcome {
    if result.succeeded { return .done(revision: revision) }
    guard case .range(let found)? = result.results.first else { return .conflict(nil, revision: revision) }
    return .conflict(found.keyValues.first.map { StoredValue($0) }, revision: revision)
  }
}

extension StoredValue {
  init(_ value: KeyValue) {
    self.init(
      key: value.key, value: value.value, createRevision: value.createRevision,
      modRevision: value.modRevision,
      lease: value.lease)
  }
}

extension RangeQuery {
  init(_ range: StoreRange) {
    self.init(range: KeyRange(start: range.start, end: .before(range.end)))
    limit = Int64(range.limit)
    revision = range.revision
    keysOnly = range.content == .keys
    countOnly = range.content == .count
  }
}

extension StorePage {
  init(_ result: RangeResult, revision: Int64) {
    self.init(
      values: result.keyValues.map { StoredValue($0) }, hasMore: result.more,
      count: Int(clamping: result.count),
      revision: revision)
  }
}
