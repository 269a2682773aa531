public import Exchange
public import HTTP
public import NIOCore
public import Objects
public import Registry
import RemoteAPI

/// The way of an API server to kubelets, pods and services, over HTTP.
public final class NodeGateway: NodeConnector {
  /// Whom to trust and as whom to speak, and how much at most.
  public struct Settings: Sendable {
    /// The certificate that kubelets are shown.
    public var identity: TLSIdentity?
    /// Who must have signed a kubelet's certificate; nil takes any, as kubelets by default sign their own.
    public var kubeletAuthorities: TLSRoots?
    /// Time until a kubelet has begun to answer; a session or a log then goes on for as long as it takes. What is
    /// proxied may take as long as its client waits.
    public var answerTimeout: TimeAmount = .seconds(30)
    /// Kubelets whose connections are kept for the next request.
    public var kubelets = 1_024
    /// Bytes that are read of an answer that says what went wrong.
    public var errorBytes = 8 << 10
    /// A number below the one given, by chance.
    public var choose: @Sendable (Int) -> Int

    /// Settings with usual values.
    public init(
      identity: TLSIdentity? = nil, kubeletAuthorities: TLSRoots? = nil,
      choose: @escaping @Sendable (Int) -> Int = { Int.random(in: 0..<$0) }
    ) {
      self.identity = identity
      self.kubeletAuthorities = kubeletAuthorities
      self.choose = choose
    }
  }

  private let settings: Settings
  private let group: any EventLoopGroup
  private let kubelets: KubeletClients

  /// A gateway; nothing is connected before the first request.
  public init(_ settings: Settings, on group: any EventLoopGroup) {
    self.settings = settings
    self.group = group
    kubelets = KubeletClients(settings, on: group)
  }

  /// Carries a request on and answers with what comes back.
  public func connect(
    _ target: Target, object: JSON, request: APIRequest, objects: any ObjectSource
  ) async throws(StatusError) -> APIResponse {
    switch (target.resource.kind, target.subresource) {
    case ("Pod", "log"): return try await log(target, object, request, objects)
    case ("Pod", "exec"), ("Pod", "attach"), ("Pod", "portforward"):
      return try await session(target, object, request, objects)
    case ("Pod", "proxy"), ("Service", "proxy"), ("Node", "proxy"):
      return try await proxy(target, object, request, objects)
    default: throw .noSuchPath
    }
  }

  // MARK: Kubelets

  private func kubelet(of pod: JSON, _ objects: any ObjectSource) async throws(StatusError) -> HTTPClient {
    let name = pod["spec", "nodeName"]?.string ?? ""
    guard let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes") else { throw .noSuchPath }
    guard let node = try await objects.get(nodes, namespace: "", name: name) else {
      throw .notFound(nodes, name: name)
    }
    return try kubelets.client(for: try .kubelet(node))
  }

  private func log(
    _ target: Target, _ pod: JSON, _ request: APIRequest, _ objects: any ObjectSource
  ) async throws(StatusError) -> APIResponse {
    let client = try await kubelet(of: pod, objects)
    guard let call = KubeletCall("log", of: pod, request) else { throw .noSuchPath }
    let response = try await Self.reach("error dialing backend") {
      try await client.send(
        HTTPClientRequest(method: "GET", target: call.target, headTimeout: self.settings.answerTimeout))
    }
    guard (200...206).contains(response.status) else {
      throw await failure(response, target)
    }
    return APIResponse(
      status: 200, headers: [(name: "content-type", value: "text/plain")],
      body: .stream(RelayedBody(body: response.body, client: client)))
  }

  /// What a kubelet says went wrong, as clients of the API see it.
  private func failure(_ response: HTTPClientResponse, _ target: Target) async -> StatusError {
    var text = String(
      decoding: (try? await response.body.bytes(limit: settings.errorBytes)) ?? [], as: UTF8.self)
    while text.hasSuffix("\n") { text.removeLast() }
    switch response.status {
    case 400: return .badRequest(text)
    case 500: return .internalError(text)
    case 404:
      return StatusError(
        code: 404, reason: "NotFound", message: text.isEmpty ? "the server could not find it" : text,
        details: ["kind": "pods", "name": .string(target.name)])
    default:
      return StatusError(
        code: response.status >= 400 ? response.status : 500, reason: "InternalError",
        message: "the kubelet answered \(response.status): \(text)")
    }
  }

