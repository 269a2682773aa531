import MVCC
import Testing

/// etcd's rules for transactions, one by one.
@Suite struct TransactionTests {
  private let folder = TemporaryFolder()

  private func store(_ commands: Command...) throws -> NumberedStore {
    let store = try NumberedStore(folder)
    for command in commands { store.apply(command) }
    return store
  }

  private func compare(_ key: String, _ relation: Comparison.Relation, _ target: Comparison.Target)
    -> Comparison
  {
    Comparison(range: KeyRange(start: bytes(key)), relation: relation, target: target)
  }

  private func range(_ key: String, revision: Int64 = 0) -> Operation {
    var query = RangeQuery(range: KeyRange(start: bytes(key)))
    query.revision = revision
    return .range(query)
  }

  @Test func aNewStoreStartsAtRevisionOne() throws {
    let store = try store()
    #expect(store.store.currentRevision == 1)
    #expect(store.apply(put("a", "1")).revision == 2)
    let reader = try store.store.makeReadHandle()
    #expect(try reader.resolve(0).revision == 2)
    #expect(throws: StoreError.futureRevision) { try reader.resolve(3) }
  }

  @Test func comparisonsOfAMissingKey() throws {
    let store = try store(put("present", "1"))
    let prefix = KeyRange(start: bytes("q"), end: .before(bytes("r")))
    let table: [(Comparison, Bool)] = [
      (compare("missing", .equal, .version(0)), true),
      (compare("missing", .equal, .createRevision(0)), true),
      (compare("missing", .equal, .modRevision(0)), true),
      (compare("missing", .equal, .lease(0)), true),
      (compare("missing", .less, .modRevision(5)), true),
      (compare("missing", .greater, .modRevision(0)), false),
      (compare("missing", .equal, .value([])), false),
      (compare("missing", .notEqual, .value(bytes("x"))), false),
      (compare("missing", .less, .value(bytes("x"))), false),
      (Comparison(range: prefix, relation: .equal, target: .version(0)), true),
      (Comparison(range: prefix, relation: .greater, target: .version(0)), false),
      (Comparison(range: prefix, relation: .notEqual, target: .value(bytes("x"))), false),
      (compare("present", .equal, .value(bytes("1"))), true),
      (compare("present", .greater, .value(bytes("0"))), true),
      (compare("present", .equal, .createRevision(2)), true),
    ]
    for (comparison, expected) in table {
      let outcome = store.apply(
        .transaction(TransactionCommand(comparisons: [comparison], success: [], failure: [])))
      guard case .success(.transaction(let result)) = outcome.result else {
        Issue.record("\(comparison): \(outcome)")
        continue
      }
      #expect(result.succeeded == expected, "\(comparison)")
      #expect(outcome.revision == 2)
    }
  }

  @Test func aComparisonOfARangeHoldsForEveryKey() throws {
    let store = try store(put("a", "1"), put("b", "1"), put("b", "2"))
    let both = KeyRange(start: bytes("a"), end: .before(bytes("c")))
    for (target, expected) in [
      (Comparison.Target.version(0), true), (.version(1), false), (.createRevision(1), true),
    ] {
      let transaction = TransactionCommand(
        comparisons: [Comparison(range: both, relation: .greater, target: target)], success: [], failure: [])
      let reader = try store.store.makeReadHandle()
      #expect(try reader.transaction(transaction).0.succeeded == expected, "\(target)")
    }
  }

  @Test func operationsShareARevisionAndSeeEarlierOnes() throws {
    let store = try store(put("a", "old"))
    var previous = PutCommand(key: bytes("a"), value: bytes("new"))
    previous.wantsPrevious = true
    let outcome = store.apply(
      .transaction(
        TransactionCommand(
          comparisons: [],
          success: [
            .put(PutCommand(key: bytes("b"), value: bytes("1"))), range("b"), .put(previous), range("a"),
            .transaction(TransactionCommand(comparisons: [], success: [range("a")], failure: [])),
            .delete(DeleteCommand(range: KeyRange(start: bytes("b")))), range("b"), range("a", revision: 2),
          ], failure: [])))
    #expect(outcome.revision == 3)
    guard case .success(.transaction(let result)) = outcome.result else {
      throw StoreError.corrupt("\(outcome)")
    }
    func values(_ result: OperationResult) -> [String] {
      guard case .range(let range) = result else { return ["not a range"] }
      return range.keyValues.map { String(decoding: $0.value, as: UTF8.self) }
    }
    #expect(values(result.results[1]) == ["1"])
    guard case .put(let old) = result.results[2] else { throw StoreError.corrupt("no put") }
    #expect(old?.value == bytes("old"))
    #expect(values(result.results[3]) == ["new"])
    guard case .transaction(let nested) = result.results[4] else { throw StoreError.corrupt("no txn") }
    #expect(values(nested.results[0]) == ["new"])
    #expect(result.results[5] == .delete(deleted: 1, previous: []))
    #expect(values(result.results[6]) == [])
    #expect(values(result.results[7]) == ["old"])
  }

