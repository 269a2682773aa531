import Objects

/// A probe as its container describes it.
public struct ProbeSpec: Sendable, Hashable {
  /// What a probe decides about.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Whether the container has started; the others wait for it.
    case startup = "Startup"
    /// Whether it has to be restarted.
    case liveness = "Liveness"
    /// Whether it can serve.
    case readiness = "Readiness"

    var field: String {
      switch self {
      case .startup: "startupProbe"
      case .liveness: "livenessProbe"
      case .readiness: "readinessProbe"
      }
    }
  }

  /// What is tried.
  public enum Action: Sendable, Hashable {
    /// A command in the container has to end with 0.
    case exec(command: [String])
    /// A request has to be answered with 200 to 399.
    case http(HTTPProbe)
    /// A connection has to be accepted. An empty host is the pod.
    case tcp(host: String, port: Int)
    /// The gRPC health service has to say `SERVING`.
    case grpc(port: Int, service: String)
  }

  /// What it decides about.
  public var kind: Kind
  /// What is tried.
  public var action: Action
  /// How long after the container's start it begins.
  public var initialDelay: Duration
  /// How long a try may take.
  public var timeout: Duration
  /// The time between tries.
  public var period: Duration
  /// How many successes in a row make a success.
  public var successThreshold: Int
  /// How many failures in a row make a failure.
  public var failureThreshold: Int

  /// A container's probe; nil if it has none of this kind, or one that does nothing.
  public init?(_ kind: Kind, of container: ContainerSpec) {
    guard let probe = container.json[kind.field], let action = Self.action(probe, container) else {
      return nil
    }
    self.kind = kind
    self.action = action
    initialDelay = .seconds(max(0, probe["initialDelaySeconds"]?.integer ?? 0))
    timeout = .seconds(max(1, probe["timeoutSeconds"]?.integer ?? 1))
    period = .seconds(max(1, probe["periodSeconds"]?.integer ?? 10))
    successThreshold = Int(max(1, probe["successThreshold"]?.integer ?? 1))
    failureThreshold = Int(max(1, probe["failureThreshold"]?.integer ?? 3))
  }

  private static func action(_ probe: JSON, _ container: ContainerSpec) -> Action? {
    if let exec = probe["exec"] {
      return .exec(command: (exec["command"]?.array ?? []).compactMap(\.string))
    }
    if let http = probe["httpGet"] {
      return port(http["port"], container).map { .http(HTTPProbe(http, port: $0)) }
    }
    if let socket = probe["tcpSocket"] {
      return port(socket["port"], container).map { .tcp(host: socket["host"]?.string ?? "", port: $0) }
    }
    if let grpc = probe["grpc"] {
      return port(grpc["port"], container).map { .grpc(port: $0, service: grpc["service"]?.string ?? "") }
    }
    return nil
  }

  /// A port by number, or by its name among the container's.
  static func port(_ value: JSON?, _ container: ContainerSpec) -> Int? {
    if let number = value?.integer { return (1...65535).contains(number) ? Int(number) : nil }
    guard let name = value?.string else { return nil }
    if let number = Int(name) { return (1...65535).contains(number) ? number : nil }
    let port = container.json["ports"]?.array?.first { $0["name"]?.string == name }
    return port?["containerPort"]?.integer.map { Int(clamping: $0) }
  }
}

/// A request of a probe or hook.
public struct HTTPProbe: Sendable, Hashable {
  /// A header.
  public struct Header: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its value.
    public var value: String
  }

  /// Over TLS, without checking the certificate.
  public var usesTLS: Bool
  /// Empty is the pod.
  public var host: String
  /// The port.
  public var port: Int
  /// The path, with the query.
  public var path: String
  /// The container's own, and the kubelet's where it says nothing.
  public var headers: [Header]

  init(_ json: JSON, port: Int) {
    usesTLS = json["scheme"]?.string?.uppercased() == "HTTPS"
    host = json["host"]?.string ?? ""
    self.port = port
    let path = json["path"]?.string ?? ""
    self.path = path.hasPrefix("/") ? path : "/" + path
    headers = (json["httpHeaders"]?.array ?? []).map {
      Header(name: $0["name"]?.string ?? "", value: $0["value"]?.string ?? "")
    }
    for (name, value) in [("User-Agent", "kube-probe/1.36"), ("Accept", "*/*")]
    where !headers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
      headers.append(Header(name: name, value: value))
    }
  }
}
