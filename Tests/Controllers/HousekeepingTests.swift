import Client
import Exchange
import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_800_000_000)

private func withControllers(
  _ controllers: [any Controller], _ api: InMemoryAPI, _ body: @Sendable () async throws -> Void
) async throws {
  let client = APIClient(transport: api, userAgent: "test")
  let group = ControllerGroup(controllers, client: client, now: { now })
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { await group.run() }
    try await body()
    tasks.cancelAll()
    #expect(api.idleWrites == [])
  }
}

private func object(_ resource: Resource, _ name: String, _ fields: JSON = [:]) -> JSON {
  var object = fields
  object["apiVersion"] = .string(resource.apiVersion)
  object["kind"] = .string(resource.kind)
  object["metadata", "name"] = .string(name)
  if resource.isNamespaced { object["metadata", "namespace"] = "n" }
  return object
}

private func pod(_ name: String, _ ip: String, node: String = "node") -> JSON {
  object(
    .pods, name,
    [
      "metadata": ["labels": ["app": "web"]],
      "spec": ["containers": [["name": "c", "image": "i"]], "nodeName": .string(node)],
      "status": ["podIP": .string(ip)],
    ])
}

/// A pod that has an address and is ready at once.
private func ready(_ pod: JSON) -> JSON? {
  guard pod.phase == "Pending", !pod.isBeingDeleted else { return nil }
  var pod = pod
  pod["status", "phase"] = "Running"
  pod["status", "podIP"] = "10.0.0.1"
  pod["status", "podIPs"] = [["ip": "10.0.0.1"]]
  pod["status", "conditions"] = [
    ["type": "Ready", "status": "True", "lastTransitionTime": .string(now.text)]
  ]
  return pod
}

@Suite struct HousekeepingTests {
  @Test
  func `a namespace gets a service account and the root certificate, again when they go`() async throws {
    let api = InMemoryAPI(now: now)
    try await withControllers(
      [ServiceAccountController(), RootCertificatePublisher(certificate: "PEM")], api
    ) {
      try api.apply(.namespaces, object(.namespaces, "n"))
      #expect(await api.wait { api.objects(.serviceAccounts).map(\.name) == ["default"] })
      #expect(await api.wait { api.objects(.configMaps).first?["data"] == ["ca.crt": "PEM"] })
      let uid = api.objects(.serviceAccounts).first?.uid
      try api.remove(.serviceAccounts, "default")
      #expect(await api.wait { api.objects(.serviceAccounts).contains { $0.uid != uid } })
      try api.change(.configMaps, "kube-root-ca.crt") { $0["data"] = ["ca.crt": "other"] }
      #expect(await api.wait { api.objects(.configMaps).first?["data"] == ["ca.crt": "PEM"] })
    }
  }

  @Test
  func `endpoints of a service follow its pods`() async throws {
    let api = InMemoryAPI(now: now, kubelet: ready)
    try await withControllers([EndpointSliceController(), EndpointsController()], api) {
      try api.apply(
        .services,
        object(
          .services, "web",
          [
            "spec": [
              "selector": ["app": "web"], "ports": [["port": 80]], "clusterIP": "10.1.0.1",
              "clusterIPs": ["10.1.0.1"], "ipFamilies": ["IPv4"],
            ]
          ]))
      #expect(
        await api.wait { api.objects(.endpointSlices).count == 1 && api.objects(.endpoints).count == 1 })
      try api.apply(.pods, pod("a", "10.0.0.1"))
      #expect(
        await api.wait {
          api.objects(.endpointSlices).first?["endpoints"]?.array?.first?["addresses"] == ["10.0.0.1"]
            && api.objects(.endpoints).first?["subsets"]?.array?.first?["addresses"]?.array?.count == 1
        })
      try api.change(.pods, "a") { $0["metadata", "labels", "app"] = "other" }
      #expect(
        await api.wait {
          api.objects(.endpointSlices).allSatisfy { $0["endpoints"]?.array?.isEmpty != false }
            && api.objects(.endpoints).allSatisfy { $0["subsets"]?.array?.isEmpty != false }
        })
      try api.remove(.services, "web")
      #expect(await api.wait { api.objects(.endpoints).isEmpty })
    }
  }

  @Test
  func `a namespace that is deleted is emptied and goes`() async throws {
    let api = InMemoryAPI(now: now)
    try await withControllers([NamespaceController()], api) {
      try api.apply(.namespaces, object(.namespaces, "n", ["spec": ["finalizers": ["kubernetes"]]]))
      try api.apply(.configMaps, object(.configMaps, "c"))
      try api.remove(.namespaces, "n")
      #expect(await api.wait { api.objects(.namespaces).isEmpty })
      #expect(api.objects(.configMaps) == [])
    }
  }

  @Test
  func `an object goes after its owner, and one whose owner never was goes too`() async throws {
    let api = InMemoryAPI(now: now)
    try api.apply(.configMaps, object(.configMaps, "owner"))
    let owner = api.objects(.configMaps)[0]
    func owned(_ name: String, uid: String) -> JSON {
      let reference: JSON = [
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": .string(uid),
      ]
      return object(.configMaps, name, ["metadata": ["ownerReferences": [reference]]])
    }
    try api.apply(.configMaps, owned("a", uid: owner.uid))
    try api.apply(.configMaps, owned("b", uid: "00000000-0000-4000-8000-000000000000"))
    try await withControllers([GarbageCollector()], api) {
      #expect(await api.wait { api.objects(.configMaps).map(\.name) == ["a", "owner"] })
      try api.remove(.configMaps, "owner")
      #expect(await api.wait { api.objects(.configMaps).isEmpty })
    }
  }

  @Test
  func `pods leave a node with a taint, and cluster roles are aggregated`() async throws {
    let api = InMemoryAPI(now: now)
    try await withControllers([NodeLifecycleController(), ClusterRoleAggregation()], api) {
      try api.apply(.nodes, object(.nodes, "node"))
      try api.apply(.pods, pod("a", ""))
      try api.change(.nodes, "node") { $0["spec", "taints"] = [["key": "k", "effect": "NoExecute"]] }
      #expect(await api.wait { api.objects(.pods).allSatisfy(\.isBeingDeleted) })
      let rule: JSON = ["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]
      try api.apply(
        .clusterRoles,
        object(.clusterRoles, "part", ["metadata": ["labels": ["to": "all"]], "rules": [rule]]))
      try api.apply(
        .clusterRoles,
        object(
          .clusterRoles, "all",
          ["aggregationRule": ["clusterRoleSelectors": [["matchLabels": ["to": "all"]]]]]))
      #expect(
        await api.wait {
          api.objects(.clusterRoles).first { $0.name == "all" }?["rules"] == .array([rule])
        })
    }
  }
}
