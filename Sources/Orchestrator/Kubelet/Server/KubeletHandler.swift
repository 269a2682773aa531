import Client
import ContainerRuntime
import Exchange
import HTTP
import NIOCore
import Objects

/// Answers the requests to the kubelet's port.
struct KubeletHandler: HTTPExchangeHandler {
  let agent: any NodeAgent
  let runtime: any ContainerRuntime
  let access: any KubeletAccess
  let tunnels: StreamTunnels
  let counters: RequestCounters
  let time: any TimeSource
  let nodeName: String

  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    let parsed = HTTPRequest(method: request.method, target: request.target)
    if let refusal = await refusal(request, path: parsed.path) { return count(refusal, "") }
    let route: KubeletRoute
    do throws(KubeletRoute.Failure) {
      route = try KubeletRoute(method: request.method, path: parsed.path)
    } catch {
      let answer: HTTPServerResponse =
        switch error {
        case .notFound: .text(404, "404: Page Not Found")
        case .methodNotAllowed: .text(405, "405: Method Not Allowed")
        }
      return count(answer, "")
    }
    do throws(StatusError) {
      return count(try await answer(route, request, parsed.query), route.name)
    } catch {
      return count(.text(error.code, error.message), route.name)
    }
  }

  private func count(_ answer: HTTPServerResponse, _ path: String) -> HTTPServerResponse {
    counters.add(path: path, status: answer.status)
    return answer
  }

  // MARK: Who may

  private func refusal(_ request: HTTPServerRequest, path: String) async -> HTTPServerResponse? {
    let token = Self.token(request.header("authorization"))
    guard let user = await access.user(certificates: request.peerCertificates, token: token) else {
      return .text(401, "Unauthorized")
    }
    let permission = NodePermission(method: request.method, path: path)
    func text(_ what: String) -> String {
      "\(what) (user=\(user.name), verb=\(permission.verb), resource=nodes, "
        + "subresource(s)=[\(permission.subresources.joined(separator: " "))])\n"
    }
    do throws(StatusError) {
      return try await access.allows(user, permission) ? nil : .text(403, text("Forbidden"))
    } catch {
      return .text(500, text("Authorization error"))
    }
  }

  /// The token of `Bearer TOKEN`.
  static func token(_ header: String?) -> String? {
    guard let parts = header?.split(separator: " "), parts.count == 2, parts[0].lowercased() == "bearer"
    else {
      return nil
    }
    return String(parts[1])
  }

  // MARK: Answers

  private func answer(
    _ route: KubeletRoute, _ request: HTTPServerRequest, _ query: [(name: String, value: String)]
  ) async throws(StatusError) -> HTTPServerResponse {
    switch route {
    case .health(let check): return await health(check)
    case .pods: return .json(Self.list(await agent.pods()))
    case .runningPods: return .json(Self.list(try await runningPods()))
    case .containerLogs(let path): return try await logs(path, query)
    case .exec(let path):
      let streams = try Self.streams(query)
      let command = query.filter { $0.name == "command" }.map(\.value)
      let id = try await runningContainer(path)
      let address = try await RuntimeFailure.translated { () throws(RuntimeError) in
        try await runtime.exec(id, command: command, streams: streams)
      }
      return try await tunnels.open(request, to: address)
    case .attach(let path):
      let streams = try Self.streams(query)
      let id = try await runningContainer(path)
      let address = try await RuntimeFailure.translated { () throws(RuntimeError) in
        try await runtime.attach(id, streams: streams)
      }
      return try await tunnels.open(request, to: address)
    case .portForward(let namespace, let pod, let uid):
      return try await portForward(request, namespace, pod, uid, query)
    case .summary: return .json(StatsSummary.json(await usage(), nodeName: nodeName, now: time.now))
    case .resourceMetrics: return .metrics(ResourceMetrics.text(await usage()))
    case .containerMetrics: return .metrics(ContainerMetrics.text(await usage()))
    case .ownMetrics: return .metrics(counters.text(tunnels: tunnels.count))
    case .configuration: return .json(["kubeletconfig": await agent.configuration()])
    }
  }

  private func health(_ check: String) async -> HTTPServerResponse {
    guard check.isEmpty || check == "syncloop", let problem = await agent.problem() else {
      return .text(200, "ok")
    }
    return .text(500, "internal server error: \(problem)\n")
  }

  private static func list(_ pods: [JSON]) -> JSON {
    ["kind": "PodList", "apiVersion": "v1", "metadata": [:], "items": .array(pods)]
  }

  private func find(_ namespace: String, _ name: String) async -> PodContainers? {
    await agent.pods().map(PodContainers.init).first { $0.namespace == namespace && $0.name == name }
  }

  private func logs(
    _ path: KubeletRoute.ContainerPath, _ query: [(name: String, value: String)]
  ) async throws(StatusError) -> HTTPServerResponse {
    let options = try LogOptions(query: query, now: time.now)
    guard let pod = await find(path.namespace, path.pod) else {
      throw StatusError(code: 404, reason: "NotFound", message: "pod \"\(path.pod)\" does not exist")
    }
    guard pod.contains(path.container) else {
      throw StatusError(
        code: 404, reason: "NotFound",
        message: "container \"\(path.container)\" not found in pod \"\(path.pod)\"")
    }
    let id = try pod.logID(of: path.container, isPrevious: options.isPrevious)
    let runtime = runtime
    let status = try await RuntimeFailure.translated { () throws(RuntimeError) in
      try await runtime.containerStatus(id)
    }
    guard let file = LogFile(status.logPath) else {
      throw .badRequest("failed to open log file \"\(status.logPath)\"")
    }
    let stream = LogStream(file, path: status.logPath, options: options, time: time) {
      do throws(RuntimeError) {
        return try await runtime.containerStatus(id).state == .running
      } catch {
        // A runtime that is away for a moment does not end the log.
        return error.code != .notFound
      }
    }
    return HTTPServerResponse(
      status: 200, headers: [("content-type", "text/plain; charset=utf-8")], body: .stream(stream))
  }

  /// Those that have a sandbox that is ready, as the runtime knows them.
  private func runningPods() async throws(StatusError) -> [JSON] {
    let (sandboxes, containers) = try await RuntimeFailure.translated { () throws(RuntimeError) in
      let sandboxes = try await runtime.listPodSandboxes(PodSandboxFilter(state: .ready))
      return (sandboxes, try await runtime.listContainers(ContainerFilter(state: .running)))
    }
    let bySandbox = Dictionary(grouping: containers, by: \.sandboxID)
    return sandboxes.map { sandbox in
      let running: [JSON] = (bySandbox[sandbox.id] ?? []).map {
        ["name": .string($0.metadata.name), "image": .string($0.imageReference), "resources": [:]]
      }
      return [
        "metadata": [
          "name": .string(sandbox.metadata.name), "namespace": .string(sandbox.metadata.namespace),
          "uid": .string(sandbox.metadata.uid),
        ],
        "spec": ["containers": .array(running)], "status": [:],
      ]
    }
  }

  private func usage() async -> UsageSample {
    await UsageSample.read(agent: agent, runtime: runtime)
  }

  // MARK: Sessions

  /// Which streams a session has (kubelet: the query of exec and attach).
  static func streams(_ query: [(name: String, value: String)]) throws(StatusError) -> AttachedStreams {
    func flag(_ names: String...) -> Bool {
      query.contains { names.contains($0.name) && ($0.value == "1" || $0.value == "true") }
    }
    var streams = AttachedStreams(
      stdin: flag("input", "stdin"), stdout: flag("output", "stdout"), stderr: flag("error", "stderr"),
      tty: flag("tty"))
    // A terminal has one way out.
    if streams.tty { streams.stderr = false }
    guard streams.stdin || streams.stdout || streams.stderr else {
      throw .badRequest("you must specify at least 1 of stdin, stdout, stderr")
    }
    return streams
  }

  private func runningContainer(_ path: KubeletRoute.ContainerPath) async throws(StatusError) -> String {
    guard let pod = await find(path.namespace, path.pod), path.uid.isEmpty || path.uid == pod.uid else {
      throw StatusError(code: 404, reason: "NotFound", message: "pod does not exist")
    }
    guard let id = pod.runningID(of: path.container) else {
      throw StatusError(code: 500, reason: "", message: "container not found (\"\(path.container)\")")
    }
    return id
  }

  private func portForward(
    _ request: HTTPServerRequest, _ namespace: String, _ name: String, _ uid: String,
    _ query: [(name: String, value: String)]
  ) async throws(StatusError) -> HTTPServerResponse {
    let isWebSocket = request.header("upgrade")?.lowercased() == "websocket"
    let ports = isWebSocket ? try Self.ports(query) : []
    guard let pod = await find(namespace, name) else {
      throw StatusError(code: 404, reason: "NotFound", message: "pod does not exist")
    }
    guard uid.isEmpty || uid == pod.uid else {
      throw StatusError(code: 404, reason: "NotFound", message: "pod not found")
    }
    let sandboxes = try await RuntimeFailure.translated { () throws(RuntimeError) in
      try await runtime.listPodSandboxes(PodSandboxFilter(state: .ready))
    }
    let own = sandboxes.filter { $0.metadata.uid == pod.uid }.max { $0.createdAt < $1.createdAt }
    guard let own else {
      throw StatusError(code: 500, reason: "", message: "pod \"\(name)\" has no running sandbox")
    }
    let address = try await RuntimeFailure.translated { () throws(RuntimeError) in
      try await runtime.portForward(own.id, ports: ports)
    }
    return try await tunnels.open(request, to: address)
  }

  /// `port=80,443`, or several of it.
  static func ports(_ query: [(name: String, value: String)]) throws(StatusError) -> [Int32] {
    var ports: [Int32] = []
    for text in query.filter({ $0.name == "port" || $0.name == "ports" }).flatMap({
      $0.value.split(separator: ",")
    }) {
      guard let port = Int32(text), (1...65_535).contains(port) else {
        throw .badRequest("unable to parse \"\(text)\" as a port")
      }
      ports.append(port)
    }
    guard !ports.isEmpty else { throw .badRequest("query parameter \"port\" is required") }
    return ports
  }
}

