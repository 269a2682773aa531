public import MVCC

/// What a member is started with.
public struct NodeConfiguration: Sendable {
  /// etcd: `--name`.
  public var name: String
  /// etcd: `--data-dir`. Holds `db` (the checkpoint) and, unless `walDirectory` says otherwise, `wal`.
  public var dataDirectory: String
  /// etcd: `--wal-dir`; nil means inside the data directory.
  public var walDirectory: String?
  /// etcd: `--initial-advertise-peer-urls`.
  public var peerURLs: [String]
  /// etcd: `--advertise-client-urls`.
  public var clientURLs: [String]
  /// etcd: `--initial-cluster`: member names and peer URLs, this one included. Used only when the data
  /// directory is new.
  public var initialCluster: [(name: String, peerURLs: [String])]
  /// etcd: `--initial-cluster-token`.
  public var clusterToken: String
  /// etcd: `--initial-cluster-state`: the cluster of `initialCluster` runs already, and this member was added to it.
  public var joinsExistingCluster = false
  /// etcd: `--force-new-cluster`: this member goes on alone, with all it holds; the others are forgotten.
  public var forcesNewCluster = false
  /// etcd: `--strict-reconfig-check`: no change of the members that would cost the quorum.
  public var checksReconfiguration = true
  /// etcd: `--max-learners`: the most learners that a cluster may have at a time.
  public var maximumLearners = 1
  /// etcd: `--pre-vote`.
  public var preVote = true
  /// etcd: `--heartbeat-interval`: the length of a tick.
  public var heartbeatMilliseconds = 100
  /// etcd: `--election-timeout`.
  public var electionMilliseconds = 1000
  /// etcd: `--quota-backend-bytes`, resolved: nil means no quota.
  public var quotaBytes: Int64? = NodeConfiguration.defaultQuotaBytes
  /// etcd: `--max-request-bytes`: the largest request that may become a log entry.
  public var maximumRequestBytes = 1536 * 1024
  /// etcd: `--auto-compaction-mode` and `--auto-compaction-retention`; nil means never.
  public var automaticCompaction: AutomaticCompaction?
  /// Bounds of queues and waits.
  public var limits = NodeLimits()
  /// Bounds of the storage engine.
  public var store = Store.Configuration()

  /// etcd's own default: 2 GiB.
  public static let defaultQuotaBytes: Int64 = 2 << 30

  /// A member that founds a cluster of its own.
  public init(name: String, dataDirectory: String, peerURLs: [String], clientURLs: [String]) {
    self.name = name
    self.dataDirectory = dataDirectory
    self.peerURLs = peerURLs
    self.clientURLs = clientURLs
    initialCluster = [(name, peerURLs)]
    clusterToken = "etcd-cluster"
  }
}

/// Every bound of a node's queues and waits, in one place.
public struct NodeLimits: Sendable {
  /// Requests that may be under way: proposed, not yet applied. More are refused as "too many requests".
  public var pendingProposals = 20_000
  /// … and their bytes.
  public var pendingProposalBytes = 256 << 20
  /// Linearizable reads that may wait for their turn.
  public var pendingReads = 100_000
  /// Bytes of entries from other members that may wait for the raft stage; more are dropped, and sent again later.
  public var pendingPeerBytes = 64 << 20
  /// Requests that only the leader can answer that may wait for one.
  public var pendingLeaderCalls = 20_000
  /// Such a request is sent again when the leader has not answered it after so long.
  public var leaderCallMilliseconds = 1000
  /// Changes of the members that may wait for their turn.
  public var pendingChanges = 64
  /// Threads for lists and cold reads.
  public var readerThreads = 4
  /// Work that may wait for them.
  public var pendingReaderWork = 20_000
  /// A request that was not applied by then is answered "timed out"; it may still happen
  /// (etcd: 5 s and two election timeouts).
  public var requestTimeoutMilliseconds = 7000
  /// A memtable without writes for so long is checkpointed, to give its memory back and shorten a restart.
  public var idleFlushMilliseconds = 5000
  /// How much of the log behind the checkpoint is kept on disk for members that lag, in bytes; a member that lags
  /// further gets a snapshot. Alone, a member keeps none.
  public var logTailBytes = 256 << 20
  /// Bytes of applied entries that are kept in memory for members that lag a little.
  public var logTailMemoryBytes = 32 << 20
  /// The size of the log's files, in bytes.
  public var logSegmentBytes = 64 << 20
  /// Disk space kept in reserve for going on when the disk is full, in bytes.
  public var logBallastBytes = 4 << 20
  /// Requests that may wait for the end of a physical compaction.
  public var pendingCompactionWaits = 1000
  /// The longest pause between two steps of compaction and of giving space back; twice as long as the last step took,
  /// if that is less, so that they take no more than a third of the disk's time.
  public var maintenancePauseMilliseconds = 40
  /// A failed checkpoint or a full disk is tried again after so long.
  public var retryMilliseconds = 1000

