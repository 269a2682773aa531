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
    help: ArgumentHelp("Requests to send, such as 1e6, 100k or 1_000_000.", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var ops: Int?

  @Option(
    help: ArgumentHelp("Send for this long, such as 30s or 5m.", valueName: "time"),
    transform: { try Quantity.parseSeconds($0) })
  var duration: Double?

  @Option(
    help: ArgumentHelp("Requests in flight at a time (default: 1000).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var clients: Int?

  @Option(
    help: ArgumentHelp(
      "Connections that the clients share (default: 100, or --clients).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var connections: Int?

  @Option(
    help: ArgumentHelp("Threads of the generator (default: 1).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var loops: Int?

  @Option(
    help: ArgumentHelp(
      "Requests a second, whatever the answers do; latency counts from when each was due.",
      valueName: "count"),
    transform: { try Quantity.parse($0) })
  var rate: Int?

  @Option(
    help: ArgumentHelp("Give up when nothing was answered for so long (default: 30s).", valueName: "time"),
    transform: { try Quantity.parseSeconds($0) })
  var stallTimeout: Double?

  func apply(to configuration: inout Configuration) {
    // Without either, a run of a few seconds; `fill` has its number of requests from the key space.
    configuration.operations = ops ?? (duration == nil ? Self.defaultOperations : nil)
    configuration.durationSeconds = duration
    configuration.clients = clients ?? configuration.clients
    configuration.connections = connections ?? min(configuration.connections, configuration.clients)
    configuration.loops = loops ?? configuration.loops
    configuration.rate = rate
    configuration.stallSeconds = stallTimeout ?? configuration.stallSeconds
  }

  private static let defaultOperations = 100_000
}

struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Bytes of a key (default: 8).", valueName: "bytes"),
    transform: { try Quantity.parse($0) })
  var keySize: Int?

  @Option(
    help: ArgumentHelp("Bytes of a value (default: 256).", valueName: "bytes"),
    transform: { try Quantity.parse($0) })
  var valueSize: Int?

  @Option(
    help: ArgumentHelp("How many different keys there are (default: 1M).", valueName: "count"),
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
    help: ArgumentHelp("Keys that a range spans: 1 gets a key, 100 a prefix.", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var rangeKeys: Int = 1

  @Option(
    help: ArgumentHelp("At most so many keys in an answer; 0 is no limit.", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var limit: Int = 0

  @Option(
    help: ArgumentHelp("Puts in a transaction (default: 1; fill: 100).", valueName: "count"),
    transform: { try Quantity.parse($0) })
  var txnOps: Int?

  @Option(help: ArgumentHelp("txn: reads for each write; 0 only writes.", valueName: "ratio"))
  var rwRatio: Double = 0

  func apply(to configuration: inout Configuration) {
    configuration.consistency = consistency
    configuration.rangeKeys = rangeKeys
    configuration.limit = limit
    configuration.readsPerWrite = rwRatio
    let isFill = configuration.workload == .fill
    configuration.transactionOperations = txnOps ?? (isFill ? min(100, max(1, configuration.keySpace)) : 1)
  }
}

struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object instead of text, and no progress.")
  var json = false
}
