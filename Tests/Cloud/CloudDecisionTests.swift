import Objects
import Testing

@testable import Cloud

private func node(
  _ name: String, _ addresses: [(String, String)] = [("InternalIP", "10.0.0.1")], ready: String = "True",
  labels: JSON = [:], taints: JSON = []
) -> JSON {
  [
    "metadata": ["name": .string(name), "labels": labels], "spec": ["taints": taints],
    "status": [
      "conditions": [["type": "Ready", "status": .string(ready)]],
      "addresses": .array(addresses.map { ["type": .string($0.0), "address": .string($0.1)] }),
    ],
  ]
}

private func service(_ ports: [(Int64, String)], families: JSON = ["IPv4"], spec: JSON = [:]) -> JSON {
  var service: JSON = ["metadata": ["name": "s", "namespace": "n", "uid": "u"], "spec": spec]
  service["spec", "type"] = "LoadBalancer"
  service["spec", "ipFamilies"] = families
  service["spec", "ports"] = .array(ports.map { ["port": .integer($0.0), "protocol": .string($0.1)] })
  return service
}

@Suite struct CloudDecisionTests {
  @Test
  func `a service gets all addresses on which its ports are free`() {
    let nodes = [
      node("a", [("InternalIP", "10.0.0.1"), ("Hostname", "a")]),
      node("b", [("InternalIP", "10.0.0.2"), ("ExternalIP", "192.0.2.2")]),
      node("c", [("InternalIP", "fd00::3"), ("InternalIP", "10.0.0.3")]),
    ]
    typealias Holder = AddressAllocation.Holder
    let web = Holder(
      service: "n/web", addresses: ["10.0.0.1", "192.0.2.2"],
      ports: [BalancedPort(number: 80, transport: "TCP")])
    let all = Holder(
      service: "n/all", addresses: ["10.0.0.3"], ports: [BalancedPort(number: 80, transport: "TCP")])
    let ssh: Set<BalancedPort> = [BalancedPort(number: 22, transport: "TCP")]
    let cases: [(service: JSON, holders: [Holder], outcome: AddressAllocation.Outcome)] = [
      (service([(80, "TCP")]), [], .addresses(["10.0.0.1", "192.0.2.2", "10.0.0.3"])),
      (service([(80, "TCP")]), [web], .addresses(["10.0.0.3"])),
      (service([(80, "UDP")]), [web], .addresses(["10.0.0.1", "192.0.2.2", "10.0.0.3"])),
      (service([(81, "TCP"), (80, "TCP")]), [web], .addresses(["10.0.0.3"])),
      (
        service([(80, "TCP")]), [web, all],
        .taken("port 80/TCP of 10.0.0.1 is taken by service n/web")
      ), (service([(80, "TCP")], families: ["IPv6"]), [], .addresses(["fd00::3"])),
      (service([(22, "TCP")]), [], .taken("port 22/TCP is one that nodes need themselves")),
      (
        service([(80, "TCP")], spec: ["loadBalancerIP": "10.0.0.3"]), [], .addresses(["10.0.0.3"])
      ),
      (
        service([(80, "TCP")], spec: ["loadBalancerIP": "10.9.9.9"]), [],
        .taken("no node has the address 10.9.9.9")
      ),
    ]
    for each in cases {
      #expect(
        AddressAllocation.decide(
          service: each.service, nodes: nodes, holders: each.holders, reserved: ssh) == each.outcome)
    }
    #expect(
      AddressAllocation.decide(service: service([(80, "TCP")]), nodes: [], holders: [], reserved: [])
        == .addresses([]))
  }

  @Test
  func `nodes that are not ready, excluded or not initialized serve nobody`() {
    let nodes = [
      node("z"), node("a"), node("down", ready: "False"), node("silent", ready: "Unknown"),
      node("out", labels: ["node.kubernetes.io/exclude-from-external-load-balancers": ""]),
      node("new", taints: [["key": .string(CloudNodeController.uninitialized), "effect": "NoSchedule"]]),
      node("cordoned", taints: [["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]]),
    ]
    #expect(LoadBalancerNodes.of(nodes).map(\.name) == ["a", "cordoned", "z"])
  }

  @Test
  func `what is done for a service`() {
    func decide(_ type: String, loadBalancerClass: String = "", deleted: Bool = false, marked: Bool = false)
      -> ServiceController.Decision
    {
      var service: JSON = ["metadata": ["name": "s"], "spec": ["type": .string(type)]]
      if !loadBalancerClass.isEmpty { service["spec", "loadBalancerClass"] = .string(loadBalancerClass) }
      if deleted { service["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
      if marked { service["metadata", "finalizers"] = [.string(ServiceController.finalizer)] }
      return ServiceController.decide(service)
    }
    #expect(decide("LoadBalancer") == .ensure)
    #expect(decide("LoadBalancer", loadBalancerClass: "example.com/other") == .nothing)
    #expect(decide("ClusterIP") == .nothing)
    #expect(decide("ClusterIP", marked: true) == .cleanUp)
    #expect(decide("LoadBalancer", deleted: true, marked: true) == .cleanUp)
    #expect(decide("LoadBalancer", deleted: true) == .nothing)
  }

  @Test
  func `what is done with a node`() {
    let off: JSON = [["key": .string(CloudNodeLifecycleController.shutdown), "effect": "NoSchedule"]]
    typealias Decision = CloudNodeLifecycleController.Decision
    let cases: [(node: JSON, exists: Bool, isShutDown: Bool, decision: Decision)] = [
      (node("a"), true, false, .nothing), (node("a", taints: off), true, false, .untaint),
      (node("a", ready: "Unknown"), false, false, .delete),
      (node("a", ready: "Unknown"), true, false, .nothing),
      (node("a", ready: "Unknown"), true, true, .taint),
      (node("a", ready: "Unknown", taints: off), true, true, .nothing),
      (node("a", ready: "False", taints: off), true, false, .untaint),
    ]
    for each in cases {
      #expect(
        CloudNodeLifecycleController.decide(each.node, exists: each.exists, isShutDown: each.isShutDown)
          == each.decision)
    }
  }

  @Test
  func `routes that lack are made, and those of nobody go`() {
    func node(_ name: String, _ ranges: JSON) -> JSON {
      ["metadata": ["name": .string(name)], "spec": ["podCIDRs": ranges]]
    }
    let plan = RouteController.Plan(
      nodes: [node("a", ["10.1.0.0/24", "fd00:1::/64"]), node("b", ["10.1.1.0/24"]), node("c", [])],
      routes: [
        CloudRoute(node: "a", destination: "10.1.0.0/24"), CloudRoute(node: "b", destination: "10.1.9.0/24"),
        CloudRoute(node: "", destination: "10.1.1.0/24"),
      ])
    #expect(
      plan.create
        == [
          CloudRoute(node: "a", destination: "fd00:1::/64"),
          CloudRoute(node: "b", destination: "10.1.1.0/24"),
        ])
    #expect(
      plan.delete
        == [
          CloudRoute(node: "b", destination: "10.1.9.0/24"), CloudRoute(node: "", destination: "10.1.1.0/24"),
        ])
  }

  @Test
  func `a node is told what it is once, and opened`() {
    let new = node(
      "a",
      taints: [
        ["key": .string(CloudNodeController.uninitialized), "value": "true", "effect": "NoSchedule"],
        ["key": "mine", "effect": "NoSchedule"],
      ])
    let metadata = InstanceMetadata(
      providerID: "x://1", addresses: [InstanceMetadata.Address(type: "InternalIP", address: "10.0.0.1")],
      instanceType: "large", zone: "z1", region: "r")
    let opened = CloudNodeController.initialized(new, metadata)
    #expect(opened["spec", "providerID"] == "x://1")
    #expect(opened.taints == [["key": "mine", "effect": "NoSchedule"]])
    #expect(opened.label("topology.kubernetes.io/zone") == "z1")
    #expect(opened.label("topology.kubernetes.io/region") == "r")
    #expect(opened.label("node.kubernetes.io/instance-type") == "large")
    #expect(CloudNodeController.initialized(opened, metadata) == opened)
    #expect(CloudNodeController.addressPatch(new, metadata) == nil)
  }
}
