import Admission
import Exchange
import Objects
import Registry
import Synchronization
import Testing

/// Knows what it is given, of resources that it follows.
private struct FakeCache: ObjectCache {
  var synced: [String: Bool]
  var objects: [JSON]

  func hasSynced(_ resource: Resource) -> Bool? { synced[resource.kind] }

  func get(_ resource: Resource, namespace: String, name: String) -> JSON? {
    list(resource, namespace: namespace).first { $0["metadata", "name"]?.string == name }
  }

  func list(_ resource: Resource, namespace: String?) -> [JSON] {
    objects.filter {
      $0["kind"]?.string == resource.kind
        && (namespace == nil || $0["metadata", "namespace"]?.string ?? "" == namespace)
    }
  }
}

@Suite struct StandardPluginTests {
  private static func plugins(_ cache: (any ObjectCache)? = nil) -> [any AdmissionPlugin] {
    AdmissionPlugins.standard(nameSuffix: { "abcde" }, pause: {}, cache: cache, quotaUsage: nil)
  }

  private static let surroundings = [
    json(#"{"kind":"Namespace","metadata":{"name":"n"}}"#),
    json(#"{"kind":"ServiceAccount","metadata":{"name":"default","namespace":"n"}}"#),
  ]

  @Test(arguments: [false, true])
  func `a plain pod ends up as a stock API server has it`(isCached: Bool) async throws {
    let cache = FakeCache(
      synced: ["Namespace": true, "ServiceAccount": true, "LimitRange": true, "PriorityClass": true],
      objects: Self.surroundings)
    let source = FakeObjects(isCached ? [] : Self.surroundings)
    var request = creation(
      json(#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]}}"#), resource("pods"))
    for plugin in Self.plugins(isCached ? cache : nil) where plugin.handles(request) {
      try await plugin.admit(&request, source)
      try await plugin.validate(request, source)
    }
    let spec = try #require(request.object?["spec"])
    #expect(spec["volumes"]?.array?.map { $0["name"]?.string } == ["kube-api-access-abcde"])
    #expect(spec["tolerations"]?.array?.count == 2)
    #expect(spec["priority"] == 0)
    #expect(spec["serviceAccountName"] == "default")
  }

  @Test(arguments: [
    (nil, "in the store"), (false, "in the store"), (true, "in the cache"),
  ])
  func `a cache counts once it knows all`(synced: Bool?, expected: String) async throws {
    func object(_ place: String) -> JSON {
      ["kind": "Namespace", "metadata": ["name": "n"], "place": .string(place)]
    }
    var cache = FakeCache(synced: [:], objects: [object("in the cache")])
    cache.synced["Namespace"] = synced
    let objects = CachedObjects(cache: cache, live: FakeObjects([object("in the store")]))
    let namespaces = resource("namespaces")
    #expect(try await objects.get(namespaces, namespace: "", name: "n")?["place"]?.string == expected)
    #expect(try await objects.list(namespaces, namespace: nil).first?["place"]?.string == expected)
  }

  @Test func `what a cache does not have yet is looked for in the store`() async throws {
    let cache = FakeCache(synced: ["Namespace": true], objects: [])
    let objects = CachedObjects(cache: cache, live: FakeObjects(Self.surroundings))
    #expect(try await objects.get(resource("namespaces"), namespace: "", name: "n") != nil)
    #expect(try await objects.get(resource("namespaces"), namespace: "", name: "m") == nil)
  }

  @Test func `the plug-ins are asked in the order of Kubernetes`() {
    #expect(
      Self.plugins().map(\.name) == [
        "NamespaceLifecycle", "LimitRanger", "ServiceAccount", "NodeRestriction", "TaintNodesByCondition",
        "Priority", "DefaultTolerationSeconds", "DefaultStorageClass", "StorageObjectInUseProtection",
        "RuntimeClass", "DefaultIngressClass",
      ])
  }

  @Test(arguments: ["events", "endpoints", "secrets"])
  func `most writes concern only the namespace's life`(name: String) {
    let request = creation(["metadata": ["name": "x"]], resource(name))
    #expect(Self.plugins().filter { $0.handles(request) }.map(\.name) == ["NamespaceLifecycle"])
  }
}
