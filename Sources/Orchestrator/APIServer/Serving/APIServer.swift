public import Access
public import Exchange
import Objects
public import Registry

/// An API server without its sockets: requests to answers, for the listener and for components of this process alike.
public final class APIServer: APITransport {
  let registry: Registry
  let authenticator: RequestAuthenticator
  let authorizer: any Authorizer
  let reviews: Reviews
  let options: ServerOptions
  let environment: ServerEnvironment
  let documents: ServerDocuments
  let metrics = ServerMetrics()
  private let reads: FairQueue
  private let writes: FairQueue
  let watches: WatchBudget

  /// A server over a registry.
  public init(
    registry: Registry, authenticator: RequestAuthenticator, authorizer: any Authorizer, reviews: Reviews,
    options: ServerOptions = ServerOptions(), environment: ServerEnvironment
  ) {
    self.registry = registry
    self.authenticator = authenticator
    self.authorizer = authorizer
    self.reviews = reviews
    self.options = options
    self.environment = environment
    documents = ServerDocuments(
      Resource.builtIn, computed: environment.computed?.resources ?? [], options: options)
    reads = FairQueue(
      limit: options.readsInFlight, waiting: options.waitingRequests, perUser: options.waitingRequestsPerUser)
    writes = FairQueue(
      limit: options.writesInFlight, waiting: options.waitingRequests, perUser: options.waitingRequestsPerUser
    )
    watches = WatchBudget(limit: options.watches, perUser: options.watchesPerUser)
  }

  /// The way to this server for a component of the process, as this user.
  public func transport(as user: UserInfo) -> any APITransport { LocalTransport(server: self, user: user) }

  /// Answers a request.
  public func send(_ request: APIRequest) async -> APIResponse {
    let start = ContinuousClock.now
    let info = RequestInfo(request)
    var user = UserInfo.anonymous
    var response: APIResponse
    do throws(StatusError) {
      response = try await answer(request, info, &user)
    } catch {
      response = Self.failure(error)
    }
    if request.method == "HEAD" { response.body = .parts([]) }
    let auditID = Self.auditID(of: request) ?? environment.newID()
    response.headers.append((name: "audit-id", value: auditID))
    record(request, info, user, response, since: start, auditID: auditID)
    return response
  }

  private func record(
    _ request: APIRequest, _ info: RequestInfo, _ user: UserInfo, _ response: APIResponse,
    since start: ContinuousClock.Instant, auditID: String
  ) {
    let elapsed = ContinuousClock.now - start
    var bytes = 0
    if case .parts(let parts) = response.body { for part in parts { bytes += part.count } }
    metrics.record(info, code: response.status, seconds: elapsed / .seconds(1), bytes: bytes)
    // Whoever asks whether the server is ready hears that it is not.
    let isCheck = ["/readyz", "/livez", "/healthz"].contains { request.path.hasPrefix($0) }
    if response.status >= 500 && !isCheck || elapsed > options.slowCall && !info.isLongRunning
      || response.status == 401
    {
      // Quoted, so that nobody writes lines of their own.
      environment.log(
        "\(GoFormat.quoted(request.method + " " + request.path)) by \(GoFormat.quoted(user.name)) "
          + "from \(request.remoteAddress): \(response.status) in \(elapsed), audit id \(auditID)")
    }
  }

  /// What the client calls the request, if that is a name (Kubernetes API: the header `Audit-ID`).
  private static func auditID(of request: APIRequest) -> String? {
    guard let id = request.header("audit-id"), (1...64).contains(id.utf8.count),
      id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
    else { return nil }
    return id
  }

  /// A failure as it is sent.
  static func failure(_ error: StatusError) -> APIResponse {
    var headers: [(name: String, value: String)] = []
    if let seconds = error.status["details", "retryAfterSeconds"]?.integer, seconds > 0 {
      headers.append((name: "retry-after", value: String(seconds)))
    }
    return APIResponse(
      status: error.code, contentType: "application/json",
      bytes: error.status.serialized() + [UInt8(ascii: "\n")],
      headers: headers)
  }

