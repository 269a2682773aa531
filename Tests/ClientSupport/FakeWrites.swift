import Exchange
import Objects

extension FakeAPI {
  static func key(_ resource: Resource, _ object: JSON) -> Key {
    Key(
      resource: resource, namespace: object["metadata", "namespace"]?.string ?? "",
      name: object["metadata", "name"]?.string ?? "")
  }

  static func perform(
    _ state: inout State, _ request: APIRequest, _ target: FakeTarget, _ body: JSON
  ) throws(StatusError) -> (status: Int, object: JSON) {
    let key = Key(resource: target.resource, namespace: target.namespace, name: target.name)
    let there = state.objects[key]
    switch (request.method, target.subresource) {
    case ("POST", "") where target.name.isEmpty:
      return (201, try create(&state, target, body))
    case ("POST", "binding"):
      guard var pod = there else { throw .notFound(target.resource, name: target.name) }
      guard pod["spec", "nodeName"] == nil else {
        throw .conflict(target.resource, name: target.name, "pod is already assigned to node")
      }
      pod["spec", "nodeName"] = body["target", "name"]
      _ = store(&state, key, pod, isNew: false)
      return (201, ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201])
    default: break
    }
    guard let there else { throw .notFound(target.resource, name: target.name) }
    switch request.method {
    case "GET": return (200, there)
    case "PUT":
      let version = body["metadata", "resourceVersion"]?.string
      guard version == nil || version == there["metadata", "resourceVersion"]?.string else {
        throw .modified(target.resource, name: target.name)
      }
      return (200, update(&state, key, there, body, subresource: target.subresource))
    case "PATCH":
      let patched = try patch(there, body, request.header("content-type") ?? "", target.resource)
      return (200, update(&state, key, there, patched, subresource: target.subresource))
    case "DELETE": return try delete(&state, key, there, options: body)
    default: throw .methodNotAllowed
    }
  }

  private static func create(
    _ state: inout State, _ target: FakeTarget, _ body: JSON
  ) throws(StatusError) -> JSON {
    var object = body
    if target.resource.isNamespaced { object["metadata", "namespace"] = .string(target.namespace) }
    if object["metadata", "name"] == nil, let base = object["metadata", "generateName"]?.string {
      state.lastNumber += 1
      object["metadata", "name"] = .string("\(base)\(state.lastNumber)")
    }
    let key = key(target.resource, object)
    guard state.objects[key] == nil else { throw .alreadyExists(target.resource, name: key.name) }
    return store(&state, key, object, isNew: true)
  }

  private static func patch(
    _ there: JSON, _ body: JSON, _ type: String, _ resource: Resource
  ) throws(StatusError) -> JSON {
    do {
      switch type {
      case "application/json-patch+json": return try JSONPatch(body).apply(to: there)
      case "application/strategic-merge-patch+json":
        guard
          let shape = Schema.builtIn.shape(
            forGroup: resource.group, version: resource.version, kind: resource.kind)
        else { return try MergePatch.apply(body, to: there) }
        return try StrategicMergePatch(schema: .builtIn).apply(body, to: there, shape: shape)
      default: return try MergePatch.apply(body, to: there)
      }
    } catch {
      throw .badRequest("\(error)")
    }
  }

  private static func update(
    _ state: inout State, _ key: Key, _ there: JSON, _ body: JSON, subresource: String
  ) -> JSON {
    var object = there
    if subresource == "status" {
      object["status"] = body["status"]
    } else {
      object = body
      for field in ["uid", "creationTimestamp", "deletionTimestamp"] {
        object["metadata", field] = there["metadata", field]
      }
    }
    var compared = object
    compared["metadata", "resourceVersion"] = there["metadata", "resourceVersion"]
    if compared == there { return there }
    if object["metadata", "deletionTimestamp"] != nil,
      object["metadata", "finalizers"]?.array?.isEmpty ?? true,
      object["metadata", "deletionGracePeriodSeconds"]?.integer ?? 0 == 0
    {
      state.objects[key] = object
      return remove(&state, key)
    }
    return store(&state, key, object, isNew: false)
  }

  private static func delete(
    _ state: inout State, _ key: Key, _ there: JSON, options: JSON
  ) throws(StatusError) -> (status: Int, object: JSON) {
    if let uid = options["preconditions", "uid"]?.string, uid != there["metadata", "uid"]?.string {
      throw .conflict(key.resource, name: key.name, "the UID in the precondition does not match")
    }
    let isPod = key.resource.resource == "pods" && key.resource.group.isEmpty
    let usual = there["spec", "terminationGracePeriodSeconds"]?.integer ?? 30
    let isRunning = !(there["spec", "nodeName"]?.string ?? "").isEmpty
    let grace = isPod && isRunning ? options["gracePeriodSeconds"]?.integer ?? usual : 0
    let isKept = grace > 0 || !(there["metadata", "finalizers"]?.array ?? []).isEmpty
    guard isKept else {
      _ = remove(&state, key)
      return (200, ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success"])
    }
    var object = there
    if object["metadata", "deletionTimestamp"] == nil {
      object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
    }
    object["metadata", "deletionGracePeriodSeconds"] = .integer(grace)
    return (200, object == there ? there : store(&state, key, object, isNew: false))
  }

  static func store(_ state: inout State, _ key: Key, _ object: JSON, isNew: Bool) -> JSON {
    state.revision += 1
    var object = object
    if isNew, object["metadata", "uid"] == nil {
      object["metadata", "uid"] = .string("uid-\(state.revision)")
    }
    if object["kind"] == nil { object["kind"] = .string(key.resource.kind) }
    if object["apiVersion"] == nil { object["apiVersion"] = .string(key.resource.apiVersion) }
    object["metadata", "resourceVersion"] = .string(String(state.revision))
    state.objects[key] = object
    tell(&state, isNew ? "ADDED" : "MODIFIED", key, object)
    return object
  }

  @discardableResult
  static func remove(_ state: inout State, _ key: Key) -> JSON {
    guard var object = state.objects.removeValue(forKey: key) else { return .null }
    state.revision += 1
    object["metadata", "resourceVersion"] = .string(String(state.revision))
    tell(&state, "DELETED", key, object)
    return object
  }

  private static func tell(_ state: inout State, _ type: String, _ key: Key, _ object: JSON) {
    let change = Change(revision: state.revision, type: type, resource: key.resource, object: object)
    state.history.append(change)
    let line = line(type, object)
    for (watch, resource, filter) in state.watches.values
    where resource == key.resource && filter.matches(object) { watch.send(line) }
  }
}