  private func session(
    _ target: Target, _ pod: JSON, _ request: APIRequest, _ objects: any ObjectSource
  ) async throws(StatusError) -> APIResponse {
    guard let name = request.header("upgrade"), Self.isUpgrade(request) else {
      throw .badRequest("Upgrade request required")
    }
    guard let call = KubeletCall(target.subresource, of: pod, request) else { throw .noSuchPath }
    let client = try await kubelet(of: pod, objects)
    var headers = ProxyHeaders.session(request)
    if name.lowercased() == "websocket" {
      let offered = WebSocketHandshake.protocols(request.headers)
      if target.subresource == "portforward", offered.contains(PortForwardTunnel.name) {
        return try await portForward(client, call, request)
      }
      // Container runtimes know none of what was agreed on after their time: clients that know more go on with that,
      // and the others try SPDY.
      let known = offered.filter { $0 != Self.newest }
      guard !known.isEmpty || offered.isEmpty else {
        throw .badRequest("unable to upgrade: \(Self.newest) is not served; SPDY/3.1 is")
      }
      if known.count < offered.count {
        headers.removeAll { $0.name == "sec-websocket-protocol" }
        headers.append((name: "sec-websocket-protocol", value: known.joined(separator: ", ")))
      }
    }
    return try await upgrade(
      client, "error dialing backend", to: name,
      HTTPClientRequest(
        method: request.method, target: call.target, headers: headers, headTimeout: settings.answerTimeout))
  }

  /// The protocol of sessions over WebSockets that has a signal for the end of the input.
  private static let newest = "v5.channel.k8s.io"

  private func portForward(
    _ client: HTTPClient, _ call: KubeletCall, _ request: APIRequest
  ) async throws(StatusError) -> APIResponse {
    guard
      let headers = WebSocketHandshake.answer(to: request.headers, protocol: PortForwardTunnel.name)
    else { throw .badRequest("this is no request for a WebSocket") }
    let outgoing = HTTPClientRequest(
      method: "POST", target: call.target,
      headers: [(name: "x-stream-protocol-version", value: PortForwardTunnel.streamProtocol)],
      headTimeout: settings.answerTimeout)
    switch try await Self.reach(
      "error dialing backend", { try await client.upgrade(outgoing, to: "SPDY/3.1") })
    {
    case .answered(let response): return Self.passedOn(response, client)
    case .switched(_, let tunnel):
      return APIResponse(
        status: 101, headers: [(name: "upgrade", value: "websocket")] + headers,
        body: .upgrade { stream in
          await PortForwardTunnel.run(stream, tunnel)
          withExtendedLifetime(client) {}
        })
    }
  }

  // MARK: What anybody may serve

  private func proxy(
    _ target: Target, _ object: JSON, _ request: APIRequest, _ objects: any ObjectSource
  ) async throws(StatusError) -> APIResponse {
    guard let name = ProxiedName(target.name) else { throw .badRequest("\(target.name) names no object") }
    let (prefix, rest) = ProxyPath.split(request.path, segments: target.namespace.isEmpty ? 5 : 7)
    if rest.isEmpty, ["GET", "HEAD"].contains(request.method), !Self.isUpgrade(request) {
      // Relative links of the first page would lead beside it.
      return APIResponse(
        status: 301, headers: [(name: "location", value: ProxyPath.target(prefix + "/", request.query))],
        body: .parts([]))
    }
    let (place, client) = try await place(target, name, object, objects)
    let outgoing = HTTPClientRequest(
      method: request.method, target: ProxyPath.target(rest.isEmpty ? "/" : rest, request.query),
      headers: ProxyHeaders.request(
        request, prefix: ProxyPath.target(prefix, []), rest: ProxyPath.target(rest, [])),
      body: request.body)
    if let name = request.header("upgrade"), Self.isUpgrade(request) {
      return try await upgrade(client, "error trying to reach service", to: name, outgoing)
    }
    let response = try await Self.reach("error trying to reach service") {
      try await client.send(outgoing)
    }
    var answer = Self.passedOn(response, client)
    for index in answer.headers.indices where answer.headers[index].name == "location" {
      answer.headers[index].value = ProxyHeaders.location(
        answer.headers[index].value, host: place.authority, prefix: ProxyPath.target(prefix, []))
    }
    return answer
  }

