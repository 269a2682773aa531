public import Exchange
public import Objects

/// The ways to say what shall change about an object.
public enum PatchKind: String, Sendable, Hashable {
  /// RFC 6902.
  case json = "application/json-patch+json"
  /// RFC 7386.
  case merge = "application/merge-patch+json"
  /// Kubernetes' own, which knows the lists.
  case strategic = "application/strategic-merge-patch+json"
  /// Server-side apply.
  case apply = "application/apply-patch+yaml"
}

/// Calls of an API server over objects as JSON. What keeps a call from being answered is a failure with code 503.
public struct APIClient: Sendable {
  /// Objects of a list that are asked for at a time.
  public static let pageItems = 500
  /// The largest answer that is read, in bytes.
  public static let responseBytes = 512 << 20

  let transport: any APITransport
  private let userAgent: String

  /// A client that goes by this name in the server's records.
  public init(transport: any APITransport, userAgent: String) {
    self.transport = transport
    self.userAgent = userAgent
  }

  // MARK: Objects

  /// An object as it is now.
  public func get(
    _ resource: Resource, namespace: String = "", name: String, subresource: String = ""
  ) async throws(StatusError) -> JSON {
    try await call("GET", path(resource, namespace, name, subresource))
  }

  /// All objects of a resource, of one namespace or of all, and the version of the list.
  public func list(
    _ resource: Resource, namespace: String = "", labelSelector: String = "", fieldSelector: String = ""
  ) async throws(StatusError) -> (items: [JSON], resourceVersion: String) {
    var items: [JSON] = []
    var token = ""
    while true {
      var query = selectors(labelSelector, fieldSelector)
      query.append(("limit", String(Self.pageItems)))
      if !token.isEmpty { query.append(("continue", token)) }
      let page: JSON
      do throws(StatusError) {
        page = try await call("GET", path(resource, namespace), query: query)
      } catch  where error.isExpired && !token.isEmpty {
        items = []
        token = ""
        continue
      }
      // Items of a list leave their type out.
      items += (page["items"]?.array ?? []).map { item in
        var item = item
        item["apiVersion"] = item["apiVersion"] ?? .string(resource.apiVersion)
        item["kind"] = item["kind"] ?? .string(resource.kind)
        return item
      }
      token = page["metadata", "continue"]?.string ?? ""
      if token.isEmpty { return (items, page["metadata", "resourceVersion"]?.string ?? "") }
    }
  }

  /// Makes an object, or something below one.
  @discardableResult
  public func create(
    _ resource: Resource, namespace: String = "", name: String = "", subresource: String = "", _ object: JSON
  ) async throws(StatusError) -> JSON {
    try await call("POST", path(resource, namespace, name, subresource), body: object)
  }

  /// Writes an object in place of the version that it names.
  @discardableResult
  public func update(
    _ resource: Resource, subresource: String = "", _ object: JSON
  ) async throws(StatusError) -> JSON {
    let metadata = object["metadata"]
    return try await call(
      "PUT",
      path(resource, metadata?["namespace"]?.string ?? "", metadata?["name"]?.string ?? "", subresource),
      body: object)
  }

  /// Writes the status of an object.
  @discardableResult
  public func updateStatus(_ resource: Resource, _ object: JSON) async throws(StatusError) -> JSON {
    try await update(resource, subresource: "status", object)
  }

  /// Changes an object.
  /// - Parameter manager: who applies, for `.apply`, which takes fields of others.
  @discardableResult
  public func patch(
    _ resource: Resource, namespace: String = "", name: String, subresource: String = "", kind: PatchKind,
    _ patch: JSON, manager: String = ""
  ) async throws(StatusError) -> JSON {
    var query: [(name: String, value: String)] = []
    if !manager.isEmpty { query.append(("fieldManager", manager)) }
    if kind == .apply { query.append(("force", "true")) }
    return try await call(
      "PATCH", path(resource, namespace, name, subresource), query: query, body: patch,
      contentType: kind.rawValue)
  }

  /// Deletes an object; what is answered is the object as long as something holds it, or a Status.
  @discardableResult
  public func delete(
    _ resource: Resource, namespace: String = "", name: String, options: JSON? = nil
  ) async throws(StatusError) -> JSON {
    try await call("DELETE", path(resource, namespace, name), body: options)
  }

