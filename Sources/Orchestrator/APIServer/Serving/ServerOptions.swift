public import Exchange
public import Objects

/// What an API server does at most, and what it says of itself.
public struct ServerOptions: Sendable {
  /// Bytes of a body.
  public var bodyBytes = 3 << 20
  /// Requests that read, at a time.
  public var readsInFlight = 400
  /// Requests that write, at a time.
  public var writesInFlight = 200
  /// Requests that wait for their turn, of each of the two kinds.
  public var waitingRequests = 10_000
  /// Those of one user.
  public var waitingRequestsPerUser = 2_000
  /// Watches that are open.
  public var watches = 100_000
  /// Those of one user.
  public var watchesPerUser = 50_000
  /// Calls that take longer are logged.
  public var slowCall = Duration.seconds(1)
  /// The version that clients are told.
  public var version = "v1.36.0"
  /// `host:port`, as clients reach the server.
  public var address = ""

  /// The usual options.
  public init() {}
}

/// What an API server needs from outside.
public struct ServerEnvironment: Sendable {
  /// The time.
  public var now: @Sendable () -> Timestamp
  /// Makes the names that answers and log lines have in common.
  public var newID: @Sendable () -> String
  /// Reads and writes YAML; nil: YAML is refused.
  public var yaml: (any YAMLCoding)?
  /// Takes lines for the log.
  public var log: @Sendable (String) -> Void
  /// The answers to `/.well-known/openid-configuration` and `/openid/v1/jwks`.
  public var openID: (configuration: JSON, keys: JSON)?
  /// Whether the store answers.
  public var storeIsHealthy: @Sendable () async -> Bool
  /// Groups that are answered for without being stored.
  public var computed: ComputedGroups?
  /// What is not ready yet, by name; empty when all is.
  public var pending: @Sendable () -> [String]

  /// An environment with the time and names; all else can be set.
  public init(now: @escaping @Sendable () -> Timestamp, newID: @escaping @Sendable () -> String) {
    self.now = now
    self.newID = newID
    log = { _ in }
    storeIsHealthy = { true }
    pending = { [] }
  }
}

/// Groups of the API whose objects nobody stores, such as metrics.
public struct ComputedGroups: Sendable {
  /// For discovery.
  public var resources: [Resource]
  /// Answers a request that authorization has let through; nil if it is for none of the groups.
  public var answer: @Sendable (APIRequest) async -> APIResponse?

  /// Groups of these resources.
  public init(resources: [Resource], answer: @escaping @Sendable (APIRequest) async -> APIResponse?) {
    self.resources = resources
    self.answer = answer
  }
}
