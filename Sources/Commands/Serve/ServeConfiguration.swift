/// All that `raftkv serve` needs to know, checked and complete.
public struct ServeConfiguration: Sendable, Hashable {
  /// A member of a cluster that is about to be started.
  public struct InitialMember: Sendable, Hashable {
    /// The member's `--name`.
    public var name: String
    /// The URLs other members reach it by.
    public var peerURLs: [NetworkURL]
  }

  /// What a member without data does (etcd: `--initial-cluster-state`).
  public enum ClusterState: String, Sendable, Hashable {
    /// Starts the cluster.
    case new
    /// Joins one that runs.
    case existing
  }

  /// How members recognise each other and encrypt what they say (etcd: `--peer-cert-file` and the like). Files are
  /// named, not read.
  public struct PeerTLS: Sendable, Hashable {
    /// What this member shows, and the key to it; nil when they are made automatically.
    public var certificate: (file: String, keyFile: String)? {
      certificateFile.isEmpty ? nil : (certificateFile, keyFile)
    }
    /// Who may sign the members' certificates; nil for the system's authorities.
    public var trustedCAFile: String?
    /// Members that connect must show a certificate.
    public var requiresClientCertificate: Bool
    /// The common name that their certificates must have; nil for any.
    public var allowedCommonName: String?
    /// Certificates are made by the members themselves and prove nothing.
    public var isAutomatic: Bool

    var certificateFile: String
    var keyFile: String
  }

  /// What history is kept (etcd: `--auto-compaction-mode`, `--auto-compaction-retention`).
  public enum AutomaticCompaction: Sendable, Hashable {
    case time(Duration)
    case revisions(Int64)
  }

  /// The member's name.
  public var name: String
  /// The data folder, as given.
  public var dataDirectory: String
  /// The log's folder when it is not inside the data folder.
  public var walDirectory: String?
  /// Where to listen for clients; at least one.
  public var listenClientURLs: [NetworkURL]
  /// What clients are told; nil means what is listened on, with the ports that were bound.
  public var advertiseClientURLs: [NetworkURL]?
  /// Where to listen for other members.
  public var listenPeerURLs: [NetworkURL]
  /// What other members are told.
  public var advertisePeerURLs: [NetworkURL]
  /// Where else to serve metrics and health.
  public var listenMetricsURLs: [NetworkURL]
  /// The members of a new cluster, this one among them.
  public var initialCluster: [InitialMember]
  /// What a member without data does.
  public var clusterState: ClusterState
  /// Goes into the ids of a new cluster.
  public var clusterToken: String
  /// Client URLs of a cluster that a member without data adds itself to; empty for none. `initialCluster` is this
  /// member alone then.
  public var joinURLs: [NetworkURL]
  /// Go on alone, and forget the other members.
  public var forcesNewCluster: Bool
  /// Refuse changes of the members that would cost the quorum.
  public var checksReconfiguration: Bool
  /// Most learners at a time.
  public var learnersMax: Int
  /// Ask for votes before an election.
  public var preVote: Bool
  /// TLS between members; nil for none.
  public var peerTLS: PeerTLS?
  /// Bytes of the log that are kept for members that lag.
  public var logTailBytes: Int
  /// Bytes of it that are kept in memory.
  public var logTailMemoryBytes: Int
  /// Data size, in bytes, at which writes are refused; nil for no limit.
  public var quotaBytes: Int64?
  /// The largest client request, in bytes.
  public var requestBytesMax: Int
  /// Most operations of a transaction.
  public var transactionOperationsMax: Int
  /// What history is given up by itself; nil for none.
  public var automaticCompaction: AutomaticCompaction?
  /// Bytes of changes that a memtable takes.
  public var memtableBytes: Int
  /// Changes that a memtable takes.
  public var memtableChanges: Int
  /// Bytes of changes to the index that stay in memory before they are written into it.
  public var indexDeltaBytes: Int
  /// The size of a file of the log, in bytes.
  public var walSegmentBytes: Int
  /// Most calls under way on one connection.
  public var concurrentStreamsMax: UInt32
  /// Clients that ping more often are disconnected.
  public var keepAliveMinimumInterval: Duration
  /// Silence after which a client is pinged; nil for never.
  public var keepAliveInterval: Duration?
  /// How long an answer to a ping may take; nil for ever.
  public var keepAliveTimeout: Duration?
  /// How often watches that ask for it are told how far they are.
  public var watchProgressInterval: Duration
  /// Time between a leader's heartbeats.
  public var heartbeatInterval: Duration
  /// Time without a leader before an election.
  public var electionTimeout: Duration
  /// What is logged, where and how.
  public var log: LogConfiguration
}

/// What is logged, where and how.
public struct LogConfiguration: Sendable, Hashable {
  /// etcd's levels; `panic` and `fatal` log only what ends the process.
  public enum Level: String, Sendable, Hashable {
    case debug, info, warn, error, panic, fatal
  }

  /// How a line looks.
  public enum Format: String, Sendable, Hashable {
    /// One JSON object a line.
    case json
    /// Columns, for people.
    case console
  }

  /// Where lines go.
  public enum Output: Sendable, Hashable {
    case standardError, standardOutput
    /// Appended to; created when absent.
    case file(String)
  }

  /// The least severe level that is logged.
  public var level: Level
  /// How a line looks.
  public var format: Format
  /// Where lines go; at least one.
  public var outputs: [Output]

  /// Creates a log configuration.
  public init(
    level: Level = .info, format: Format = .json, outputs: [Output] = [.standardError]
  ) {
    self.level = level
    self.format = format
    self.outputs = outputs
  }
}
