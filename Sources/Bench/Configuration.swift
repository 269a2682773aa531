/// Everything that one run of the load generator was asked to do.
public struct Configuration: Sendable {
  /// What the requests are.
  public enum Workload: String, Sendable, CaseIterable {
    /// One put a request.
    case put
    /// One range a request: a single key, or several neighbours.
    case range
    /// Transactions: of puts, or reads and writes mixed.
    case txn
    /// Every key of the key space once, in order, many puts a transaction: data for a later measurement.
    case fill
    /// Puts, and many watchers that receive them.
    case watch
    /// A put and its event, which the client waits for before it goes on.
    case watchLatency = "watch-latency"
    /// Watches from an old revision, read to the end of the history.
    case watchGet = "watch-get"
    /// Keep-alives of leases.
    case leaseKeepAlive = "lease-keepalive"
    /// Long ranges, whose key-values are counted and thrown away.
    case list
    /// What kube-apiservers ask of their store.
    case kubernetes
  }

  /// What each watcher of `watch` watches.
  public enum WatchMode: String, Sendable, CaseIterable {
    /// The whole key space: every put is an event for every watcher.
    case prefix
    /// One key, which it shares with others if there are more watchers than keys.
    case key
  }

  /// How `list` reads.
  public enum ListMode: String, Sendable, CaseIterable {
    /// One Range, one answer.
    case unary
    /// Range after Range with a limit, at the revision of the first.
    case paginated
    /// One RangeStream.
    case streamed
  }

  /// In which order keys are taken from the key space.
  public enum KeyOrder: String, Sendable, CaseIterable { case sequential, random }

  /// etcd API: `RangeRequest.serializable`.
  public enum Consistency: String, Sendable, CaseIterable { case linearizable, serializable }

  /// A combination of options that cannot be carried out; the description names the fix.
  public struct Invalid: Error, CustomStringConvertible, Hashable {
    /// What is wrong, and with which option.
    public var description: String
  }

  /// Limits that keep a mistyped option from exhausting the machine.
  public enum Limit {
    /// Requests in flight at a time.
    public static let clients = 100_000
    /// Connections, over all endpoints.
    public static let connections = 10_000
    /// Threads of the generator.
    public static let loops = 64
    /// Keys of up to 8 KiB, the longest that the store takes.
    public static let keyBytes = 8 << 10
    /// Values of up to 16 MiB; the server has its own limit.
    public static let valueBytes = 16 << 20
    /// Operations of one transaction; the server has its own limit.
    public static let transactionOperations = 1024
    /// Watchers, over all connections.
    public static let watchers = 1_000_000
    /// Revisions of history.
    public static let backlog = 10_000_000
    /// Nodes of the cluster whose traffic is made.
    public static let nodes = 20_000
    /// API servers, each with a watch on every resource.
    public static let apiServers = 100
    /// Seconds to live of a lease (etcd: the largest TTL).
    public static let secondsToLive = 9_000_000_000
  }

  /// What the requests are.
  public var workload: Workload = .put
  /// The servers; none means a member inside this process.
  public var endpoints: [Endpoint] = []
  /// Where the embedded member's temporary folder is made; nil means the system's.
  public var directory: String?
  /// Requests to send; nil means no limit, if there is a duration.
  public var operations: Int?
  /// Seconds after which no more requests are sent.
  public var durationSeconds: Double?
  /// Requests in flight at a time.
  public var clients = 1000
  /// Connections that the clients share, spread over the endpoints.
  public var connections = 100
  /// Event loops, that is threads, of the generator.
  public var loops = 1
  /// Bytes of each key.
  public var keyBytes = 8
  /// Bytes of each value.
  public var valueBytes = 256
  /// How many different keys there are.
  public var keySpace = 1_000_000
  /// In which order keys are taken.
  public var keyOrder: KeyOrder = .random
  /// Runs of one seed send the same requests.
  public var seed: UInt64 = 1
  /// Requests a second, whatever the answers do; nil means that each client waits for its answer.
  public var rate: Int?
  /// What reads wait for.
  public var consistency: Consistency = .linearizable
  /// etcd API: `RangeRequest.limit`; 0 means none.
  public var limit = 0
  /// Keys that a range spans: 1 asks for the key itself.
  public var rangeKeys = 1
  /// Operations in a transaction.
  public var transactionOperations = 1
  /// Reads for each write among transactions; 0 means that all of them write.
  public var readsPerWrite = 0.0
  /// Watchers of `watch`, spread over the connections; those of one connection share a stream.
  public var watchers = 1000
  /// What a watcher of `watch` watches.
  public var watchMode: WatchMode = .prefix
  /// Revisions that `watch-get` writes first and every watcher then reads.
  public var backlog = 10_000
  /// The revision from which `watch-get` reads what is there already, instead of a history that it writes; nil to write.
  public var fromRevision: Int?
  /// How `list` reads.
  public var listMode: ListMode = .unary
  /// What leases of `lease-keepalive` are granted for, in seconds.
  public var secondsToLive = 60
  /// Nodes of the cluster whose traffic `kubernetes` makes; its rates and numbers of objects follow from it.
  public var nodes = 100
  /// API servers of `kubernetes`.
  public var apiServers = 2
  /// Seconds between compactions of `kubernetes`.
  public var compactionSeconds = 300.0
  /// A process whose use of the machine is reported too.
  public var serverProcess: Int32?
  /// Seconds without any answer after which the run is given up.
  public var stallSeconds = 30.0

  /// The defaults, without a number of requests.
  public init() {}

  /// The defaults of a workload: a run of some seconds.
  public init(defaultsOf workload: Workload) {
    self.workload = workload
    operations = 100_000
    switch workload {
    case .put, .range, .txn, .leaseKeepAlive: break
    case .fill: operations = nil
    case .watch: (clients, connections, operations) = (10, 10, 1000)
    case .watchLatency: (clients, connections, operations) = (10, 10, 10_000)
    case .watchGet: (clients, connections, operations) = (10, 10, 100)
    case .list:
      (clients, connections, operations) = (10, 10, 100)
      (keySpace, rangeKeys, valueBytes) = (10_000, 10_000, 1024)
    case .kubernetes: (clients, connections, operations, durationSeconds) = (200, 10, nil, 30)
    }
  }
}
