import Client
import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_000_000)

private func object(
  _ name: String, uid: String? = nil, labels: JSON = [:], controller: String? = nil, deleted: Bool = false
) -> JSON {
  var object: JSON = [
    "metadata": ["name": .string(name), "namespace": "n", "uid": .string(uid ?? name), "labels": labels]
  ]
  if let controller {
    object["metadata", "ownerReferences"] = [["uid": .string(controller), "controller": true]]
  }
  if deleted { object["metadata", "deletionTimestamp"] = .string(now.text) }
  return object
}

@Suite struct ClaimsTests {
  @Test(arguments: [
    (object("a", labels: ["app": "x"], controller: "owner"), "owned"),
    (object("a", labels: ["app": "x"]), "adopt"),
    (object("a", labels: ["app": "y"], controller: "owner"), "release"),
    (object("a", labels: ["app": "x"], controller: "other"), "none"),
    (object("a", labels: ["app": "y"]), "none"),
    (object("a", labels: ["app": "x"], deleted: true), "none"),
    (object("a", labels: ["app": "y"], controller: "owner", deleted: true), "none"),
    (object("a", labels: ["app": "x"], controller: "owner", deleted: true), "owned"),
  ])
  func `an object is owned, adopted, released or left alone`(candidate: JSON, expected: String) throws {
    let selector = try LabelRequirements(selector: ["matchLabels": ["app": "x"]])
    let claims = Claims(of: object("owner"), selector: selector, among: [candidate])
    #expect(claims.owned.isEmpty == (expected != "owned"))
    #expect(claims.adopt.isEmpty == (expected != "adopt"))
    #expect(claims.release.isEmpty == (expected != "release"))
  }

  @Test func `an owner that is being deleted adopts and releases nothing`() throws {
    let selector = try LabelRequirements(selector: ["matchLabels": ["app": "x"]])
    let claims = Claims(
      of: object("owner", deleted: true), selector: selector,
      among: [object("a", labels: ["app": "x"]), object("b", controller: "owner")])
    #expect(claims.adopt.isEmpty && claims.release.isEmpty && claims.owned.isEmpty)
  }
}

@Suite struct ConditionsTests {
  @Test func `a condition of the same status and reason keeps its times`() {
    var status: JSON = [:]
    Conditions.set(Conditions.make("A", "True", reason: "R", message: "m", now: now), in: &status)
    let before = status
    let later = now.advanced(bySeconds: 60)
    Conditions.set(Conditions.make("A", "True", reason: "R", message: "other", now: later), in: &status)
    #expect(status == before)
  }

  @Test func `a condition of the same status keeps the time of its transition`() {
    var status: JSON = [:]
    Conditions.set(Conditions.make("A", "True", reason: "R", message: "m", now: now), in: &status)
    Conditions.set(
      Conditions.make("A", "True", reason: "S", message: "m", now: now.advanced(bySeconds: 60)), in: &status)
    #expect(Conditions.find("A", in: status)?["lastTransitionTime"]?.string == now.text)
    #expect(Conditions.find("A", in: status)?["reason"]?.string == "S")
  }

  @Test func `a status whose last condition goes has none`() {
    var status: JSON = ["conditions": [["type": "A"]]]
    Conditions.remove("A", in: &status)
    #expect(status == [:])
  }
}

@Suite struct ExpectationsTests {
  private let key = ObjectKey(namespace: "n", name: "a")

  @Test func `creations and deletions are waited for`() {
    let expectations = Expectations()
    expectations.expect(key, creations: 2, deletions: ["u"], now: now)
    #expect(!expectations.areMet(key, now: now))
    expectations.created(key)
    expectations.created(key)
    #expect(!expectations.areMet(key, now: now))
    expectations.deleted(key, uid: "u")
    #expect(expectations.areMet(key, now: now))
  }

  @Test func `what never comes is given up after five minutes`() {
    let expectations = Expectations()
    expectations.expect(key, creations: 1, now: now)
    #expect(!expectations.areMet(key, now: now.advanced(bySeconds: 300)))
    #expect(expectations.areMet(key, now: now.advanced(bySeconds: 301)))
  }
}

@Suite struct LatestWritesTests {
  private func version(_ version: String, uid: String = "u") -> JSON {
    ["metadata": ["name": "a", "namespace": "n", "uid": .string(uid), "resourceVersion": .string(version)]]
  }

  @Test(arguments: [("5", "u", "7"), ("7", "u", "7"), ("9", "u", "9"), ("5", "other", "5")])
  func `the later object counts, of the same identity`(cached: String, uid: String, expected: String) {
    let writes = LatestWrites()
    writes.wrote(version("7"))
    #expect(writes.later(than: version(cached, uid: uid)).resourceVersion == expected)
  }
}

