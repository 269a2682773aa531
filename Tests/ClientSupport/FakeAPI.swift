public import Exchange
public import Objects
import Synchronization

/// An API server in memory for tests: objects, resource versions, lists in pages, watches with and without what there
/// is, patches and deletion with grace and finalizers; nothing is defaulted or validated.
public final class FakeAPI: APITransport {
  /// Answers a request instead of the server; nil leaves it to the server.
  public typealias Interceptor = @Sendable (APIRequest) throws -> APIResponse?

  struct Key: Hashable {
    var resource: Resource
    var namespace: String
    var name: String
  }

  struct Change {
    var revision: Int64
    var type: String
    var resource: Resource
    var object: JSON
  }

  struct State {
    var revision: Int64 = 100
    var objects: [Key: JSON] = [:]
    var history: [Change] = []
    var compacted: Int64 = 0
    var watches: [Int: (watch: FakeWatch, resource: Resource, filter: Filter)] = [:]
    var lastNumber = 0
    var requests: [APIRequest] = []
    var interceptor: Interceptor?
    var streamsLists = true
  }

  let state = Mutex(State())

  /// A server without objects.
  public init() {}

  // MARK: What tests set and ask

  /// The objects of a resource, by namespace and name.
  public func objects(_ resource: Resource) -> [JSON] {
    state.withLock { state in
      state.objects.filter { $0.key.resource == resource }
        .sorted { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }.map(\.value)
    }
  }

  /// An object.
  public func object(_ resource: Resource, _ namespace: String, _ name: String) -> JSON? {
    state.withLock { $0.objects[Key(resource: resource, namespace: namespace, name: name)] }
  }

  /// All requests so far.
  public var requests: [APIRequest] { state.withLock { $0.requests } }

  /// `GET /api/v1/pods` and so on.
  public var requestLines: [String] { requests.map { "\($0.method) \($0.path)" } }

  /// How many watches are open.
  public var watchCount: Int { state.withLock { $0.watches.count } }

  /// Puts something before the server.
  public func intercept(_ interceptor: Interceptor?) { state.withLock { $0.interceptor = interceptor } }

  /// Whether watches can send what there is; else such watches are refused.
  public func setStreamsLists(_ value: Bool) { state.withLock { $0.streamsLists = value } }

  /// Ends all watches.
  public func disconnect() {
    let watches = state.withLock { state in
      defer { state.watches = [:] }
      return state.watches.values.map(\.watch)
    }
    for watch in watches { watch.finish() }
  }

  /// Forgets what has been: watches from before answer 410.
  public func compact() {
    state.withLock { state in
      state.compacted = state.revision
      state.history = []
    }
  }

  /// Sends all watches a bookmark.
  public func bookmark() {
    state.withLock { state in
      for (watch, resource, _) in state.watches.values {
        watch.send(Self.bookmark(resource, state.revision, isEnd: false))
      }
    }
  }

  /// A write by somebody else: makes the object or replaces it.
  public func put(_ resource: Resource, _ object: JSON) {
    state.withLock { state in
      let key = Self.key(resource, object)
      _ = Self.store(&state, key, object, isNew: state.objects[key] == nil)
    }
  }

  /// A deletion by somebody else, at once.
  public func remove(_ resource: Resource, _ namespace: String, _ name: String) {
    state.withLock { state in
      _ = Self.remove(&state, Key(resource: resource, namespace: namespace, name: name))
    }
  }

  // MARK: Requests

  /// Answers a request.
  public func send(_ request: APIRequest) async throws -> APIResponse {
    let interceptor = state.withLock { state in
      state.requests.append(request)
      return state.interceptor
    }
    if let answer = try interceptor?(request) { return answer }
    do throws(StatusError) {
      return try answer(request)
    } catch {
      return APIResponse(
        status: error.code, contentType: "application/json", bytes: error.status.serialized())
    }
  }

