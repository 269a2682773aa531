import Synchronization
import Testing

@testable import MVCC

/// History as watches read it, against a record of what was applied.
@Suite struct ChangesTests {
  private struct Change: Hashable {
    var revision: Int64
    var sub: Int64
    var key: Bytes
    /// Nil for a delete.
    var current: KeyValue?
    var previous: KeyValue?
  }

  /// A store, and what each of its entries changed.
  private struct Recorder {
    let store: NumberedStore
    var keys: [Bytes: KeyValue] = [:]
    var history: [Change] = []

    mutating func apply(_ changes: [(key: Bytes, value: Bytes?)]) {
      let revision = store.store.currentRevision + 1
      let before = keys
      var operations: [Operation] = []
      var sub: Int64 = 0
      for (key, value) in changes {
        let old = keys[key]
        if let value {
          operations.append(.put(PutCommand(key: key, value: value)))
          keys[key] = KeyValue(
            key: key, value: value, createRevision: old?.createRevision ?? revision, modRevision: revision,
            version: (old?.version ?? 0) + 1, lease: 0)
        } else {
          operations.append(.delete(DeleteCommand(range: KeyRange(start: key))))
          guard old != nil else { continue }
          keys[key] = nil
        }
        let isCreated = keys[key]?.createRevision == revision
        history.append(
          Change(
            revision: revision, sub: sub, key: key, current: keys[key],
            previous: isCreated ? nil : before[key]))
        sub += 1
      }
      store.apply(
        .transaction(TransactionCommand(comparisons: [], success: operations, failure: [])))
    }
  }

  private static func keyValue(_ view: borrowing KeyValueView) throws(StoreError) -> KeyValue {
    KeyValue(
      key: Bytes(view.key), value: try copiedValue(view), createRevision: view.createRevision,
      modRevision: view.modRevision, version: view.version, lease: view.lease)
  }

  private static func read(
    _ handle: ReadHandle, from first: Int64, through last: Int64, atMost limit: Int = .max
  ) throws(StoreError) -> [Change] {
    var found: [Change] = []
    try handle.changes(from: first, through: last) { (change) throws(StoreError) -> Bool in
      if found.count == limit { return false }
      let current = change.isDelete ? nil : try keyValue(change.current)
      var previous: KeyValue?
      if let view = try change.previous() { previous = try keyValue(view) }
      found.append(
        Change(
          revision: change.revision.main, sub: change.revision.sub, key: Bytes(change.key), current: current,
          previous: previous))
      return true
    }
    return found
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func everyPartOfHistoryIsAsItHappened(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let folder = TemporaryFolder()
    // Some tables fill inside an entry, and some flushes take several transactions.
    let configuration = Store.Configuration.small {
      $0.memtableChanges = Int.random(in: 3...700, using: &random)
      $0.flushPages = Int.random(in: 4...200, using: &random)
    }
    var recorder = Recorder(store: try NumberedStore(folder, configuration))
    let handle = try recorder.store.store.makeReadHandle()
    for _ in 0..<400 {
      var changes: [Bytes: Bytes?] = [:]
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let length = random.chance(1, in: 30) ? Int.random(in: 1_000...8_000, using: &random) : 2
        let number = UInt8.random(in: 0..<12, using: &random)
        let key = Bytes(repeating: 97 + number, count: length)
        let size = random.chance(1, in: 20) ? 20_000 : Int.random(in: 0...80, using: &random)
        let value = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        changes[key] = random.chance(1, in: 4) ? .some(nil) : .some(value)
      }
      var list = changes.map { (key: $0.key, value: $0.value) }
      // A key that is put and deleted in one entry: what it held before is what it held before the entry.
      if random.chance(1, in: 5), let put = list.first(where: { $0.value != nil }) {
        list.append((put.key, nil))
      }
      recorder.apply(list)
      if random.chance(1, in: 40) { recorder.store.store.rotate() }
      if random.chance(1, in: 20) {
        let current = recorder.store.store.currentRevision
        let first = Int64.random(in: 1...current + 1, using: &random)
        let last = Int64.random(in: 1...current, using: &random)
        let expected = recorder.history.filter { $0.revision >= first && $0.revision <= last }
        let found = try Self.read(handle, from: first, through: last)
        #expect(found == expected, "seed \(seed), \(first)...\(last)")
        let some = Int.random(in: 1...10, using: &random)
        #expect(
          try Self.read(handle, from: first, through: last, atMost: some) == Array(expected.prefix(some)))
      }
    }
    try recorder.store.flushAll()
    let all = try Self.read(handle, from: 1, through: recorder.store.store.currentRevision)
    #expect(all == recorder.history, "seed \(seed)")
  }

  /// Below the floor nothing is read from the checkpoint, where it may be gone.
  @Test func whatIsCompactedIsReported() throws {
    let folder = TemporaryFolder()
    var recorder = Recorder(store: try NumberedStore(folder))
    for number in 0..<10 { recorder.apply([(bytes("k"), bytes("\(number)"))]) }
    try recorder.store.flushAll()
    recorder.store.store.state.retention.floor.store(6, ordering: .releasing)
    let handle = try recorder.store.store.makeReadHandle()
    #expect(throws: StoreError.compacted) { try Self.read(handle, from: 5, through: 11) }
    #expect(try Self.read(handle, from: 6, through: 11).count == 6)
  }
}
