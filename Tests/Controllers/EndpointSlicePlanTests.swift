import Controllers
import Objects
import Testing

@Suite struct EndpointSlicePlanTests {
  private static func service(_ changes: (inout JSON) -> Void = { _ in }) -> JSON {
    var service: JSON = [
      "metadata": ["name": "web", "namespace": "n", "uid": "s", "labels": ["app": "web"]],
      "spec": [
        "clusterIP": "10.96.0.9", "type": "ClusterIP", "selector": ["app": "web"], "ipFamilies": ["IPv4"],
        "ports": [["name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"]],
      ],
    ]
    changes(&service)
    return service
  }

  private static func pod(
    _ name: String, ip: String?, isReady: Bool = true, port: Int64 = 8080,
    _ changes: (inout JSON) -> Void = { _ in }
  ) -> JSON {
    var pod: JSON = [
      "metadata": ["name": .string(name), "namespace": "n", "uid": .string("u-" + name)],
      "spec": [
        "nodeName": "node",
        "containers": [["name": "c", "ports": [["name": "web", "containerPort": .integer(port)]]]],
      ],
      "status": [
        "phase": "Running",
        "conditions": [["type": "Ready", "status": .string(isReady ? "True" : "False")]],
      ],
    ]
    if let ip { pod["status", "podIP"] = .string(ip) }
    changes(&pod)
    return pod
  }

  private static func plan(_ service: JSON, _ pods: [JSON], _ slices: [JSON] = []) -> EndpointSlicePlan {
    EndpointSlicePlan(service: service, pods: pods, zones: ["node": "z"], slices: slices)
  }

  private static func stored(_ slice: JSON, name: String) -> JSON {
    var slice = slice
    slice["metadata", "generateName"] = nil
    slice["metadata", "name"] = .string(name)
    return slice
  }

  /// `ip:ready,serving,terminating` of each endpoint.
  private static func summary(_ slice: JSON) -> [String] {
    (slice["endpoints"]?.array ?? []).map { endpoint in
      let conditions = ["ready", "serving", "terminating"].map {
        endpoint["conditions", $0]?.boolean == true ? $0 : "-"
      }
      return (endpoint["addresses"]?.array?.first?.string ?? "") + ":" + conditions.joined(separator: ",")
    }
  }

  @Test func `a first slice names each pod with its node and zone`() {
    let plan = Self.plan(Self.service(), [Self.pod("a", ip: "10.0.0.1")])
    #expect(plan.updates.isEmpty && plan.deletes.isEmpty)
    #expect(
      plan.creates.map(\.text) == [
        #"{"addressType":"IPv4","apiVersion":"discovery.k8s.io/v1","endpoints":[{"addresses":["10.0.0.1"],"#
          + #""conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"node","#
          + #""targetRef":{"kind":"Pod","name":"a","namespace":"n","uid":"u-a"},"zone":"z"}],"#
          + #""kind":"EndpointSlice","metadata":{"generateName":"web-","labels":{"app":"web","#
          + #""endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","#
          + #""kubernetes.io/service-name":"web"},"namespace":"n","ownerReferences":[{"apiVersion":"v1","#
          + #""blockOwnerDeletion":true,"controller":true,"kind":"Service","name":"web","uid":"s"}]},"#
          + #""ports":[{"name":"http","port":8080,"protocol":"TCP"}]}"#
      ])
  }

  @Test(arguments: [
    ("ready", pod("a", ip: "1.1.1.1"), false, ["1.1.1.1:ready,serving,-"]),
    ("not ready", pod("a", ip: "1.1.1.1", isReady: false), false, ["1.1.1.1:-,-,-"]),
    ("not ready but published", pod("a", ip: "1.1.1.1", isReady: false), true, ["1.1.1.1:ready,-,-"]),
    (
      "terminating", pod("a", ip: "1.1.1.1") { $0["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" },
      false,
      ["1.1.1.1:-,serving,terminating"]
    ),
    ("without an address", pod("a", ip: nil), false, []),
    ("ended", pod("a", ip: "1.1.1.1") { $0["status", "phase"] = "Succeeded" }, false, []),
  ])
  func `conditions follow the pod`(name: String, pod: JSON, publishes: Bool, expected: [String]) {
    let service = Self.service { if publishes { $0["spec", "publishNotReadyAddresses"] = true } }
    #expect(Self.plan(service, [pod]).creates.map(Self.summary) == [expected], "\(name)")
  }

  @Test func `nothing is written when nothing has changed`() {
    let pods = [Self.pod("a", ip: "1.1.1.1"), Self.pod("b", ip: "1.1.1.2")]
    let slice = Self.stored(Self.plan(Self.service(), pods).creates[0], name: "web-1")
    #expect(Self.plan(Self.service(), pods.reversed(), [slice]).isEmpty)
  }

  @Test func `endpoints stay in their slice, and a new one fills the fullest`() {
    let pods = (0..<150).map { Self.pod("p\(1000 + $0)", ip: "10.0.\($0 / 250).\($0 % 250)") }
    let first = Self.plan(Self.service(), pods)
    #expect(first.creates.map { Self.summary($0).count } == [100, 50])
    let slices = [Self.stored(first.creates[0], name: "one"), Self.stored(first.creates[1], name: "two")]
    // One pod of the full slice goes, two come: one fills the gap, one goes to the other.
    let changed = Array(pods.dropFirst()) + [Self.pod("q1", ip: "10.9.0.1"), Self.pod("q2", ip: "10.9.0.2")]
    let second = Self.plan(Self.service(), changed, slices)
    #expect(second.creates.isEmpty && second.deletes.isEmpty)
    #expect(second.updates.map { $0["metadata", "name"]?.string } == ["one", "two"])
    #expect(second.updates.map { Self.summary($0).count } == [100, 51])
  }

  @Test func `pods with other ports for a name get a slice of their own`() {
    let pods = [Self.pod("a", ip: "1.1.1.1"), Self.pod("b", ip: "1.1.1.2", port: 9090)]
    let plan = Self.plan(Self.service(), pods)
    #expect(plan.creates.map { $0["ports"]?.array?.first?["port"] } == [8080, 9090])
  }

  @Test func `the last slice of a service stays, empty`() {
    let slice = Self.stored(Self.plan(Self.service(), [Self.pod("a", ip: "1.1.1.1")]).creates[0], name: "one")
    let plan = Self.plan(Self.service(), [], [slice])
    #expect(plan.creates.isEmpty && plan.deletes.isEmpty)
    #expect(plan.updates.map { $0["endpoints"] } == [[]])
  }

  @Test func `slices of others are left alone`() {
    var slice = Self.stored(Self.plan(Self.service(), [Self.pod("a", ip: "1.1.1.1")]).creates[0], name: "one")
    slice["metadata", "labels", "endpointslice.kubernetes.io/managed-by"] = "someone"
    let plan = Self.plan(Self.service(), [], [slice])
    #expect(plan.deletes.isEmpty && plan.updates.isEmpty && plan.creates.count == 1)
  }
}

