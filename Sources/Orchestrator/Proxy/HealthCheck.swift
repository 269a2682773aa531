import Objects

/// What a load balancer hears that asks a node whether to send it a service's traffic.
public struct HealthCheck: Sendable, Hashable {
  /// `namespace/name` of the service.
  public var service: String
  /// How many of its pods on this node are ready.
  public var localEndpoints: Int
  /// Whether the packet rules are as they should be.
  public var isProxyHealthy: Bool

  /// An answer.
  public init(service: String, localEndpoints: Int, isProxyHealthy: Bool) {
    self.service = service
    self.localEndpoints = localEndpoints
    self.isProxyHealthy = isProxyHealthy
  }

  /// The HTTP status: 200, or 503 for a node to be left out.
  public var status: Int { localEndpoints > 0 && isProxyHealthy ? 200 : 503 }

  /// The header fields of the answer, names in lower case; some load balancers share traffic by the weight.
  public var headers: [(name: String, value: String)] {
    [
      ("content-type", "application/json"), ("x-content-type-options", "nosniff"),
      ("x-load-balancing-endpoint-weight", String(localEndpoints)),
    ]
  }

  /// The answer, in the members that kube-proxy's has.
  public var body: [UInt8] {
    let parts = service.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let json: JSON = [
      "service": ["namespace": .string(parts[0]), "name": .string(parts.last ?? "")],
      "localEndpoints": .integer(Int64(localEndpoints)), "serviceProxyHealthy": .boolean(isProxyHealthy),
    ]
    return json.serialized()
  }
}

/// Answers load balancers over HTTP, at any path.
public protocol HealthCheckListener: Sendable {
  /// Listens on exactly these ports of the node, and answers there with these; a port that cannot be had is tried again
  /// when this is called again.
  func serve(_ checks: [Int: HealthCheck]) async
}
