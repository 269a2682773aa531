import HTTP
import MVCC
import NIOCore
import RaftKV

/// The plain HTTP endpoints: health in both of etcd's forms, the version, and the metrics.
struct HTTPEndpoints: Sendable {
  let node: Node
  let handles: LoopHandles
  let metrics: MetricsRegistry
  private let successes: Counter
  private let failures: Counter

  init(node: Node, handles: LoopHandles, metrics: MetricsRegistry) {
    self.node = node
    self.handles = handles
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
      return now(.text(200, metrics.text, contentType: "text/plain; version=0.0.4; charset=utf-8"))
    case "/version":
      guard request.method == "GET" else { return now(.methodNotAllowed) }
      return now(.text(200, EtcdVersion.json, contentType: "application/json"))
    case "/health":
      guard request.method == "GET" else { return now(.methodNotAllowed) }
      return health(request, on: eventLoop)
    default:
      guard let checks = Self.checks(for: request) else { return now(.text(404, "404 page not found\n")) }
      guard request.method == "GET" else { return now(.methodNotAllowed) }
      return run(checks, on: eventLoop).map { $0.response(isVerbose: request.has("verbose")) }
    }
  }

  // MARK: /livez, /readyz

  /// The checks that a path names; nil for a path that is none of these.
  static func checks(for request: HTTPRequest) -> [HealthCheck]? {
    let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, parts[0].isEmpty else { return nil }
    let all: [HealthCheck]
    switch parts[1] {
    case "livez": all = HealthCheck.live
    case "readyz": all = HealthCheck.ready
    default: return nil
    }
    if parts.count == 2 {
      let excluded = request.values("exclude")
      return all.filter { !excluded.contains($0.rawValue) }
    }
    guard let check = HealthCheck(rawValue: String(parts[2])), all.contains(check) else { return nil }
    return [check]
  }

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
  fileprivate static let methodNotAllowed = HTTPResponse.text(405, "Method Not Allowed\n")
}

extension EtcdVersion {
  fileprivate static let json =
    #"{"etcdserver":"\#(server)","etcdcluster":"\#(cluster)","storage":"\#(storage)"}"#
}