/// The runtime's failures as clients of the port see them.
enum RuntimeFailure {
  static func translated<Value>(
    _ body: () async throws(RuntimeError) -> Value
  ) async throws(StatusError) -> Value {
    do throws(RuntimeError) {
      return try await body()
    } catch {
      let code =
        switch error.code {
        case .notFound: 404
        case .resourceExhausted: 429
        case .unavailable: 503
        default: 500
        }
      throw StatusError(code: code, reason: "", message: error.message)
    }
  }
}

extension HTTPServerResponse {
  static func json(_ value: JSON) -> HTTPServerResponse {
    HTTPServerResponse(
      status: 200, headers: [("content-type", "application/json")], body: .parts([value.serialized()]))
  }

  static func metrics(_ text: String) -> HTTPServerResponse {
    HTTPServerResponse(
      status: 200, headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
      body: .parts([Array(text.utf8)]))
  }
}

extension KubeletRoute {
  /// What metrics call it.
  var name: String {
    switch self {
    case .health: "healthz"
    case .pods: "pods"
    case .runningPods: "runningpods"
    case .containerLogs: "containerLogs"
    case .exec: "exec"
    case .attach: "attach"
    case .portForward: "portForward"
    case .summary: "stats/summary"
    case .resourceMetrics: "metrics/resource"
    case .containerMetrics: "metrics/cadvisor"
    case .ownMetrics: "metrics"
    case .configuration: "configz"
    }
  }
}
