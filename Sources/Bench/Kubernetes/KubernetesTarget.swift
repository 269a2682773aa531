internal import GRPC
internal import NIOCore

/// Does what the API servers of a cluster do, over the run's connections, while their watches receive it all.
final class KubernetesTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  let share: Dialer.Share
  let configuration: Configuration
  private let dialer: Dialer
  private let ledger: DeliveryLedger
  private let mix: KubernetesMix
  var tables: [ObjectTable]
  let caches: WatchCaches
  /// Successful writes by resource, and latencies by operation.
  private var written: [Int: Int] = [:]
  private var latencies: [KubernetesMix.Operation: LatencyHistogram] = [:]
  var hasRangeStream = false
  var random: SplitMix64
  /// The lease that events live by, how many use it, and which of them is the next.
  var eventLease: (id: Int64, users: Int) = (0, 0)
  var nextEvent = 0
  /// What is known of the compaction key, and the revision of the turn before.
  var compaction: (version: Int64, revision: Int64) = (0, 0)

  /// Objects created at a time before the run.
  private static let creators = 64

  init(_ share: Dialer.Share, _ configuration: Configuration, _ dialer: Dialer, _ ledger: DeliveryLedger) {
    self.share = share
    self.configuration = configuration
    self.dialer = dialer
    self.ledger = ledger
    clients = share.clients
    mix = KubernetesMix(configuration)
    tables = KubernetesResource.allCases.map {
      ObjectTable($0, count: $0.count(nodes: configuration.nodes, apiServers: configuration.apiServers))
    }
    caches = WatchCaches(eventLoop: share.eventLoop)
    random = SplitMix64(seed: configuration.seed)
  }

  /// Creates the objects that are not there, then opens the watches behind them.
  func prepare() -> EventLoopFuture<Void> {
    let eventLoop = share.eventLoop
    let (dialer, servers) = (dialer, configuration.apiServers)
    let isolated = NIOLoopBound(self, eventLoop: eventLoop)
    return RangeStreamProbe.hasRangeStream(share.connections[0]).flatMap { found in
      isolated.value.hasRangeStream = found
      return isolated.value.createAll()
    }.flatMap { isolated.value.currentRevision() }.flatMap { revision in
      let watching = (0..<servers).map { number in
        let endpoints = dialer.configuration.endpoints
        return dialer.connect(to: endpoints[number % endpoints.count], on: eventLoop).flatMap {
          isolated.value.caches.add($0, after: revision)
        }
      }
      return EventLoopFuture.andAllSucceed(watching, on: eventLoop)
    }
  }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    let connection = share.connections[client % share.connections.count]
    guard connection.isOpen else { return false }
    let operation = mix.operation(index)
    KubernetesCall(target: self, connection: connection, due: due) { answer in
      if case .success = answer {
        self.latencies[operation, default: LatencyHistogram()].record(
          nanoseconds: (NIODeadline.now() - due).nanoseconds)
      }
      self.onAnswer?(client, answer)
    }.perform(operation)
    return true
  }

  var deliveries: (count: Int, last: NIODeadline) { (caches.table.tally.delivered, caches.table.last) }

  func sendingEnded() { ledger.add(written) }

  var isDrained: Bool { ledger.total.map { caches.isSatisfied(by: $0) } ?? false }

  func collect(into tally: inout Tally) {
    _ = isDrained
    tally.events = configuration.apiServers > 0 ? caches.table.tally : nil
    tally.keysWritten += written.values.reduce(0, +)
    for (operation, latencies) in latencies { tally.requests[operation.rawValue] = latencies }
  }

  func close() {
    onAnswer = nil
    caches.close()
    for connection in share.connections { connection.close(now: true) }
  }

  /// A write to a resource was made.
  func noteWrite(_ resource: KubernetesResource) { written[resource.rawValue, default: 0] += 1 }

  private func createAll() -> EventLoopFuture<Void> {
    let promise = share.eventLoop.makePromise(of: Void.self)
    var rest = tables.flatMap { table in (0..<table.count).map { (table.resource, $0) } }[...]
    var underWay = 0
    func next() {
      guard let (resource, number) = rest.popFirst() else {
        if underWay == 0 { promise.succeed() }
        return
      }
      underWay += 1
      let connection = share.connections[number % share.connections.count]
      KubernetesCall(target: self, connection: connection, due: .now()) { answer in
        underWay -= 1
        switch answer {
        case .success: next()
        case .failure(let status):
          promise.fail(
            Benchmark.CannotStart(
              description:
                "cannot create \(resource.key(number)): \(status.code.standardName): \(status.message)"))
        }
      }.create(resource, number)
    }
    for _ in 0..<Self.creators { next() }
    // What was created before the watches began is owed to nobody.
    return promise.futureResult.assumeIsolated().map { self.written = [:] }.nonisolated()
  }

  private func currentRevision() -> EventLoopFuture<Int64> {
    let promise = share.eventLoop.makePromise(of: Int64.self)
    share.connections[0].unary(
      "/etcdserverpb.KV/Range",
      ListRequest(start: ByteBuffer(string: "/registry/health"), end: ByteBuffer()).message,
      timeout: .seconds(30)
    ) { promise.completeWith($0.map { EtcdMessage.revision(in: $0) }.mapError { $0 as any Error }) }
    return promise.futureResult
  }
}