  // MARK: Who asks, and whether they may

  private func answer(
    _ request: APIRequest, _ info: RequestInfo, _ user: inout UserInfo
  ) async throws(StatusError) -> APIResponse {
    guard request.body.count <= options.bodyBytes else { throw .requestTooLarge(limit: options.bodyBytes) }
    guard let (caller, _) = try await authenticator.authenticate(request) else { throw .unauthorized }
    user = caller
    if let impersonation = try Impersonation(request, by: caller) {
      try await impersonation.authorize(with: authorizer)
      user = impersonation.user
    }
    if let response = await health(request, user) { return response }

    if info.isResource,
      let resource = Resource.builtIn(group: info.group, version: info.version, resource: info.resource)
    {
      // Before permissions are looked at: they would be those of the namespace that the path names.
      guard info.fits(resource) else { throw .noSuchPath }
      guard info.allows(resource) else { throw .methodNotAllowed }
    }
    let attributes = info.attributes(user)
    let decision = await authorizer.authorize(attributes)
    guard decision.isAllowed else { throw forbidden(attributes, decision) }
    if let also = info.furtherVerb {
      var further = attributes
      further.verb = also
      let decision = await authorizer.authorize(further)
      guard decision.isAllowed else { throw forbidden(further, decision) }
    }

    // Those who keep the cluster going do not wait behind others.
    if info.isLongRunning || user.groups.contains("system:masters") {
      return try await dispatch(request, info, user)
    }
    let queue = info.isMutating ? writes : reads
    try await queue.enter(user.name)
    defer { queue.leave() }
    return try await dispatch(request, info, user)
  }

  private func forbidden(_ attributes: Attributes, _ decision: Decision) -> StatusError {
    let text = attributes.denial(reason: decision.reason)
    guard attributes.isResource else {
      return StatusError(code: 403, reason: "Forbidden", message: "forbidden: " + text, details: [:])
    }
    var details: JSON = [:]
    if !attributes.name.isEmpty { details["name"] = .string(attributes.name) }
    if !attributes.group.isEmpty { details["group"] = .string(attributes.group) }
    details["kind"] = .string(attributes.resource)
    let resource =
      attributes.group.isEmpty ? attributes.resource : attributes.resource + "." + attributes.group
    let subject = attributes.name.isEmpty ? resource : resource + " \"" + attributes.name + "\""
    return StatusError(
      code: 403, reason: "Forbidden", message: subject + " is forbidden: " + text, details: details)
  }

  // MARK: What is asked

  private func dispatch(
    _ request: APIRequest, _ info: RequestInfo, _ user: UserInfo
  ) async throws(StatusError) -> APIResponse {
    guard info.isResource else { return try path(request) }
    guard let resource = Resource.builtIn(group: info.group, version: info.version, resource: info.resource)
    else {
      if let answer = await environment.computed?.answer(request) { return answer }
      let isKnown = Resource.builtIn.contains { $0.group == info.group && $0.version == info.version }
      if isKnown { throw .noSuchPath }
      return ServerDocuments.notFound
    }
    if !info.subresource.isEmpty, resource[subresource: info.subresource] == nil { throw .noSuchPath }
    switch resource.group {
    case "authentication.k8s.io", "authorization.k8s.io":
      return try await review(request, info, resource, user)
    default: break
    }
    if resource.resource == "componentstatuses" { return await componentStatuses(request, info, resource) }
    return try await handle(request, info, resource, user)
  }