  /// Deletes all objects of a namespace.
  public func deleteCollection(
    _ resource: Resource, namespace: String, options: JSON? = nil
  ) async throws(StatusError) {
    _ = try await call("DELETE", path(resource, namespace), body: options)
  }

  // MARK: Calls

  private func path(
    _ resource: Resource, _ namespace: String = "", _ name: String = "", _ subresource: String = ""
  ) -> String {
    var path = resource.group.isEmpty ? "/api/" : "/apis/" + resource.group + "/"
    path += resource.version
    if resource.isNamespaced, !namespace.isEmpty { path += "/namespaces/" + namespace }
    path += "/" + resource.resource
    if !name.isEmpty { path += "/" + name }
    if !subresource.isEmpty { path += "/" + subresource }
    return path
  }

  private func selectors(_ labels: String, _ fields: String) -> [(name: String, value: String)] {
    var query: [(name: String, value: String)] = []
    if !labels.isEmpty { query.append(("labelSelector", labels)) }
    if !fields.isEmpty { query.append(("fieldSelector", fields)) }
    return query
  }

  /// One call with an answer that is JSON.
  public func call(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [], body: JSON? = nil,
    contentType: String = "application/json"
  ) async throws(StatusError) -> JSON {
    let response = try await send(method, path, query: query, body: body, contentType: contentType)
    return try await Self.read(response)
  }

  private func send(
    _ method: String, _ path: String, query: [(name: String, value: String)], body: JSON?, contentType: String
  ) async throws(StatusError) -> APIResponse {
    var headers = [(name: "accept", value: "application/json"), (name: "user-agent", value: userAgent)]
    if body != nil { headers.append((name: "content-type", value: contentType)) }
    let request = APIRequest(
      method: method, path: path, query: query, headers: headers, body: body?.serialized() ?? [])
    do {
      return try await transport.send(request)
    } catch let error as StatusError {
      throw error
    } catch {
      throw .unavailable("the API server does not answer: \(error)")
    }
  }

  private static func read(_ response: APIResponse) async throws(StatusError) -> JSON {
    let bytes: [UInt8]
    do {
      bytes = try await response.body.bytes(limit: responseBytes)
    } catch {
      throw .unavailable("the API server's answer breaks off: \(error)")
    }
    guard (200..<300).contains(response.status) else { throw failure(bytes, code: response.status) }
    guard let json = try? JSON.parse(bytes) else {
      throw .unavailable("the API server's answer is no JSON")
    }
    return json
  }

  private static func failure(_ bytes: [UInt8], code: Int) -> StatusError {
    if let json = try? JSON.parse(bytes), json["kind"]?.string == "Status" {
      return StatusError(status: json)
    }
    let text = String(decoding: bytes.prefix(1000), as: UTF8.self)
    return StatusError(
      code: code, reason: "", message: text.isEmpty ? "the server answers with code \(code)" : text)
  }

  // MARK: Watches

  /// What to watch.
  struct Watch: Sendable {
    var namespace = ""
    var labelSelector = ""
    var fieldSelector = ""
    var resourceVersion = ""
    var sendsInitialEvents = false
  }

  /// Opens a watch.
  func watch(_ resource: Resource, _ watch: Watch) async throws(StatusError) -> WatchStream {
    var query = selectors(watch.labelSelector, watch.fieldSelector)
    query.append(("watch", "true"))
    query.append(("allowWatchBookmarks", "true"))
    if watch.sendsInitialEvents {
      query.append(("sendInitialEvents", "true"))
      query.append(("resourceVersionMatch", "NotOlderThan"))
    }
    if !watch.resourceVersion.isEmpty { query.append(("resourceVersion", watch.resourceVersion)) }
    let response = try await send(
      "GET", path(resource, watch.namespace), query: query, body: nil, contentType: "")
    guard response.status == 200, case .stream(let stream) = response.body else {
      _ = try await Self.read(response)
      throw .unavailable("the API server does not watch")
    }
    return WatchStream(stream)
  }
}
