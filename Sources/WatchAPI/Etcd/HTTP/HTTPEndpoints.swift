import HTTP
import MVCC
import NIOCore
import RaftKV

/// The plain HTTP endpoints: health in both of etcd's forms, the version, and the metrics.
struct HTTPEndpoints<Node: ServedNode>: Sendable {
  private let node: Node
  private let metrics: MetricsRegistry
  private let successes: Counter
  private let failures: Counter

  init(node: Node, metrics: MetricsRegistry) {
    self.node = node
    self.metrics = metrics
    successes = metrics.counter(
      "etcd_server_health_success", help: "The total number of successful health checks")
    failures = metrics.counter(
      "etcd_server_health_failures", help: "The total number of failed health checks")
  }

  func serve(_ request: HTTPRequest, on eventLoop: any EventLoop) -> EventLoopFuture<HTTPResponse> {
    func now(_ response: HTTPResponse) -> EventLoopFuture<HTTPResponse> {
      eventLoop.makeSucceededFuture(response)
    }
    switch request.path {
    case "/metrics":
      return now(
        .init(
          status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
          body: ByteBuffer(string: metrics.text)))
    case "/version":
      guard request.method == "GET" else { return now(.methodNotAllowed) }
      return now(
        .init(status: 200, contentType: "application/json", body: ByteBuffer(string: EtcdVersion.json)))
    case "/health":
      guard request.method == "GET" else { return now(.methodNotAllowed) }
      return health(request, on: eventLoop)
    default:
      guard let checks = request.healthChecks else { return now(.text(404, "404 page not found\n")) }
      guard request.method == "GET" else { return now(.methodNotAllowed) }
      return run(checks, on: eventLoop).map { $0.response(isVerbose: request.has("verbose")) }
    }
  }

  // MARK: /livez, /readyz

  private func run(_ checks: [HealthCheck], on eventLoop: any EventLoop) -> EventLoopFuture<HealthReport> {
    let outcomes = checks.map { check in
      run(check, on: eventLoop).map { failure in (check, failure) }
    }
    return EventLoopFuture.whenAllSucceed(outcomes, on: eventLoop).map { HealthReport(outcomes: $0) }
  }

  /// The reason why a check fails; nil if it does not.
  private func run(_ check: HealthCheck, on eventLoop: any EventLoop) -> EventLoopFuture<String?> {
    switch check {
    case .dataCorruption:
      let isCorrupt = node.store.alarms.contains { $0.kind == .corrupt }
      return eventLoop.makeSucceededFuture(isCorrupt ? "alarm activated: CORRUPT" : nil)
    case .nonLearner:
      return eventLoop.makeSucceededFuture(
        node.status.isLearner ? EtcdError.notSupportedForLearner.message : nil)
    case .serializableRead: return read(isSerializable: true, on: eventLoop)
    case .linearizableRead: return read(isSerializable: false, on: eventLoop)
    }
  }

  // MARK: /health

  private func health(_ request: HTTPRequest, on eventLoop: any EventLoop) -> EventLoopFuture<HTTPResponse> {
    let isSerializable = request.value("serializable") == "true"
    let excluded = request.values("exclude")
    let summary: EventLoopFuture<String?>
    if let alarm = node.store.alarms.first(where: { !excluded.contains($0.kind.name) }) {
      summary = eventLoop.makeSucceededFuture("ALARM \(alarm.kind.name)")
    } else if !isSerializable, node.status.leader == 0 {
      summary = eventLoop.makeSucceededFuture("RAFT NO LEADER")
    } else {
      summary = read(isSerializable: isSerializable, on: eventLoop).map { failure in
        failure.map { "RANGE ERROR:\($0)" }
      }
    }
    return summary.map { failure in
      (failure == nil ? successes : failures).increment()
      return HealthSummary.response(failure: failure)
    }
  }

  /// Reads one key, the way clients do; the reason why it cannot.
  private func read(isSerializable: Bool, on eventLoop: any EventLoop) -> EventLoopFuture<String?> {
    let promise = eventLoop.makePromise(of: String?.self)
    let read: @Sendable () -> Void = {
      let accepted = node.read { handle in
        do throws(StoreError) {
          let revision = try handle.resolve(0).revision
          try handle.scan(KeyRange(start: [0], end: .unbounded), revision: revision) { _ in false }
          promise.succeed(nil)
        } catch {
          promise.succeed(EtcdError(error).message)
        }
      }
      if !accepted { promise.succeed(EtcdError.tooManyRequests.message) }
    }
    if isSerializable {
      read()
    } else {
      node.readBarrier { error in
        if let error {
          promise.succeed(EtcdError(error).message)
        } else {
          read()
        }
      }
    }
    return promise.futureResult
  }
}

extension HTTPResponse {
  fileprivate static var methodNotAllowed: HTTPResponse {
    var response = HTTPResponse.text(405, "Method Not Allowed\n")
    response.headers = [("allow", "GET")]
    return response
  }
}

extension EtcdVersion {
  fileprivate static let json =
    #"{"etcdserver":"\#(server)","etcdcluster":"\#(cluster)","storage":"\#(storage)"}"#
}
