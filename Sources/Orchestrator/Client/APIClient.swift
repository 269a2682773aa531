public import Exchange
public import Objects

/// A typed way to an API server: requests by resource, answers as JSON, failures as `StatusError`. What keeps a request
/// from being answered at all is a failure with code 503.
public struct APIClient: Sendable {
  /// How a patch changes an object.
  public enum PatchKind: String, Sendable, Hashable {
    /// A list of operations (RFC 6902).
    case json = "application/json-patch+json"
    /// A partial object (RFC 7386).
    case merge = "application/merge-patch+json"
    /// A partial object; lists are merged as the object's schema says.
    case strategic = "application/strategic-merge-patch+json"
    /// The fields that the manager wants (server-side apply).
    case apply = "application/apply-patch+yaml"
  }

  /// All objects that a list has found.
  public struct List: Sendable {
    /// The objects; each with its kind and version.
    public var items: [JSON]
    /// Where a watch continues.
    public var resourceVersion: String
  }

  private let transport: any APITransport
  private let headers: [(name: String, value: String)]
  private let credentials: APIRequest.Credentials

  /// A client.
  ///
  /// - Parameters:
  ///   - userAgent: names the component, such as `raftkv/v1 controller-manager`.
  ///   - user: as whom a component of this process speaks.
  ///   - token: a bearer token, for a server that is not within this process.
  public init(transport: any APITransport, userAgent: String, user: UserInfo? = nil, token: String? = nil) {
    self.transport = transport
    credentials = user.map { .user($0) } ?? .none
    var headers = [(name: "user-agent", value: userAgent), (name: "accept", value: "application/json")]
    if let token { headers.append((name: "authorization", value: "Bearer \(token)")) }
    self.headers = headers
  }

  // MARK: Reading

  /// An object, or its subresource such as `scale`.
  public func get(
    _ resource: Resource, namespace: String = "", name: String, subresource: String = ""
  ) async throws(StatusError) -> JSON {
    try await request("GET", Self.path(resource, namespace: namespace, name: name, subresource: subresource))
  }

  /// All objects, page by page; in all namespaces if none is named.
  public func list(
    _ resource: Resource, namespace: String = "", labelSelector: String = "", fieldSelector: String = ""
  ) async throws(StatusError) -> List {
    let path = Self.path(resource, namespace: namespace)
    let selectors = Self.selectors(labels: labelSelector, fields: fieldSelector)
    var limit = ClientLimits.pageSize
    var list = List(items: [], resourceVersion: "")
    var continueToken = ""
    while true {
      var query = selectors
      if limit > 0 { query.append((name: "limit", value: String(limit))) }
      if !continueToken.isEmpty { query.append((name: "continue", value: continueToken)) }
      let page: JSON
      do throws(StatusError) {
        page = try await request("GET", path, query: query)
      } catch {
        // The pages that are left are too old: all at once is what cannot grow old.
        guard error.isExpired, !continueToken.isEmpty else { throw error }
        list.items = []
        continueToken = ""
        limit = 0
        continue
      }
      for item in page["items"]?.array ?? [] { list.items.append(Self.typed(item, as: resource)) }
      list.resourceVersion = page["metadata", "resourceVersion"]?.string ?? ""
      continueToken = page["metadata", "continue"]?.string ?? ""
      if continueToken.isEmpty { return list }
    }
  }

  /// Objects in lists may leave out their kind.
  private static func typed(_ item: JSON, as resource: Resource) -> JSON {
    guard item["kind"] == nil else { return item }
    var item = item
    item["kind"] = .string(resource.kind)
    item["apiVersion"] = .string(resource.apiVersion)
    return item
  }

