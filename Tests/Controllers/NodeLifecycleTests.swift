import Objects
import Testing

@testable import Controllers

private let now = Timestamp("2026-01-01T00:10:00Z")!

private func node(_ ready: String?, heartbeat: String = "2026-01-01T00:00:00Z", taints: [JSON] = []) -> JSON {
  var node: JSON = ["metadata": ["name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"]]
  if let ready {
    node["status", "conditions"] = [
      ["type": "Ready", "status": .string(ready), "lastHeartbeatTime": .string(heartbeat)]
    ]
  }
  if !taints.isEmpty { node["spec", "taints"] = .array(taints) }
  return node
}

private func taint(_ key: String, _ effect: String, at time: String? = nil) -> JSON {
  var taint: JSON = ["key": .string(key), "effect": .string(effect)]
  if let time { taint["timeAdded"] = .string(time) }
  return taint
}

@Suite struct NodeHealthTests {
  private static func lease(_ time: String) -> JSON { ["spec": ["renewTime": .string(time)]] }

  @Test func `a renewed lease keeps a node alive`() {
    var health = NodeHealth(node: node("True"), lease: Self.lease("1"), at: .seconds(0))
    #expect(health.deadline == .seconds(50))
    health.observe(node: node("True"), lease: Self.lease("1"), at: .seconds(30))
    #expect(health.deadline == .seconds(50))
    health.observe(node: node("True"), lease: Self.lease("2"), at: .seconds(40))
    #expect(health.deadline == .seconds(90))
  }

  @Test func `a heartbeat in the status does too`() {
    var health = NodeHealth(node: node("True"), lease: nil, at: .seconds(0))
    health.observe(node: node("True", heartbeat: "2026-01-01T00:00:10Z"), lease: nil, at: .seconds(10))
    #expect(health.deadline == .seconds(60))
  }

  @Test func `being declared silent is no sign of life, but saying so itself is`() {
    var health = NodeHealth(node: node("True"), lease: nil, at: .seconds(0))
    health.observe(node: node("Unknown"), lease: nil, at: .seconds(60))
    #expect(health.deadline == .seconds(50))
    health.observe(node: node("True"), lease: nil, at: .seconds(70))
    #expect(health.deadline == .seconds(120))
  }

  @Test func `a node that has just come has longer`() {
    #expect(NodeHealth(node: node(nil), lease: nil, at: .seconds(5)).deadline == .seconds(65))
  }

  @Test func `nobody knows the conditions of a silent node`() {
    let status = NodeHealth.unknownStatus(of: node("True"), now: now)
    let ready = Conditions.find("Ready", in: status)
    #expect(ready?["status"] == "Unknown" && ready?["reason"] == "NodeStatusUnknown")
    #expect(ready?["lastTransitionTime"] == "2026-01-01T00:10:00Z")
    #expect(Conditions.find("DiskPressure", in: status)?["reason"] == "NodeStatusNeverUpdated")
    var again = node("True")
    again["status"] = status
    #expect(NodeHealth.unknownStatus(of: again, now: now) == nil)
  }
}

@Suite struct NodeTaintsTests {
  private static let ready = "node.kubernetes.io/not-ready"
  private static let reach = "node.kubernetes.io/unreachable"
  private static let added = now.text

  @Test(
    arguments: [
      ("ready", node("True"), true, nil),
      (
        "not ready", node("False"), true,
        [taint(ready, "NoSchedule", at: added), taint(ready, "NoExecute", at: added)]
      ),
      ("not ready, no evictions now", node("False"), false, [taint(ready, "NoSchedule", at: added)]),
      (
        "silent after not ready",
        node("Unknown", taints: [taint(ready, "NoSchedule"), taint(ready, "NoExecute")]), true,
        [taint(reach, "NoSchedule", at: added), taint(reach, "NoExecute", at: added)]
      ),
      (
        "ready again; others' taints stay",
        node("True", taints: [taint(reach, "NoExecute"), taint("mine", "NoExecute")]), true,
        [taint("mine", "NoExecute")]
      ),
      (
        "as it should be", node("False", taints: [taint(ready, "NoSchedule"), taint(ready, "NoExecute")]),
        true, nil
      ),
    ] as [(String, JSON, Bool, [JSON]?)])
  func `taints follow conditions`(name: String, node: JSON, evicts: Bool, expected: [JSON]?) {
    #expect(NodeTaints.wanted(on: node, evicts: evicts, now: now) == expected, "\(name)")
  }

