import Glibc
import Testing

@testable import MVCC

/// Keys longer than LMDB's lie in rows of chunks: their order must be that of memcmp, from wherever a walk begins.
@Suite struct LongKeyTests {
  private func isBefore(_ left: Bytes, _ right: Bytes) -> Bool {
    let order = memcmp(left, right, min(left.count, right.count))
    return order == 0 ? left.count < right.count : order < 0
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func orderIsThatOfTheBytes(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var keys = Set<Bytes>()
    let lengths = [1, 479, 480, 481, 482, 959, 960, 961, 1439, 1440, 1441, 4800, 8191, 8192]
    while keys.count < 400 {
      var key: Bytes
      if let other = keys.randomElement(using: &random), random.chance(2, in: 3) {
        // A neighbour: a prefix, an extension, or another byte near a chunk's boundary.
        key = other
        switch Int.random(in: 0..<4, using: &random) {
        case 0: key = Bytes(key.prefix(lengths.randomElement(using: &random)!))
        case 1: key += Bytes(repeating: [0x00, 0xFF, 0x61].randomElement(using: &random)!, count: 1)
        case 2:
          while key.count < lengths.randomElement(using: &random)! { key.append(0) }
        default:
          let place = min(lengths.randomElement(using: &random)!, key.count) - 1
          key[place] = [0x00, 0x01, 0xFE, 0xFF].randomElement(using: &random)!
        }
      } else {
        let length = lengths.randomElement(using: &random)!
        key = Bytes(repeating: [0x00, 0x61, 0xFF].randomElement(using: &random)!, count: length)
      }
      if key.count <= Store.maximumKeyBytes { keys.insert(key) }
    }
    let sorted = keys.sorted(by: isBefore)

    let folder = TemporaryFolder()
    let store = try NumberedStore(
      folder,
      .small {
        // The first seed settles each flush, the others leave some or all in the delta.
        $0.indexDeltaBytes = seed == 1 ? 0 : seed == 2 ? 20_000 : 16 << 20
        $0.flushPages = 50
      })
    for (place, key) in sorted.enumerated().shuffled(using: &random) {
      store.apply(.put(PutCommand(key: key, value: Bytes("\(place)".utf8))))
      if random.chance(1, in: 50) { try store.flushAll() }
    }
    try store.flushAll()
    let reader = try store.store.makeReadHandle()
    let result = try reader.range(RangeQuery(range: allKeys))
    #expect(result.keyValues.map(\.key) == sorted, "seed \(seed)")
    for (place, keyValue) in result.keyValues.enumerated() {
      #expect(keyValue.value == Bytes("\(place)".utf8), "seed \(seed)")
    }
    for (place, key) in sorted.enumerated() {
      let found = try reader.range(RangeQuery(range: KeyRange(start: key))).keyValues
      #expect(found.map(\.value) == [Bytes("\(place)".utf8)], "seed \(seed)")
      // From just after each key, and from keys that are not there.
      for start in [
        key + [0], Bytes(key.dropLast()), key.dropLast() + [0x80], key + Bytes(repeating: 0xFF, count: 500),
      ] {
        let expected = sorted.filter { !isBefore($0, start) }
        var query = RangeQuery(range: KeyRange(start: start, end: .unbounded))
        query.limit = 3
        let page = try reader.range(query)
        #expect(page.keyValues.map(\.key) == Array(expected.prefix(3)), "seed \(seed)")
        #expect(page.count == Int64(expected.count), "seed \(seed)")
      }
    }
    // Deleting and overwriting rows that others hang below.
    var left: [Bytes] = []
    for key in sorted {
      if random.chance(1, in: 2) {
        store.apply(.delete(DeleteCommand(range: KeyRange(start: key))))
      } else {
        left.append(key)
      }
    }
    try store.flushAll()
    #expect(try reader.range(RangeQuery(range: allKeys)).keyValues.map(\.key) == left, "seed \(seed)")
    store.store.close()
  }

  @Test func aKeyThatIsTooLongIsRefused() throws {
    let folder = TemporaryFolder()
    let store = try NumberedStore(folder)
    let long = Bytes(repeating: 1, count: Store.maximumKeyBytes + 1)
    let outcome = store.apply(.put(PutCommand(key: long, value: [])))
    guard case .failure(.storage) = outcome.result else {
      Issue.record("\(outcome)")
      return
    }
    #expect(store.apply(put("a", "1")).revision == 2)
    #expect(try store.store.makeReadHandle().range(RangeQuery(range: KeyRange(start: long))).count == 0)
  }
}