  /// Watches objects from a resource version on.
  ///
  /// - Parameters:
  ///   - resourceVersion: where to begin; empty for now, after what there is.
  ///   - sendInitialEvents: whether what there is comes first, followed by a bookmark that says so.
  public func watch(
    _ resource: Resource, namespace: String = "", labelSelector: String = "", fieldSelector: String = "",
    resourceVersion: String = "", sendInitialEvents: Bool = false, timeoutSeconds: Int? = nil
  ) async throws(StatusError) -> APIWatch {
    var query = Self.selectors(labels: labelSelector, fields: fieldSelector)
    query.append((name: "watch", value: "true"))
    query.append((name: "allowWatchBookmarks", value: "true"))
    if !resourceVersion.isEmpty { query.append((name: "resourceVersion", value: resourceVersion)) }
    if sendInitialEvents {
      query.append((name: "sendInitialEvents", value: "true"))
      query.append((name: "resourceVersionMatch", value: "NotOlderThan"))
    }
    if let timeoutSeconds { query.append((name: "timeoutSeconds", value: String(timeoutSeconds))) }
    let path = Self.path(resource, namespace: namespace)
    let response = try await send("GET", path, query: query, headers: [], body: [])
    guard response.status == 200 else { throw try await Self.failure(response) }
    return APIWatch(response.body)
  }

  // MARK: Writing

  /// Makes an object, by default in the namespace that it names.
  @discardableResult
  public func create(
    _ resource: Resource, namespace: String? = nil, _ object: JSON
  ) async throws(StatusError) -> JSON {
    let namespace = namespace ?? object["metadata", "namespace"]?.string ?? ""
    return try await request("POST", Self.path(resource, namespace: namespace), body: object)
  }

  /// Posts to a subresource of an object, such as `binding`, `eviction` or `token`.
  @discardableResult
  public func create(
    _ resource: Resource, namespace: String, name: String, subresource: String, _ object: JSON
  ) async throws(StatusError) -> JSON {
    let path = Self.path(resource, namespace: namespace, name: name, subresource: subresource)
    return try await request("POST", path, body: object)
  }

  /// Replaces an object or what a subresource shows of it; fails with a conflict if its resource version is not that
  /// of the object now.
  @discardableResult
  public func update(
    _ resource: Resource, _ object: JSON, subresource: String = ""
  ) async throws(StatusError) -> JSON {
    let key = ObjectKey(object)
    let path = Self.path(resource, namespace: key.namespace, name: key.name, subresource: subresource)
    return try await request("PUT", path, body: object)
  }

  /// Replaces an object's status.
  @discardableResult
  public func updateStatus(_ resource: Resource, _ object: JSON) async throws(StatusError) -> JSON {
    try await update(resource, object, subresource: "status")
  }

  /// Changes an object. Server-side apply needs a field manager, and with `force` takes over others' fields.
  @discardableResult
  public func patch(
    _ resource: Resource, namespace: String = "", name: String, kind: PatchKind, subresource: String = "",
    fieldManager: String = "", force: Bool = false, _ patch: JSON
  ) async throws(StatusError) -> JSON {
    var query: [(name: String, value: String)] = []
    if !fieldManager.isEmpty { query.append((name: "fieldManager", value: fieldManager)) }
    if force { query.append((name: "force", value: "true")) }
    let path = Self.path(resource, namespace: namespace, name: name, subresource: subresource)
    return try await request("PATCH", path, query: query, contentType: kind.rawValue, body: patch)
  }

  /// Deletes an object; see `deleteOptions` for what can be asked for.
  /// - Returns: the object if it waits for something, or a Status.
  @discardableResult
  public func delete(
    _ resource: Resource, namespace: String = "", name: String, options: JSON? = nil
  ) async throws(StatusError) -> JSON {
    try await request("DELETE", Self.path(resource, namespace: namespace, name: name), body: options)
  }

  /// Deletes all objects that the selectors match.
  @discardableResult
  public func deleteCollection(
    _ resource: Resource, namespace: String = "", labelSelector: String = "", fieldSelector: String = "",
    options: JSON? = nil
  ) async throws(StatusError) -> JSON {
    let query = Self.selectors(labels: labelSelector, fields: fieldSelector)
    return try await request("DELETE", Self.path(resource, namespace: namespace), query: query, body: options)
  }

  /// Deletes a pod if its disruption budgets allow; else fails with 429.
  public func evict(namespace: String, pod: String, options: JSON? = nil) async throws(StatusError) {
    var eviction: JSON = [
      "apiVersion": "policy/v1", "kind": "Eviction",
      "metadata": ["name": .string(pod), "namespace": .string(namespace)],
    ]
    if let options { eviction["deleteOptions"] = options }
    try await request("POST", "/api/v1/namespaces/\(namespace)/pods/\(pod)/eviction", body: eviction)
  }

