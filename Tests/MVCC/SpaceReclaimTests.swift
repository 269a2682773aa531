import CLMDB
import Glibc
import Testing

@testable import MVCC

@Suite struct SpaceReclaimTests {
  private let folder = TemporaryFolder()

  private func allocated() -> Int {
    var status = stat()
    return stat(folder.dataFile, &status) == 0 ? Int(status.st_blocks) * 512 : 0
  }

  private func noise(_ length: Int, _ random: inout SeededGenerator) -> Bytes {
    Bytes(unsafeUninitializedCapacity: length + 8) { buffer, count in
      let memory = UnsafeMutableRawBufferPointer(buffer)
      for start in stride(from: 0, to: length, by: 8) {
        memory.storeBytes(of: random.next(), toByteOffset: start, as: UInt64.self)
      }
      count = length
    }
  }

  /// Random values over few keys, compacted and punched now and then, with restarts: whatever is read back is what
  /// was written, and the file takes little more than what it holds.
  @Test(arguments: 0..<3 as Range<UInt64>)
  func whatIsReclaimedIsNotMissed(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let configuration = Store.Configuration.small {
      $0.reclaimReserveBytes = 64 << 10
      $0.reclaimStepBytes = 256 << 10
      $0.memtableBytes = 256 << 10
    }
    var store = try NumberedStore(folder, configuration)
    var expected: [String: Bytes] = [:]
    var reclaimed = 0
    for round in 0..<30 {
      for _ in 0..<150 {
        let key = "key-\(Int.random(in: 0..<300, using: &random))"
        let length = [10, 300, 1000, 2000, 9000].randomElement(using: &random)!
        let value = noise(length, &random)
        store.apply(.put(PutCommand(key: bytes(key), value: value)))
        expected[key] = value
      }
      if round % 3 == 2 { _ = store.compact(store.store.currentRevision) }
      try store.flushAll()
      // Not always to the end: the next flush comes in between.
      var steps = random.chance(1, in: 2) ? Int.max : 5
      while steps > 0 {
        steps -= 1
        let step = try store.store.maintain(now: 0)
        if case .reclaimed(let bytes) = step { reclaimed += bytes }
        if step == .idle { break }
      }
      if random.chance(1, in: 4) {
        store.store.close()
        store = try NumberedStore(folder, configuration)
      }
      let found = try store.store.makeReadHandle().range(RangeQuery(range: allKeys))
      #expect(found.keyValues.count == expected.count, "seed \(seed), round \(round)")
      for keyValue in found.keyValues {
        #expect(
          expected[String(decoding: keyValue.key, as: UTF8.self)] == keyValue.value,
          "seed \(seed), round \(round)")
      }
    }
    _ = store.compact(store.store.currentRevision)
    try store.settle()
    #expect(reclaimed > 0)
    store.store.requestReclaim()
    try store.settle()
    let live = expected.reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
    #expect(allocated() < 2 * live, "seed \(seed): \(allocated()) bytes for \(live)")
    // tmpfs has no list of blocks of its own; ext4 counts that.
    #expect(Int(store.store.size) >= allocated())
    #expect(store.store.sizeInUse <= store.store.size)
    store.store.close()
  }

  /// Rows of one to four a page, left alone by a compaction that takes most of their neighbours.
  @Test(arguments: [60, 150, 400, 900, 1000, 1900, 4000, 50_000])
  func sparsePagesArePacked(length: Int) throws {
    var random = SeededGenerator(seed: UInt64(length))
    let configuration = Store.Configuration.small {
      $0.memtableBytes = 8 << 20
      $0.compactionStepRows = 500
      $0.reclaimReserveBytes = 0
    }
    let store = try NumberedStore(folder, configuration)
    let keys = max(20, min(1000, 400_000 / length))
    func put(_ key: Int) {
      let value = noise(length, &random)
      store.apply(.put(PutCommand(key: bytes("key-\(1000 + key)"), value: value)))
    }
    for key in 0..<keys { put(key) }
    for _ in 0..<4 * keys { put(Int.random(in: 0..<keys, using: &random)) }
    #expect(store.compact(store.store.currentRevision) == .success(.compact))
    try store.settle()
    let environment = store.store.state.environment
    let pages = try ReadSession(environment, counted: false).pages(environment.databases.versions)
    #expect(try store.versionsInCheckpoint().count == keys)
    let live = keys * (length + 8)
    #expect(pages * 4096 < live * 2 + keys * 60 + 16 * 4096, "\(pages) pages for \(live) bytes")
    store.store.close()
  }

  /// What LMDB's rules do not let it reuse must not be punched: a reader's snapshot, and the last two commits.
  @Test func snapshotsInUseAreLeftAlone() throws {
    let configuration = Store.Configuration.small { $0.reclaimReserveBytes = 0 }
    let store = try NumberedStore(folder, configuration)
    var random = SeededGenerator(seed: 9)
    func fill() throws {
      for number in 0..<200 {
        let value = noise(1500, &random)
        store.apply(.put(PutCommand(key: bytes("key-\(number % 20)"), value: value)))
      }
      try store.flushAll()
    }
    try fill()
    // A reader that stays at this snapshot, below the store's own rules.
    let session = try ReadSession(store.store.state.environment, counted: false)
    func sum() throws -> Int {
      let cursor = try session.versionsCursor()
      var sum = 0
      var key = MDB_val()
      var data = MDB_val()
      var code = mdb_cursor_get(cursor, &key, &data, MDB_FIRST)
      while code == MDB_SUCCESS {
        let record = VersionRecord(
          data.bytes, key: key.bytes, main: try #require(VersionKey.decode(key.bytes)).main)
        if key.mv_size == VersionKey.bytes { #expect(record != nil) }
        sum &+= data.bytes.reduce(0) { $0 &* 31 &+ Int($1) }
        code = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)
      }
      return sum
    }
    let before = try sum()
    for _ in 0..<3 {
      _ = store.compact(store.store.currentRevision)
      try store.settle()
      store.store.requestReclaim()
      try store.settle()
      #expect(try sum() == before)
      try fill()
    }
    session.invalidate()
    _ = store.compact(store.store.currentRevision)
    try store.settle()
    let free = try ReadSession(store.store.state.environment, counted: false).freePageCount()
    store.store.requestReclaim()
    try store.settle()
    #expect(free > 100)
    #expect(allocated() < 40 * 4096 + 20 * 2 * 4096)
    store.store.close()
    // LMDB's own check of every page: it opens, and everything is read.
    let again = try NumberedStore(folder, configuration)
    #expect(try again.store.makeReadHandle().range(RangeQuery(range: allKeys)).count == 20)
    try fill()
    again.store.close()
  }
}

