import HTTP
import Logging
import NIOCore
import Proxy

/// Ports of this node where load balancers ask whether a service has pods here.
actor HealthCheckServers: HealthCheckListener {
  private static let limits = {
    var limits = HTTPServerLimits()
    limits.bodyBytes = 4 << 10
    limits.connections = 256
    limits.idleTimeout = .seconds(30)
    limits.stallTimeout = .seconds(30)
    return limits
  }()

  private let group: any EventLoopGroup
  private let host: String
  private let logger: Logger
  private var servers: [Int: (server: HTTPServer, answer: Answer)] = [:]
  /// Ports whose failure has been told.
  private var missing: Set<Int> = []

  /// None at first.
  /// - Parameter host: the address of this node where they are.
  init(on group: any EventLoopGroup, host: String = "0.0.0.0", logger: Logger) {
    self.group = group
    self.host = host
    self.logger = logger
  }

  /// The ports that are listened on.
  var ports: Set<Int> { Set(servers.keys) }

  func serve(_ checks: [Int: HealthCheck]) async {
    for (port, running) in servers where checks[port] == nil {
      servers[port] = nil
      await running.server.stop(grace: .milliseconds(200))
    }
    missing.formIntersection(checks.keys)
    for (port, check) in checks.sorted(by: { $0.key < $1.key }) {
      if let running = servers[port] { running.answer.check.set(check) } else { await start(port, check) }
    }
  }

  private func start(_ port: Int, _ check: HealthCheck) async {
    let answer = Answer(check: Locked(check))
    do {
      servers[port] = (
        try await HTTPServer.start(on: group, host: host, port: port, limits: Self.limits, handler: answer),
        answer
      )
      missing.remove(port)
    } catch {
      // It is tried again, again and again.
      guard missing.insert(port).inserted else { return }
      logger.warning("health checks of \(check.service) cannot be answered on port \(port): \(error)")
    }
  }

  /// The same for whatever is asked.
  private struct Answer: HTTPExchangeHandler {
    let check: Locked<HealthCheck>

    func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
      let check = check.get()
      return HTTPServerResponse(status: check.status, headers: check.headers, body: .parts([check.body]))
    }
  }
}