  @Test func nestedComparisonsSeeTheStateBefore() throws {
    let store = try store()
    let nested = TransactionCommand(
      comparisons: [compare("a", .equal, .version(0))],
      success: [.put(PutCommand(key: bytes("b"), value: []))],
      failure: [])
    let outcome = store.apply(
      .transaction(
        TransactionCommand(
          comparisons: [],
          success: [.put(PutCommand(key: bytes("a"), value: [])), .transaction(nested)], failure: [])))
    guard case .success(.transaction(let result)) = outcome.result,
      case .transaction(let inner) = result.results[1]
    else { throw StoreError.corrupt("\(outcome)") }
    #expect(inner.succeeded)
  }

  @Test func whatCannotBeIsFoundBeforeAnythingChanges() throws {
    let store = try store(put("a", "1"))
    let write = Operation.put(PutCommand(key: bytes("a"), value: bytes("2")))
    var ignoring = PutCommand(key: bytes("missing"), value: [])
    ignoring.ignoreValue = true
    var leased = PutCommand(key: bytes("b"), value: [])
    leased.lease = 99
    let table: [(Operation, StoreError)] = [
      (range("a", revision: 3), .futureRevision),
      (range("a", revision: -2), .compacted),
      (.put(ignoring), .keyNotFound),
      (.put(leased), .leaseNotFound),
    ]
    for (operation, expected) in table {
      let nested = Operation.transaction(
        TransactionCommand(comparisons: [], success: [operation], failure: []))
      for bad in [operation, nested] {
        let outcome = store.apply(
          .transaction(TransactionCommand(comparisons: [], success: [write, bad], failure: [])))
        #expect(outcome.result == .failure(expected))
        #expect(outcome.revision == 2)
        // In the branch not taken it does not matter.
        let other = store.apply(
          .transaction(TransactionCommand(comparisons: [], success: [], failure: [write, bad])))
        #expect(other.result == .success(.transaction(TransactionResult(succeeded: true, results: []))))
      }
    }
    let reader = try store.store.makeReadHandle()
    #expect(try reader.range(RangeQuery(range: KeyRange(start: bytes("a")))).keyValues[0].value == bytes("1"))
    #expect(store.apply(.put(leased)).result == .failure(.leaseNotFound))
    #expect(store.apply(.put(ignoring)).result == .failure(.keyNotFound))
    #expect(store.apply(put("a", "3")).revision == 3)
  }

  @Test func deletingNothingMakesNoRevision() throws {
    let store = try store(put("a", "1"))
    let nothing = Command.delete(DeleteCommand(range: KeyRange(start: bytes("b"), end: .unbounded)))
    #expect(store.apply(nothing).revision == 2)
    let inverted = KeyRange(start: bytes("z"), end: .before(bytes("a")))
    #expect(
      store.apply(.delete(DeleteCommand(range: inverted))).result
        == .success(.delete(deleted: 0, previous: [])))
    #expect(store.apply(.delete(DeleteCommand(range: allKeys))).revision == 3)
    // A key that comes back starts over.
    store.apply(put("a", "2"))
    let reader = try store.store.makeReadHandle()
    let found = try reader.range(RangeQuery(range: allKeys)).keyValues
    #expect(found.map(\.createRevision) == [4])
    #expect(found.map(\.version) == [1])
  }

  @Test func noSpaceRefusesPutsButNotDeletes() throws {
    let store = try store(put("a", "1"))
    let alarm = Alarm(member: 5, kind: .noSpace)
    let raise = Command.alarm(AlarmCommand(action: .activate, alarm: alarm))
    #expect(store.apply(raise).result == .success(.alarm(changed: [alarm])))
    #expect(store.apply(raise).result == .success(.alarm(changed: [alarm])))
    #expect(store.store.alarms == [alarm])
    #expect(store.apply(put("a", "2")).result == .failure(.noSpace))
    let puts = TransactionCommand(
      comparisons: [], success: [], failure: [.put(PutCommand(key: bytes("b"), value: []))])
    #expect(store.apply(.transaction(puts)).result == .failure(.noSpace))
    #expect(
      store.apply(.delete(DeleteCommand(range: allKeys))).result
        == .success(.delete(deleted: 1, previous: [])))
    try store.flushAll()
    store.store.close()
    let again = try self.store()
    #expect(again.store.alarms == [alarm])
    #expect(again.apply(put("a", "2")).result == .failure(.noSpace))
    let drop = Command.alarm(AlarmCommand(action: .deactivate, alarm: alarm))
    #expect(again.apply(drop).result == .success(.alarm(changed: [alarm])))
    #expect(again.apply(drop).result == .success(.alarm(changed: [])))
    #expect(again.apply(put("a", "2")).revision == 4)
  }
}
