import MVCC

/// The state machine as its specification: every version of every key, in memory, without a memtable, a checkpoint or a
/// log.
struct Model {
  struct Event: Hashable {
    var revision: Int64
    var key: Bytes
    /// Nil when the key was deleted.
    var value: Bytes?
  }

  private(set) var revision: Int64 = 1
  private(set) var compactRevision: Int64 = -1
  /// Every change, in order.
  private(set) var events: [Event] = []
  private(set) var leases: [Int64: Lease] = [:]
  /// Every version of a key, oldest first; a version without value is a tombstone.
  private var versions: [Bytes: [(kv: KeyValue, isThere: Bool)]] = [:]
  private var changed = false

  /// What the key held at a revision.
  func value(of key: Bytes, at revision: Int64) -> KeyValue? {
    guard let found = versions[key]?.last(where: { $0.kv.modRevision <= revision }), found.isThere else {
      return nil
    }
    return found.kv
  }

  /// What a range held at a revision, by key.
  func range(_ range: KeyRange, at revision: Int64) -> [KeyValue] {
    if range.end == .single { return value(of: range.start, at: revision).map { [$0] } ?? [] }
    return versions.keys.filter { range.contains($0) }.sorted { $0.lexicographicallyPrecedes($1) }.compactMap
    { value(of: $0, at: revision) }
  }

  /// The place in `events` of the first one at or after a revision.
  func firstEvent(from revision: Int64) -> Int {
    var (low, high) = (0, events.count)
    while low < high {
      let middle = (low + high) / 2
      if events[middle].revision < revision { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: applying

  /// What a command must do; nil for one that is the member's own affair.
  mutating func apply(_ command: Command, index: UInt64) -> Outcome? {
    changed = false
    let result: Result<CommandResult, StoreError>
    switch command {
    case .put(let command):
      if command.lease != 0, leases[command.lease] == nil {
        result = .failure(.leaseNotFound)
      } else {
        put(command)
        result = .success(.put(previous: nil))
      }
    case .delete(let command):
      result = .success(.delete(deleted: delete(command.range), previous: []))
    case .transaction(let command): result = transaction(command)
    case .compact(let target): result = compact(target)
    case .lease(let command): result = lease(command, index: index).map { .lease($0) }
    case .setMeta: result = .success(.done)
    case .alarm: return nil
    }
    endRevision()
    return Outcome(revision: revision, result: result)
  }

  private mutating func endRevision() {
    if changed { revision += 1 }
    changed = false
  }

  private mutating func put(_ command: PutCommand) {
    let before = value(of: command.key, at: .max)
    let version = KeyValue(
      key: command.key, value: command.value, createRevision: before?.createRevision ?? revision + 1,
      modRevision: revision + 1, version: (before?.version ?? 0) + 1, lease: command.lease)
    versions[command.key, default: []].append((version, true))
    events.append(Event(revision: revision + 1, key: command.key, value: command.value))
    changed = true
  }

  private mutating func delete(_ range: KeyRange) -> Int64 {
    let found = self.range(range, at: .max)
    for old in found {
      let tombstone = KeyValue(
        key: old.key, value: [], createRevision: 0, modRevision: revision + 1, version: 0, lease: 0)
      versions[old.key]?.append((tombstone, false))
      events.append(Event(revision: revision + 1, key: old.key, value: nil))
      changed = true
    }
    return Int64(found.count)
  }

  private mutating func transaction(_ command: TransactionCommand) -> Result<CommandResult, StoreError> {
    let succeeded = command.comparisons.allSatisfy { comparison in
      let found = value(of: comparison.range.start, at: .max)
      switch comparison.target {
      case .value(let bytes): return found?.value == bytes
      case .version(let number): return found?.version ?? 0 == number
      case .createRevision(let number): return found?.createRevision ?? 0 == number
      case .modRevision(let number): return found?.modRevision ?? 0 == number
      case .lease(let number): return found?.lease ?? 0 == number
      }
    }
    var results: [OperationResult] = []
    for operation in succeeded ? command.success : command.failure {
      switch operation {
      case .put(let command):
        put(command)
        results.append(.put(previous: nil))
      case .delete(let command): results.append(.delete(deleted: delete(command.range), previous: []))
      case .range(let query):
        var result = RangeResult()
        result.keyValues = range(query.range, at: .max)
        result.count = Int64(result.keyValues.count)
        results.append(.range(result))
      case .transaction: preconditionFailure("clients here do not nest transactions")
      }
    }
    return .success(.transaction(TransactionResult(succeeded: succeeded, results: results)))
  }

  private mutating func compact(_ target: Int64) -> Result<CommandResult, StoreError> {
    if target <= compactRevision { return .failure(.compacted) }
    if target > revision { return .failure(.futureRevision) }
    compactRevision = target
    return .success(.compact)
  }

  // MARK: leases

  private mutating func lease(_ command: LeaseCommand, index: UInt64) -> Result<LeaseResult, StoreError> {
    switch command {
    case .grant(let id, let seconds):
      if leases[id] != nil { return .failure(.leaseExists) }
      let lease = Lease(id: id, seconds: max(seconds, 1), grantIndex: index)
      leases[id] = lease
      return .success(.granted(lease))
    case .revoke(let id):
      guard let lease = leases[id] else { return .failure(.leaseNotFound) }
      revoke(lease)
      return .success(.revoked([lease.reference]))
    case .expire(let references):
      let found = references.filter { leases[$0.id]?.reference == $0 }
      for reference in found { if let lease = leases[reference.id] { revoke(lease) } }
      return .success(.revoked(found))
    case .checkpoint(let checkpoints):
      for checkpoint in checkpoints where leases[checkpoint.lease.id]?.reference == checkpoint.lease {
        let seconds = leases[checkpoint.lease.id]?.seconds ?? 0
        leases[checkpoint.lease.id]?.remainingSeconds = min(max(checkpoint.remainingSeconds, 0), seconds)
      }
      return .success(.noted)
    }
  }

  private mutating func revoke(_ lease: Lease) {
    leases[lease.id] = nil
    let keys = versions.keys.sorted { $0.lexicographicallyPrecedes($1) }
    for key in keys where value(of: key, at: .max)?.lease == lease.id { _ = delete(KeyRange(start: key)) }
    endRevision()
  }
}

extension KeyRange {
  func contains(_ key: Bytes) -> Bool {
    switch end {
    case .single: key == start
    case .before(let end): !key.lexicographicallyPrecedes(start) && key.lexicographicallyPrecedes(end)
    case .unbounded: !key.lexicographicallyPrecedes(start)
    }
  }
}
