import Objects
import Synchronization

/// How long the failed daemons of a node are left alone: each that is replaced makes the next wait longer.
final class FailedPodBackOff: Sendable {
  static let first = Duration.seconds(1)
  static let longest = Duration.seconds(15 * 60)
  /// Above this many nodes, those that have been quiet are forgotten.
  static let limit = 10_000

  private struct Entry {
    var wait: Duration
    var since: Timestamp
  }

  private struct Place: Hashable {
    var owner: String
    var node: String
  }

  private let entries = Mutex<[Place: Entry]>([:])

  /// How long a failed pod must stay yet; nil if it may be replaced.
  func remaining(owner: String, node: String, now: Timestamp) -> Duration? {
    entries.withLock { entries in
      guard let entry = entries[Place(owner: owner, node: node)] else { return nil }
      let rest = entry.wait - now.since(entry.since)
      return rest > .zero ? rest : nil
    }
  }

  /// A failed pod is being replaced.
  func replaced(owner: String, node: String, now: Timestamp) {
    entries.withLock { entries in
      let place = Place(owner: owner, node: node)
      // Twice the longest time without a failure is a recovery.
      if entries.count >= Self.limit {
        entries = entries.filter { now.since($0.value.since) < Self.longest * 2 }
        if entries.count >= Self.limit { entries.removeAll() }
      }
      guard let entry = entries[place], now.since(entry.since) < Self.longest * 2 else {
        entries[place] = Entry(wait: Self.first, since: now)
        return
      }
      entries[place] = Entry(wait: min(Self.longest, entry.wait * 2), since: now)
    }
  }
}
