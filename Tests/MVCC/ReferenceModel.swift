import MVCC

/// etcd's rules over plain dictionaries, one whole copy of the keys for each revision.
struct ReferenceModel {
  private(set) var revision: Int64 = 1
  private(set) var history: [Int64: [Bytes: KeyValue]] = [1: [:]]
  private(set) var alarms: Set<Alarm> = []
  private(set) var documents: [String: Bytes] = [:]
  private(set) var compactRevision: Int64 = -1
  private(set) var leases: [Int64: Lease] = [:]

  private var keys: [Bytes: KeyValue] = [:]
  private var changes = 0

  mutating func apply(_ command: Command, index: UInt64 = 0) -> Outcome {
    let before = (keys, documents)
    changes = 0
    let result: Result<CommandResult, StoreError>
    do throws(StoreError) {
      result = .success(try execute(command, index))
    } catch {
      (keys, documents) = before
      changes = 0
      result = .failure(error)
    }
    if changes > 0 {
      revision += 1
      history[revision] = keys
    }
    return Outcome(revision: revision, result: result)
  }

  func range(_ query: RangeQuery) throws(StoreError) -> RangeResult {
    if query.revision > revision { throw .futureRevision }
    if query.revision > 0 && query.revision < compactRevision { throw .compacted }
    return ReferenceModel.evaluate(query, in: query.revision > 0 ? history[query.revision]! : keys)
  }

  private var isOutOfSpace: Bool { alarms.contains { $0.kind == .noSpace } }

  private mutating func execute(_ command: Command, _ index: UInt64) throws(StoreError) -> CommandResult {
    switch command {
    case .put(let put):
      if isOutOfSpace { throw .noSpace }
      try check(put)
      return .put(previous: perform(put))
    case .delete(let delete):
      let (count, previous) = perform(delete)
      return .delete(deleted: count, previous: previous)
    case .transaction(let transaction):
      if isOutOfSpace && puts(transaction) { throw .noSpace }
      let before = keys
      try checkPuts(transaction, before)
      try checkRanges(transaction, before)
      return .transaction(try perform(transaction, before))
    case .alarm(let command):
      switch command.action {
      case .activate:
        alarms.insert(command.alarm)
        return .alarm(changed: [command.alarm])
      case .deactivate:
        return .alarm(changed: alarms.remove(command.alarm).map { [$0] } ?? [])
      }
    case .compact(let target):
      if target <= compactRevision { throw .compacted }
      if target > revision { throw .futureRevision }
      compactRevision = target
      return .compact
    case .setMeta(let name, let value):
      documents[name] = value
      return .done
    case .lease(let command): return .lease(try execute(command, index))
    }
  }

  private mutating func execute(_ command: LeaseCommand, _ index: UInt64) throws(StoreError) -> LeaseResult {
    switch command {
    case .grant(let id, let seconds):
      if isOutOfSpace { throw .noSpace }
      if id == 0 { throw .leaseNotFound }
      if seconds > 9_000_000_000 { throw .leaseTimeTooLong }
      if leases[id] != nil { throw .leaseExists }
      let lease = Lease(id: id, seconds: max(1, seconds), grantIndex: index)
      leases[id] = lease
      return .granted(lease)
    case .revoke(let id):
      guard let lease = leases[id] else { throw .leaseNotFound }
      revoke(id)
      return .revoked([lease.reference])
    case .expire(let references):
      let live = references.filter { leases[$0.id]?.grantIndex == $0.grantIndex }
      var revoked: [LeaseReference] = []
      for reference in live where leases[reference.id] != nil {
        revoke(reference.id)
        revoked.append(reference)
      }
      return .revoked(revoked)
    case .checkpoint(let checkpoints):
      for checkpoint in checkpoints
      where leases[checkpoint.lease.id]?.grantIndex == checkpoint.lease.grantIndex {
        let seconds = leases[checkpoint.lease.id]!.seconds
        leases[checkpoint.lease.id]!.remainingSeconds = min(max(checkpoint.remainingSeconds, 0), seconds)
      }
      return .noted
    }
  }

  func keys(ofLease id: Int64) -> [Bytes] {
    keys.values.filter { $0.lease == id }.map(\.key).sorted { $0.lexicographicallyPrecedes($1) }
  }

  private mutating func revoke(_ id: Int64) {
    leases[id] = nil
    let attached = keys(ofLease: id)
    if attached.isEmpty { return }
    for key in attached { keys[key] = nil }
    revision += 1
    history[revision] = keys
  }

  private func puts(_ transaction: TransactionCommand) -> Bool {
    (transaction.success + transaction.failure).contains { operation in
      if case .put = operation { return true }
      if case .transaction(let nested) = operation { return puts(nested) }
      return false
    }
  }

  private func check(_ put: PutCommand) throws(StoreError) {
    if put.lease != 0 && leases[put.lease] == nil { throw .leaseNotFound }
    if (put.ignoreValue || put.ignoreLease) && keys[put.key] == nil { throw .keyNotFound }
  }

  private func branch(_ transaction: TransactionCommand, _ state: [Bytes: KeyValue]) -> (Bool, [Operation]) {
    let holds = transaction.comparisons.allSatisfy { ReferenceModel.holds($0, in: state) }
    return (holds, holds ? transaction.success : transaction.failure)
  }

  private func checkPuts(_ transaction: TransactionCommand, _ state: [Bytes: KeyValue]) throws(StoreError) {
    for operation in branch(transaction, state).1 {
      if case .put(let put) = operation {
        if (put.ignoreValue || put.ignoreLease) && keys[put.key] == nil { throw .keyNotFound }
        if put.lease != 0 && leases[put.lease] == nil { throw .leaseNotFound }
      }
      if case .transaction(let nested) = operation { try checkPuts(nested, state) }
    }
  }