@Suite struct ContentHashTests {
  /// Two stores that were given the same log agree, whatever they flushed, compacted or packed; and any change of
  /// what can be read changes the hash.
  @Test(arguments: 0..<10 as Range<UInt64>)
  func dependsOnTheLogAlone(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let folders = [TemporaryFolder(), TemporaryFolder(), TemporaryFolder()]
    let stores = try folders.enumerated().map { number, folder in
      try NumberedStore(
        folder,
        .small {
          $0.memtableChanges = [100_000, 3, 17][number]
          $0.compactionStepRows = 5
          $0.compactionBatchVersions = [65_536, 10, 3][number]
        })
    }
    for _ in 0..<200 {
      let command: Command
      switch Int.random(in: 0..<10, using: &random) {
      case 0:
        command = .delete(
          DeleteCommand(range: KeyRange(start: bytes("k\(Int.random(in: 0..<9, using: &random))"))))
      case 1:
        command = .compact(
          revision: stores[0].store.currentRevision - Int64.random(in: 0...8, using: &random))
      default:
        let length = [0, 5, 700, 5000].randomElement(using: &random)!
        command = put("k\(Int.random(in: 0..<9, using: &random))", String(repeating: "x", count: length))
      }
      for store in stores { store.apply(command) }
      if random.chance(1, in: 5) { _ = try stores[1].store.maintain(now: 0) }
      if random.chance(1, in: 5) { try stores[2].settle() }
      if random.chance(1, in: 4) {
        let compacted = stores[0].store.compactRevision
        let revision = Int64.random(in: max(1, compacted)...stores[0].store.currentRevision, using: &random)
        let hashes = try stores.map { try $0.hash(revision) }
        for hash in hashes {
          #expect(hash.value == hashes[0].value, "seed \(seed), revision \(revision), compacted \(compacted)")
          #expect(hash.revision == revision)
          #expect(hash.compactRevision == compacted)
        }
      }
    }
    let before = try stores[0].hash().value
    #expect(try stores[1].hash(stores[1].store.currentRevision).value == before)
    stores[0].apply(put("k1", "other"))
    #expect(try stores[0].hash().value != before)
    #expect(try stores[0].hash(stores[1].store.currentRevision).value == before)
    stores[1].apply(put("k1", "othes"))
    #expect(try stores[1].hash().value != stores[0].hash().value)
    for store in stores { store.store.close() }
  }

  @Test func boundsOfTheRevision() throws {
    let store = try NumberedStore(TemporaryFolder())
    for number in 0..<5 { store.apply(put("k", "\(number)")) }
    #expect(try store.hash().compactRevision == -1)
    #expect(try store.hash().revision == 6)
    _ = store.compact(4)
    #expect(throws: StoreError.compacted) { try store.hash(3) }
    #expect(throws: StoreError.futureRevision) { try store.hash(7) }
    #expect(try store.hash(4).revision == 4)
    #expect(try store.hash(-5).value == store.hash(6).value)
    store.store.close()
  }

  /// One key with many versions, and many keys, over many steps.
  @Test func longHistoriesTakeManySteps() throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder, .small { $0.memtableChanges = 3000 })
    for number in 0..<9000 { store.apply(put("hot", "\(number)")) }
    for number in 0..<3000 { store.apply(put("key-\(number)", "\(number)")) }
    let handle = try store.store.makeReadHandle()
    var hash = try ContentHash(store.store, revision: 0)
    var steps = 1
    while try !hash.step(handle) {
      steps += 1
      // Flushes in between change nothing.
      if steps == 2 { try store.flushAll() }
    }
    #expect(steps > 2)
    #expect(try store.hash().value == hash.value)
    store.store.close()
  }
}
