import MVCC
import RaftKV
import Synchronization

extension MetricsRegistry {
  /// What the node and its store know of themselves, under etcd's names.
  func register(_ node: some ServedNode) {
    gauge(
      "etcd_server_has_leader", help: "Whether or not a leader exists. 1 is existence, 0 is not."
    ) { node.status.leader == 0 ? 0 : 1 }
    gauge(
      "etcd_server_is_leader", help: "Whether or not this member is a leader. 1 if is, 0 otherwise."
    ) {
      let status = node.status
      return status.leader == status.memberID ? 1 : 0
    }
    gauge(
      "etcd_server_is_learner", help: "Whether or not this member is a learner. 1 if is, 0 otherwise."
    ) { node.status.isLearner ? 1 : 0 }
    gauge(
      "etcd_server_id",
      help: "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
      labels: [("server_id", String(node.status.memberID, radix: 16))]
    ) { 1 }
    gauge(
      "etcd_server_version",
      help: "Which version is running. 1 for 'server_version' label with current version.",
      labels: [("server_version", EtcdVersion.server)]
    ) { 1 }
    gauge(
      "etcd_cluster_version",
      help: "Which version is running. 1 for 'cluster_version' label with current cluster version.",
      labels: [("cluster_version", "3.6")]
    ) { 1 }
    gauge(
      "etcd_server_proposals_committed_total", help: "The total number of consensus proposals committed."
    ) { Double(node.status.committedIndex) }
    gauge(
      "etcd_server_proposals_applied_total", help: "The total number of consensus proposals applied."
    ) { Double(node.status.appliedIndex) }
    gauge("etcd_server_quota_backend_bytes", help: "Current backend storage quota size in bytes.") {
      Double(node.quotaBytes)
    }
    gauge(
      "etcd_mvcc_db_total_size_in_bytes",
      help: "Total size of the underlying database physically allocated in bytes."
    ) { Double(node.store.size) }
    gauge(
      "etcd_mvcc_db_total_size_in_use_in_bytes",
      help: "Total size of the underlying database logically in use in bytes."
    ) { Double(node.store.sizeInUse) }
    gauge("etcd_debugging_mvcc_current_revision", help: "The current revision of store.") {
      Double(node.store.currentRevision)
    }
    counter("etcd_debugging_mvcc_db_compaction_keys_total", help: "Total number of db keys compacted.") {
      Double(node.store.removedVersions)
    }
    gauge("etcd_debugging_mvcc_compact_revision", help: "The revision of the last compaction in store.") {
      Double(node.store.compactRevision)
    }
    register(node.metrics)
    register(node.watches.metrics)
  }

  private func register(_ metrics: WatchMetrics) {
    gauge("etcd_debugging_mvcc_watch_stream_total", help: "Total number of watch streams.") {
      Double(metrics.streams.load(ordering: .relaxed))
    }
    gauge("etcd_debugging_mvcc_watcher_total", help: "Total number of watchers.") {
      Double(metrics.watchers.load(ordering: .relaxed))
    }
    gauge("etcd_debugging_mvcc_slow_watcher_total", help: "Total number of unsynced slow watchers.") {
      Double(metrics.slowWatchers.load(ordering: .relaxed))
    }
    counter("etcd_debugging_mvcc_events_total", help: "Total number of events sent by this member.") {
      Double(metrics.events.load(ordering: .relaxed))
    }
    gauge("etcd_debugging_mvcc_pending_events_total", help: "Total number of pending events to be sent.") {
      Double(metrics.pendingEvents.load(ordering: .relaxed))
    }
  }

  private func register(_ metrics: NodeMetrics) {
    gauge("etcd_server_proposals_pending", help: "The current number of pending proposals to commit.") {
      Double(metrics.proposalsPending.load(ordering: .relaxed))
    }
    counter("etcd_server_proposals_failed_total", help: "The total number of failed proposals seen.") {
      Double(metrics.proposalsFailed.load(ordering: .relaxed))
    }
    counter("etcd_server_leader_changes_seen_total", help: "The number of leader changes seen.") {
      Double(metrics.leaderChanges.load(ordering: .relaxed))
    }
    counter("etcd_debugging_lease_granted_total", help: "The total number of granted leases.") {
      Double(metrics.leasesGranted.load(ordering: .relaxed))
    }
    counter("etcd_debugging_lease_revoked_total", help: "The total number of revoked leases.") {
      Double(metrics.leasesRevoked.load(ordering: .relaxed))
    }
    counter("etcd_debugging_lease_renewed_total", help: "The number of renewed leases seen by the leader.") {
      Double(metrics.leasesRenewed.load(ordering: .relaxed))
    }
    counter("etcd_debugging_server_lease_expired_total", help: "The total number of expired leases.") {
      Double(metrics.leasesExpired.load(ordering: .relaxed))
    }
    histogram(
      "etcd_disk_wal_fsync_duration_seconds", help: "The latency distributions of fsync called by WAL."
    ) { metrics.logSync.histogram }
    histogram(
      "etcd_disk_backend_commit_duration_seconds",
      help: "The latency distributions of commit called by backend."
    ) { metrics.checkpoint.histogram }
    histogram(
      "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds",
      help: "Bucketed histogram of db compaction pause duration."
    ) { metrics.compactionStep.histogram.inMilliseconds }
    histogram(
      "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds",
      help: "Bucketed histogram of db compaction total duration."
    ) { metrics.compactionTotal.histogram.inMilliseconds }
    histogram(
      "etcd_disk_backend_defrag_duration_seconds",
      help: "The latency distribution of backend defragmentation."
    ) { metrics.reclaim.histogram }
  }
}

extension HistogramSnapshot {
  fileprivate var inMilliseconds: HistogramSnapshot {
    HistogramSnapshot(bounds: bounds.map { $0 * 1000 }, counts: counts, sum: sum * 1000)
  }
}

extension DurationHistogram {
  fileprivate var histogram: HistogramSnapshot {
    let snapshot = snapshot
    return HistogramSnapshot(bounds: Self.bounds, counts: snapshot.buckets, sum: snapshot.sumSeconds)
  }
}
