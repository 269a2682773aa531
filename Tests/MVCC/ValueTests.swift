import CLMDB
import Testing

@testable import MVCC

@Suite struct ValueTests {
  @Test(arguments: [true, false])
  func valuesOfAnySizeComeBack(compressible: Bool) throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder, .small { $0.memtableBytes = 4 << 20 })
    var random = SeededGenerator(seed: 9)
    let chunk = VersionRecord.chunkPayloadBytes
    let first = VersionRecord.maximumRowBytes
    var lengths = [0, 1, 511, 512, 513, 1_500_000, 10 << 20]
    for base in [first, first + chunk, first + 2 * chunk] { lengths += (base - 40...base + 2) }
    var expected: [Bytes] = []
    for length in lengths {
      var value = Bytes(repeating: 7, count: length)
      if !compressible {
        var place = 0
        while place < length {
          value[place] = UInt8.random(in: 0...255, using: &random)
          place += length > 100_000 ? 3 : 1
        }
      }
      expected.append(value)
      let key = Bytes("key-\(expected.count + 1000)".utf8)
      store.apply(.put(PutCommand(key: key, value: value)))
    }
    let reader = try store.store.makeReadHandle()
    func expectAll() throws {
      let found = try reader.range(RangeQuery(range: allKeys)).keyValues
      #expect(found.count == expected.count)
      for (keyValue, value) in zip(found, expected) where keyValue.value != value {
        Issue.record("a value of \(value.count) bytes came back with \(keyValue.value.count)")
      }
    }
    try expectAll()
    try store.flushAll()
    try expectAll()
    if compressible { #expect(store.store.size < 4 << 20) }
    store.store.close()
  }

  /// Pages of LMDB's overflow kind come in runs, and long runs are what a fragmented file cannot give.
  @Test(arguments: [true, false]) func noValueNeedsARunOfPages(settles: Bool) throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder, .small { $0.indexDeltaBytes = settles ? 0 : 16 << 20 })
    var random = SeededGenerator(seed: 4)
    for length in stride(from: 0, to: 9000, by: 13) {
      let key = Bytes(repeating: 3, count: 1 + length % 700)
      let value = Bytes((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
      store.apply(.put(PutCommand(key: key, value: value)))
    }
    try store.flushAll()
    let environment = store.store.state.environment
    let databases = environment.databases
    let session = try ReadSession(environment)
    try session.renew()
    let filled = settles ? [databases.current, databases.longKeys] : [databases.runs]
    for database in filled + [databases.versions] {
      var statistics = MDB_stat()
      try check(mdb_stat(session.handle, database, &statistics), "reading a database's size")
      #expect(statistics.ms_leaf_pages > 0)
      #expect(statistics.ms_overflow_pages == 0)
    }
    store.store.close()
  }
}
