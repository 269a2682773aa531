import Exchange
import Objects
import Registry
import Storage
import StorageSupport
import Synchronization

/// A registry on a model of the store, with a clock that stands still and uids that count.
final class Cluster: Sendable {
  let registry: Registry
  private let source: Source

  /// What comes from outside: the clock, and what is random elsewhere.
  private final class Source: Sendable {
    private let state: Mutex<(seconds: Int64, uids: Int, suffixes: [String])>

    init(suffixes: [String]) { state = Mutex((1_767_225_600, 0, suffixes)) }

    var now: Timestamp { state.withLock { Timestamp(seconds: $0.seconds) } }
    func pass(_ seconds: Int64) { state.withLock { $0.seconds += seconds } }
    func uid() -> String {
      state.withLock { state in
        state.uids += 1
        return "uid-\(state.uids)"
      }
    }
    func suffix() -> String {
      state.withLock { $0.suffixes.count > 1 ? $0.suffixes.removeFirst() : $0.suffixes.first ?? "bcdfg" }
    }
  }

  init(
    admission: [any AdmissionPlugin] = [], hooks: [any WriteHook] = [], suffixes: [String] = [],
    authorizer: any WriteAuthorizing = Everyone(), tokens: (any TokenIssuer)? = nil,
    nodes: (any NodeConnector)? = nil
  ) {
    let source = Source(suffixes: suffixes)
    self.source = source
    registry = Registry(
      stores: Stores(client: MemoryStore(), options: StorageOptions()), admission: admission, hooks: hooks,
      authorizer: authorizer, tokens: tokens, nodes: nodes,
      environment: RegistryEnvironment(
        now: { source.now }, uid: { source.uid() }, nameSuffix: { source.suffix() }))
  }

  /// Lets time pass.
  func pass(seconds: Int64) { source.pass(seconds) }
}

/// The code and the body of an answer.
struct Answer: Sendable, Equatable {
  let code: Int
  let body: JSON
  var warnings: [String] = []

  subscript(path: String...) -> JSON? { path.reduce(Optional(body)) { $0?[$1] } }

  /// The body without what differs from run to run or is tested elsewhere.
  var plain: JSON {
    var body = body
    if body["metadata"]?["managedFields"] != nil { body["metadata", "managedFields"] = nil }
    if body["metadata"]?["resourceVersion"] != nil { body["metadata", "resourceVersion"] = nil }
    return body
  }

  var version: String { body["metadata"]?["resourceVersion"]?.string ?? "" }
}

extension Cluster {
  /// Does what a request of this method to this path does.
  func send(
    _ method: String, _ path: String, _ body: RequestBody = .value(.null), manager: String = "test",
    _ change: (inout WriteContext) -> Void = { _ in }
  ) async -> Answer {
    guard let target = Self.target(path) else { return Answer(code: 404, body: .null) }
    var context = WriteContext(user: UserInfo(name: "jane"), fieldManager: manager, userAgent: "agent/1.0")
    change(&context)
    do throws(StatusError) {
      switch method {
      case "GET": return Answer(code: 200, body: try await registry.get(target).object)
      case "POST": return answer(try await registry.create(target, body, context))
      case "PUT": return answer(try await registry.update(target, body, context))
      case "DELETE":
        guard case .value(let options) = body else { return Answer(code: 400, body: .null) }
        if target.name.isEmpty {
          let list = try await registry.deleteCollection(
            target.resource, ListQuery(namespace: target.namespace), options: options, context)
          return Answer(code: 200, body: list)
        }
        let result = try await registry.delete(target, options: options, context)
        return Answer(code: result.code, body: result.object)
      default:
        let kinds: [String: PatchKind] = [
          "JSON": .json, "MERGE": .merge, "STRATEGIC": .strategic, "APPLY": .apply,
        ]
        guard let kind = kinds[method] else { return Answer(code: 405, body: .null) }
        return answer(try await registry.patch(target, kind, body, context))
      }
    } catch {
      return Answer(code: error.code, body: error.status)
    }
  }

  /// As `send`, for a body that is a value.
  func send(
    _ method: String, _ path: String, json body: JSON, manager: String = "test",
    _ change: (inout WriteContext) -> Void = { _ in }
  ) async -> Answer {
    await send(method, path, .value(body), manager: manager, change)
  }

  private func answer(_ result: WriteResult) -> Answer {
    Answer(code: result.created ? 201 : 200, body: result.object, warnings: result.warnings)
  }

  static func target(_ path: String) -> Target? {
    var parts = path.split(separator: "/").map(String.init)
    let isCore = parts.first == "api"
    guard parts.count > (isCore ? 2 : 3) else { return nil }
    let (group, version) = isCore ? ("", parts[1]) : (parts[1], parts[2])
    parts.removeFirst(isCore ? 2 : 3)
    var namespace = ""
    if parts[0] == "namespaces", parts.count > 2, !["status", "finalize"].contains(parts[2]) {
      namespace = parts[1]
      parts.removeFirst(2)
    }
    guard let resource = Resource.builtIn(group: group, version: version, resource: parts[0]) else {
      return nil
    }
    return Target(
      resource, subresource: parts.count > 2 ? parts[2] : "", namespace: namespace,
      name: parts.count > 1 ? parts[1] : "")
  }
}

/// Everybody may do everything.
struct Everyone: WriteAuthorizing {
  func mayWrite(
    _ user: UserInfo, verb: String, resource: Resource, subresource: String, namespace: String, name: String
  ) async -> (isAllowed: Bool, reason: String) { (true, "") }
}

/// A Status of failure.
func failure(_ code: Int, _ reason: String, _ message: String, _ details: JSON? = nil) -> Answer {
  Answer(
    code: code,
    body: StatusError(code: code, reason: reason, message: message, details: details).status)
}

let maps = "/api/v1/namespaces/g/configmaps"
let pods = "/api/v1/namespaces/g/pods"
let deployments = "/apis/apps/v1/namespaces/g/deployments"

func map(_ name: String, _ data: JSON = ["a": "1"]) -> JSON {
  ["metadata": ["name": .string(name)], "data": data]
}

func pod(_ name: String) -> JSON {
  ["metadata": ["name": .string(name)], "spec": ["containers": [["name": "c", "image": "x"]]]]
}

func deployment(_ name: String) -> JSON {
  [
    "metadata": ["name": .string(name)],
    "spec": [
      "replicas": 2, "selector": ["matchLabels": ["a": "b"]],
      "template": [
        "metadata": ["labels": ["a": "b"]], "spec": ["containers": [["name": "c", "image": "x"]]],
      ],
    ],
  ]
}
