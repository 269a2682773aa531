import Client
import ClientSupport
import ContainerRuntime
import Objects
import Synchronization
import Testing

@testable import Kubelet

/// What happens to pods as time goes by and others write to them.
@Suite struct PodTableTests {
  @Test(
    arguments: [
      // The first failure starts again at once, then the waits grow.
      ([], 0, 0, nil), ([0], 0, 0, 10), ([0], 0, 4, 6), ([0], 0, 10, nil), ([0, 10], 10, 10, 20),
      ([0, 10, 30], 30, 30, 40), ([0, 10, 30, 70, 150, 310], 310, 310, 300),
      ([0, 10, 30, 70, 150, 310, 610], 610, 610, 300),
      // It ran for ten minutes: as if it had never failed.
      ([0, 10, 30], 630, 630, 40), ([0, 10, 30], 631, 631, nil), ([0, 10, 30, 631], 631, 631, 10),
    ] as [([Int64], Int64, Int64, Int64?)])
  func `a container waits longer after each failure until it has run for long`(
    restarts: [Int64], ended: Int64, now: Int64, wait: Int64?
  ) {
    var backoff = CrashBackoff()
    for moment in restarts { backoff.next("k", endedAt: at(moment), now: at(moment)) }
    let rest = backoff.remaining("k", endedAt: at(ended), now: at(now))
    #expect(rest == wait.map { Duration.seconds($0) })
  }

  @Test(
    arguments: [
      (nil, "Running", 1000, nil, false), (50, "Running", 20, 30, false), (50, "Running", 50, nil, true),
      (50, "Running", 51, nil, true), (50, "Pending", 50, nil, true), (50, "Succeeded", 60, nil, false),
    ] as [(Int64?, String, Int64, Int64?, Bool)])
  func `a pod has its time`(
    deadline: Int64?, phase: String, now: Int64, wait: Int64?, fails: Bool
  ) {
    var it = pod(status: ["startTime": "2026-01-01T00:00:00Z", "phase": .string(phase)])
    it["spec", "activeDeadlineSeconds"] = deadline.map { .integer($0) }
    let plan = PodPlan(
      pod: it, observed: ObservedPod(sandboxes: [sandbox()], containers: [container("c", .running)]),
      now: at(now))
    #expect((plan.failure == .deadline) == fails)
    if !fails, phase == "Running" { #expect(plan.wait == wait.map { Duration.seconds($0) }) }
  }

  @Test func `a pod past its deadline ends, and says so`() async throws {
    let node = try Node()
    node.put(pod(spec: ["activeDeadlineSeconds": 5]))
    try await node.run {
      #expect(await node.isRunning())
      #expect(await node.passes { node.pod?["status", "phase"] == "Failed" })
      #expect(node.pod?["status", "reason"] == "DeadlineExceeded")
      #expect(node.runtime.calls.contains("stop c-0 30"))
      #expect(await node.passes { node.reasons().contains("DeadlineExceeded") })
    }
  }

  @Test func `a readiness gate is opened by others`() async throws {
    let node = try Node()
    node.put(pod(spec: ["readinessGates": [["conditionType": "g/x"]]]))
    let ready: @Sendable () -> JSON? = {
      node.pod?["status", "conditions"]?.array?.first { $0["type"] == "Ready" }
    }
    try await node.run {
      #expect(await node.isRunning())
      #expect(await node.passes { ready()?["reason"] == "ReadinessGatesNotReady" })
      for (status, expected) in [("True", "True"), ("False", "False")] {
        var changed = try #require(node.pod)
        let others = (changed["status", "conditions"]?.array ?? []).filter { $0["type"] != "g/x" }
        changed["status", "conditions"] = .array(others + [["type": "g/x", "status": .string(status)]])
        node.put(changed)
        #expect(await node.passes { ready()?["status"]?.string == expected })
      }
      let kept = node.pod?["status", "conditions"]?.array?.contains { $0["type"] == "g/x" }
      #expect(kept == true)
    }
  }

  @Test func `an ephemeral container is added to a running pod, and does not come back`() async throws {
    let node = try Node()
    node.put(pod())
    try await node.run {
      #expect(await node.isRunning())
      var changed = try #require(node.pod)
      changed["spec", "ephemeralContainers"] = [
        ["name": "debug", "image": "i", "targetContainerName": "c"]
      ]
      node.put(changed)
      let status: @Sendable () -> JSON? = {
        node.pod?["status", "ephemeralContainerStatuses"]?.array?.first?["state"]
      }
      #expect(await node.passes { status()?["running"] != nil })
      #expect(node.runtime.config("debug-0")?.security.namespaces.targetID == "c-0")
      node.runtime.end("debug-0", exitCode: 3)
      #expect(await node.passes { status()?["terminated", "exitCode"] == 3 })
      #expect(node.pod?["status", "phase"] == "Running")
      #expect(!node.runtime.calls.contains("create debug.1"))
    }
  }
}
