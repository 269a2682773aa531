import Testing

@testable import Objects

/// The documents of a small API: one kind with every shape of field, and subresources of every sort.
@Suite struct OpenAPITests {
  private static func field(
    _ name: String, _ shape: Schema.Shape, _ change: (inout Schema.Field) -> Void = { _ in }
  ) -> Schema.Field {
    var field = Schema.Field(name: name, shape: shape)
    change(&field)
    return field
  }

  /// Structures refer to each other by these numbers.
  private static let schema = Schema(structures: [
    Schema.Structure(
      name: "core/v1.Pod",
      fields: [
        field("apiVersion", .string), field("kind", .string), field("metadata", .structure(1)),
        field("spec", .structure(2)),
      ]),
    Schema.Structure(
      name: "meta/v1.ObjectMeta",
      fields: [
        field("name", .string), field("labels", .map(.string, isAtomic: false)),
        field("creationTimestamp", .time) { $0.isOptionalPointer = true },
        field("finalizers", .list(.string, .set)) { $0.patchStrategy = .init(merges: true) },
      ]),
    Schema.Structure(
      name: "core/v1.PodSpec",
      fields: [
        field("containers", .list(.structure(3), .map(keys: ["name"]))) {
          $0.isRequired = true
          $0.patchStrategy = .init(merges: true, retainsKeys: true)
          $0.mergeKey = "name"
        },
        field("restartPolicy", .string) { $0.enumeration = ["Always", "OnFailure", "Never"] },
        field("securityContext", .structure(4)) { $0.isOptionalPointer = true },
        field("nodeSelector", .map(.string, isAtomic: true)),
        field("overhead", .map(.quantity, isAtomic: false)),
        field("strange", .structure(4)) { $0.isOptionalPointer = true },
        field("self", .structure(2)) { $0.isOptionalPointer = true },
      ]),
    Schema.Structure(
      name: "core/v1.Container",
      fields: [
        field("name", .string) {
          $0.isRequired = true
          $0.omitsEmpty = false
        },
        field("port", .int32) { $0.omitsEmpty = false }, field("size", .int64) { $0.defaultValue = 5 },
        field("share", .number), field("on", .boolean), field("key", .bytes), field("probe", .intOrString),
        field("seen", .microTime), field("wait", .duration), field("extra", .rawObject),
        field("anything", .any),
      ]),
    Schema.Structure(name: "core/v1.SecurityContext", fields: [], isAtomic: true),
    Schema.Structure(
      name: "core/v1.PodExecOptions",
      fields: [
        field("kind", .string), field("command", .list(.string, .atomic)), field("tty", .boolean),
        field("count", .int64),
      ]),
    Schema.Structure(name: "core/v1.PodList", fields: [field("items", .list(.structure(0), .atomic))]),
    Schema.Structure(name: "meta/v1.DeleteOptions", fields: []),
    Schema.Structure(name: "meta/v1.Status", fields: []),
    Schema.Structure(name: "core/v1.PodLogOptions", fields: [field("follow", .boolean)]),
    Schema.Structure(name: "meta/v1.APIGroup", fields: []),
  ])

  private static func resource(
    _ group: String, _ version: String, _ name: String, _ kind: String, isNamespaced: Bool = true,
    verbs: [String], subresources: [Resource.Subresource] = []
  ) -> Resource {
    Resource(
      group: group, version: version, resource: name, kind: kind, isNamespaced: isNamespaced,
      shortNames: [], categories: [], verbs: verbs, subresources: subresources)
  }

  private static let all = [
    "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
  ]

  private static let documents = OpenAPIDocuments(
    schema: schema,
    resources: [
      resource(
        "", "v1", "pods", "Pod", verbs: all,
        subresources: [
          .init(name: "status", group: "", version: "v1", kind: "Pod", verbs: ["get", "patch", "update"]),
          .init(name: "eviction", group: "policy", version: "v1", kind: "Eviction", verbs: ["create"]),
          .init(name: "exec", group: "", version: "v1", kind: "PodExecOptions", verbs: ["create", "get"]),
          .init(name: "log", group: "", version: "v1", kind: "Pod", verbs: ["get"]),
          .init(name: "proxy", group: "", version: "v1", kind: "PodProxyOptions", verbs: ["get", "update"]),
        ]),
      resource("", "v1", "nodes", "Node", isNamespaced: false, verbs: ["get", "list"]),
      resource("rbac.authorization.k8s.io", "v1", "roles", "Role", verbs: ["get", "list", "patch"]),
      resource(
        "authentication.k8s.io", "v1", "tokenreviews", "TokenReview", isNamespaced: false, verbs: ["create"]),
    ])