  private func checkRanges(_ transaction: TransactionCommand, _ state: [Bytes: KeyValue]) throws(StoreError) {
    for operation in branch(transaction, state).1 {
      if case .range(let query) = operation {
        if query.revision > revision { throw .futureRevision }
        if query.revision > 0 && query.revision < compactRevision { throw .compacted }
      }
      if case .transaction(let nested) = operation { try checkRanges(nested, state) }
    }
  }

  private mutating func perform(
    _ transaction: TransactionCommand, _ before: [Bytes: KeyValue]
  ) throws(StoreError) -> TransactionResult {
    let (holds, operations) = branch(transaction, before)
    var results: [OperationResult] = []
    for operation in operations {
      switch operation {
      case .range(let query): results.append(.range(try range(query)))
      case .put(let put): results.append(.put(previous: perform(put)))
      case .delete(let delete):
        let (count, previous) = perform(delete)
        results.append(.delete(deleted: count, previous: previous))
      case .transaction(let nested): results.append(.transaction(try perform(nested, before)))
      }
    }
    return TransactionResult(succeeded: holds, results: results)
  }

  private mutating func perform(_ put: PutCommand) -> KeyValue? {
    let old = keys[put.key]
    changes += 1
    keys[put.key] = KeyValue(
      key: put.key, value: put.ignoreValue ? old?.value ?? [] : put.value,
      createRevision: old?.createRevision ?? revision + 1, modRevision: revision + 1,
      version: (old?.version ?? 0) + 1, lease: put.ignoreLease ? old?.lease ?? 0 : put.lease)
    return put.wantsPrevious ? old : nil
  }

  private mutating func perform(_ delete: DeleteCommand) -> (Int64, [KeyValue]) {
    let matching = ReferenceModel.keyValues(in: delete.range, of: keys)
    for keyValue in matching { keys[keyValue.key] = nil }
    changes += matching.count
    return (Int64(matching.count), delete.wantsPrevious ? matching : [])
  }

  // MARK: pure rules

  static func keyValues(in range: KeyRange, of state: [Bytes: KeyValue]) -> [KeyValue] {
    state.values.filter { keyValue in
      switch range.end {
      case .single: keyValue.key == range.start
      case .unbounded: !keyValue.key.lexicographicallyPrecedes(range.start)
      case .before(let end):
        !keyValue.key.lexicographicallyPrecedes(range.start) && keyValue.key.lexicographicallyPrecedes(end)
      }
    }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }

  static func holds(_ comparison: Comparison, in state: [Bytes: KeyValue]) -> Bool {
    func holds(_ keyValue: KeyValue) -> Bool {
      let order: Int
      func compare(_ left: Int64, _ right: Int64) -> Int { left == right ? 0 : left < right ? -1 : 1 }
      switch comparison.target {
      case .version(let number): order = compare(keyValue.version, number)
      case .createRevision(let number): order = compare(keyValue.createRevision, number)
      case .modRevision(let number): order = compare(keyValue.modRevision, number)
      case .lease(let number): order = compare(keyValue.lease, number)
      case .value(let value):
        order = keyValue.value == value ? 0 : keyValue.value.lexicographicallyPrecedes(value) ? -1 : 1
      }
      switch comparison.relation {
      case .equal: return order == 0
      case .notEqual: return order != 0
      case .less: return order < 0
      case .greater: return order > 0
      }
    }
    let matching = keyValues(in: comparison.range, of: state)
    if matching.isEmpty {
      if case .value = comparison.target { return false }
      return holds(KeyValue(key: [], value: [], createRevision: 0, modRevision: 0, version: 0, lease: 0))
    }
    return matching.allSatisfy(holds)
  }

  static func evaluate(_ query: RangeQuery, in state: [Bytes: KeyValue]) -> RangeResult {
    var matching = keyValues(in: query.range, of: state)
    var result = RangeResult()
    result.count = Int64(matching.count)
    if query.countOnly { return result }
    let filters = [
      query.minModRevision, query.maxModRevision, query.minCreateRevision, query.maxCreateRevision,
    ]
    if query.order == .none && filters == [0, 0, 0, 0] && query.limit > 0 {
      matching = Array(matching.prefix(Int(min(query.limit, .max - 1)) + 1))
    }
    matching = matching.filter { keyValue in
      (query.minModRevision == 0 || keyValue.modRevision >= query.minModRevision)
        && (query.maxModRevision == 0 || keyValue.modRevision <= query.maxModRevision)
        && (query.minCreateRevision == 0 || keyValue.createRevision >= query.minCreateRevision)
        && (query.maxCreateRevision == 0 || keyValue.createRevision <= query.maxCreateRevision)
    }
    func before(_ left: KeyValue, _ right: KeyValue) -> Bool {
      switch query.target {
      case .key: left.key.lexicographicallyPrecedes(right.key)
      case .version: left.version < right.version
      case .createRevision: left.createRevision < right.createRevision
      case .modRevision: left.modRevision < right.modRevision
      case .value: left.value.lexicographicallyPrecedes(right.value)
      }
    }
    // The standard library's sort is stable.
    matching.sort { query.order == .descending ? before($1, $0) : before($0, $1) }
    if query.limit > 0 && matching.count > Int(query.limit) {
      matching = Array(matching.prefix(Int(query.limit)))
      result.more = true
    }
    if query.keysOnly { for place in matching.indices { matching[place].value = [] } }
    result.keyValues = matching
    return result
  }
}