  @Test(
    arguments: [
      ("no taints", [], [], nil),
      ("not tolerated", [], [taint("a", "NoExecute")], now),
      ("tolerated for ever", [["key": "a", "operator": "Exists"]], [taint("a", "NoExecute")], nil),
      ("all tolerated", [["operator": "Exists"]], [taint("a", "NoExecute"), taint("b", "NoExecute")], nil),
      (
        "for a while since the taint",
        [["key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300]],
        [taint("a", "NoExecute", at: "2026-01-01T00:08:00Z")], Timestamp("2026-01-01T00:13:00Z")
      ),
      (
        "another value", [["key": "a", "value": "x"]], [["key": "a", "value": "y", "effect": "NoExecute"]],
        now
      ),
      (
        "the same value", [["key": "a", "value": "y"]], [["key": "a", "value": "y", "effect": "NoExecute"]],
        nil
      ),
      (
        "another effect", [["key": "a", "operator": "Exists", "effect": "NoSchedule"]],
        [taint("a", "NoExecute")], now
      ),
    ] as [(String, [JSON], [JSON], Timestamp?)])
  func `tolerations say when a pod leaves`(
    name: String, tolerations: [JSON], taints: [JSON], expected: Timestamp?
  ) {
    let pod: JSON = ["spec": ["tolerations": .array(tolerations)]]
    #expect(NodeTaints.departure(of: pod, taints: taints, now: now) == expected, "\(name)")
  }

  @Test(arguments: [
    (10, 0, ZoneHealth.normal), (0, 1, .allDown), (2, 3, .partlyDown), (1, 2, .normal), (10, 3, .normal),
  ])
  func `a zone is as healthy as its nodes`(ready: Int, notReady: Int, expected: ZoneHealth) {
    #expect(ZoneHealth(ready: ready, notReady: notReady) == expected)
  }

  @Test func `evictions slow down when more seems broken than nodes`() {
    #expect(ZoneHealth.normal.evictionRate(nodes: 10, areAllZonesDown: false) == 0.1)
    #expect(ZoneHealth.partlyDown.evictionRate(nodes: 10, areAllZonesDown: false) == 0)
    #expect(ZoneHealth.partlyDown.evictionRate(nodes: 100, areAllZonesDown: false) == 0.01)
    #expect(ZoneHealth.allDown.evictionRate(nodes: 100, areAllZonesDown: false) == 0.1)
    #expect(ZoneHealth.allDown.evictionRate(nodes: 100, areAllZonesDown: true) == 0)
  }
}

@Suite struct PodCollectionTests {
  private static func pod(_ name: String, node: String = "", phase: String = "Running", deleted: Bool = false)
    -> JSON
  {
    var pod: JSON = [
      "metadata": ["name": .string(name), "creationTimestamp": .string("2026-01-01T00:00:0\(name)Z")],
      "spec": [:], "status": ["phase": .string(phase)],
    ]
    if !node.isEmpty { pod["spec", "nodeName"] = .string(node) }
    if deleted { pod["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
    return pod
  }

  @Test func `the oldest of too many that have ended go`() {
    var missing: [String: Duration] = [:]
    let pods = [
      Self.pod("3", phase: "Failed"), Self.pod("1", phase: "Succeeded"), Self.pod("2", phase: "Failed"),
      Self.pod("4"),
    ]
    let due = PodCollection.due(pods: pods, nodes: [], missingSince: &missing, at: .zero, keeping: 1)
    #expect(due.map(\.pod.name) == ["1", "2"] && due.allSatisfy { $0.reason == .terminated })
  }

  @Test func `pods of a node go once it has been missing for a while`() {
    var missing: [String: Duration] = [:]
    let pods = [Self.pod("1", node: "gone"), Self.pod("2", node: "there")]
    func due(_ seconds: Int, nodes: Set<String> = ["there"]) -> [String] {
      PodCollection.due(pods: pods, nodes: nodes, missingSince: &missing, at: .seconds(seconds)).map(
        \.pod.name)
    }
    #expect(due(0) == [])
    #expect(due(39) == [])
    #expect(due(40) == ["1"])
    // It was back meanwhile.
    #expect(due(50, nodes: ["there", "gone"]) == [])
    #expect(due(60) == [])
    #expect(due(100) == ["1"])
  }

  @Test func `a pod that is deleted before it has a node goes at once`() {
    var missing: [String: Duration] = [:]
    let pods = [Self.pod("1", deleted: true), Self.pod("2", node: "n", deleted: true)]
    let due = PodCollection.due(pods: pods, nodes: ["n"], missingSince: &missing, at: .zero)
    #expect(due.map(\.pod.name) == ["1"] && due[0].reason == .unscheduled)
  }
}

@Suite struct NamespaceContentTests {
  @Test func `conditions say what is left and why`() {
    var content = NamespaceContent()
    content.add(
      [["metadata": ["finalizers": ["x/y"]]], ["metadata": [:]]],
      of: Resource.builtIn(group: "", version: "v1", resource: "configmaps")!)
    #expect(!content.isEmpty)
    let status = content.status(of: [:], now: now)
    let remaining = Conditions.find("NamespaceContentRemaining", in: status)
    #expect(remaining?["status"] == "True")
    #expect(remaining?["message"] == "Some resources are remaining: configmaps. has 2 resource instances")
    #expect(
      Conditions.find("NamespaceFinalizersRemaining", in: status)?["message"]
        == "Some content in the namespace has finalizers remaining: x/y in 1 resource instances")
    #expect(Conditions.find("NamespaceDeletionContentFailure", in: status)?["reason"] == "ContentDeleted")
    let namespace: JSON = ["status": status]
    #expect(content.status(of: namespace, now: Timestamp("2027-01-01T00:00:00Z")!) == status)
    #expect(NamespaceContent().isEmpty)
  }
}
