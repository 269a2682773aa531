/// Waiting times that double with each failure, with jitter so that clients do not come all at once.
struct Backoff: Sendable {
  private let initial: Duration
  private let maximum: Duration
  private var next: Duration

  init(initial: Duration = .milliseconds(800), maximum: Duration = .seconds(30)) {
    self.initial = initial
    self.maximum = maximum
    next = initial
  }

  /// The time to wait now: between one and two times the step, at most the maximum.
  ///
  /// - Parameter jitter: from 0 to 1.
  mutating func step(jitter: Double) -> Duration {
    let step = next
    next = min(next * 2, maximum)
    return min(step * (1 + jitter), maximum)
  }

  /// All is well: the next failure is the first.
  mutating func reset() { next = initial }
}
