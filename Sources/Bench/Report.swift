/// What a run measured.
public struct Report: Sendable {
  /// A kind of failure, and how often it came.
  struct Failure: Sendable, Hashable {
    /// A gRPC status code by its name in the standard, such as `UNAVAILABLE`.
    var code: String
    var message: String
    var count: Int

    init(code: String, message: String, count: Int) {
      self.code = code
      self.message = message
      self.count = count
    }
  }

  /// The latencies of one kind of request.
  struct Requests: Sendable {
    var name: String
    var count: Int
    var latency: LatencySummary
  }

  var configuration: Configuration
  /// The server's own version; nil for the embedded member.
  var serverVersion: String?
  /// From the first request to the last answer.
  var elapsedSeconds: Double
  /// Requests answered without an error; latencies are those of these.
  var succeeded: Int
  var failed: Int
  /// Requests still under way when the run was given up.
  var unanswered: Int
  /// Clients that lost their connection and left the run.
  var clientsLost: Int
  var keysWritten: Int
  var keysRead: Int
  /// Answers to reads that held no key: the key space was not filled.
  var emptyReads: Int
  var latency: LatencySummary
  /// What the watchers of the run received; nil when it had none.
  var events: EventTally?
  /// By kind, for workloads that mix them.
  var requests: [Requests]
  /// The most frequent first.
  var failures: [Failure]
  /// This process: the generator, and the embedded member if there is one.
  var process: UsageDifference
  /// The process of `--server-pid`; nil without one.
  var server: UsageDifference?
  /// Ended early by a signal.
  public var isInterrupted: Bool
  /// Given up, since no answer came for too long.
  var isStalled: Bool

  /// Whether every request sent was answered without an error.
  public var isClean: Bool {
    failed == 0 && unanswered == 0 && clientsLost == 0 && !isStalled && (events?.isClean ?? true)
  }

  var eventsPerSecond: Double? {
    events.flatMap { elapsedSeconds > 0 ? Double($0.delivered) / elapsedSeconds : nil }
  }

  /// Events for each second of the server's CPU time, of both kinds; nil without `--server-pid`.
  var eventsPerServerCPUSecond: Double? {
    guard let events, let user = server?.userSeconds, let system = server?.systemSeconds, user + system > 0
    else { return nil }
    return Double(events.delivered) / (user + system)
  }

  var operationsPerSecond: Double {
    elapsedSeconds > 0 ? Double(succeeded) / elapsedSeconds : 0
  }
}
