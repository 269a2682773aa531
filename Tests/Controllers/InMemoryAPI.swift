import Exchange
import Objects
import Synchronization

@testable import Controllers

/// An API server in memory for whole controllers: it defaults, prepares, validates and versions objects as the real one
/// does, and streams what changes. Pods are run by a function instead of kubelets.
final class InMemoryAPI: APITransport {
  /// What a pod's containers have come to; called when a pod is made or changed. Nil leaves it as it is.
  typealias Kubelet = @Sendable (JSON) -> JSON?

  private struct State {
    var revision: Int64 = 1
    var objects: [Key: JSON] = [:]
    var history: [(revision: Int64, type: String, key: Key, object: JSON)] = []
    var watches: [Int: Watch] = [:]
    var count = 0
    var idleWrites: [String] = []
    var requestCount = 0
    var user = Strategy.User()
    var reviewer: @Sendable (JSON) -> Bool = { _ in false }
  }

  private struct Key: Hashable {
    var resource: Resource
    var namespace: String
    var name: String
  }

  private let state = Mutex(State())
  private let now: Timestamp
  private let kubelet: Kubelet

  /// Every write of this number fails, and nothing has happened; zero for none.
  private let failing: Int

  init(now: Timestamp, failing: Int = 0, kubelet: @escaping Kubelet = { _ in nil }) {
    self.now = now
    self.failing = failing
    self.kubelet = kubelet
  }

  // MARK: What tests ask

  func objects(_ resource: Resource) -> [JSON] {
    state.withLock { state in
      state.objects.filter { $0.key.resource == resource }.map(\.value).sorted { $0.name < $1.name }
    }
  }

  /// As whom objects are made from now on.
  func act(as name: String, groups: [String]) {
    state.withLock { $0.user = Strategy.User(name: name, groups: groups) }
  }

  /// Who answers SubjectAccessReviews; by default nobody may do anything.
  func review(_ reviewer: @escaping @Sendable (JSON) -> Bool) { state.withLock { $0.reviewer = reviewer } }

  /// Requests to write what was there already.
  var idleWrites: [String] { state.withLock { $0.idleWrites } }