  /// Leases whose time is up that one log entry revokes, and such entries that may be under way at a time: between
  /// them other writes have their turn.
  public var leaseExpiriesPerEntry = 200
  /// … entries.
  public var leaseExpiryEntries = 2
  /// What is left of a lease's TTL is noted in the log after so long, in seconds (etcd: `checkpointInterval`).
  public var leaseCheckpointSeconds = 300
  /// Leases noted by one log entry.
  public var leaseCheckpointsPerEntry = 1000
  /// Watches of all clients together; more are refused.
  public var watchers = 1_000_000
  /// Bytes that may wait for one watch stream's client; beyond, its watches fall behind and read history once the
  /// client goes on. A single revision larger than this waits alone.
  public var watchStreamBytes = 2 << 20
  /// Requests of one watch stream that may wait; then its client is held back.
  public var watchRequestsPerStream = 1_000
  /// Bytes and changes that are dispatched to watches at a time. A single revision larger than this is read as
  /// history.
  public var watchBatchBytes = 512 << 10
  /// Changes that are dispatched to watches at a time.
  public var watchBatchChanges = 10_000
  /// Readings of history for watches under way at a time.
  public var watchReadings = 2
  /// Changes that one such reading looks at.
  public var watchReadingChanges = 10_000
  /// Bytes of events that it reads, and selects for one stream.
  public var watchReadingBytes = 512 << 10
  /// So long after a write history is read gently, for those who write.
  public var watchGentleNanoseconds: UInt64 = 100_000_000
  /// The two bounds while it is: pieces so small that nobody waits for one of them.
  public var watchGentleChanges = 64
  /// See `watchGentleChanges`.
  public var watchGentleBytes = 32 << 10
  /// How much longer than the last piece took is rested before the next.
  public var watchGentleRest: UInt64 = 2
  /// Watches that share a reading.
  public var watchReadingWatchers = 512
  /// A watch that is no more than so many revisions behind is brought up to date by the watch stage itself.
  public var watchGapRevisions = 500
  /// How often watches that want it are told how far they are (etcd: `--watch-progress-notify-interval`).
  public var watchProgressMilliseconds = 600_000

  /// The bounds a member runs with.
  public init() {}
}

/// Why the node did not carry out a request.
public enum NodeError: Error, Sendable, Hashable {
  /// The store refused it.
  case store(StoreError)
  /// No leader is known (etcd: ErrNoLeader).
  case noLeader
  /// Too many requests wait already (etcd: ErrTooManyRequests).
  case tooManyRequests
  /// The entry would be larger than the configured limit (etcd: ErrRequestTooLarge).
  case requestTooLarge
  /// The local store is over its quota, or the disk is full (etcd: ErrNoSpace).
  case noSpace
  /// The node is stopping or has failed (etcd: ErrStopped).
  case stopped
  /// It may or may not have happened: leadership changed or the wait was too long (etcd: ErrTimeout).
  case timeout
  /// The same, and the leader was lost meanwhile (etcd: ErrTimeoutDueToLeaderFail).
  case leaderFailure
  /// Leadership changed while a read waited (etcd: ErrLeaderChanged).
  case leaderChanged
  /// Only the leader can do this (etcd: ErrNotLeader).
  case notLeader
  /// Too few members are connected for a change (etcd: ErrUnhealthy).
  case unhealthy
  /// Leadership cannot be handed to that member (etcd: ErrBadLeaderTransferee).
  case badTransferee
  /// Leadership was not handed over in time (etcd: ErrTimeoutLeaderTransfer).
  case transferTimeout
  /// A change of the members was refused.
  case membership(MembershipError)
}

/// Why a change of the members was refused. Nothing changed.
public enum MembershipError: UInt8, Error, Sendable, Hashable {
  /// etcd: ErrMemberExist
  case idExists = 1
  /// etcd: ErrPeerURLExist
  case peerURLExists = 2
  /// Too few members would be left that are started (etcd: ErrMemberNotEnoughStarted).
  case notEnoughStarted = 3
  /// etcd: ErrMemberNotFound
  case notFound = 4
  /// Only a learner can be promoted (etcd: ErrMemberNotLearner).
  case notLearner = 5
  /// It lags too far behind to be promoted (etcd: ErrLearnerNotReady).
  case learnerNotReady = 6
  /// etcd: ErrTooManyLearners
  case tooManyLearners = 7
  /// The last voter cannot be removed, and there are bounds on how many members there may be.
  case impossible = 8
}

/// Why a node could not start. The message is for the operator and says what to do.
public struct StartError: Error, Sendable, CustomStringConvertible {
  /// One message for the operator.
  public var description: String

  /// A failure with this message.
  public init(_ description: String) { self.description = description }
}
