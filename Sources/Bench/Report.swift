/// What a run measured.
public struct Report: Sendable {
  /// A kind of failure, and how often it came.
  public struct Failure: Sendable, Hashable {
    /// A gRPC status code by its name in the standard, such as `UNAVAILABLE`.
    public var code: String
    public var message: String
    public var count: Int

    public init(code: String, message: String, count: Int) {
      self.code = code
      self.message = message
      self.count = count
    }
  }

  public var configuration: Configuration
  /// The server's own version; nil for the embedded member.
  public var serverVersion: String?
  /// From the first request to the last answer.
  public var elapsedSeconds: Double
  /// Requests answered without an error; latencies are those of these.
  public var succeeded: Int
  public var failed: Int
  /// Requests still under way when the run was given up.
  public var unanswered: Int
  /// Clients that lost their connection and left the run.
  public var clientsLost: Int
  public var keysWritten: Int
  public var keysRead: Int
  /// Answers to reads that held no key: the key space was not filled.
  public var emptyReads: Int
  public var latency: LatencySummary
  /// The most frequent first.
  public var failures: [Failure]
  /// This process: the generator, and the embedded member if there is one.
  public var process: UsageDifference
  /// The process of `--server-pid`; nil without one.
  public var server: UsageDifference?
  /// Ended early by a signal.
  public var isInterrupted: Bool
  /// Given up, since no answer came for too long.
  public var isStalled: Bool

  /// Whether every request sent was answered without an error.
  public var isClean: Bool {
    failed == 0 && unanswered == 0 && clientsLost == 0 && !isStalled
  }

  public var operationsPerSecond: Double {
    elapsedSeconds > 0 ? Double(succeeded) / elapsedSeconds : 0
  }
}
