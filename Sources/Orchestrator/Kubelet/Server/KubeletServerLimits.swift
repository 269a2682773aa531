public import HTTP

/// Every bound of the kubelet's port, in one place.
public struct KubeletServerLimits: Sendable {
  /// Sessions of exec, attach and port-forward at once; further ones are answered with 429.
  public var tunnels = 1_000
  /// Decisions of each kind that are remembered.
  public var rememberedDecisions = 4_096
  /// How long a caller stays known, and a permission valid.
  public var acceptedFor = Duration.seconds(120)
  /// How long a refusal is valid.
  public var refusedFor = Duration.seconds(30)
  /// Bytes of a bearer token; nobody is asked about a longer one.
  public var tokenBytes = 16 << 10
  /// Bytes of an answer of the runtime that is no stream.
  public var refusalBytes = 64 << 10
  /// Of the sockets.
  public var http: HTTPServerLimits

  /// The defaults.
  public init() {
    http = HTTPServerLimits()
    http.connections = 4_000
    http.bodyBytes = 64 << 10
  }
}