  private func answer(_ request: APIRequest) throws(StatusError) -> APIResponse {
    let target = try FakeTarget(path: request.path)
    if request.method == "GET", target.name.isEmpty {
      let filter = try Filter(target, request)
      return request.parameter("watch") == "true"
        ? try watch(target, request, filter) : try list(target, request, filter)
    }
    let body: JSON
    do {
      body = request.body.isEmpty ? .null : try JSON.parse(request.body)
    } catch {
      throw .badRequest("\(error)")
    }
    let (status, object) = try state.withLock { state throws(StatusError) in
      try Self.perform(&state, request, target, body)
    }
    return APIResponse(status: status, contentType: "application/json", bytes: object.serialized())
  }

  private func list(
    _ target: FakeTarget, _ request: APIRequest, _ filter: Filter
  ) throws(StatusError) -> APIResponse {
    let limit = request.parameter("limit").flatMap { Int($0) } ?? 0
    let list = try state.withLock { state throws(StatusError) -> JSON in
      var all = state.objects.filter { $0.key.resource == target.resource && filter.matches($0.value) }
        .sorted { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }.map(\.value)
      var metadata: JSON = ["resourceVersion": .string(String(state.revision))]
      if let token = request.parameter("continue") {
        let parts = token.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 2, Int64(parts[0]) > state.compacted else {
          throw .expired("The provided continue parameter is too old")
        }
        all.removeFirst(min(parts[1], all.count))
        if limit > 0, all.count > limit {
          metadata["continue"] = .string("\(parts[0]).\(parts[1] + limit)")
        }
      } else if limit > 0, all.count > limit {
        metadata["continue"] = .string("\(state.revision).\(limit)")
      }
      if limit > 0 { all = Array(all.prefix(limit)) }
      return [
        "kind": .string(target.resource.kind + "List"), "apiVersion": .string(target.resource.apiVersion),
        "metadata": metadata, "items": .array(all),
      ]
    }
    return APIResponse(status: 200, contentType: "application/json", bytes: list.serialized())
  }

  private func watch(
    _ target: FakeTarget, _ request: APIRequest, _ filter: Filter
  ) throws(StatusError) -> APIResponse {
    let sendsInitial = request.parameter("sendInitialEvents") == "true"
    let watch = try state.withLock { state throws(StatusError) -> FakeWatch in
      if sendsInitial, !state.streamsLists {
        throw StatusError(code: 422, reason: "Invalid", message: "sendInitialEvents is forbidden for watch")
      }
      state.lastNumber += 1
      let number = state.lastNumber
      let watch = FakeWatch { [weak self] in
        self?.state.withLock { $0.watches[number] = nil }
      }
      let version = request.parameter("resourceVersion").flatMap { Int64($0) }
      if sendsInitial {
        for (key, object) in state.objects where key.resource == target.resource && filter.matches(object) {
          watch.send(Self.line("ADDED", object))
        }
        watch.send(Self.bookmark(target.resource, state.revision, isEnd: true))
      } else if let version {
        guard version >= state.compacted else { throw .expired("too old resource version: \(version)") }
        for change in state.history
        where change.revision > version && change.resource == target.resource
          && filter.matches(change.object)
        { watch.send(Self.line(change.type, change.object)) }
      }
      state.watches[number] = (watch: watch, resource: target.resource, filter: filter)
      return watch
    }
    return APIResponse(
      status: 200, headers: [(name: "content-type", value: "application/json")], body: .stream(watch))
  }

  static func line(_ type: String, _ object: JSON) -> [UInt8] {
    let event: JSON = ["type": .string(type), "object": object]
    return event.serialized() + [10]
  }

  private static func bookmark(_ resource: Resource, _ revision: Int64, isEnd: Bool) -> [UInt8] {
    var object: JSON = [
      "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion),
      "metadata": ["resourceVersion": .string(String(revision))],
    ]
    if isEnd { object["metadata", "annotations", "k8s.io/initial-events-end"] = "true" }
    return line("BOOKMARK", object)
  }
}
