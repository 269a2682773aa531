import NIOCore

/// Bounds how often something may happen: `burst` times at once, and `perSecond` times in the long run.
struct TokenBucket {
  private let burst: Int
  private let nanosecondsPerToken: Int64
  private var tokens: Int
  private var refilled: NIODeadline?

  init(burst: Int, perSecond: Int) {
    self.burst = burst
    self.tokens = burst
    self.nanosecondsPerToken = 1_000_000_000 / Int64(max(perSecond, 1))
  }

  /// Takes one token; false when there is none.
  mutating func take(at now: NIODeadline) -> Bool {
    if let refilled {
      let earned = (now - refilled).nanoseconds / nanosecondsPerToken
      if earned > 0 {
        tokens = Int(min(Int64(burst), Int64(tokens) + earned))
        self.refilled = refilled + .nanoseconds(earned * nanosecondsPerToken)
      }
    } else {
      refilled = now
    }
    guard tokens > 0 else { return false }
    tokens -= 1
    return true
  }
}