@Suite struct EndpointsPlanTests {
  private static let service: JSON = [
    "metadata": ["name": "web", "namespace": "n", "labels": ["app": "web"]],
    "spec": ["clusterIP": "10.96.0.9", "ports": [["name": "", "port": 80, "targetPort": 8080]]],
  ]

  private static func pod(_ name: String, ip: String, isReady: Bool = true) -> JSON {
    [
      "metadata": ["name": .string(name), "namespace": "n", "uid": .string("u-" + name)],
      "status": [
        "podIP": .string(ip),
        "conditions": [["type": "Ready", "status": .string(isReady ? "True" : "False")]],
      ],
    ]
  }

  @Test func `ready and unready addresses share the subset of their ports`() {
    let object = EndpointsPlan.object(
      service: Self.service,
      pods: [Self.pod("b", ip: "1.1.1.2", isReady: false), Self.pod("a", ip: "1.1.1.1")],
      current: nil)
    #expect(
      object?.text
        == #"{"apiVersion":"v1","kind":"Endpoints","metadata":{"labels":{"app":"web","#
        + #""endpoints.kubernetes.io/managed-by":"endpoint-controller"},"name":"web","namespace":"n"},"#
        + #""subsets":[{"addresses":[{"ip":"1.1.1.1","targetRef":{"kind":"Pod","name":"a","namespace":"n","#
        + #""uid":"u-a"}}],"notReadyAddresses":[{"ip":"1.1.1.2","targetRef":{"kind":"Pod","name":"b","#
        + #""namespace":"n","uid":"u-b"}}],"ports":[{"port":8080,"protocol":"TCP"}]}]}"#)
    let again = EndpointsPlan.object(
      service: Self.service,
      pods: [Self.pod("a", ip: "1.1.1.1"), Self.pod("b", ip: "1.1.1.2", isReady: false)],
      current: object)
    #expect(again == nil)
  }

  @Test func `a thousand addresses fit, those that are ready first`() {
    let pods = (0..<1200).map { Self.pod("p\($0)", ip: "10.0.\($0 / 250).\($0 % 250)", isReady: $0 % 2 == 0) }
    let object = EndpointsPlan.object(service: Self.service, pods: pods, current: nil)
    #expect(object?["subsets"]?.array?.first?["addresses"]?.array?.count == 600)
    #expect(object?["subsets"]?.array?.first?["notReadyAddresses"]?.array?.count == 400)
    #expect(object?["metadata", "annotations"]?["endpoints.kubernetes.io/over-capacity"] == "truncated")
  }

  @Test func `no pods leave an object without subsets`() {
    let object = EndpointsPlan.object(service: Self.service, pods: [], current: nil)
    #expect(object != nil && object?["subsets"] == nil)
  }
}
