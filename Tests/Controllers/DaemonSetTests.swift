import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_000_000)

private func node(_ name: String, labels: JSON = [:], taints: JSON = []) -> JSON {
  ["metadata": ["name": .string(name), "labels": labels], "spec": ["taints": taints]]
}

private func daemon(_ spec: JSON = [:], strategy: JSON = [:], minReadySeconds: Int64 = 0) -> JSON {
  [
    "metadata": ["name": "agent", "namespace": "n", "uid": "d", "generation": 3],
    "spec": [
      "template": ["metadata": ["labels": ["app": "agent"]], "spec": spec], "updateStrategy": strategy,
      "minReadySeconds": .integer(minReadySeconds),
    ],
  ]
}

private func pod(
  _ name: String, on node: String, hash: String = "new", phase: String = "Running", readyFor: Int64? = 100,
  deleted: Bool = false, bound: Bool = true, age: Int64 = 100
) -> JSON {
  var pod: JSON = [
    "metadata": [
      "name": .string(name), "uid": .string(name), "labels": ["controller-revision-hash": .string(hash)],
      "creationTimestamp": .string(now.advanced(bySeconds: -age).text),
    ], "spec": [:], "status": ["phase": .string(phase)],
  ]
  if bound {
    pod["spec", "nodeName"] = .string(node)
  } else {
    pod["spec"] = DaemonPod(daemon()).pod(node: node, hash: hash)["spec"]
  }
  if deleted { pod["metadata", "deletionTimestamp"] = .string(now.text) }
  if let readyFor, phase == "Running" {
    pod["status", "conditions"] = [
      [
        "type": "Ready", "status": "True",
        "lastTransitionTime": .string(now.advanced(bySeconds: -readyFor).text),
      ]
    ]
  }
  return pod
}

private func rolling(_ surge: JSON, _ unavailable: JSON) -> JSON {
  ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable]]
}

private let three = [node("a"), node("b"), node("c")]

@Suite struct DaemonSetDecisionTests {
  private static let unschedulable: JSON = [
    ["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]
  ]
  private static let unready: JSON = [["key": "node.kubernetes.io/not-ready", "effect": "NoExecute"]]

  @Test(arguments: [
    (node("a"), true, true), (node("a", taints: unschedulable), true, true),
    (node("a", taints: unready), true, true),
    (node("a", taints: [["key": "k", "effect": "NoSchedule"]]), false, true),
    (node("a", taints: [["key": "k", "effect": "NoExecute"]]), false, false),
    (node("a", taints: [["key": "k", "effect": "PreferNoSchedule"]]), true, true),
  ])
  func `a node gets a daemon, keeps it or loses it`(node: JSON, shouldRun: Bool, mayStay: Bool) {
    let place = DaemonPod(daemon()).place(on: node)
    #expect(place.shouldRun == shouldRun)
    #expect(place.mayStay == mayStay)
  }

  @Test func `a selector leaves nodes out`() {
    let place = DaemonPod(daemon(["nodeSelector": ["disk": "ssd"]])).place(on: node("a"))
    #expect(!place.shouldRun && !place.mayStay)
  }

  @Test(
    arguments: [
      ([], ["a", "b", "c"], []), ([pod("1", on: "a")], ["b", "c"], []),
      ([pod("1", on: "a", bound: false)], ["b", "c"], []),
      ([pod("1", on: "a", deleted: true), pod("2", on: "b"), pod("3", on: "c")], [], []),
      ([pod("1", on: "a"), pod("2", on: "a", age: 10)], ["b", "c"], ["2"]),
      ([pod("1", on: "a", phase: "Failed"), pod("2", on: "b", phase: "Succeeded")], ["c"], ["1", "2"]),
      ([pod("1", on: "gone", bound: false)], ["a", "b", "c"], ["1"]),
      ([pod("1", on: "gone")], ["a", "b", "c"], []),
    ] as [([JSON], [String], [String])])
  func `each node has one pod`(pods: [JSON], create: [String], delete: [String]) {
    let decision = DaemonSetDecision(daemon(), nodes: three, pods: pods, hash: "new", now: now)
    #expect(decision.create == create)
    #expect(decision.delete.map(\.name) == delete)
  }

  @Test func `a failed pod is left alone while its node backs off`() {
    let pods = [pod("1", on: "a", phase: "Failed"), pod("2", on: "b"), pod("3", on: "c")]
    let decision = DaemonSetDecision(
      daemon(), nodes: three, pods: pods, hash: "new", now: now, backOff: { _, _ in .seconds(4) })
    #expect(decision.delete.isEmpty && decision.create.isEmpty)
    #expect(decision.requeueAfter == .seconds(4))
  }

  private static func old(_ ready: Int64?...) -> [JSON] {
    zip(["a", "b", "c"], ready).map { pod("old-\($0.0)", on: $0.0, hash: "old", readyFor: $0.1) }
  }

  @Test(
    arguments: [
      // One may be missing: one goes.
      (rolling(0, 1), old(9, 9, 9), [], ["old-a"]),
      (rolling(0, "67%"), old(9, 9, 9), [], ["old-a", "old-b", "old-c"]),
      // One that does not serve goes first, and counts as missing.
      (rolling(0, 1), old(9, nil, 9), [], ["old-b"]),
      // One on its way out counts as missing.
      (rolling(0, 1), [pod("x", on: "a", deleted: true)] + old(9, 9, 9).dropFirst(), [], []),
      (rolling(0, 1), [pod("x", on: "a", readyFor: nil)] + old(9, 9, 9).dropFirst(), [], []),
      (["type": "OnDelete"], old(9, 9, 9), [], []),
      // With a surge the new pod comes first.
      (rolling(1, 0), old(9, 9, 9), ["a"], []), (rolling(1, 0), old(9, nil, 9), ["a", "b"], []),
      (rolling(1, 0), [pod("x", on: "a", readyFor: nil)] + old(9, 9, 9), [], []),
      (rolling(1, 0), [pod("x", on: "a")] + old(9, 9, 9), ["b"], ["old-a"]),
    ] as [(JSON, [JSON], [String], [String])])
  func `a rolling update keeps to its strategy`(
    strategy: JSON, pods: [JSON], create: [String], delete: [String]
  ) {
    let decision = DaemonSetDecision(
      daemon(strategy: strategy), nodes: three, pods: pods, hash: "new", now: now)
    #expect(decision.create == create)
    #expect(decision.delete.map(\.name) == delete)
  }

  @Test func `the status counts nodes`() {
    let nodes = three + [node("d", taints: [["key": "k", "effect": "NoSchedule"]])]
    let pods = [
      pod("1", on: "a"), pod("2", on: "b", hash: "old", readyFor: 10), pod("3", on: "d"),
    ]
    let set = daemon(strategy: ["type": "OnDelete"], minReadySeconds: 30)
    let decision = DaemonSetDecision(set, nodes: nodes, pods: pods, hash: "new", now: now)
    #expect(
      decision.status == [
        "desiredNumberScheduled": 3, "currentNumberScheduled": 2, "numberMisscheduled": 1, "numberReady": 2,
        "updatedNumberScheduled": 1, "numberAvailable": 1, "numberUnavailable": 2, "observedGeneration": 3,
      ])
    #expect(decision.requeueAfter == .seconds(20))
  }

