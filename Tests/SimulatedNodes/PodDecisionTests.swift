import Objects
import Testing

@testable import SimulatedNodes

private let now = Timestamp(seconds: 1_767_225_600)
private let started = "2025-12-31T23:59:58Z"

private let options: SimulationOptions = {
  var options = SimulationOptions(nodes: 3)
  options.startDelay = .milliseconds(500)
  options.runDuration = .seconds(5)
  options.graceLimit = .seconds(1)
  return options
}()

private func pod(
  phase: String, policy: String = "Always", annotations: JSON = [:], restarts: Int64 = 0,
  metadata: [String: JSON] = [:], isReady: Bool = true, gates: JSON? = nil
) -> JSON {
  var pod: JSON = [
    "metadata": ["name": "p", "annotations": annotations], "spec": ["restartPolicy": .string(policy)],
    "status": [
      "phase": .string(phase), "conditions": [["type": "Ready", "status": isReady ? "True" : "False"]],
    ],
  ]
  for (key, value) in metadata { pod["metadata", key] = value }
  if let gates { pod["spec", "readinessGates"] = gates }
  if phase == "Running" {
    pod["status", "containerStatuses"] = [
      [
        "name": "c", "restartCount": .integer(restarts),
        "state": ["running": ["startedAt": .string(started)]],
      ]
    ]
  }
  return pod
}

private func deleted(_ phase: String, at text: String, grace: Int64, finalizers: [JSON] = []) -> JSON {
  var metadata: [String: JSON] = [
    "deletionTimestamp": .string(text), "deletionGracePeriodSeconds": .integer(grace),
  ]
  if !finalizers.isEmpty { metadata["finalizers"] = .array(finalizers) }
  return pod(phase: phase, metadata: metadata)
}

@Suite struct PodDecisionTests {
  @Test(arguments: [
    (pod(phase: "Pending"), Duration.zero, PodDecision.wait(.milliseconds(500))),
    (pod(phase: "Pending"), .milliseconds(200), .wait(.milliseconds(300))),
    (pod(phase: "Pending"), .milliseconds(500), .start),
    (pod(phase: "Running"), .zero, .nothing),
    (pod(phase: "Succeeded"), .zero, .nothing),
    (pod(phase: "Failed"), .zero, .nothing),
  ])
  func `a pod that is bound starts after a while`(pod: JSON, boundFor: Duration, decision: PodDecision) {
    #expect(PodDecision(pod, boundFor: boundFor, now: now, options: options) == decision)
  }

  @Test(arguments: [
    (pod(phase: "Running", policy: "Never"), PodDecision.wait(.seconds(3))),
    (pod(phase: "Running", policy: "OnFailure"), .wait(.seconds(3))),
    (
      pod(phase: "Running", policy: "Never", annotations: ["simulation.raftkv/run-seconds": "2"]),
      .end(exitCode: 0, restarts: false)
    ),
    (
      pod(
        phase: "Running", policy: "Never",
        annotations: ["simulation.raftkv/run-seconds": "1", "simulation.raftkv/exit-code": "3"]),
      .end(exitCode: 3, restarts: false)
    ),
    (
      pod(
        phase: "Running", policy: "OnFailure",
        annotations: ["simulation.raftkv/run-seconds": "1", "simulation.raftkv/exit-code": "3"]),
      .end(exitCode: 3, restarts: true)
    ),
    (
      pod(
        phase: "Running", policy: "OnFailure",
        annotations: ["simulation.raftkv/run-seconds": "0", "simulation.raftkv/exit-code": "3"],
        restarts: 2), .wait(.seconds(18))
    ),
    (
      pod(phase: "Running", policy: "Always", annotations: ["simulation.raftkv/run-seconds": "1"]),
      .nothing
    ),
  ])
  func `a pod that does not run always ends`(pod: JSON, decision: PodDecision) {
    #expect(PodDecision(pod, boundFor: .zero, now: now, options: options) == decision)
  }

