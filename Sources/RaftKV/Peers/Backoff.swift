import NIOCore

/// How long to wait before the next attempt: doubling, with jitter, so that members that lost each other at one moment
/// do not all come back at one moment.
struct Backoff: Sendable {
  private let minimum: Int64
  private let maximum: Int64
  private var failures = 0
  private var random: UInt64

  init(minimum: TimeAmount, maximum: TimeAmount, seed: UInt64) {
    self.minimum = max(1, minimum.nanoseconds)
    self.maximum = max(self.minimum, maximum.nanoseconds)
    random = seed
  }

  /// From half of the present step up to all of it.
  mutating func next() -> TimeAmount {
    var step = minimum
    for _ in 0..<min(failures, 62) where step < maximum { step = min(maximum, step &* 2) }
    failures += 1
    return .nanoseconds(max(minimum, step / 2 + Int64(draw() % UInt64(step / 2 + 1))))
  }

  /// A connection worked.
  mutating func reset() { failures = 0 }

  /// SplitMix64.
  private mutating func draw() -> UInt64 {
    random &+= 0x9E37_79B9_7F4A_7C15
    var mixed = random
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
