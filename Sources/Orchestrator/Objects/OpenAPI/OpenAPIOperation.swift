/// An operation of a path.
struct OpenAPIOperation {
  /// What kubectl and others know the operation by (`x-kubernetes-action`).
  enum Action: String {
    case get, list, post, put, patch, delete, deletecollection, connect

    /// How the names of operations begin.
    var verb: String {
      switch self {
      case .get: "read"
      case .list: "list"
      case .post: "create"
      case .put: "replace"
      case .patch: "patch"
      case .delete, .deletecollection: "delete"
      case .connect: "connect"
      }
    }
  }

  let action: Action
  let kind: OpenAPIKinds.GroupVersionKind
  /// What the operation is called, such as `readCoreV1NamespacedPod`.
  let identifier: String
  let description: String
  /// The group and version of the path, such as `core_v1`.
  let tag: String
  var parameters: [JSON] = []
  /// The schema of the body; nil for none.
  var body: JSON?
  var isBodyRequired = true
  /// The content types of the body.
  var bodyTypes = ["*/*"]
  /// The schema of the answer.
  var answer: JSON
  var answerTypes = objectTypes
  /// Answers that say that it is done or will be, by their codes.
  var successes = [200]

  static let objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]

  static let listTypes =
    objectTypes + [
      "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch",
    ]

  static let patchTypes = [
    "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
  ]

  var json: JSON {
    let content: [(String, JSON)] = answerTypes.map { ($0, ["schema": answer]) }
    var responses: JSON = ["401": ["description": "Unauthorized"]]
    for code in successes {
      responses[String(code)] = [
        "description": .string(Self.reason(of: code)), "content": .object(JSONObject(content)),
      ]
    }
    var operation: JSON = [
      "operationId": .string(identifier), "description": .string(description), "tags": [.string(tag)],
      "responses": responses, "x-kubernetes-action": .string(action.rawValue),
      "x-kubernetes-group-version-kind": kind.json,
    ]
    if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
    if let body {
      let content: [(String, JSON)] = bodyTypes.map { ($0, ["schema": body]) }
      var request: JSON = ["content": .object(JSONObject(content))]
      if isBodyRequired { request["required"] = true }
      operation["requestBody"] = request
    }
    return operation
  }

  private static func reason(of code: Int) -> String {
    switch code {
    case 200: "OK"
    case 201: "Created"
    default: "Accepted"
    }
  }

  /// A group in the name of an operation: `RbacAuthorization` for `rbac.authorization.k8s.io`.
  static func groupName(_ group: String) -> String {
    guard !group.isEmpty else { return "Core" }
    let short = group.hasSuffix(".k8s.io") ? group.dropLast(".k8s.io".count) : group[...]
    return short.split(separator: ".").map { capitalized($0) }.joined()
  }

  static func capitalized(_ text: some StringProtocol) -> String {
    (text.first?.uppercased() ?? "") + text.dropFirst()
  }
}
