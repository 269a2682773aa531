internal import NIOCore

/// What the watchers of one event loop received. Belongs to that loop.
struct WatcherTable {
  private struct Watcher {
    /// What it watches, as the ledger numbers it.
    var subject: Int
    var lastRevision: Int64
  }

  private var watchers: [Watcher] = []
  /// Whether one revision may hold several events of a watcher.
  private let sharesRevisions: Bool
  private(set) var tally = EventTally()
  private(set) var last = NIODeadline.uptimeNanoseconds(0)
  private var owed: Int?

  init(sharesRevisions: Bool) { self.sharesRevisions = sharesRevisions }

  /// A new watcher's number.
  mutating func add(subject: Int) -> Int {
    watchers.append(Watcher(subject: subject, lastRevision: 0))
    tally.watchers += 1
    return watchers.count - 1
  }

  /// An event came for a watcher.
  mutating func receive(_ event: WatchResponse.Event, watcher: Int, at now: NIODeadline) {
    let previous = watchers[watcher].lastRevision
    if event.modRevision < previous || (event.modRevision == previous && !sharesRevisions) {
      tally.outOfOrder += 1
    }
    watchers[watcher].lastRevision = event.modRevision
    tally.delivered += 1
    if let stamp = event.stamp, stamp <= now.uptimeNanoseconds {
      tally.latencies.record(nanoseconds: Int64(now.uptimeNanoseconds - stamp))
    }
    last = now
  }

  /// The server, or a lost connection, ended so many watchers.
  mutating func lose(_ count: Int) { tally.watchersLost += count }

  /// Whether all watchers together have what they are owed, by the writes to each subject.
  mutating func isSatisfied(by written: [Int: Int]) -> Bool {
    let owed = owed ?? watchers.reduce(0) { $0 + written[$1.subject, default: 0] }
    self.owed = owed
    tally.missing = max(0, owed - tally.delivered)
    return tally.missing == 0 || tally.watchersLost > 0
  }
}
