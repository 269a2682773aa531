public import Client
public import ContainerRuntime
public import HTTP
public import NIOCore

/// The kubelet's own port: logs, commands in containers, and what the node uses, for the API server and for those who
/// collect metrics.
public final class KubeletServer: Sendable {
  /// Where a kubelet's port usually is.
  public static let usualPort = 10_250
  /// Where others on the same machine ask whether it is well.
  public static let usualHealthPort = 10_248

  private let server: HTTPServer

  private init(_ server: HTTPServer) { self.server = server }

  /// Starts the port.
  /// - Parameters:
  ///   - identity: what the port shows its clients; without one it is plain HTTP, for tests.
  ///   - agent: the kubelet behind it.
  ///   - access: who may use it; `APIAccess` asks the API server.
  public static func start(
    host: String, port: Int = usualPort, identity: TLSIdentity?, nodeName: String, agent: any NodeAgent,
    runtime: any ContainerRuntime, access: any KubeletAccess,
    limits: KubeletServerLimits = KubeletServerLimits(), time: any TimeSource = SystemTime(),
    on group: any EventLoopGroup
  ) async throws -> KubeletServer {
    let handler = KubeletHandler(
      agent: agent, runtime: runtime, access: access, tunnels: StreamTunnels(limits: limits, group: group),
      counters: RequestCounters(), time: time, nodeName: nodeName)
    return KubeletServer(
      try await HTTPServer.start(
        on: group, host: host, port: port, identity: identity, limits: limits.http, handler: handler))
  }

  /// Starts the plain port on which `/healthz` says whether the kubelet is well, without asking who wants to know.
  public static func startHealth(
    host: String = "127.0.0.1", port: Int = usualHealthPort, agent: any NodeAgent,
    limits: KubeletServerLimits = KubeletServerLimits(), on group: any EventLoopGroup
  ) async throws -> KubeletServer {
    KubeletServer(
      try await HTTPServer.start(
        on: group, host: host, port: port, identity: nil, limits: limits.http,
        handler: HealthHandler(agent: agent)))
  }

  /// The port that is in use.
  public var port: Int { server.port }

  /// Shows another certificate from the next connection on.
  public func reload(_ identity: TLSIdentity) throws { try server.reload(identity) }

  /// Takes no more connections and ends what is under way.
  public func stop() async { await server.stop(grace: .seconds(2)) }
}

/// Says whether the kubelet is well, and nothing else.
struct HealthHandler: HTTPExchangeHandler {
  let agent: any NodeAgent

  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard request.target == "/healthz" else { return .text(404, "404 page not found\n") }
    guard request.method == "GET" || request.method == "HEAD" else {
      return .text(405, "405: Method Not Allowed")
    }
    guard let problem = await agent.problem() else { return .text(200, "ok") }
    return .text(500, "internal server error: \(problem)\n")
  }
}
