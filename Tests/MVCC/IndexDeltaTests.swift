import Glibc
import Synchronization
import Testing

@testable import MVCC

/// The part of the index that waits in memory: packing, merging, searching, and what becomes of it.
@Suite struct IndexDeltaTests {
  private func row(_ revision: Int64, _ random: inout SeededGenerator) -> CurrentRow {
    var row = CurrentRow()
    row.main = revision
    row.sub = random.chance(1, in: 3) ? Int64(UInt32.random(in: 0...UInt32.max, using: &random)) : 0
    if random.chance(3, in: 4) {
      row.createRevision = Int64.random(in: 1...revision, using: &random)
      row.version = Int64.random(in: 1...revision, using: &random)
      row.valueLength = Int64.random(in: 0...1 << 31, using: &random)
      row.lease = random.chance(1, in: 3) ? Int64(bitPattern: random.next()) : 0
    }
    return row
  }

  private func isSame(_ left: CurrentRow?, _ right: CurrentRow?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.main == right.main && left.sub == right.sub && left.createRevision == right.createRevision
      && left.version == right.version && left.lease == right.lease && left.valueLength == right.valueLength
  }

  private func randomKey(_ random: inout SeededGenerator) -> Bytes {
    let length = [1, 2, 7, 8, 9, 20, 300, 481, 8192].randomElement(using: &random)!
    var key = Bytes(repeating: 0x61, count: length)
    for place in [0, length / 2, length - 1] where random.chance(1, in: 2) {
      key[place] = [0x00, 0x60, 0x61, 0x62, 0xFF].randomElement(using: &random)!
    }
    return key
  }

  private func isBefore(_ left: Bytes, _ right: Bytes) -> Bool {
    left.withUnsafeBytes { left in right.withUnsafeBytes { compareBytes(left, $0) } } < 0
  }