  /// Waits until what the objects show is as expected; fails the caller's expectation after a while.
  func wait(_ isDone: @Sendable () -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < end {
      if isDone() { return true }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return false
  }

  /// A write by a user: makes the object or replaces it.
  func apply(_ resource: Resource, _ object: JSON) throws {
    let key = Key(resource: resource, namespace: object.namespace, name: object.name)
    let isThere = state.withLock { $0.objects[key] != nil }
    if isThere {
      _ = try update(key, object, subresource: "")
    } else {
      _ = try create(resource, object)
    }
  }

  /// A change by a user, made to what a controller wrote meanwhile if there is need.
  func change(_ resource: Resource, _ name: String, _ change: (inout JSON) -> Void) throws {
    let key = Key(resource: resource, namespace: resource.isNamespaced ? "n" : "", name: name)
    while true {
      guard var object = state.withLock({ $0.objects[key] }) else {
        throw StatusError.notFound(resource, name: name)
      }
      change(&object)
      object["metadata", "resourceVersion"] = nil
      if let conflict = conflict(of: key, object) {
        guard conflict.isConflict else { throw conflict }
      } else {
        return
      }
    }
  }

  private func conflict(of key: Key, _ object: JSON) -> StatusError? {
    do throws(StatusError) {
      _ = try update(key, object, subresource: "")
      return nil
    } catch {
      return error
    }
  }

  /// A deletion by a user.
  func remove(_ resource: Resource, _ name: String) throws {
    try delete(Key(resource: resource, namespace: resource.isNamespaced ? "n" : "", name: name), [:])
  }

  // MARK: Requests

  func send(_ request: APIRequest) async throws -> APIResponse {
    do {
      return try answer(request)
    } catch let error as StatusError {
      return response(error.code, error.status)
    }
  }

  private func response(_ status: Int, _ body: JSON) -> APIResponse {
    APIResponse(status: status, contentType: "application/json", bytes: Array(body.text.utf8))
  }

  private func answer(_ request: APIRequest) throws -> APIResponse {
    var parts = request.path.split(separator: "/").map(String.init)
    let group = parts.first == "api" ? "" : parts.dropFirst().first ?? ""
    parts.removeFirst(group.isEmpty ? 1 : 2)
    let version = parts.removeFirst()
    var namespace = ""
    if parts.count > 2, parts[0] == "namespaces", !["finalize", "status"].contains(parts[2]) {
      namespace = parts[1]
      parts.removeFirst(2)
    }
    guard let plural = parts.first,
      let resource = Resource.builtIn(group: group, version: version, resource: plural)
    else { throw StatusError.noSuchPath }
    let name = parts.count > 1 ? parts[1] : ""
    let subresource = parts.count > 2 ? parts[2] : ""
    let key = Key(resource: resource, namespace: namespace, name: name)
    let isWatch = ["true", "1"].contains(request.parameter("watch") ?? "")
    if request.method != "GET" {
      let number = state.withLock { state in
        state.requestCount += 1
        return state.requestCount
      }
      if failing > 0, number.isMultiple(of: failing) { throw StatusError.internalError("the store is away") }
    }
    switch request.method {
    case "GET" where name.isEmpty && isWatch: return try watch(request, resource, namespace)
    case "GET" where name.isEmpty: return list(resource, namespace)
    case "GET":
      guard let object = state.withLock({ $0.objects[key] }) else {
        throw StatusError.notFound(resource, name: name)
      }
      return response(200, object)
    case "POST" where plural == "subjectaccessreviews":
      var review = try JSON.parse(request.body)
      review["status"] = ["allowed": .boolean(state.withLock { $0.reviewer }(review))]
      return response(201, review)
    case "POST": return response(201, try create(resource, try JSON.parse(request.body)))
    case "PUT":
      return response(200, try update(key, try JSON.parse(request.body), subresource: subresource))
    case "PATCH":
      return response(200, try patch(key, try JSON.parse(request.body), request.header("content-type") ?? ""))
    case "DELETE" where name.isEmpty:
      for object in objects(resource) where object.namespace == namespace {
        try delete(Key(resource: resource, namespace: namespace, name: object.name), [:])
      }
      return response(200, ["kind": "Status", "apiVersion": "v1", "status": "Success"])
    case "DELETE":
      try delete(key, request.body.isEmpty ? [:] : try JSON.parse(request.body))
      return response(200, ["kind": "Status", "apiVersion": "v1", "status": "Success"])
    default: throw StatusError.methodNotAllowed
    }
  }

  private func list(_ resource: Resource, _ namespace: String) -> APIResponse {
    let (items, revision) = state.withLock { state in
      (
        state.objects.filter {
          $0.key.resource == resource && (namespace.isEmpty || $0.key.namespace == namespace)
        }.map(\.value), state.revision
      )
    }
    return response(
      200,
      [
        "kind": .string(resource.kind + "List"), "apiVersion": .string(resource.apiVersion),
        "metadata": ["resourceVersion": .string(String(revision))], "items": .array(items),
      ])
  }

  // MARK: Watches

  private final class Watch: BodyStream {
    let resource: Resource
    private let state: Mutex<([UInt8], CheckedContinuation<[UInt8]?, Never>?, Bool)>

    init(_ resource: Resource, _ first: [UInt8]) {
      self.resource = resource
      state = Mutex((first, nil, false))
    }

    func add(_ bytes: [UInt8]) {
      let reader: CheckedContinuation<[UInt8]?, Never>? = state.withLock { state in
        guard let reader = state.1 else {
          state.0 += bytes
          return nil
        }
        state.1 = nil
        return reader
      }
      reader?.resume(returning: bytes)
    }

    func next() async throws -> [UInt8]? {
      await withTaskCancellationHandler {
        await withCheckedContinuation { reader in
          let ready: [UInt8]?? = state.withLock { state in
            if !state.0.isEmpty {
              defer { state.0 = [] }
              return .some(state.0)
            }
            if state.2 { return .some(nil) }
            state.1 = reader
            return nil
          }
          if let ready { reader.resume(returning: ready) }
        }
      } onCancel: {
        cancel()
      }
    }

    func cancel() {
      let reader: CheckedContinuation<[UInt8]?, Never>? = state.withLock { state in
        state.2 = true
        defer { state.1 = nil }
        return state.1
      }
      reader?.resume(returning: nil)
    }
  }

  private func watch(_ request: APIRequest, _ resource: Resource, _ namespace: String) throws -> APIResponse {
    if request.parameter("sendInitialEvents") == "true" {
      throw StatusError.badRequest("sendInitialEvents is not supported")
    }
    let since = Int64(request.parameter("resourceVersion") ?? "") ?? 0
    let watch = state.withLock { state in
      var first: [UInt8] = []
      for event in state.history where event.revision > since && event.key.resource == resource {
        first += Self.line(event.type, event.object)
      }
      let watch = Watch(resource, first)
      state.count += 1
      state.watches[state.count] = watch
      return watch
    }
    return APIResponse(
      status: 200, headers: [(name: "content-type", value: "application/json")], body: .stream(watch))
  }

  private static func line(_ type: String, _ object: JSON) -> [UInt8] {
    let event: JSON = ["type": .string(type), "object": object]
    return Array(event.text.utf8) + [UInt8(ascii: "\n")]
  }

  // MARK: Writes

  private func strategy(_ resource: Resource) -> Strategy {
    .builtIn(group: resource.group, version: resource.version, kind: resource.kind)
  }

  private var write: Strategy.Write { .init(time: now, user: state.withLock { $0.user }) }

  private func check(_ errors: [FieldError], _ resource: Resource, _ name: String) throws(StatusError) {
    guard errors.isEmpty else {
      throw StatusError.invalid(errors, group: resource.group, kind: resource.kind, name: name)
    }
  }

  private static func store(_ state: inout State, _ type: String, _ key: Key, _ object: JSON) -> JSON {
    state.revision += 1
    var object = object
    object["metadata", "resourceVersion"] = .string(String(state.revision))
    state.objects[key] = type == "DELETED" ? nil : object
    state.history.append((state.revision, type, key, object))
    let line = Self.line(type, object)
    for watch in state.watches.values where watch.resource == key.resource { watch.add(line) }
    return object
  }

  private func create(_ resource: Resource, _ body: JSON) throws(StatusError) -> JSON {
    var object = body
    let count = state.withLock { state in
      state.count += 1
      return state.count
    }
    if object.name.isEmpty {
      object["metadata", "name"] = .string((object["metadata", "generateName"]?.string ?? "") + "x\(count)")
    }
    Defaults.apply(to: &object, group: resource.group, version: resource.version, kind: resource.kind)
    let uid = "00000000-0000-4000-8000-" + String(String(1_000_000_000_000 + count).suffix(12))
    strategy(resource).prepareForCreate(
      &object, uid: uid, namespace: resource.isNamespaced ? object.namespace : nil, write: write)
    try check(
      Validation.validate(
        create: object, group: resource.group, version: resource.version, kind: resource.kind), resource,
      object.name)
    let key = Key(resource: resource, namespace: object.namespace, name: object.name)
    let ready = object
    let made: JSON? = state.withLock { state in
      guard state.objects[key] == nil else { return nil }
      return Self.store(&state, "ADDED", key, ready)
    }
    guard let made else { throw StatusError.alreadyExists(resource, name: key.name) }
    if resource == .pods { runPod(key) }
    return made
  }

  private func update(_ key: Key, _ body: JSON, subresource: String) throws(StatusError) -> JSON {
    let resource = key.resource
    guard let old = state.withLock({ $0.objects[key] }) else {
      throw StatusError.notFound(resource, name: key.name)
    }
    let expected = body.resourceVersion
    guard expected.isEmpty || expected == old.resourceVersion else {
      throw StatusError.modified(resource, name: key.name)
    }
    var object = body
    Defaults.apply(to: &object, group: resource.group, version: resource.version, kind: resource.kind)
    object["metadata", "resourceVersion"] = .string(old.resourceVersion)
    if subresource == "finalize" {
      var finalized = old
      finalized["spec", "finalizers"] = object["spec", "finalizers"]
      object = finalized
    } else if subresource == "approval" {
      strategy(resource).prepareForApprovalUpdate(&object, from: old, write: write)
    } else if subresource == "status" {
      strategy(resource).prepareForStatusUpdate(&object, from: old, write: write)
      try check(
        Validation.validate(
          statusUpdate: object, old: old, group: resource.group, version: resource.version,
          kind: resource.kind), resource, key.name)
    } else {
      strategy(resource).prepareForUpdate(&object, from: old, write: write)
      try check(
        Validation.validate(
          update: object, old: old, group: resource.group, version: resource.version, kind: resource.kind),
        resource, key.name)
    }
    if object == old {
      state.withLock { $0.idleWrites.append("\(resource.resource)/\(key.name)/\(subresource)") }
      return old
    }
    let ready = object
    let isGone =
      object.isBeingDeleted && object.finalizers.isEmpty
      && object["spec", "finalizers"]?.array?.isEmpty != false
    let stored: JSON? = state.withLock { state in
      guard state.objects[key]?.resourceVersion == old.resourceVersion else { return nil }
      return Self.store(&state, isGone ? "DELETED" : "MODIFIED", key, ready)
    }
    guard let stored else { throw StatusError.modified(resource, name: key.name) }
    return stored
  }

  private func patch(_ key: Key, _ patch: JSON, _ mediaType: String) throws -> JSON {
    let resource = key.resource
    while true {
      guard let old = state.withLock({ $0.objects[key] }) else {
        throw StatusError.notFound(resource, name: key.name)
      }
      if mediaType == "application/merge-patch+json" {
        let expected = patch["metadata", "resourceVersion"]?.string
        guard expected == nil || expected == old.resourceVersion else {
          throw StatusError.modified(resource, name: key.name)
        }
        return try update(key, try MergePatch.apply(patch, to: old), subresource: "")
      }
      let schema = Schema.builtIn
      guard mediaType == "application/strategic-merge-patch+json",
        let shape = schema.shape(
          forGroup: resource.group, version: resource.version, kind: resource.kind)
      else { throw StatusError.unsupportedMediaType([]) }
      let new = try StrategicMergePatch(schema: schema).apply(patch, to: old, shape: shape)
      do throws(StatusError) {
        return try update(key, new, subresource: "")
      } catch {
        guard error.isConflict else { throw error }
      }
    }
  }

  private func delete(_ key: Key, _ options: JSON) throws(StatusError) {
    let resource = key.resource
    let now = self.now
    let error: StatusError? = state.withLock { state in
      guard var object = state.objects[key] else { return StatusError.notFound(resource, name: key.name) }
      if let uid = options["preconditions", "uid"]?.string, uid != object.uid {
        return StatusError.conflict(resource, name: key.name, "the UID differs")
      }
      let propagation = options["propagationPolicy"]?.string
      if let finalizer = ["Foreground": "foregroundDeletion", "Orphan": "orphan"][propagation ?? ""],
        !object.finalizers.contains(finalizer)
      {
        object["metadata", "finalizers"] = .array((object.finalizers + [finalizer]).map { .string($0) })
      }
      let isHeld = object["spec", "finalizers"]?.array?.isEmpty == false
      if object.finalizers.isEmpty, !isHeld {
        _ = Self.store(&state, "DELETED", key, object)
      } else if !object.isBeingDeleted {
        object["metadata", "deletionTimestamp"] = .string(now.text)
        object["metadata", "deletionGracePeriodSeconds"] = 0
        _ = Self.store(&state, "MODIFIED", key, object)
      }
      return nil
    }
    if let error { throw error }
    if resource == .pods { runPod(key) }
  }

  /// What a kubelet would do with the pod.
  private func runPod(_ key: Key) {
    state.withLock { state in
      guard let pod = state.objects[key] else { return }
      if pod.isBeingDeleted, !pod.isTerminal {
        var ended = pod
        ended["status", "phase"] = "Failed"
        _ = Self.store(&state, "MODIFIED", key, ended)
        return
      }
      if let next = kubelet(pod), next != pod { _ = Self.store(&state, "MODIFIED", key, next) }
    }
  }
}
