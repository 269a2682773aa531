import MVCC

/// How much one reading of history may take at a time.
struct CatchUpLimits: Sendable {
  /// Changes looked at.
  var changes: Int
  /// Bytes encoded, and bytes selected for one stream.
  var bytes: Int
}

/// One watcher's part in a reading of history.
///
/// Safe: because it belongs to the watch stage before and after the reading, and to the reader during it.
final class CatchUpEntry: RangeWatcher, @unchecked Sendable {
  let watcher: Watcher
  let range: KeyRange
  /// Which of the reading's streams it belongs to.
  let stream: Int
  var groupSlot = 0
  /// Everything before is done: where to go on.
  var next: Int64
  var selection: [Int32] = []
  /// How many of `selection` are of revisions that are complete.
  var completeCount = 0
  var isStopped = false

  init(_ watcher: Watcher, stream: Int) {
    self.watcher = watcher
    range = watcher.range
    self.stream = stream
    next = watcher.next
  }
}

/// Reads history for a group of watchers that are behind: one bounded piece, whole revisions only.
///
/// After `run` each entry's `next` says how far it got, and `selection` which events of `batch` it gets. A stream
/// that has got enough stops at a revision's start, while the others go on. A single revision larger than the
/// bounds is read whole, for one watcher of a stream at a time: so each reading gets every stream further.
///
/// Safe: because it belongs to the watch stage before and after the reading, and to the reader during it.
final class CatchUp: @unchecked Sendable {
  let entries: [CatchUpEntry]
  private(set) var batch = EventBatch()
  /// Every revision up to this one was looked at.
  private(set) var end: Int64 = 0
  private(set) var failure: StoreError?
  /// How long it took to read.
  private(set) var nanoseconds: UInt64 = 0

  private let limits: CatchUpLimits
  private let encoder: any EventEncoder
  private var index = WatcherIndex<CatchUpEntry>()
  private var streams: [Stream]
  private var matched: [CatchUpEntry] = []
  /// Entries with events in the revision being read.
  private var open: [CatchUpEntry] = []

  private struct Stream {
    var bytes = 0
    var isFull = false
    /// Bytes of complete revisions.
    var completeBytes = 0
    /// Who may exceed the bounds with this revision.
    var owner: CatchUpEntry?
  }

  /// `entries` number their streams from 0 to below `streamCount`.
  init(_ entries: [CatchUpEntry], streamCount: Int, limits: CatchUpLimits, encoder: any EventEncoder) {
    self.entries = entries
    self.limits = limits
    self.encoder = encoder
    streams = Array(repeating: Stream(), count: streamCount)
    for entry in entries { index.add(entry) }
  }

  /// Reads up to `last`, the newest revision that reads see, or less.
  func run(_ handle: ReadHandle, through last: Int64, _ clock: any NodeClock) {
    let start = clock.now()
    defer { nanoseconds = clock.now() &- start }
    guard let first = entries.map(\.next).min() else { return }
    let compacted = handle.compactRevision
    var current = first - 1
    var count = 0
    var stopsBefore: Int64?
    do throws(StoreError) {
      if first < compacted { throw .compacted }
      try handle.changes(from: first, through: last) { (change) throws(StoreError) -> Bool in
        let main = change.revision.main
        if main != current {
          closeRevision()
          current = main
          if count >= limits.changes || batch.byteCount >= limits.bytes || streams.allSatisfy(\.isFull) {
            stopsBefore = main
            return false
          }
        }
        count += 1
        // What compaction may have removed on one member and not yet on another is shown by none.
        try take(change, at: main, mayShowPrevious: main > compacted)
        return true
      }
      closeRevision()
      end = stopsBefore.map { $0 - 1 } ?? max(last, first - 1)
    } catch {
      abandonRevision()
      end = current - 1
      failure = error
    }
    for entry in entries where !entry.isStopped { entry.next = max(entry.next, end + 1) }
  }

  private func take(
    _ change: borrowing ChangeView, at main: Int64, mayShowPrevious: Bool
  ) throws(StoreError) {
    matched.removeAll(keepingCapacity: true)
    var wantsPrevious = false
    index.forEachGroup(of: change.key) { group in
      for entry in group.watchers where !entry.isStopped && entry.next <= main {
        matched.append(entry)
        if entry.watcher.wantsPrevious { wantsPrevious = true }
      }
    }
    if matched.isEmpty { return }
    var event: Int32 = -1
    for entry in matched where !entry.isStopped && entry.watcher.wants(change) {
      if event < 0 {
        event = try batch.append(change, wantsPrevious: wantsPrevious && mayShowPrevious, encoder)
      }
      if entry.selection.count == entry.completeCount { open.append(entry) }
      entry.selection.append(event)
      streams[entry.stream].bytes += batch.length(of: event, withPrevious: entry.watcher.wantsPrevious)
      if streams[entry.stream].bytes > limits.bytes { curb(entry, at: main) }
    }
  }

  /// The stream of `entry` has more than it should.
  private func curb(_ entry: CatchUpEntry, at main: Int64) {
    let number = entry.stream
    if streams[number].completeBytes > 0 {
      streams[number].isFull = true
      for other in entries where other.stream == number { stop(other, at: main) }
    } else if streams[number].owner == nil {
      // Nothing but this revision: the first in line gets all of it, the rest their turn later.
      streams[number].owner = entry
      streams[number].isFull = true
      for other in entries where other.stream == number && other !== entry { stop(other, at: main) }
    }
  }

  private func stop(_ entry: CatchUpEntry, at main: Int64) {
    if entry.isStopped { return }
    entry.isStopped = true
    entry.selection.removeSubrange(entry.completeCount...)
    entry.next = max(entry.next, main)
  }

  private func closeRevision() {
    for entry in open {
      entry.completeCount = entry.selection.count
      streams[entry.stream].completeBytes = streams[entry.stream].bytes
      if streams[entry.stream].owner === entry, !entry.isStopped, let last = entry.selection.last {
        entry.isStopped = true
        entry.next = batch.events[Int(last)].revision + 1
      }
    }
    open.removeAll(keepingCapacity: true)
  }

  /// A revision that could not be read to its end is not delivered.
  private func abandonRevision() {
    for entry in open { entry.selection.removeSubrange(entry.completeCount...) }
    open.removeAll()
  }
}
