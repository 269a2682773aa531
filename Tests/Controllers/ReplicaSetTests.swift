import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_000_000)

private func set(_ replicas: Int64?, minReadySeconds: Int64 = 0, status: JSON = [:]) -> JSON {
  var set: JSON = [
    "metadata": ["name": "web", "namespace": "n", "uid": "u", "generation": 2],
    "spec": [
      "minReadySeconds": .integer(minReadySeconds), "template": ["metadata": ["labels": ["app": "web"]]],
    ], "status": status,
  ]
  if let replicas { set["spec", "replicas"] = .integer(replicas) }
  return set
}

private func pod(
  _ name: String, phase: String = "Running", readyFor: Int64? = nil, deleted: Bool = false,
  app: String = "web"
) -> JSON {
  var pod: JSON = [
    "metadata": ["name": .string(name), "uid": .string(name), "labels": ["app": .string(app)]],
    "spec": ["nodeName": "n1"], "status": ["phase": .string(phase)],
  ]
  if deleted { pod["metadata", "deletionTimestamp"] = .string(now.text) }
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

@Suite struct ReplicaSetDecisionTests {
  @Test(
    arguments: [
      (set(3), [], 3, []), (set(nil), [], 1, []), (set(2), [pod("a"), pod("b")], 0, []),
      (set(2), [pod("a", phase: "Failed"), pod("b", phase: "Succeeded")], 2, []),
      (set(1), [pod("a", deleted: true)], 1, []),
      (set(1), [pod("a", readyFor: 5), pod("b")], 0, ["b"]), (set(0), [pod("a")], 0, ["a"]),
      (set(1000), [], 500, []),
    ] as [(JSON, [JSON], Int, [String])])
  func `the difference to the spec is made up`(set: JSON, pods: [JSON], create: Int, delete: [String]) {
    let decision = ReplicaSetDecision(set, pods: pods, related: pods, now: now)
    #expect(decision.create == create)
    #expect(decision.delete.map(\.name) == delete)
  }

  @Test func `a set that is being deleted makes and deletes nothing`() {
    var doomed = set(3)
    doomed["metadata", "deletionTimestamp"] = .string(now.text)
    #expect(
      ReplicaSetDecision(doomed, pods: [], related: [], now: now)
        == ReplicaSetDecision(set(0), pods: [], related: [], now: now))
  }

  @Test func `the status counts what the pods show`() {
    let pods = [
      pod("a", readyFor: 100), pod("b", readyFor: 10), pod("c"), pod("d", deleted: true),
      pod("e", phase: "Failed"), pod("f", app: "other"),
    ]
    #expect(
      ReplicaSetStatus.of(set(3, minReadySeconds: 30), pods: pods, failure: nil, now: now) == [
        "replicas": 4, "fullyLabeledReplicas": 3, "readyReplicas": 2, "availableReplicas": 1,
        "terminatingReplicas": 1, "observedGeneration": 2,
      ])
    #expect(
      ReplicaSetStatus.nextAvailability(set(3, minReadySeconds: 30), pods: pods, now: now) == .seconds(20))
  }

  @Test func `a failure is told once, and forgotten when it is over`() {
    let failure = ReplicaSetStatus.Failure(reason: "FailedCreate", message: "quota")
    let failed = ReplicaSetStatus.of(set(3), pods: [], failure: failure, now: now)
    #expect(
      failed["conditions"] == [
        [
          "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota",
          "lastTransitionTime": .string(now.text),
        ]
      ])
    let later = ReplicaSetStatus.of(
      set(3, status: failed), pods: [], failure: failure, now: now.advanced(bySeconds: 9))
    #expect(later == failed)
    #expect(
      ReplicaSetStatus.of(set(3, status: failed), pods: [], failure: nil, now: now)["conditions"] == nil)
  }
}