  private let core: JSON

  init() throws { core = try #require(Self.documents.document(group: "", version: "v1")) }

  private func schema(_ name: String) -> JSON? { core["components", "schemas", name] }

  private func property(_ name: String, of kind: String) -> JSON? {
    schema("io.k8s.api.core.v1.\(kind)")?["properties", name]
  }

  private func operation(_ method: String, _ path: String) -> JSON? { core["paths", path, method] }

  @Test func indexNamesEveryDocument() {
    let index = Self.documents.index { $0.uppercased() }
    #expect(index["paths", "api/v1"] == ["serverRelativeURL": "/openapi/v3/api/v1?hash=API/V1"])
    #expect(
      index["paths"]?.object?.keys.sorted() == [
        ".well-known/openid-configuration", "api", "api/v1", "apis", "apis/authentication.k8s.io",
        "apis/authentication.k8s.io/v1", "apis/rbac.authorization.k8s.io",
        "apis/rbac.authorization.k8s.io/v1", "openid/v1/jwks", "version",
      ])
    for path in Self.documents.paths { #expect(Self.documents.document(at: path)?["openapi"] == "3.0.0") }
    #expect(Self.documents.document(at: "apis/nope.io/v1") == nil)
    #expect(Self.documents.document(group: "nope.io", version: "v1") == nil)
  }

  @Test func pagesHaveDocuments() {
    let group = Self.documents.document(at: "apis/rbac.authorization.k8s.io")
    #expect(group?["paths"]?.object?.keys.sorted() == ["/apis/rbac.authorization.k8s.io/"])
    let get = group?["paths", "/apis/rbac.authorization.k8s.io/", "get"]
    #expect(get?["operationId"] == "getRbacAuthorizationAPIGroup")
    #expect(
      get?["responses", "200", "content", "application/json", "schema"]
        == ["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup"])
    let version = Self.documents.document(at: "version")
    #expect(
      version?["components", "schemas", "io.k8s.apimachinery.pkg.version.Info", "properties", "gitVersion"]
        == ["type": "string"])
  }

  @Test func hashesAreThoseOfTheDocuments() throws {
    let url = Self.documents.index["paths", "api/v1", "serverRelativeURL"]?.string ?? ""
    let hash = OpenAPIDocuments.hash(of: try #require(Self.documents.document(at: "api/v1")).serialized())
    #expect(url == "/openapi/v3/api/v1?hash=\(hash)")
  }

  @Test func theKindHasItsGroupVersionKind() {
    let pod = schema("io.k8s.api.core.v1.Pod")
    #expect(pod?["x-kubernetes-group-version-kind"] == [["group": "", "version": "v1", "kind": "Pod"]])
    #expect(pod?["type"] == "object")
    #expect(pod?["description"]?.string?.hasPrefix("Containers that run together") == true)
    let options = schema("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions")
    #expect(
      options?["x-kubernetes-group-version-kind"] == [
        ["group": "", "version": "v1", "kind": "DeleteOptions"],
        ["group": "authentication.k8s.io", "version": "v1", "kind": "DeleteOptions"],
        ["group": "rbac.authorization.k8s.io", "version": "v1", "kind": "DeleteOptions"],
      ])
    #expect(
      schema("io.k8s.apimachinery.pkg.apis.meta.v1.Status")?["x-kubernetes-group-version-kind"]
        == [["group": "", "version": "v1", "kind": "Status"]])
  }

  @Test func structuresAreReferredToBesideWhatElseIsSaidOfTheField() {
    #expect(
      property("metadata", of: "Pod") == [
        "allOf": [["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]],
        "default": [:], "description": "Name, labels and other facts that every object has.",
      ])
    // A pointer has no default.
    #expect(
      property("securityContext", of: "PodSpec") == [
        "allOf": [["$ref": "#/components/schemas/io.k8s.api.core.v1.SecurityContext"]],
        "description": "User, groups and other limits of all containers.",
      ])
    // Nothing else to say.
    #expect(
      property("strange", of: "PodSpec") == [
        "$ref": "#/components/schemas/io.k8s.api.core.v1.SecurityContext"
      ])
    #expect(schema("io.k8s.api.core.v1.SecurityContext")?["x-kubernetes-map-type"] == "atomic")
  }

  @Test func listsAndMapsTellHowTheyAreMerged() {
    #expect(
      property("containers", of: "PodSpec") == [
        "type": "array", "description": "The containers. There must be one at least.",
        "items": ["allOf": [["$ref": "#/components/schemas/io.k8s.api.core.v1.Container"]], "default": [:]],
        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge,retainKeys",
      ])
    let meta = schema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")?["properties"]
    #expect(
      meta?["finalizers"] == [
        "type": "array", "items": ["type": "string", "default": ""], "x-kubernetes-list-type": "set",
        "x-kubernetes-patch-strategy": "merge",
        "description": "Who must still clean up before the object is gone.",
      ])
    #expect(meta?["labels", "additionalProperties"] == ["type": "string", "default": ""])
    #expect(meta?["labels", "x-kubernetes-map-type"] == nil)
    #expect(property("nodeSelector", of: "PodSpec")?["x-kubernetes-map-type"] == "atomic")
    #expect(
      property("overhead", of: "PodSpec")?["additionalProperties"]
        == ["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity"])
    #expect(schema("io.k8s.api.core.v1.PodSpec")?["required"] == ["containers"])
  }

  @Test(
    arguments: [
      (
        "name", ["type": "string", "default": "", "description": "Name of the container, unique in the pod."]
      ),
      ("port", ["type": "integer", "format": "int32", "default": 0]),
      ("size", ["type": "integer", "format": "int64", "default": 5]),
      ("share", ["type": "number", "format": "double"]), ("on", ["type": "boolean"]),
      ("key", ["type": "string", "format": "byte"]), ("anything", [:]),
      ("probe", ["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString"]),
      ("seen", ["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"]),
      ("wait", ["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Duration"]),
      ("extra", ["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.runtime.RawExtension"]),
    ] as [(String, JSON)])
  func scalars(_ name: String, _ schema: JSON) { #expect(property(name, of: "Container") == schema) }

  @Test func enumerationsAreSorted() {
    #expect(property("restartPolicy", of: "PodSpec")?["enum"] == ["Always", "Never", "OnFailure"])
  }

  @Test func specialComponents() {
    let intOrString = schema("io.k8s.apimachinery.pkg.util.intstr.IntOrString")
    #expect(intOrString?["format"] == "int-or-string")
    #expect(intOrString?["oneOf"] == [["type": "integer"], ["type": "string"]])
    #expect(
      schema("io.k8s.apimachinery.pkg.api.resource.Quantity")?["oneOf"] == [
        ["type": "string"], ["type": "number"],
      ])
    #expect(schema("io.k8s.apimachinery.pkg.apis.meta.v1.Time")?["format"] == "date-time")
  }

  /// Every reference of every document leads somewhere in it.
  @Test func referencesAreComplete() throws {
    for path in Self.documents.paths {
      let document = try #require(Self.documents.document(at: path))
      let text = document.text
      for part in text.split(separator: "\"$ref\":\"").dropFirst() {
        let name = part.prefix { $0 != "\"" }.dropFirst("#/components/schemas/".count)
        #expect(document["components", "schemas", String(name)] != nil, "\(path): \(name)")
      }
    }
  }

  @Test func pathsAndTheirMethods() {
    var methods: [String: [String]] = [:]
    for item in core["paths"]?.object ?? [:] {
      methods[item.key] = item.value.object?.keys.filter { $0 != "parameters" }.sorted()
    }
    let pod = "/api/v1/namespaces/{namespace}/pods/{name}"
    #expect(
      methods == [
        "/api/v1/pods": ["get"], "/api/v1/namespaces/{namespace}/pods": ["delete", "get", "post"],
        pod: ["delete", "get", "patch", "put"], pod + "/status": ["get", "patch", "put"],
        pod + "/eviction": ["post"], pod + "/exec": ["get", "post"], pod + "/log": ["get"],
        pod + "/proxy": ["get", "put"], pod + "/proxy/{path}": ["get", "put"],
        "/api/v1/nodes": ["get"], "/api/v1/nodes/{name}": ["get"],
      ])
    let review = Self.documents.document(group: "authentication.k8s.io", version: "v1")
    #expect(
      review?["paths"]?.object?.keys.sorted() == ["/apis/authentication.k8s.io/v1/tokenreviews"])
  }

  private func parameters(_ operation: JSON?) -> [String] {
    (operation?["parameters"]?.array ?? []).compactMap { $0["name"]?.string }
  }

  /// What kubectl looks for before it patches.
  @Test func patchesTakeValidationAndDryRun() {
    let patch = operation("patch", "/api/v1/namespaces/{namespace}/pods/{name}")
    #expect(parameters(patch) == ["dryRun", "fieldManager", "fieldValidation", "force"])
    #expect(patch?["parameters"]?.array?.allSatisfy { $0["in"] == "query" } == true)
    #expect(patch?["x-kubernetes-action"] == "patch")
    #expect(patch?["x-kubernetes-group-version-kind"] == ["group": "", "version": "v1", "kind": "Pod"])
    #expect(patch?["operationId"] == "patchCoreV1NamespacedPod")
    #expect(patch?["tags"] == ["core_v1"])
    #expect(
      patch?["requestBody", "content"]?.object?.keys.sorted() == [
        "application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json",
      ])
    let path = core["paths", "/api/v1/namespaces/{namespace}/pods/{name}", "parameters"]?.array
    #expect(path?.map { $0["name"] } == ["name", "namespace", "pretty"])
  }

  @Test func writesAndDeletions() {
    let post = operation("post", "/api/v1/namespaces/{namespace}/pods")
    let pod: JSON = ["$ref": "#/components/schemas/io.k8s.api.core.v1.Pod"]
    #expect(post?["requestBody"] == ["required": true, "content": ["*/*": ["schema": pod]]])
    #expect(parameters(post) == ["dryRun", "fieldManager", "fieldValidation"])
    #expect(post?["responses"]?.object?.keys.sorted() == ["200", "201", "202", "401"])
    #expect(post?["responses", "201", "content", "application/json", "schema"] == pod)

    let delete = operation("delete", "/api/v1/namespaces/{namespace}/pods/{name}")
    #expect(parameters(delete).contains("propagationPolicy"))
    #expect(delete?["requestBody", "required"] == nil)
    let collection = operation("delete", "/api/v1/namespaces/{namespace}/pods")
    #expect(collection?["operationId"] == "deleteCoreV1CollectionNamespacedPod")
    #expect(collection?["x-kubernetes-action"] == "deletecollection")
    #expect(parameters(collection).contains("labelSelector"))
    #expect(!parameters(collection).contains("watch"))
  }

  @Test func lists() {
    let list = operation("get", "/api/v1/pods")
    #expect(list?["operationId"] == "listCoreV1PodForAllNamespaces")
    #expect(list?["x-kubernetes-action"] == "list")
    #expect(
      parameters(list) == [
        "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion",
        "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch",
      ])
    #expect(
      list?["responses", "200", "content", "application/json;stream=watch", "schema"]
        == ["$ref": "#/components/schemas/io.k8s.api.core.v1.PodList"])
    #expect(operation("get", "/api/v1/nodes")?["operationId"] == "listCoreV1Node")
    let role = Self.documents.document(group: "rbac.authorization.k8s.io", version: "v1")
    let get = role?[
      "paths", "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles/{name}", "get"]
    #expect(get?["operationId"] == "readRbacAuthorizationV1NamespacedRole")
    #expect(get?["tags"] == ["rbacAuthorization_v1"])
  }

  @Test func subresources() {
    let pod = "/api/v1/namespaces/{namespace}/pods/{name}"
    #expect(operation("put", pod + "/status")?["operationId"] == "replaceCoreV1NamespacedPodStatus")
    let evict = operation("post", pod + "/eviction")
    #expect(
      evict?["x-kubernetes-group-version-kind"] == ["group": "policy", "version": "v1", "kind": "Eviction"])
    let exec = operation("post", pod + "/exec")
    #expect(exec?["x-kubernetes-action"] == "connect")
    #expect(exec?["operationId"] == "connectCoreV1PostNamespacedPodExec")
    #expect(parameters(exec) == ["command", "count", "tty"])
    #expect(exec?["parameters"]?.array?.map { $0["schema", "type"] } == ["string", "integer", "boolean"])
    let log = operation("get", pod + "/log")
    #expect(log?["x-kubernetes-action"] == "get")
    #expect(parameters(log) == ["follow"])
    #expect(log?["responses", "200", "content", "text/plain", "schema"] == ["type": "string"])
    let proxy = core["paths", pod + "/proxy/{path}"]
    #expect(proxy?["parameters"]?.array?.map { $0["name"] } == ["name", "namespace", "path", "pretty"])
    #expect(proxy?["get", "operationId"] == "connectCoreV1GetNamespacedPodProxyWithPath")
  }

  @Test func operationsHaveDifferentNames() throws {
    for path in Self.documents.paths {
      var names: [String] = []
      for item in try #require(Self.documents.document(at: path))["paths"]?.object ?? [:] {
        names += item.value.object?.compactMap { $0.value["operationId"]?.string } ?? []
      }
      #expect(!names.isEmpty)
      #expect(Set(names).count == names.count, "\(path)")
    }
  }
}