  private func place(
    _ target: Target, _ name: ProxiedName, _ object: JSON, _ objects: any ObjectSource
  ) async throws(StatusError) -> (ProxyTarget, HTTPClient) {
    switch target.resource.kind {
    case "Node":
      var place = try ProxyTarget.kubelet(object)
      let isKubelet = name.port.isEmpty || name.port == String(place.port)
      if isKubelet { return (place, try kubelets.client(for: place)) }
      guard let port = Int(name.port), (1...65_535).contains(port), ProxyTarget.isProxyable(place.host) else {
        throw .badRequest("address not allowed")
      }
      place.port = port
      place.isSecure = name.isSecure ?? false
      return (place, try client(for: place))
    case "Service":
      guard
        let resource = Resource.builtIn(
          group: "discovery.k8s.io", version: "v1", resource: "endpointslices")
      else { throw .noSuchPath }
      let slices = try await objects.list(resource, namespace: target.namespace)
      let place = try ProxyTarget.service(object, name, slices: slices, choose: settings.choose)
      return (place, try client(for: place))
    default:
      let place = try ProxyTarget.pod(object, name)
      return (place, try client(for: place))
    }
  }

  /// A client for one request: whoever serves pods and services may be another the next time.
  private func client(for place: ProxyTarget) throws(StatusError) -> HTTPClient {
    var tls = HTTPClient.TLS(roots: .system)
    // Their certificates are for names that the API server does not know.
    tls.skipsVerification = true
    do {
      return try HTTPClient(
        host: place.host, port: place.port, security: place.isSecure ? .tls(tls) : .plain(.http1), on: group)
    } catch {
      throw .internalError("\(error)")
    }
  }

  // MARK: Answers

  private static func isUpgrade(_ request: APIRequest) -> Bool {
    request.headers.contains {
      $0.name == "connection"
        && $0.value.lowercased().split(separator: ",").contains { part in
          part.filter { $0 != " " } == "upgrade"
        }
    }
  }

  private static func reach<Answer: Sendable>(
    _ problem: String, _ body: () async throws -> Answer
  ) async throws(StatusError) -> Answer {
    do {
      return try await body()
    } catch {
      throw .unavailable("\(problem): \(error)")
    }
  }

  private func upgrade(
    _ client: HTTPClient, _ problem: String, to name: String, _ request: HTTPClientRequest
  ) async throws(StatusError) -> APIResponse {
    switch try await Self.reach(problem, { try await client.upgrade(request, to: name) }) {
    case .answered(let response): return Self.passedOn(response, client)
    case .switched(let headers, let tunnel):
      let taken = headers.first { $0.name == "upgrade" }?.value ?? name
      return APIResponse(
        status: 101, headers: [(name: "upgrade", value: taken)] + ProxyHeaders.answer(headers),
        body: .upgrade { stream in
          await Relay.run(TunnelStream(tunnel), stream)
          // The connection is the client's, which must last as long.
          withExtendedLifetime(client) {}
        })
    }
  }

  private static func passedOn(_ response: HTTPClientResponse, _ client: HTTPClient) -> APIResponse {
    APIResponse(
      status: response.status, headers: ProxyHeaders.answer(response.headers),
      body: .stream(RelayedBody(body: response.body, client: client)))
  }
}

/// A body that comes from elsewhere, and holds the client whose connection it comes over.
private struct RelayedBody: BodyStream {
  let body: HTTPClientBody
  let client: HTTPClient

  func next() async throws -> [UInt8]? { try await body.next() }
  func cancel() { body.cancel() }
}