  @Test(arguments: [
    (deleted("Running", at: "2026-01-01T00:00:30Z", grace: 30), PodDecision.wait(.seconds(1))),
    (deleted("Running", at: "2026-01-01T00:00:29Z", grace: 30), .delete),
    (deleted("Running", at: "2026-01-01T00:00:01Z", grace: 1), .wait(.seconds(1))),
    (deleted("Running", at: "2026-01-01T00:00:00Z", grace: 1), .delete),
    (deleted("Running", at: "2026-01-01T00:00:00Z", grace: 0), .delete),
    (deleted("Pending", at: "2026-01-01T00:00:30Z", grace: 30), .delete),
    (deleted("Succeeded", at: "2026-01-01T00:00:30Z", grace: 30), .delete),
    (
      deleted("Running", at: "2026-01-01T00:00:00Z", grace: 0, finalizers: ["a/b"]),
      .end(exitCode: 143, restarts: false)
    ),
    (deleted("Failed", at: "2026-01-01T00:00:00Z", grace: 0, finalizers: ["a/b"]), .nothing),
    (deleted("Failed", at: "2026-01-01T00:00:00Z", grace: 30, finalizers: ["a/b"]), .delete),
  ])
  func `a pod that is deleted goes after its grace`(pod: JSON, decision: PodDecision) {
    #expect(PodDecision(pod, boundFor: .zero, now: now, options: options) == decision)
  }

  @Test func `a pod is ready when its gates are open`() {
    let gates: JSON = [["conditionType": "lb"]]
    let closed = pod(phase: "Running", isReady: true, gates: gates)
    #expect(PodDecision(closed, boundFor: .zero, now: now, options: options) == .updateReadiness)
    #expect(
      PodStatus.readiness(closed, now: now)["status", "conditions"] == [
        [
          "type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": .null,
          "lastProbeTime": .null, "lastTransitionTime": "2026-01-01T00:00:00Z",
        ]
      ])
    let same = pod(phase: "Running", isReady: false, gates: gates)
    #expect(PodDecision(same, boundFor: .zero, now: now, options: options) == .nothing)
  }

  @Test func `addresses are given once until they are given back`() {
    var pool = AddressPool(size: 4)
    pool.reserve("100.64.0.2")
    pool.reserve("10.0.0.1")
    #expect(pool.take() == "100.64.0.1")
    #expect(pool.take() == "100.64.0.3")
    #expect(pool.take() == nil)
    pool.giveBack("100.64.0.2")
    #expect(pool.take() == "100.64.0.2")
    #expect(pool.take() == nil)
  }

  @Test(arguments: [
    ("node-0", 0), ("node-2", 2), ("node-3", nil), ("node-02", nil), ("node-", nil), ("other-1", nil),
    ("", nil), ("node--1", nil),
  ])
  func `nodes are known by their names`(name: String, number: Int?) {
    #expect(SimulatedNode.number(of: name, options: options) == number)
  }

  @Test func `a node's condition keeps the time of its transition`() {
    let node = SimulatedNode(number: 1, options: options)
    let old: JSON = [
      "conditions": [
        ["type": "Ready", "status": "Unknown", "lastTransitionTime": "2025-01-01T00:00:00Z"],
        ["type": "DiskPressure", "status": "False", "lastTransitionTime": "2025-01-01T00:00:00Z"],
      ]
    ]
    let conditions = node.status(now: now, since: old)["conditions"]?.array ?? []
    #expect(
      conditions.map { $0["lastTransitionTime"]?.string ?? "" } == [
        now.text, "2025-01-01T00:00:00Z", now.text, now.text,
      ])
    #expect(SimulatedNode.isReady(["status": ["conditions": .array(conditions)]]))
    #expect(!SimulatedNode.isReady(["status": old]))
  }

  @Test func `a pod uses what it says or the usual`() {
    let usual = SimulatedUsage(cpuMillicores: 10, memoryBytes: 100)
    let nothing = SimulatedUsage(cpuMillicores: 0, memoryBytes: 0)
    #expect(SimulatedUsage.of(pod(phase: "Running"), usual: usual) == usual)
    #expect(SimulatedUsage.of(pod(phase: "Pending"), usual: usual) == nothing)
    let annotated = pod(phase: "Running", annotations: ["simulation.raftkv/cpu-millicores": "250"])
    #expect(
      SimulatedUsage.of(annotated, usual: usual) == SimulatedUsage(cpuMillicores: 250, memoryBytes: 100))
  }
}
