public import Synchronization

/// A snapshot of what the member knows of the cluster (etcd API: `StatusResponse`).
public struct NodeStatus: Sendable, Hashable {
  /// The same on every member.
  public var clusterID: UInt64
  /// This member.
  public var memberID: UInt64
  /// 0 when none is known.
  public var leader: UInt64
  /// The current election term.
  public var term: UInt64
  /// The last entry known to be committed.
  public var committedIndex: UInt64
  /// The last entry applied here.
  public var appliedIndex: UInt64
  /// It replicates, but does not vote.
  public var isLearner: Bool
}

/// What a node counts. Updated by its threads, read at any time.
public final class NodeMetrics: Sendable {
  /// Proposals committed and applied (etcd: `etcd_server_proposals_applied_total`).
  public let proposalsApplied = Atomic<UInt64>(0)
  /// Proposals refused or lost (etcd: `etcd_server_proposals_failed_total`).
  public let proposalsFailed = Atomic<UInt64>(0)
  /// Proposals under way (etcd: `etcd_server_proposals_pending`).
  public let proposalsPending = Atomic<Int>(0)
  /// Bytes of the proposals under way.
  public let proposalBytesPending = Atomic<Int>(0)
  /// Linearizable reads that wait.
  public let readsPending = Atomic<Int>(0)
  /// etcd: `etcd_server_leader_changes_seen_total`.
  public let leaderChanges = Atomic<UInt64>(0)
  /// etcd: `etcd_debugging_lease_granted_total`.
  public let leasesGranted = Atomic<UInt64>(0)
  /// etcd: `etcd_debugging_lease_revoked_total`.
  public let leasesRevoked = Atomic<UInt64>(0)
  /// etcd: `etcd_debugging_lease_renewed_total`.
  public let leasesRenewed = Atomic<UInt64>(0)
  /// etcd: `etcd_debugging_server_lease_expired_total`.
  public let leasesExpired = Atomic<UInt64>(0)
  /// Seconds a sync of the log took (etcd: `etcd_disk_wal_fsync_duration_seconds`).
  public let logSync = DurationHistogram()
  /// Seconds a checkpoint took (etcd: `etcd_disk_backend_commit_duration_seconds`).
  public let checkpoint = DurationHistogram()
  /// Seconds a step of physical compaction took (etcd: `etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds`).
  public let compactionStep = DurationHistogram()
  /// Seconds from the first step of a physical compaction to its end, other work between them included
  /// (etcd: `etcd_debugging_mvcc_db_compaction_total_duration_milliseconds`).
  public let compactionTotal = DurationHistogram()
  /// Seconds a pass of giving back disk space took (etcd: `etcd_disk_backend_defrag_duration_seconds`).
  public let reclaim = DurationHistogram()

  /// All at zero.
  public init() {}

  func proposalEnded(bytes: Int) {
    proposalsPending.wrappingSubtract(1, ordering: .relaxed)
    proposalBytesPending.wrappingSubtract(bytes, ordering: .relaxed)
  }
}

/// Counts durations in buckets that double from 1 ms to 8.192 s: etcd's buckets for disk times.
public final class DurationHistogram: Sendable {
  /// Upper bounds of the buckets, in seconds; a last one without a bound follows.
  public static let bounds: [Double] = (0..<14).map { 0.001 * Double(1 << $0) }

  private struct Counters {
    var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    var nanoseconds: UInt64 = 0
  }

  private let counters = Mutex(Counters())

  /// Nothing counted yet.
  public init() {}

  /// Counts one duration.
  public func record(nanoseconds: UInt64) {
    let seconds = Double(nanoseconds) / 1e9
    let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
    counters.withLock { counters in
      counters.buckets[bucket] += 1
      counters.nanoseconds &+= nanoseconds
    }
  }

  /// The count of each bucket (not cumulative) and the sum in seconds.
  public var snapshot: (buckets: [UInt64], sumSeconds: Double) {
    counters.withLock { ($0.buckets, Double($0.nanoseconds) / 1e9) }
  }
}
