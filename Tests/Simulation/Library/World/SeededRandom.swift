/// A small generator (SplitMix64): the same numbers for the same seed, on every machine.
struct SeededRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number below `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// True in `percent` of a hundred cases.
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  /// True in `count` of `of` cases.
  mutating func chance(_ count: Int, of total: Int) -> Bool { below(total) < count }

  /// A number from `range`, all equally likely.
  mutating func pick(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  /// One of these.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Nanoseconds between two times, small ones more likely: the square of an even draw.
  mutating func delay(_ range: ClosedRange<Nanoseconds>) -> Nanoseconds {
    let draw = UInt64(below(1024))
    let share = (draw * draw) >> 10
    return range.lowerBound + ((range.upperBound - range.lowerBound) * share) >> 10
  }
}

/// A length of virtual time, or a point of it.
typealias Nanoseconds = UInt64

extension Nanoseconds {
  static func microseconds(_ count: Int) -> Nanoseconds { UInt64(count) * 1000 }
  static func milliseconds(_ count: Int) -> Nanoseconds { UInt64(count) * 1_000_000 }
  static func seconds(_ count: Int) -> Nanoseconds { UInt64(count) * 1_000_000_000 }
}
