import CLMDB
import Glibc
import Testing

@testable import MVCC

/// A store whose background work runs when a test says so.
extension NumberedStore {
  /// Flushes everything and runs the background work to its end; returns what was compacted to, in order.
  @discardableResult
  func settle(now: UInt64 = 0) throws(StoreError) -> [Int64] {
    try flushAll()
    var revisions: [Int64] = []
    while true {
      switch try store.maintain(now: now) {
      case .idle, .waiting: return revisions
      case .compacted(let revision, _): revisions.append(revision)
      case .worked, .reclaimed: break
      }
    }
  }

  func delete(_ key: String) {
    apply(.delete(DeleteCommand(range: KeyRange(start: bytes(key)))))
  }

  func compact(_ revision: Int64) -> Result<CommandResult, StoreError> {
    apply(.compact(revision: revision)).result
  }

  /// The revisions in the checkpoint, in order.
  func versionsInCheckpoint() throws -> [Int64] {
    let session = try ReadSession(store.state.environment, counted: false)
    let cursor = try session.versionsCursor()
    var found: [Int64] = []
    var key = MDB_val()
    var data = MDB_val()
    var code = mdb_cursor_get(cursor, &key, &data, MDB_FIRST)
    while code == MDB_SUCCESS {
      let place = try #require(VersionKey.decode(key.bytes))
      if !place.isChunk { found.append(place.main) }
      code = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)
    }
    return found
  }

  /// The keys in the checkpoint's index, those of tombstones included.
  func keysInCheckpoint() throws -> [String] {
    let handle = try store.makeReadHandle()
    var keys: [String] = []
    try handle.visitHistory(
      from: [], at: nil, through: store.currentRevision, pin: store.pin(store.compactRevision)
    ) {
      (key, _) in
      keys.append(String(decoding: key, as: UTF8.self))
      return .nextKey
    }
    return keys
  }

  func hash(_ revision: Int64 = 0) throws -> ContentHash {
    let handle = try store.makeReadHandle()
    var hash = try ContentHash(store, revision: revision)
    while try !hash.step(handle) {}
    return hash
  }
}

@Suite struct CompactionTests {
  private let folder = TemporaryFolder()

  @Test func refusesWhatEtcdRefuses() throws {
    let store = try NumberedStore(folder)
    #expect(store.store.compactRevision == -1)
    for number in 0..<5 { store.apply(put("k", "\(number)")) }
    let cases: [(Int64, Result<CommandResult, StoreError>)] = [
      (-1, .failure(.compacted)), (-2, .failure(.compacted)), (.min, .failure(.compacted)),
      (7, .failure(.futureRevision)), (.max, .failure(.futureRevision)),
      (0, .success(.compact)), (0, .failure(.compacted)), (3, .success(.compact)), (3, .failure(.compacted)),
      (2, .failure(.compacted)), (6, .success(.compact)), (6, .failure(.compacted)),
      (7, .failure(.futureRevision)),
    ]
    for (revision, expected) in cases {
      #expect(store.compact(revision) == expected, "compact \(revision)")
    }
    #expect(store.store.compactRevision == 6)
    #expect(store.store.currentRevision == 6)
    store.store.close()
  }

