/// When the leader compacts by itself (etcd: `--auto-compaction-mode`, `--auto-compaction-retention`).
public enum AutomaticCompaction: Sendable, Hashable {
  /// Keep the history of so many nanoseconds.
  case periodic(nanoseconds: UInt64)
  /// Keep so many revisions.
  case revisions(Int64)
}

/// Decides on compactions as etcd does.
///
/// Periodic: revisions are noted every tenth of the period, or of an hour if that is less; once the period has passed,
/// the oldest noted one, which is a period old, is compacted to every period, or every hour if that is less. By
/// revision: every five minutes to so many revisions before the current one. A member that does not lead takes notes
/// and does nothing.
struct AutomaticCompactor {
  private static let hour: UInt64 = 3600 * 1_000_000_000
  private static let revisionInterval: UInt64 = 300 * 1_000_000_000

  private let mode: AutomaticCompaction
  /// Time between two looks.
  private let interval: UInt64
  private var nextLook: UInt64
  /// A compaction is under way: the next look comes after it.
  private var isBusy = false

  // Periodic: one revision for each look of the last period, oldest first.
  private var noted: [Int64] = []
  private var lastSuccess: UInt64
  /// How long after the last success the next one is due.
  private var pause: UInt64 = 0

  // By revision.
  private var lastTarget: Int64 = 0

  init(_ mode: AutomaticCompaction, now: UInt64, revision: Int64) {
    self.mode = mode
    lastSuccess = now
    switch mode {
    case .periodic(let period):
      interval = max(1, min(period, Self.hour) / 10)
      pause = period
      noted = [revision]
    case .revisions: interval = Self.revisionInterval
    }
    nextLook = now + interval
  }

  /// The revision to compact to now, if any. Whoever gets one reports the outcome with `ended`.
  mutating func look(now: UInt64, revision: Int64, isLeader: Bool) -> Int64? {
    guard now >= nextLook, !isBusy else { return nil }
    nextLook = now + interval
    var target: Int64?
    switch mode {
    case .periodic(let period):
      if isLeader && now - lastSuccess >= pause {
        pause = min(period, Self.hour)
        target = noted.first
      }
      noted.append(revision)
      if noted.count > Int(clamping: period / interval) + 1 { noted.removeFirst() }
    case .revisions(let kept):
      let (reached, isOverflow) = revision.subtractingReportingOverflow(kept)
      if isLeader && !isOverflow && reached > 0 && reached != lastTarget { target = reached }
    }
    isBusy = target != nil
    return target
  }

  /// The compaction to `target` was made, now or before (`isDone`), or failed and is tried again at the next look.
  mutating func ended(_ target: Int64, isDone: Bool, now: UInt64) {
    isBusy = false
    guard isDone else { return }
    lastSuccess = now
    lastTarget = target
  }
}