  @Test func `a pod is pinned to its node and bears what happens to nodes`() {
    let pod = DaemonPod(daemon(["hostNetwork": true, "tolerations": [["key": "k"]]])).pod(
      node: "a", hash: "h")
    #expect(pod["metadata", "labels"] == ["app": "agent", "controller-revision-hash": "h"])
    #expect(
      pod["spec", "tolerations"]?.array?.compactMap { $0["key"]?.string } == [
        "k", "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable",
        "node.kubernetes.io/disk-pressure", "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/pid-pressure", "node.kubernetes.io/unschedulable",
        "node.kubernetes.io/network-unavailable",
      ])
    #expect(DaemonPod.node(of: pod) == "a")
  }
}

@Suite struct RevisionHistoryTests {
  private func revision(_ name: String, of set: JSON, _ number: Int64) -> JSON {
    [
      "metadata": ["name": .string(name), "labels": ["controller-revision-hash": .string(name)]],
      "data": RevisionHistory.data(set), "revision": .integer(number),
    ]
  }

  @Test func `a new template makes a revision`() {
    let old = revision("old", of: daemon(["hostNetwork": true]), 4)
    let history = RevisionHistory(daemon(), revisions: [old], pods: [])
    guard case .make(let revision) = history.current else {
      Issue.record("not made")
      return
    }
    #expect(revision["revision"] == 5)
    #expect(
      revision["data"] == [
        "spec": ["template": ["metadata": ["labels": ["app": "agent"]], "spec": [:], "$patch": "replace"]]
      ])
    #expect(revision.name == "agent-" + history.hash)
    #expect(
      revision["metadata", "labels"] == ["app": "agent", "controller-revision-hash": .string(history.hash)])
  }

  @Test func `a template that comes back gets the highest number`() {
    let first = revision("first", of: daemon(), 1)
    let second = revision("second", of: daemon(["hostNetwork": true]), 2)
    #expect(RevisionHistory(daemon(), revisions: [first, second], pods: []).current == .renumber(first, 3))
    #expect(RevisionHistory(daemon(), revisions: [first], pods: []).current == .known(first))
  }

  @Test func `after the highest number that there is comes the same again`() {
    let first = revision("first", of: daemon(), 1)
    let last = revision("last", of: daemon(["hostNetwork": true]), .max)
    #expect(
      RevisionHistory(daemon(), revisions: [first, last], pods: []).current == .renumber(first, .max))
    guard case .make(let made) = RevisionHistory(daemon(), revisions: [last], pods: []).current else {
      Issue.record("not made")
      return
    }
    #expect(made["revision"] == .integer(.max))
  }

  @Test func `old revisions above the limit go, unless pods have them`() {
    var set = daemon()
    set["spec", "revisionHistoryLimit"] = 1
    let old = (1...4).map { revision("r\($0)", of: daemon(["priority": .integer(Int64($0))]), Int64($0)) }
    let history = RevisionHistory(
      set, revisions: old + [revision("now", of: set, 5)], pods: [pod("p", on: "a", hash: "r1")])
    #expect(history.excess.map(\.name) == ["r2", "r3"])
  }
}