  private func cursorKeys(_ delta: IndexDelta, from start: Bytes) -> [(key: Bytes, row: CurrentRow)] {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Store.maximumKeyBytes, alignment: 8)
    defer { memory.deallocate() }
    var cursor = PackedRowCursor(delta.bytes, keyMemory: memory)
    start.withUnsafeBytes { delta.seek(&cursor, $0) }
    var found: [(key: Bytes, row: CurrentRow)] = []
    while cursor.isValid {
      found.append((Bytes(cursor.key), cursor.row))
      cursor.next()
    }
    return found
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func mergedRunsAnswerAsADictionary(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var expected: [Bytes: CurrentRow] = [:]
    var runs: [PackedRun] = []
    var revision: Int64 = 1
    for _ in 0..<Int.random(in: 1...9, using: &random) {
      var changes: [Bytes: CurrentRow] = [:]
      for _ in 0..<Int.random(in: 1...120, using: &random) {
        revision += Int64.random(in: 1...1 << 30, using: &random)
        let key =
          random.chance(1, in: 3) ? expected.keys.sorted(by: isBefore).randomElement(using: &random) : nil
        changes[key ?? randomKey(&random)] = row(revision, &random)
      }
      var writer = PackedRowWriter(capacity: 0)
      for key in changes.keys.sorted(by: isBefore) {
        key.withUnsafeBytes { writer.append($0, changes[key]!) }
      }
      runs.append(PackedRun(writer))
      expected.merge(changes) { $1 }
    }
    let delta = try IndexDelta(merging: runs.map(\.bytes))
    let sorted = expected.keys.sorted(by: isBefore)
    #expect(delta.rows == sorted.count, "seed \(seed)")
    let walked = cursorKeys(delta, from: [])
    #expect(walked.map(\.key) == sorted, "seed \(seed)")
    for (place, key) in sorted.enumerated() {
      #expect(isSame(walked[place].row, expected[key]), "seed \(seed)")
      for wanted in [key, key + [0], Bytes(key.dropLast()), key.dropLast() + [0x80]] where !wanted.isEmpty {
        let found = wanted.withUnsafeBytes { delta.find($0) }
        #expect(
          isSame(found, expected[wanted]), "seed \(seed), \(wanted.prefix(20)) of \(wanted.count) bytes")
      }
    }
    for _ in 0..<40 {
      let start = randomKey(&random)
      let rest = sorted.filter { !isBefore($0, start) }
      #expect(cursorKeys(delta, from: start).map(\.key) == rest, "seed \(seed)")
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func bytesThatAreNoRowsAreRefused(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var writer = PackedRowWriter()
    for number in 100..<200 {
      Bytes("key-\(number)".utf8).withUnsafeBytes { writer.append($0, row(Int64(number), &random)) }
    }
    let whole = Bytes(writer.bytes)
    var refused = 0
    for _ in 0..<300 {
      var damaged = whole
      if random.chance(1, in: 2) { damaged.removeLast(Int.random(in: 1..<whole.count, using: &random)) }
      for _ in 0..<4 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do throws(StoreError) {
        try damaged.withRawBytes { (bytes) throws(StoreError) in _ = try IndexDelta(merging: [bytes]) }
      } catch {
        refused += 1
      }
    }
    #expect(refused > 50, "seed \(seed)")
  }

  private struct Pages: Equatable {
    var current: Int
    var longKeys: Int
    var runs: Int
  }

  private func pages(_ store: Store) throws -> Pages {
    let transaction = try WriteTransaction(store.state.environment)
    let databases = store.state.environment.databases
    return Pages(
      current: try transaction.pages(databases.current), longKeys: try transaction.pages(databases.longKeys),
      runs: try transaction.pages(databases.runs))
  }

  private func read(_ store: Store) throws -> [String] {
    try store.makeReadHandle().range(RangeQuery(range: allKeys)).keyValues.map {
      "\(String(decoding: $0.key, as: UTF8.self))=\(String(decoding: $0.value, as: UTF8.self)) \($0.version)"
    }
  }

  @Test func changesWaitInRunsUntilTheySettle() throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder, .small { $0.indexDeltaBytes = 1500 })
    var expected: [String] = []
    var settles = 0
    var wasEmpty = true
    for round in 1...30 {
      for number in 0..<20 { store.apply(put("key-\(100 + number)", "\(round)")) }
      try store.flushAll()
      expected = (0..<20).map { "key-\(100 + $0)=\(round) \(round)" }
      #expect(try read(store.store) == expected)
      let pages = try pages(store.store)
      let delta = store.store.flusher.delta
      #expect(delta.isEmpty == (pages.runs == 0))
      #expect(delta.isEmpty ? pages.current > 0 : delta.rows == 20)
      if delta.isEmpty && !wasEmpty { settles += 1 }
      wasEmpty = delta.isEmpty
    }
    #expect(settles > 1 && settles < 10)
    store.apply(put("key-100", "last"))
    try store.flushAll()
    expected[0] = "key-100=last 31"
    store.store.close()
    let again = try NumberedStore(folder)
    #expect(again.store.flusher.delta.isEmpty == false)
    #expect(again.store.applied.index == 601)
    #expect(try read(again.store) == expected)
    again.store.close()
  }

  @Test func manySmallRunsSettle() throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder)
    for number in 0..<IndexRuns.maximumCount {
      store.apply(put("key-\(number)", ""))
      try store.flushAll()
    }
    #expect(store.store.flusher.delta.rows == IndexRuns.maximumCount)
    store.apply(put("one-more", ""))
    try store.flushAll()
    #expect(store.store.flusher.delta.isEmpty)
    #expect(try store.store.makeReadHandle().count(allKeys, revision: 66) == 65)
    store.store.close()
  }

  /// A settle that fails is tried again by the next flush, even when nothing else is left to flush.
  @Test func aSettleThatFailedIsTriedAgain() throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder)
    for number in 0..<200 { store.apply(put("key-\(number)", "")) }
    try store.flushAll()
    store.store.close()
    let smaller = try NumberedStore(folder, .small { $0.indexDeltaBytes = 10 })
    #expect(smaller.store.flusher.delta.rows == 200)
    #expect(try smaller.store.flushOldest() == false)
    #expect(smaller.store.flusher.delta.isEmpty)
    #expect(try smaller.store.makeReadHandle().count(allKeys, revision: 201) == 200)
    smaller.store.close()
  }

  /// What a flush that failed half-way has written must survive a settle and a crash.
  @Test func aHalfFlushedMemtableIsNotSettledAway() throws {
    let folder = TemporaryFolder()
    let configuration = Store.Configuration.small {
      $0.indexDeltaBytes = 0
      $0.flushPages = 1
    }
    let store = try NumberedStore(folder, configuration)
    for number in 0..<50 { store.apply(put("key-\(number)", String(repeating: "v", count: 400))) }
    store.store.onFlushNeeded = nil
    store.store.rotate()
    let table = try #require(store.store.flusher.oldest())
    try store.store.flusher.writeSlice(of: table)
    try #require(table.flushedTo != 0)
    try store.store.flusher.settleIfDue()
    let flushed = Int64(store.store.flushed.index)
    store.store.close()
    let again = try NumberedStore(folder, configuration)
    #expect(flushed > 0 && flushed < 50)
    #expect(try again.store.makeReadHandle().count(allKeys, revision: flushed + 1) == flushed)
    again.store.close()
  }

  @Test(arguments: [3, 479, 480, 481, 960, 2000])
  func deletedKeysLeaveTheIndexOnceCompacted(length: Int) throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder, .small { $0.indexDeltaBytes = 0 })
    let empty = try pages(store.store)
    let family = [
      Bytes(repeating: 7, count: length), Bytes(repeating: 7, count: length) + [1],
      Bytes(repeating: 7, count: length) + Bytes(repeating: 8, count: 700),
      Bytes(repeating: 7, count: length - 1) + [9],
    ]
    for key in family { store.apply(.put(PutCommand(key: key, value: [1]))) }
    try store.flushAll()
    for (place, key) in family.enumerated() {
      store.apply(.delete(DeleteCommand(range: KeyRange(start: key))))
      store.store.state.retention.floor.store(store.store.currentRevision + 1, ordering: .releasing)
      try store.flushAll()
      store.store.state.retention.floor.store(0, ordering: .releasing)
      let left = try store.store.makeReadHandle().range(RangeQuery(range: allKeys)).keyValues.map(\.key)
      #expect(Set(left) == Set(family[(place + 1)...]))
      let transaction = try WriteTransaction(store.store.state.environment)
      try key.withRawBytes { (key) throws(StoreError) in
        #expect(try store.store.flusher.checkpointRow(of: key, in: transaction) == nil)
      }
    }
    #expect(try pages(store.store) == empty)
    store.store.close()
  }
}

extension Flusher {
  /// The first `count` transactions of a settle, as a crash after them leaves it; false when it is whole by then.
  func settleSlices(_ count: Int) throws(StoreError) -> Bool {
    let delta = delta
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Store.maximumKeyBytes, alignment: 8)
    defer { memory.deallocate() }
    var cursor = PackedRowCursor(delta.bytes, keyMemory: memory)
    cursor.next()
    for _ in 0..<count where cursor.isValid { try settleSlice(&cursor) }
    return cursor.isValid
  }
}