  /// Each row: what was done to the key "k" at revisions 2, 3, …, and which of these are left after a compaction.
  @Test(
    arguments: [
      ("pp", 2, [2, 3]), ("pp", 3, [3]), ("ppp", 3, [3, 4]), ("ppp", 4, [4]),
      // A tombstone at the compacted revision stays, one below it goes.
      ("pd", 2, [2, 3]), ("pd", 3, [3]), ("pdx", 4, []), ("pdp", 3, [3, 4]), ("pdp", 4, [4]),
      ("pdpd", 4, [4, 5]),
      ("pdpd", 5, [5]), ("pdpdx", 6, []), ("ppdp", 4, [4, 5]), ("pxdxp", 5, [6]), ("pxdxp", 4, [4, 6]),
      ("pxdxp", 3, [2, 4, 6]),
    ] as [(String, Int64, [Int64])])
  func tombstoneRules(history: String, target: Int64, left: [Int64]) throws {
    for flushes in [false, true] {
      for earlier in [nil, target - 1] as [Int64?] where earlier ?? 1 > 0 {
        let folder = TemporaryFolder()
        let store = try NumberedStore(folder, .small { $0.indexDeltaBytes = 0 })
        for action in history {
          switch action {
          case "p": store.apply(put("k", "v"))
          case "d": store.delete("k")
          default: store.apply(put("other", "v"))
          }
          if flushes { try store.flushAll() }
        }
        // In two goes it must come out as in one.
        if let earlier {
          _ = store.compact(earlier)
          try store.settle()
        }
        #expect(store.compact(target) == .success(.compact))
        #expect(try store.settle() == [target])
        #expect(store.store.physicalRevision == target)
        let others = history.enumerated().filter { $0.element == "x" }.map { Int64($0.offset) + 2 }
        let otherLeft = others.filter { $0 > target } + (others.filter { $0 <= target }.suffix(1))
        #expect(
          try store.versionsInCheckpoint() == (left + otherLeft).sorted(),
          "\(history) compacted to \(target), flushes: \(flushes), earlier: \(String(describing: earlier))")
        let hasKey = !left.isEmpty
        #expect(try store.keysInCheckpoint().contains("k") == hasKey)
        // And the key goes on as if it were new.
        if !hasKey {
          store.apply(put("k", "again"))
          let found = try store.store.makeReadHandle().range(RangeQuery(range: KeyRange(start: bytes("k"))))
          #expect(found.keyValues.first?.version == 1)
        }
        store.store.close()
      }
    }
  }

  @Test func readsBelowFailAtOnceAndReadsAtItGoOn() throws {
    let store = try NumberedStore(folder)
    for number in 0..<10 { store.apply(put("k", "\(number)")) }
    let reader = try store.store.makeReadHandle()
    func value(at revision: Int64) throws(StoreError) -> String? {
      var query = RangeQuery(range: KeyRange(start: bytes("k")))
      query.revision = revision
      return try reader.range(query).keyValues.first.map { String(decoding: $0.value, as: UTF8.self) }
    }
    #expect(try value(at: 5) == "3")
    #expect(store.compact(6) == .success(.compact))
    for _ in 0..<2 {
      #expect(throws: StoreError.compacted) { try value(at: 5) }
      #expect(try value(at: 6) == "4")
      #expect(try value(at: 7) == "5")
      #expect(try value(at: 0) == "9")
      #expect(throws: StoreError.futureRevision) { try value(at: 12) }
      try store.settle()
    }
    #expect(try store.versionsInCheckpoint() == [6, 7, 8, 9, 10, 11])
    store.store.close()
  }

  /// Nothing that the log replays may depend on a compaction that came after it.
  @Test func onlyWhatIsFlushedIsCompacted() throws {
    let store = try NumberedStore(folder)
    for number in 0..<5 { store.apply(put("k", "\(number)")) }
    try store.flushAll()
    #expect(store.compact(4) == .success(.compact))
    #expect(try store.store.maintain(now: 0) == .idle)
    #expect(try store.versionsInCheckpoint() == [2, 3, 4, 5, 6])
    store.store.close()
    // The log's last entry is replayed.
    let again = try NumberedStore(folder)
    #expect(again.store.compactRevision == -1)
    #expect(again.compact(4) == .success(.compact))
    try again.settle()
    #expect(try again.versionsInCheckpoint() == [4, 5, 6])
    again.store.close()
    let third = try NumberedStore(folder)
    #expect(third.store.compactRevision == 4)
    #expect(third.store.physicalRevision == 4)
    #expect(try third.store.maintain(now: 0) == .idle)
    third.store.close()
  }

  @Test(arguments: 0..<6 as Range<UInt64>)
  func goesOnAfterARestartAnywhere(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let configuration = Store.Configuration.small {
      $0.indexDeltaBytes = 0
      $0.compactionBatchVersions = 7
      $0.compactionStepRows = 3
    }
    var store = try NumberedStore(folder, configuration)
    for number in 0..<120 {
      let key = "key-\(Int.random(in: 0..<20, using: &random))"
      if random.chance(1, in: 4) {
        store.delete(key)
      } else {
        let length = [3, 3000].randomElement(using: &random)!
        store.apply(put(key, String(repeating: "\(number % 10)", count: length)))
      }
    }
    let current = store.store.currentRevision
    let target = current - 20
    func contents() throws -> [RangeResult] {
      let reader = try store.store.makeReadHandle()
      return try (target...current).map { revision in
        var query = RangeQuery(range: allKeys)
        query.revision = revision
        return try reader.range(query)
      }
    }
    let expected = try contents()
    #expect(store.compact(target) == .success(.compact))
    try store.flushAll()
    var restarts = 0
    while store.store.physicalRevision < target {
      for _ in 0..<Int.random(in: 1...4, using: &random) { _ = try store.store.maintain(now: 0) }
      #expect(try contents() == expected, "seed \(seed)")
      store.store.close()
      store = try NumberedStore(folder, configuration)
      restarts += 1
    }
    #expect(restarts > 3)
    #expect(try contents() == expected, "seed \(seed)")
    // As one go would have left it.
    let whole = TemporaryFolder()
    let other = try NumberedStore(whole, .small { $0.indexDeltaBytes = 0 })
    random = SeededGenerator(seed: seed)
    for number in 0..<120 {
      let key = "key-\(Int.random(in: 0..<20, using: &random))"
      if random.chance(1, in: 4) {
        other.delete(key)
      } else {
        let length = [3, 3000].randomElement(using: &random)!
        other.apply(put(key, String(repeating: "\(number % 10)", count: length)))
      }
    }
    _ = other.compact(target)
    try other.settle()
    #expect(try store.versionsInCheckpoint() == other.versionsInCheckpoint(), "seed \(seed)")
    #expect(try store.keysInCheckpoint() == other.keysInCheckpoint(), "seed \(seed)")
    other.store.close()
    store.store.close()
  }

  @Test func aPinHoldsBackForABoundedTime() throws {
    let store = try NumberedStore(folder, .small { $0.pinWaitMilliseconds = 60_000 })
    for number in 0..<10 { store.apply(put("k", "\(number)")) }
    let reader = try store.store.makeReadHandle()
    func value(_ pin: ReadPin) throws(StoreError) -> Bytes {
      var value: Bytes = []
      try reader.scan(KeyRange(start: bytes("k")), revision: pin.revision, pin: pin) {
        (view: borrowing KeyValueView) throws(StoreError) in
        value = try copiedValue(view)
        return true
      }
      return value
    }
    var pin: ReadPin? = try store.store.pin(5)
    let late = try store.store.pin(9)
    #expect(store.compact(8) == .success(.compact))
    // As far as the pin allows.
    #expect(try store.settle(now: 1_000_000_000) == [5])
    #expect(try store.store.maintain(now: 60_999_999_999) == .waiting)
    #expect(try value(pin!) == bytes("3"))
    #expect(try store.versionsInCheckpoint().first == 5)
    // It lets go in time.
    pin = nil
    #expect(try store.settle(now: 61_000_000_000) == [8])
    #expect(throws: StoreError.compacted) { try store.store.pin(7) }
    // The next one does not.
    #expect(store.compact(11) == .success(.compact))
    #expect(try store.settle(now: 70_000_000_000) == [9])
    #expect(try value(late) == bytes("7"))
    #expect(try store.settle(now: 129_999_999_999) == [])
    #expect(try store.settle(now: 130_000_000_000) == [11])
    #expect(throws: StoreError.compacted) { try value(late) }
    store.store.close()
  }

  /// A tombstone whose row waits in the delta loses it when the delta is settled.
  @Test func tombstonesLeaveTheDelta() throws {
    var store = try NumberedStore(folder, .small { $0.indexDeltaBytes = 1 << 20 })
    for number in 0..<20 { store.apply(put("key-\(number)", "v")) }
    try store.flushAll()
    for number in 0..<19 { store.delete("key-\(number)") }
    store.apply(put("last", "v"))
    #expect(store.compact(store.store.currentRevision) == .success(.compact))
    try store.settle()
    #expect(try store.versionsInCheckpoint().count == 2)
    #expect(try store.keysInCheckpoint().count == 21)
    #expect(try !store.store.flusher.settleSlices(10))
    store.store.close()
    store = try NumberedStore(folder)
    #expect(try store.keysInCheckpoint() == ["key-19", "last"])
    let reader = try store.store.makeReadHandle()
    #expect(try reader.range(RangeQuery(range: allKeys)).count == 2)
    store.store.close()
  }

  /// Keys of several rows leave nothing behind, and take nothing of others with them.
  @Test func longKeysGoWithTheirRows() throws {
    let store = try NumberedStore(folder, .small { $0.indexDeltaBytes = 0 })
    let stem = String(repeating: "s", count: 480)
    let keys = [stem, stem + "a", stem + stem, stem + stem + "b", stem + stem + "c", stem + stem + stem]
    for key in keys { store.apply(put(key, key)) }
    try store.flushAll()
    for (number, key) in keys.enumerated().reversed() {
      store.delete(key)
      let revision = store.apply(put("other", "v")).revision
      #expect(store.compact(revision) == .success(.compact))
      try store.settle()
      #expect(try store.keysInCheckpoint() == ["other"] + keys[..<number])
    }
    let environment = store.store.state.environment
    func rows(_ database: MDB_dbi) throws -> Int {
      try ReadSession(environment, counted: false).rows(database)
    }
    #expect(try rows(environment.databases.longKeys) == 0)
    #expect(try rows(environment.databases.current) == 1)
    store.store.close()
  }
}
