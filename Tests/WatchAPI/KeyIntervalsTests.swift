import Testing

@testable import WatchAPI

struct KeyIntervalsTests {
  /// Random intervals over a few short keys, against looking at each of them.
  @Test func agreesWithALinearSearch() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    let keys: [[UInt8]] = (0..<6).flatMap { first in [[first]] + (0..<3).map { [first, $0] } }
    for _ in 0..<300 {
      let first = try requests(&random, keys)
      let second = try requests(&random, keys)
      try withViews(first) { firstViews in
        try withViews(second) { secondViews in
          let intervals = (firstViews + secondViews).compactMap(KeyInterval.init)
          var union = KeyIntervals(firstViews.compactMap(KeyInterval.init))
          union.formUnion(KeyIntervals(secondViews.compactMap(KeyInterval.init)))
          for key in keys {
            key.withUnsafeBytes { bytes in
              let key = BorrowedKey(bytes)
              #expect(union.contains(key) == intervals.contains { $0.contains(key) }, "seed \(seed)")
            }
          }
        }
      }
    }
  }

  private func requests(_ random: inout SeededGenerator, _ keys: [[UInt8]]) throws -> [(
    key: [UInt8], end: [UInt8]
  )] {
    (0..<Int.random(in: 0..<6, using: &random)).map { _ in
      let end = Bool.random(using: &random) ? [] : keys.randomElement(using: &random)!
      return (keys.randomElement(using: &random)!, end)
    }
  }

  private func withViews(
    _ requests: [(key: [UInt8], end: [UInt8])], _ body: ([DeleteRequestView]) throws -> Void
  ) throws {
    // One message holds all, so that every view borrows from bytes that stay.
    var bytes: [UInt8] = []
    var bounds: [Range<Int>] = []
    for (key, end) in requests {
      let start = bytes.count
      bytes += [0x0A, UInt8(key.count)] + key + [0x12, UInt8(end.count)] + end
      bounds.append(start..<bytes.count)
    }
    try bytes.withUnsafeBytes { bytes in
      try body(bounds.map { try DeleteRequestView(UnsafeRawBufferPointer(rebasing: bytes[$0])) })
    }
  }
}
