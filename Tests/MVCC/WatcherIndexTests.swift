import Testing

@testable import MVCC

@Suite struct WatcherIndexTests {
  private final class Waiter: RangeWatcher {
    let range: KeyRange
    var groupSlot = 0
    init(_ range: KeyRange) { self.range = range }
  }

  /// Short keys over few letters, so that ranges overlap, nest and touch.
  private static func key(_ random: inout SeededGenerator) -> Bytes {
    (0..<Int.random(in: 1...3, using: &random)).map { _ in UInt8.random(in: 96...100, using: &random) }
  }

  private static func range(_ random: inout SeededGenerator) -> KeyRange {
    let start = key(&random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return KeyRange(start: start)
    case 1: return KeyRange(start: start, end: .unbounded)
    default: return KeyRange(start: start, end: .before(key(&random)))
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func findsWhatAPlainSearchFinds(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var index = WatcherIndex<Waiter>()
    var all: [Waiter] = []
    for _ in 0..<2_000 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0, 1:
        let waiter = Waiter(Self.range(&random))
        all.append(waiter)
        index.add(waiter)
      case 2 where !all.isEmpty:
        let waiter = all.remove(at: Int.random(in: all.indices, using: &random))
        index.remove(waiter)
      default:
        let key = Self.key(&random)
        var found: [ObjectIdentifier] = []
        key.withUnsafeBytes { key in
          index.forEachGroup(of: key) { group in found += group.watchers.map(ObjectIdentifier.init) }
        }
        let expected = all.filter { $0.range.holds(key) }.map(ObjectIdentifier.init)
        #expect(found.count == expected.count && Set(found) == Set(expected), "seed \(seed), key \(key)")
      }
      #expect(index.count == all.count)
    }
    for waiter in all { index.remove(waiter) }
    #expect(index.isEmpty)
  }

  /// Ranges that come sorted do not make the tree deep: a walk through all of them ends.
  @Test func aTreeOfSortedRangesIsShallow() {
    var index = WatcherIndex<Waiter>()
    let waiters = (0..<50_000).map { number in
      let start = Bytes("\(number + 100_000)".utf8)
      return Waiter(KeyRange(start: start, end: .before(start + [0])))
    }
    for waiter in waiters { index.add(waiter) }
    for waiter in [waiters[0], waiters[25_000], waiters[49_999]] {
      var found: [Waiter] = []
      waiter.range.start.withUnsafeBytes { key in
        index.forEachGroup(of: key) { found += $0.watchers }
      }
      #expect(found.count == 1 && found[0] === waiter)
    }
    for waiter in waiters { index.remove(waiter) }
    #expect(index.isEmpty)
  }
}

extension KeyRange {
  fileprivate func holds(_ key: Bytes) -> Bool {
    switch end {
    case .single: key == start
    case .unbounded: !key.lexicographicallyPrecedes(start)
    case .before(let end): !key.lexicographicallyPrecedes(start) && key.lexicographicallyPrecedes(end)
    }
  }
}
