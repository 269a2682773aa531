import ArgumentParser
import Bench

struct TargetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Servers to load; without it, a member inside this process.", valueName: "host:port,…"),
    transform: { try Endpoint.list($0) })
  var endpoints: [Endpoint] = []

  @Option(help: ArgumentHelp("Report the CPU, memory and disk use of this process too.", valueName: "pid"))
  var serverPid: Int32?

  @Option(help: ArgumentHelp("Where the embedded member's temporary folder is made.", valueName: "folder"))
  var dir: String?

  func apply(to configuration: inout Configuration) {
    configuration.endpoints = endpoints
    configuration.serverProcess = serverPid
    configuration.directory = dir
  }
}

struct LoadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Requests to send, such as 1e6, 100k or 1_000_000 (default: a run of some seconds).", valueName: "count"
    ),
    transform: { try Quantity.parse($0) })
  var ops: Int?

  @Option(
    help: ArgumentHelp("Send for this long, such as 30s or 5m.", valueName: "time"),
    transform: { try Quantity.parseSeconds($0) })
  var duration: Double?

  @Option(
    help: ArgumentHelp(
      "Requests in flight at a time (default: 1000; kubernetes: 200; watches, lists: 10).", valueName: "count"
    ),
    transform: { try Quantity.parse($0) })
  var clients: Int?

  @Option(
    help: ArgumentHelp(
      "Connections that the clients share (default: 100, or 10 where clients are few; at most --clients).",
      valueName: "count"),
    transform: { try Quantity.parse($0) })
  var connections: Int?

  @Option(
    help: ArgumentHelp("Threads of the generator (default: 1).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var loops: Int?

  @Option(
    help: ArgumentHelp(
      "Requests a second, whatever the answers do; latency counts from when each was due. (kubernetes: default from --nodes.)",
      valueName: "count"),
    transform: { try Quantity.parse($0) })
  var rate: Int?

  @Option(
    help: ArgumentHelp("Give up when nothing was answered for so long (default: 30s).", valueName: "time"),
    transform: { try Quantity.parseSeconds($0) })
  var stallTimeout: Double?

  func apply(to configuration: inout Configuration) {
    // Without either, a run of some seconds; `fill` has its number of requests from the key space.
    if ops != nil || duration != nil {
      configuration.operations = ops
      configuration.durationSeconds = duration
    }
    configuration.clients = clients ?? configuration.clients
    configuration.connections = connections ?? min(configuration.connections, configuration.clients)
    configuration.loops = loops ?? configuration.loops
    configuration.rate = rate
    configuration.stallSeconds = stallTimeout ?? configuration.stallSeconds
  }
}

struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Bytes of a key (default: 8).", valueName: "bytes"),
    transform: { try Quantity.parse($0) })
  var keySize: Int?

  @Option(
    help: ArgumentHelp("Bytes of a value (default: 256; list: 1024).", valueName: "bytes"),
    transform: { try Quantity.parse($0) })
  var valueSize: Int?

  @Option(
    help: ArgumentHelp("How many different keys there are (default: 1M; list: 10k).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var keySpace: Int?

  @Option(help: "The order in which keys are taken.")
  var keyOrder = Configuration.KeyOrder.random

  @Option(help: "Runs of one seed send the same requests.")
  var seed: UInt64 = 1

  func apply(to configuration: inout Configuration) {
    configuration.keyBytes = keySize ?? configuration.keyBytes
    configuration.valueBytes = valueSize ?? configuration.valueBytes
    configuration.keySpace = keySpace ?? configuration.keySpace
    configuration.keyOrder = keyOrder
    configuration.seed = seed
  }
}

struct RequestOptions: ParsableArguments {
  @Option(help: "What reads wait for.")
  var consistency = Configuration.Consistency.linearizable

  @Option(
    help: ArgumentHelp(
      "Keys that a range spans: 1 gets a key, 100 a prefix (default: 1; list: the key space).",
      valueName: "count"),
    transform: { try Quantity.parse($0) })
  var rangeKeys: Int?

  @Option(
    help: ArgumentHelp(
      "At most so many keys in an answer; 0 is no limit (default: 0; paginated lists: 500).",
      valueName: "count"),
    transform: { try Quantity.parse($0) })
  var limit: Int?

  @Option(
    help: ArgumentHelp("Puts in a transaction (default: 1; fill: 100).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var txnOps: Int?

  @Option(help: ArgumentHelp("txn: reads for each write; 0 only writes.", valueName: "ratio"))
  var rwRatio: Double = 0

  func apply(to configuration: inout Configuration) {
    configuration.consistency = consistency
    configuration.rangeKeys = rangeKeys ?? (configuration.workload == .list ? configuration.keySpace : 1)
    configuration.limit = limit ?? configuration.limit
    configuration.readsPerWrite = rwRatio
    let isFill = configuration.workload == .fill
    configuration.transactionOperations = txnOps ?? (isFill ? min(100, max(1, configuration.keySpace)) : 1)
  }
}

struct TrafficOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "watch: watchers, spread over the connections; those of one share a stream (default: 1000).",
      valueName: "count"),
    transform: { try Quantity.parse($0) })
  var watchers: Int?

  @Option(help: "watch: every watcher sees all keys, or one key each.")
  var watchMode = Configuration.WatchMode.prefix

  @Option(
    help: ArgumentHelp(
      "watch-get: revisions that are written first, and read by every watch (default: 10k).",
      valueName: "count"),
    transform: { try Quantity.parse($0) })
  var backlog: Int?

  @Option(
    help: ArgumentHelp(
      "watch-get: read from this revision to the current one, and write nothing first.", valueName: "revision"
    ),
    transform: { try Quantity.parse($0) })
  var fromRevision: Int?

  @Option(help: "list: in one answer, in pages of --limit, or as a stream.")
  var mode = Configuration.ListMode.unary

  @Option(
    help: ArgumentHelp("lease-keepalive: the leases' time to live (default: 60).", valueName: "seconds"),
    transform: { try Quantity.parse($0) })
  var ttl: Int?

  @Option(
    help: ArgumentHelp(
      "kubernetes: nodes of the cluster; objects and rates follow from it (default: 100).", valueName: "count"
    ),
    transform: { try Quantity.parse($0) })
  var nodes: Int?

  @Option(
    help: ArgumentHelp(
      "kubernetes: API servers, each with a watch on every resource (default: 2).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var apiservers: Int?

  @Option(
    help: ArgumentHelp("kubernetes: time between compactions (default: 5m).", valueName: "time"),
    transform: { try Quantity.parseSeconds($0) })
  var compactionInterval: Double?

  func apply(to configuration: inout Configuration) {
    configuration.watchers = watchers ?? configuration.watchers
    configuration.watchMode = watchMode
    configuration.backlog = backlog ?? configuration.backlog
    configuration.fromRevision = fromRevision
    configuration.listMode = mode
    if mode == .paginated, configuration.limit == 0 { configuration.limit = Self.pageSize }
    configuration.secondsToLive = ttl ?? configuration.secondsToLive
    configuration.nodes = nodes ?? configuration.nodes
    configuration.apiServers = apiservers ?? configuration.apiServers
    configuration.compactionSeconds = compactionInterval ?? configuration.compactionSeconds
  }

  private static let pageSize = 500
}

struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object instead of text, and no progress.")
  var json = false
}
