/// Who may call now and who waits: at most so many calls under way, then first come, first served.
struct CallGate: Sendable {
  enum Entry: Equatable {
    /// Go on.
    case admitted
    /// `leave` or `withdraw` will name it.
    case waits
    /// Too many wait already.
    case refused
  }

  private let limit: Int
  private let waitingLimit: Int
  private var admitted: Set<UInt64> = []
  private var waiting: [UInt64] = []

  init(limit: Int, waitingLimit: Int) {
    self.limit = limit
    self.waitingLimit = waitingLimit
  }

  /// A call wants to begin.
  mutating func enter(_ id: UInt64) -> Entry {
    if admitted.count < limit {
      admitted.insert(id)
      return .admitted
    }
    guard waiting.count < waitingLimit else { return .refused }
    waiting.append(id)
    return .waits
  }

  /// A call is over, whether it was admitted or waited.
  ///
  /// - Returns: the call that has its turn now.
  mutating func leave(_ id: UInt64) -> UInt64? {
    guard admitted.remove(id) != nil else {
      if let index = waiting.firstIndex(of: id) { waiting.remove(at: index) }
      return nil
    }
    guard !waiting.isEmpty else { return nil }
    let next = waiting.removeFirst()
    admitted.insert(next)
    return next
  }
}

/// When to connect again after failures: pauses that double. Connecting costs this machine little, and the runtime is
/// its only client's: no jitter.
struct ReconnectPause: Sendable {
  private let first: Duration
  private let longest: Duration
  private var next: Duration
  private var earliest: Duration?

  init(first: Duration, longest: Duration) {
    self.first = first
    self.longest = longest
    next = first
  }

  /// Whether it may be tried.
  /// - Parameter now: the time since any fixed origin.
  func allows(at now: Duration) -> Bool { earliest.map { now >= $0 } ?? true }

  mutating func failed(at now: Duration) {
    earliest = now + next
    next = min(next * 2, longest)
  }

  mutating func succeeded() {
    earliest = nil
    next = first
  }
}