  private func path(_ request: APIRequest) throws(StatusError) -> APIResponse {
    let path =
      request.path.count > 1 && request.path.hasSuffix("/") ? String(request.path.dropLast()) : request.path
    guard ["GET", "HEAD"].contains(request.method) else { throw .methodNotAllowed }
    switch path {
    case "/": return ServerDocuments.json(documents.rootPaths(Resource.builtIn))
    case "/version": return ServerDocuments.json(documents.version)
    case "/metrics":
      return APIResponse(
        status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
        bytes: Array(metrics.text(inFlight: (reads.count, writes.count), watches: watches.count).utf8))
    case "/.well-known/openid-configuration":
      return environment.openID.map { ServerDocuments.json($0.configuration) } ?? ServerDocuments.notFound
    case "/openid/v1/jwks":
      return environment.openID.map { ServerDocuments.json($0.keys, contentType: "application/jwk-set+json") }
        ?? ServerDocuments.notFound
    case "/openapi/v2": return documents.openAPIv2(request)
    case _ where path == "/openapi/v3" || path.hasPrefix("/openapi/v3/"): return documents.openAPI(request)
    default: return documents.discovery(request) ?? ServerDocuments.notFound
    }
  }

  // MARK: Health

  /// `/healthz`, `/livez`, `/readyz` and their single checks; nil for other paths. Anybody may ask whom RBAC lets.
  private func health(_ request: APIRequest, _ user: UserInfo) async -> APIResponse? {
    let parts = request.path.split(separator: "/").map(String.init)
    guard let kind = parts.first, ["healthz", "livez", "readyz"].contains(kind), parts.count <= 2 else {
      return nil
    }
    let decision = await authorizer.authorize(
      Attributes(user: user, verb: request.method.lowercased(), path: request.path))
    guard decision.isAllowed || environment.pending().contains("rbac") else { return nil }
    let excluded = Set(request.query.filter { $0.name == "exclude" }.map(\.value))
    let pending = environment.pending()
    var checks: [(name: String, isGood: Bool)] = [
      ("ping", true), ("etcd", await environment.storeIsHealthy()),
    ]
    if kind == "readyz" {
      checks += ["rbac", "bootstrap"].map { ("poststarthook/" + $0, !pending.contains($0)) }
    }
    checks.removeAll { excluded.contains($0.name) }
    if parts.count == 2 {
      guard let check = checks.first(where: { $0.name == parts[1] }) else { return ServerDocuments.notFound }
      return ServerDocuments.text(
        check.isGood ? 200 : 500, check.isGood ? "ok" : "internal server error: \(check.name) failed\n")
    }
    let isGood = checks.allSatisfy(\.isGood)
    let isVerbose = request.parameter("verbose") != nil
    if isGood, !isVerbose { return ServerDocuments.text(200, "ok") }
    var text = ""
    for check in checks {
      text += check.isGood ? "[+]\(check.name) ok\n" : "[-]\(check.name) failed: reason withheld\n"
    }
    text += isGood ? "\(kind) check passed\n" : "\(kind) check failed\n"
    return ServerDocuments.text(isGood ? 200 : 500, text)
  }

  private func componentStatuses(
    _ request: APIRequest, _ info: RequestInfo, _ resource: Resource
  ) async -> APIResponse {
    let isGood = await environment.storeIsHealthy()
    let item: JSON = [
      "kind": "ComponentStatus", "apiVersion": "v1", "metadata": ["name": "etcd-0"],
      "conditions": [
        [
          "type": "Healthy", "status": isGood ? "True" : "False",
          "message": isGood ? "ok" : "the store does not answer",
        ]
      ],
    ]
    if info.name == "etcd-0", info.verb == "get" { return ServerDocuments.json(item) }
    if !info.name.isEmpty, info.verb == "get" { return Self.failure(.notFound(resource, name: info.name)) }
    guard info.verb == "list" else { return Self.failure(.methodNotAllowed) }
    if let wanted = try? Representation(accept: request.header("accept"), shapes: [.table]),
      wanted.shape == .table
    {
      return ServerDocuments.json(
        Tables.printer(group: "", kind: "ComponentStatus").table(
          of: [item], listMetadata: [:], now: environment.now()))
    }
    return ServerDocuments.json([
      "kind": "ComponentStatusList", "apiVersion": "v1", "metadata": [:], "items": [item],
    ])
  }
}

/// A call within the process, under a component's own name.
private struct LocalTransport: APITransport {
  let server: APIServer
  let user: UserInfo

  func send(_ request: APIRequest) async throws -> APIResponse {
    var request = request
    request.credentials = .user(user)
    return await server.send(request)
  }
}
