public import Objects

/// How long containers that keep crashing, and images that cannot be pulled, wait before the next try.
public struct CrashBackoff: Sendable, Hashable {
  /// The first wait.
  public static let initial = Duration.seconds(10)
  /// The longest wait.
  public static let maximum = Duration.seconds(300)
  /// After this long without a failure the first wait counts again.
  public static let resetAfter = Duration.seconds(600)
  /// At most this many keys are remembered; the oldest go first.
  public static let keyLimit = 10_000

  private struct Entry: Sendable, Hashable {
    var wait: Duration
    var updatedAt: Timestamp
  }

  private var entries: [String: Entry] = [:]

  /// Nothing has failed so far.
  public init() {}

  /// How long is to be waited from now on, for something that ended at this time; nil if it may go on.
  public func remaining(_ key: String, endedAt: Timestamp, now: Timestamp) -> Duration? {
    guard let entry = entries[key], endedAt.since(entry.updatedAt) <= Self.resetAfter else { return nil }
    let rest = entry.wait - now.since(endedAt)
    return rest > .zero ? rest : nil
  }

  /// When something was tried last; nil if it was not, or long ago.
  public func lastTry(_ key: String) -> Timestamp? { entries[key]?.updatedAt }

  /// The wait that counts for a key.
  public func wait(_ key: String) -> Duration { entries[key]?.wait ?? Self.initial }

  /// Something is tried again: the next wait is twice as long.
  public mutating func next(_ key: String, endedAt: Timestamp, now: Timestamp) {
    if let entry = entries[key], endedAt.since(entry.updatedAt) <= Self.resetAfter {
      entries[key] = Entry(wait: min(entry.wait * 2, Self.maximum), updatedAt: now)
      return
    }
    if entries[key] == nil, entries.count >= Self.keyLimit,
      let oldest = entries.min(by: { $0.value.updatedAt < $1.value.updatedAt })
    {
      entries[oldest.key] = nil
    }
    entries[key] = Entry(wait: Self.initial, updatedAt: now)
  }

  /// Forgets what begins so, such as everything of a pod.
  public mutating func forget(prefix: String) { entries = entries.filter { !$0.key.hasPrefix(prefix) } }

  /// The key of a container: another image is another try.
  static func key(_ pod: JSON, _ container: ContainerSpec) -> String {
    "\(pod.podUID)/\(container.name)/\(container.hash)"
  }
}
