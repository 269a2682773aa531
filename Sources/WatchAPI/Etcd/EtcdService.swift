public import GRPC
public import HTTP
import MVCC
public import NIOCore
public import RaftKV

/// Every bound of the etcd services, in one place.
public struct EtcdLimits: Sendable {
  /// The largest write request, in bytes (etcd: `--max-request-bytes`).
  public var requestBytes = 1536 << 10
  /// The most operations of one level of a transaction (etcd: `--max-txn-ops`).
  public var transactionOperations = 128
  /// The largest Range answer that is built in memory; a larger one is read twice and sent in chunks.
  public var responseBytes = 1 << 20
  /// The size of such a chunk, and of RangeStream's.
  public var chunkBytes = 256 << 10
  /// Keep-alives of one stream that are read ahead of their answers; more wait in the connection's window.
  public var keepAlives = 1024
  /// Watch responses are joined to writes of about this size.
  public var watchWriteBytes = 128 << 10
  /// Snapshots that are made and sent at a time: each is a file as large as the store.
  public var snapshots = 4
  /// etcd: `--election-timeout`. Streams of clients that insist on a leader end when there has been none for three.
  public var electionTimeout = TimeAmount.seconds(1)

  /// etcd's defaults.
  public init() {}
}

/// The etcd v3 API of one member: its gRPC services, and its plain HTTP endpoints.
public struct EtcdService: Sendable {
  private let surface: EtcdSurface<Node>

  /// - Parameters:
  ///   - group: the event loops that will serve the calls; each gets a read handle of the store.
  /// - Throws: `StoreError` when the store has no room for the loops' read handles.
  public init(
    node: Node, group: any EventLoopGroup, limits: EtcdLimits = EtcdLimits(),
    metrics: MetricsRegistry = MetricsRegistry()
  ) throws {
    surface = try EtcdSurface(node: node, group: group, limits: limits, metrics: metrics)
  }

  /// Served under `/metrics`; other parts of the process may add their own.
  public var metrics: MetricsRegistry { surface.metrics }

  /// Adds the services' methods.
  public func register(in router: inout Router) { surface.register(in: &router) }

  /// `/health`, `/livez`, `/readyz`, `/version` and `/metrics`.
  public var http: HTTPHandler { surface.http }
}

/// The same for any member that can be served.
struct EtcdSurface<Node: ServedNode>: Sendable {
  let metrics: MetricsRegistry

  private let kv: KVService<Node>
  private let watch: WatchService<Node>
  private let lease: LeaseService<Node>
  private let maintenance: MaintenanceService<Node>
  private let cluster: ClusterService<Node>
  private let endpoints: HTTPEndpoints<Node>

  init(
    node: Node, group: any EventLoopGroup, limits: EtcdLimits, metrics: MetricsRegistry
  ) throws(StoreError) {
    let context = CallContext(
      node: node,
      leadership: LeaderMonitor(node: node, eventLoop: group.next(), interval: limits.electionTimeout))
    self.metrics = metrics
    kv = KVService(
      context: context,
      check: RequestCheck(
        maximumOperations: limits.transactionOperations, maximumKeyBytes: Store.maximumKeyBytes),
      limits: limits, handles: try LoopHandles(group, store: node.store))
    lease = LeaseService(context: context, limits: limits, metrics: metrics)
    watch = WatchService(context: context, limits: limits)
    maintenance = MaintenanceService(context: context, snapshots: SnapshotSlots(limit: limits.snapshots))
    cluster = ClusterService(context: context)
    endpoints = HTTPEndpoints(node: node, metrics: metrics)
    metrics.register(node)
    metrics.registerProcess()
  }

  func register(in router: inout Router) {
    var methods = MethodTable(router, registry: metrics)
    kv.register(&methods)
    lease.register(&methods)
    watch.register(&methods)
    maintenance.register(&methods)
    cluster.register(&methods)
    router = methods.router
  }

  var http: HTTPHandler {
    { [endpoints] request, eventLoop in endpoints.serve(request, on: eventLoop) }
  }
}
