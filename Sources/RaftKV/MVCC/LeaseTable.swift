import Synchronization

/// The leases that there are, without their keys. The apply thread changes it; any thread may look.
final class LeaseTable: Sendable {
  private let leases: Mutex<[Int64: Lease]>

  init(_ leases: [Lease]) {
    self.leases = Mutex(Dictionary(uniqueKeysWithValues: leases.map { ($0.id, $0) }))
  }

  func lease(_ id: Int64) -> Lease? { leases.withLock { $0[id] } }

  func set(_ lease: Lease) { leases.withLock { $0[lease.id] = lease } }

  /// Puts others in the place of all.
  func replace(_ others: [Lease]) {
    let replaced = Dictionary(uniqueKeysWithValues: others.map { ($0.id, $0) })
    leases.withLock { $0 = replaced }
  }

  func remove(_ id: Int64) { leases.withLock { $0[id] = nil } }

  /// By id.
  var all: [Lease] { leases.withLock { Array($0.values) }.sorted { $0.id < $1.id } }
}

/// What the entries of one memtable changed about leases and the keys attached to them, in order: what the
/// checkpoint does not know yet.
///
/// The apply thread appends; any thread may look.
final class LeaseJournal: Sendable {
  enum Change: Sendable {
    /// Granted, or its remaining time noted.
    case set(Lease)
    /// Revoked: no key is attached to it any more.
    case dropped(Int64)
    case attached(Int64, Bytes)
    case detached(Int64, Bytes)

    fileprivate var lease: Int64 {
      switch self {
      case .set(let lease): lease.id
      case .dropped(let id), .attached(let id, _), .detached(let id, _): id
      }
    }
  }

  struct Record: Sendable {
    /// The log entry.
    var index: UInt64
    var change: Change
  }

  private struct State {
    var records: [Record] = []
    /// Places of the records about keys, and of the drops, by lease.
    var byLease: [Int64: [Int32]] = [:]
  }

  private let state = Mutex(State())

  var records: [Record] { state.withLock { $0.records } }

  func append(_ change: Change, index: UInt64) {
    state.withLock { state in
      if case .set = change {
      } else {
        state.byLease[change.lease, default: []].append(Int32(clamping: state.records.count))
      }
      state.records.append(Record(index: index, change: change))
    }
  }

  /// Changes the keys of `lease` as the entries of this memtable did.
  func replay(on keys: inout Set<Bytes>, of lease: Int64) {
    state.withLock { state in
      for place in state.byLease[lease] ?? [] {
        switch state.records[Int(place)].change {
        case .set: break
        case .dropped: keys.removeAll()
        case .attached(_, let key): keys.insert(key)
        case .detached(_, let key): keys.remove(key)
        }
      }
    }
  }

  /// The leases that the entry at `index` dropped.
  func drops(by index: UInt64) -> [Change] {
    state.withLock { state in
      var drops: [Change] = []
      for record in state.records.reversed() {
        guard record.index == index else { break }
        if case .dropped = record.change { drops.append(record.change) }
      }
      return drops.reversed()
    }
  }
}
