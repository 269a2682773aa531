internal import GRPC

/// What the clients of a run got, in sum.
struct Tally: Sendable {
  var latencies = LatencyHistogram()
  /// Requests answered without an error.
  var succeeded = 0
  var failed = 0
  /// Requests whose answer nobody waited for any longer.
  var unanswered = 0
  /// Clients that left the run, since their connection was gone.
  var clientsLost = 0
  /// Key-values written by requests that succeeded.
  var keysWritten = 0
  /// Key-values that came back.
  var keysRead = 0
  /// Answers that should have held keys and held none.
  var emptyReads = 0
  /// What the watchers of the run received; nil when it had none.
  var events: EventTally?
  /// Latencies by kind of request, for workloads that mix them.
  var requests: [String: LatencyHistogram] = [:]
  private(set) var failures: [GRPCStatus: Int] = [:]

  /// Different failures told apart; messages may name keys or numbers, so that there is no end of them.
  private static let distinctFailures = 32

  mutating func fail(_ status: GRPCStatus) {
    failed += 1
    count(status, 1)
  }

  private mutating func count(_ status: GRPCStatus, _ times: Int) {
    if failures[status] != nil || failures.count < Self.distinctFailures {
      failures[status, default: 0] += times
    } else {
      failures[GRPCStatus(status.code, "(other messages)"), default: 0] += times
    }
  }

  mutating func add(_ other: Tally) {
    latencies.add(other.latencies)
    succeeded += other.succeeded
    failed += other.failed
    unanswered += other.unanswered
    clientsLost += other.clientsLost
    keysWritten += other.keysWritten
    keysRead += other.keysRead
    emptyReads += other.emptyReads
    if let events = other.events { self.events = (self.events ?? EventTally()).adding(events) }
    for (name, latencies) in other.requests { requests[name, default: LatencyHistogram()].add(latencies) }
    for (status, times) in other.failures { count(status, times) }
  }
}

/// What watchers received.
struct EventTally: Sendable {
  var watchers = 0
  var delivered = 0
  /// From when a write was to be sent until its event was here.
  var latencies = LatencyHistogram()
  /// Events that came twice, or after one of a later revision.
  var outOfOrder = 0
  /// Events that were owed and never came.
  var missing = 0
  /// Watchers that the server or a lost connection ended.
  var watchersLost = 0

  /// Whether every event came, once and in order.
  var isClean: Bool { outOfOrder == 0 && missing == 0 && watchersLost == 0 }

  func adding(_ other: EventTally) -> EventTally {
    var sum = self
    sum.watchers += other.watchers
    sum.delivered += other.delivered
    sum.latencies.add(other.latencies)
    sum.outOfOrder += other.outOfOrder
    sum.missing += other.missing
    sum.watchersLost += other.watchersLost
    return sum
  }
}