@Suite struct StableHashTests {
  @Test func `the hash is a label value that depends on template and collisions`() {
    let template: JSON = ["spec": ["containers": [["image": "a"]]]]
    #expect(StableHash.of(template, collisionCount: nil) == StableHash.of(template, collisionCount: nil))
    #expect(StableHash.of(template, collisionCount: nil) != StableHash.of(template, collisionCount: 1))
    #expect(StableHash.of(template, collisionCount: nil) != StableHash.of([:], collisionCount: nil))
    #expect(StableHash.safe("0123456789") == "456789bcdf")
  }
}

@Suite struct NodeFitTests {
  private let node: JSON = [
    "metadata": ["name": "n1", "labels": ["zone": "a", "size": "3"]],
    "spec": ["taints": [["key": "k", "value": "v", "effect": "NoSchedule"]]],
  ]
  private static func affinity(_ key: String, _ operation: String, _ values: JSON) -> JSON {
    [
      "affinity": [
        "nodeAffinity": [
          "requiredDuringSchedulingIgnoredDuringExecution": [
            "nodeSelectorTerms": [
              ["matchExpressions": [["key": .string(key), "operator": .string(operation), "values": values]]]
            ]
          ]
        ]
      ], "tolerations": [["operator": "Exists"]],
    ]
  }

  @Test(
    arguments: [
      ([:], .taintedForNew), (["tolerations": [["operator": "Exists"]]], .fits),
      (["tolerations": [["key": "k", "operator": "Equal", "value": "v"]]], .fits),
      (["tolerations": [["key": "k", "value": "w"]]], .taintedForNew),
      (["tolerations": [["key": "k", "operator": "Exists", "effect": "NoExecute"]]], .taintedForNew),
      (["nodeSelector": ["zone": "b"]], .mismatch), (["nodeName": "n2"], .mismatch),
      (affinity("zone", "In", ["a"]), .fits), (affinity("zone", "NotIn", ["a"]), .mismatch),
      (affinity("size", "Gt", ["2"]), .fits), (affinity("size", "Lt", ["2"]), .mismatch),
      (affinity("none", "Exists", []), .mismatch), (affinity("none", "DoesNotExist", []), .fits),
    ] as [(JSON, NodeFit.Verdict)])
  func `a node takes a pod or not`(spec: JSON, expected: NodeFit.Verdict) {
    #expect(NodeFit(spec: spec).verdict(node) == expected)
  }
}

@Suite struct DeletionRankingTests {
  private static func pod(
    _ name: String, node: String = "n1", phase: String = "Running", readyFor: Int64? = 100,
    cost: String? = nil,
    restarts: Int64 = 0, age: Int64 = 100
  ) -> JSON {
    var pod: JSON = [
      "metadata": [
        "name": .string(name), "uid": .string(name),
        "creationTimestamp": .string(now.advanced(bySeconds: -age).text),
      ], "spec": [:],
      "status": ["phase": .string(phase), "containerStatuses": [["restartCount": .integer(restarts)]]],
    ]
    if !node.isEmpty { pod["spec", "nodeName"] = .string(node) }
    if let cost {
      pod["metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost"] = .string(cost)
    }
    if let readyFor {
      pod["status", "conditions"] = [
        [
          "type": "Ready", "status": "True",
          "lastTransitionTime": .string(now.advanced(bySeconds: -readyFor).text),
        ]
      ]
    }
    return pod
  }

  @Test(arguments: [
    (pod("first", node: "", phase: "Pending", readyFor: nil), pod("a")),
    (pod("first", phase: "Pending"), pod("a")), (pod("first", phase: "Unknown"), pod("a")),
    (pod("first", readyFor: nil), pod("a")), (pod("first", cost: "-1"), pod("a")),
    (pod("first", readyFor: 10), pod("a")), (pod("first", restarts: 1), pod("a")),
    (pod("first", age: 10), pod("a")), (pod("first"), pod("g")),
  ])
  func `the pod whose loss is felt least goes first`(first: JSON, second: JSON) {
    let ranking = DeletionRanking(related: [first, second], now: now)
    #expect(ranking.victims(1, of: [second, first]).map(\.name) == ["first"])
    #expect(ranking.victims(1, of: [first, second]).map(\.name) == ["first"])
  }

  @Test func `of ready pods the one on the fuller node goes first`() {
    let first = Self.pod("first", node: "full")
    let other = Self.pod("a", node: "empty")
    let ranking = DeletionRanking(related: [first, other, Self.pod("x", node: "full")], now: now)
    #expect(ranking.victims(1, of: [other, first]).map(\.name) == ["first"])
  }
}

@Test func `every resource that controllers know is built in`() {
  let all: [Resource] = [
    .pods, .nodes, .replicaSets, .deployments, .daemonSets, .controllerRevisions, .jobs, .cronJobs,
  ]
  #expect(all.map(\.kind).count == 8)
}