  /// DeleteOptions.
  ///
  /// - Parameters:
  ///   - propagation: `Background`, `Foreground` or `Orphan`; the server's default if nil.
  ///   - uid: deletes no other object of this name.
  public static func deleteOptions(
    gracePeriodSeconds: Int64? = nil, propagation: String? = nil, uid: String? = nil,
    resourceVersion: String? = nil
  ) -> JSON {
    var options: JSON = ["apiVersion": "v1", "kind": "DeleteOptions"]
    if let gracePeriodSeconds { options["gracePeriodSeconds"] = .integer(gracePeriodSeconds) }
    if let propagation { options["propagationPolicy"] = .string(propagation) }
    if let uid { options["preconditions", "uid"] = .string(uid) }
    if let resourceVersion { options["preconditions", "resourceVersion"] = .string(resourceVersion) }
    return options
  }

  // MARK: Requests

  /// Sends a request to any path of the server, and reads its answer as JSON.
  @discardableResult
  public func request(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [],
    contentType: String = "application/json", body: JSON? = nil
  ) async throws(StatusError) -> JSON {
    let type = body == nil ? [] : [(name: "content-type", value: contentType)]
    let response = try await send(
      method, path, query: query, headers: type, body: body?.serialized() ?? [])
    guard (200..<300).contains(response.status) else { throw try await Self.failure(response) }
    let bytes = try await Self.bytes(response)
    do {
      return try JSON.parse(bytes)
    } catch {
      throw .unavailable("the server's answer to \(method) \(path) is no JSON: \(error)")
    }
  }

  private func send(
    _ method: String, _ path: String, query: [(name: String, value: String)],
    headers more: [(name: String, value: String)], body: [UInt8]
  ) async throws(StatusError) -> APIResponse {
    let request = APIRequest(
      method: method, path: path, query: query, headers: headers + more, body: body, credentials: credentials)
    do {
      return try await transport.send(request)
    } catch let error as StatusError {
      throw error
    } catch {
      throw .unavailable("\(method) \(path): \(error)")
    }
  }

  private static func bytes(_ response: APIResponse) async throws(StatusError) -> [UInt8] {
    // The usual answer of one part is not copied.
    if case .parts(let parts) = response.body, parts.count == 1, let only = parts.first { return only }
    do {
      return try await response.body.bytes(limit: ClientLimits.answerBytes)
    } catch {
      throw .unavailable("the server's answer cannot be read: \(error)")
    }
  }

  /// What an answer says that is no success.
  private static func failure(_ response: APIResponse) async throws(StatusError) -> StatusError {
    let bytes = try await bytes(response)
    if let status = try? JSON.parse(bytes), status["kind"]?.string == "Status" {
      return StatusError(status: status)
    }
    let text = String(decoding: bytes.prefix(ClientLimits.quotedBytes), as: UTF8.self)
    let reason = response.status == 404 ? "NotFound" : ""
    return StatusError(
      code: response.status, reason: reason,
      message: text.isEmpty ? "the server answered with status \(response.status)" : text)
  }

  /// A resource's path, or that of an object or of a subresource.
  public static func path(
    _ resource: Resource, namespace: String = "", name: String = "", subresource: String = ""
  ) -> String {
    var path = resource.group.isEmpty ? "/api/" : "/apis/\(resource.group)/"
    path += resource.version
    if resource.isNamespaced, !namespace.isEmpty { path += "/namespaces/\(namespace)" }
    path += "/\(resource.resource)"
    if !name.isEmpty { path += "/\(name)" }
    if !subresource.isEmpty { path += "/\(subresource)" }
    return path
  }

  private static func selectors(labels: String, fields: String) -> [(name: String, value: String)] {
    var query: [(name: String, value: String)] = []
    if !labels.isEmpty { query.append((name: "labelSelector", value: labels)) }
    if !fields.isEmpty { query.append((name: "fieldSelector", value: fields)) }
    return query
  }
}
