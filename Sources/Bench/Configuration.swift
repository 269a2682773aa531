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
  /// A process whose use of the machine is reported too.
  public var serverProcess: Int32?
  /// Seconds without any answer after which the run is given up.
  public var stallSeconds = 30.0

  /// The defaults, without a number of requests.
  public init() {}

  /// The requests of the run, for the workloads that know their number from elsewhere too.
  public var totalOperations: Int? {
    workload == .fill ? (keySpace + transactionOperations - 1) / transactionOperations : operations
  }

  /// Throws unless the run can be carried out as written.
  public func validate() throws(Invalid) {
    try require(operations != nil || durationSeconds != nil || workload == .fill, "give --ops or --duration")
    try require(operations != 0, "--ops must be at least 1")
    try require((1...Limit.clients).contains(clients), "--clients must be 1 to \(Limit.clients)")
    try require(
      (1...Limit.connections).contains(connections), "--connections must be 1 to \(Limit.connections)")
    try require(
      connections <= clients,
      "--connections \(connections) is more than --clients \(clients): each connection needs a client")
    try require((1...Limit.loops).contains(loops), "--loops must be 1 to \(Limit.loops)")
    if endpoints.isEmpty {
      try require(loops == 1, "--loops is for --endpoints: the embedded member is driven by one")
      try require(
        serverProcess == nil, "--server-pid is for --endpoints: the embedded member is this process")
    } else {
      try require(
        loops <= connections,
        "--loops \(loops) is more than --connections \(connections): each loop needs one")
    }
    try require(keySpace >= 1, "--key-space must be at least 1")
    try require((1...Limit.keyBytes).contains(keyBytes), "--key-size must be 1 to \(Limit.keyBytes)")
    let digits = String(keySpace - 1).utf8.count
    try require(
      digits <= keyBytes,
      "--key-space \(keySpace) needs keys of \(digits) bytes: raise --key-size from \(keyBytes)")
    try require((0...Limit.valueBytes).contains(valueBytes), "--value-size must be 0 to \(Limit.valueBytes)")
    try require(rate != 0, "--rate must be at least 1")
    try require((1...keySpace).contains(rangeKeys), "--range-keys must be 1 to --key-space (\(keySpace))")
    try require(
      (1...min(Limit.transactionOperations, keySpace)).contains(transactionOperations),
      "--txn-ops must be 1 to \(min(Limit.transactionOperations, keySpace)): a key may be put once in a transaction"
    )
    try require(
      readsPerWrite >= 0 && readsPerWrite <= 1e9, "--rw-ratio must be 0 (only writes) or more")
    try require(stallSeconds > 0, "--stall-timeout must be above 0")
  }

  private func require(_ condition: Bool, _ message: String) throws(Invalid) {
    if !condition { throw Invalid(description: message) }
  }
}
