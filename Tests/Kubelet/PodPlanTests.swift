import ContainerRuntime
import Objects
import Testing

@testable import Kubelet

private func plan(
  _ pod: JSON, _ sandboxes: [PodSandboxStatus] = [sandbox()], _ containers: [ObservedPod.Item] = [],
  probes: ProbeVerdicts = ProbeVerdicts(), backoff: CrashBackoff = CrashBackoff(), now: Int64 = 100
) -> PodPlan {
  PodPlan(
    pod: pod, observed: ObservedPod(sandboxes: sandboxes, containers: containers), probes: probes,
    backoff: backoff, now: at(now))
}

private func stop(
  _ name: String, attempt: Int = 0, grace: Int = 30, _ reason: ContainerStop.Reason
) -> ContainerStop {
  ContainerStop(id: "\(name).\(attempt)", name: name, grace: .seconds(grace), reason: reason)
}

private let sidecar: JSON = ["name": "side", "image": "i", "restartPolicy": "Always"]
private let deleted: JSONObject = [
  "deletionTimestamp": "2026-01-01T00:02:00Z", "deletionGracePeriodSeconds": 5,
]

@Suite struct PodPlanTests {
  @Test func `a new pod gets a sandbox, then its containers`() {
    #expect(plan(pod(), []).actions == [.createSandbox(attempt: 0)])
    #expect(plan(pod()).actions == [.start(name: "c", attempt: 0)])
    #expect(plan(pod(), [sandbox()], [container("c", .running)]).actions == [])
  }

  @Test func `a sandbox without address, or of the other network, is replaced`() {
    let dead = plan(pod(), [sandbox(ready: false)], [container("c", .exited, exit: 137)])
    #expect(dead.actions == [.createSandbox(attempt: 1)])
    #expect(
      plan(pod(), [sandbox(addresses: [])], [container("c", .running)]).actions == [
        .kill(waves: [[stop("c", .sandboxChanged)]], sandboxes: ["s"]), .createSandbox(attempt: 1),
      ])
    let host = pod(spec: ["hostNetwork": true])
    #expect(plan(host, [sandbox(addresses: [], network: .node)]).actions == [.start(name: "c", attempt: 0)])
  }

  @Test(arguments: [
    ("Always", Int32(0), true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true),
    ("Never", 0, false), ("Never", 1, false),
  ])
  func `a container that ended starts again as its policy says`(policy: String, exit: Int32, starts: Bool) {
    let it = plan(pod(policy: policy), [sandbox()], [container("c", .exited, exit: exit)])
    #expect(
      it.actions
        == (starts ? [.start(name: "c", attempt: 1)] : [.kill(waves: [], sandboxes: ["s"])]))
    let after = plan(pod(policy: policy), [sandbox(ready: false)], [container("c", .exited, exit: exit)])
    #expect(after.isOver == !starts)
    #expect(after.actions == (starts ? [.createSandbox(attempt: 1)] : []))
  }

  @Test func `a rule for exit codes goes before the policy`() {
    let rule: JSON = [
      "name": "c", "image": "i", "restartPolicy": "Never",
      "restartPolicyRules": [["action": "Restart", "exitCodes": ["operator": "In", "values": [42]]]],
    ]
    let it = pod([rule])
    #expect(
      plan(it, [sandbox()], [container("c", .exited, exit: 42)]).actions == [.start(name: "c", attempt: 1)])
    #expect(
      plan(it, [sandbox()], [container("c", .exited, exit: 1)]).actions == [
        .kill(waves: [], sandboxes: ["s"])
      ])
  }

  @Test func `init containers run one after another`() {
    let it = pod(inits: [["name": "a", "image": "i"], ["name": "b", "image": "i"]])
    #expect(plan(it).actions == [.start(name: "a", attempt: 0)])
    #expect(plan(it, [sandbox()], [container("a", .running)]).actions == [])
    #expect(plan(it, [sandbox()], [container("a", .exited)]).actions == [.start(name: "b", attempt: 0)])
    // The runtime has lost a: b proves that it was done.
    #expect(plan(it, [sandbox()], [container("b", .exited)]).actions == [.start(name: "c", attempt: 0)])
    #expect(
      plan(it, [sandbox()], [container("a", .exited, exit: 1)]).actions == [.start(name: "a", attempt: 1)])
    // In a new sandbox they run again, and count on.
    let old = [container("a", .exited, sandbox: "old"), container("b", .exited, sandbox: "old")]
    #expect(plan(it, [sandbox()], old).actions == [.start(name: "a", attempt: 1)])
  }

  @Test func `an init container that fails for good ends the pod`() {
    let it = pod(inits: [["name": "a", "image": "i"]], policy: "Never")
    #expect(
      plan(it, [sandbox()], [container("a", .exited, exit: 1)]).actions == [
        .kill(waves: [], sandboxes: ["s"])
      ])
  }

  @Test func `a sidecar has to have started before the next container, and goes last`() {
    var probed = sidecar
    probed["startupProbe"] = ["exec": ["command": ["true"]]]
    let it = pod(inits: [probed, ["name": "b", "image": "i"]])
    #expect(plan(it).actions == [.start(name: "side", attempt: 0)])
    #expect(plan(it, [sandbox()], [container("side", .running)]).actions == [])
    var probes = ProbeVerdicts()
    probes.startup["side.0"] = true
    #expect(
      plan(it, [sandbox()], [container("side", .running)], probes: probes).actions == [
        .start(name: "b", attempt: 0)
      ])
    let two = pod(
      inits: [sidecar, ["name": "late", "image": "i", "restartPolicy": "Always"]], metadata: deleted)
    let running = [container("side", .running), container("late", .running), container("c", .running)]
    #expect(
      plan(two, [sandbox()], running).actions == [
        .kill(
          waves: [
            [stop("c", grace: 5, .podEnds)], [stop("late", grace: 5, .podEnds)],
            [stop("side", grace: 5, .podEnds)],
          ], sandboxes: ["s"])
      ])
  }

  @Test func `a sidecar starts again under any policy, but not once the pod's containers are done`() {
    let it = pod(inits: [sidecar], policy: "Never")
    let crashed = container("side", .exited, exit: 1)
    #expect(
      plan(it, [sandbox()], [crashed, container("c", .running)]).actions == [
        .start(name: "side", attempt: 1)
      ])
    #expect(
      plan(it, [sandbox()], [container("side", .running), container("c", .exited)]).actions == [
        .kill(waves: [[stop("side", .podEnds)]], sandboxes: ["s"])
      ])
  }

  @Test func `ephemeral containers start once`() {
    let it = pod(ephemeral: [["name": "debug", "image": "i"]])
    #expect(
      plan(it, [sandbox()], [container("c", .running)]).actions == [.start(name: "debug", attempt: 0)])
    let ended = [container("c", .running), container("debug", .exited, exit: 1)]
    #expect(plan(it, [sandbox()], ended).actions == [])
  }

  @Test func `probes that fail stop a container, with a grace period of their own`() {
    let it = pod([
      [
        "name": "c", "image": "i", "startupProbe": [:],
        "livenessProbe": ["terminationGracePeriodSeconds": 3],
      ]
    ])
    var probes = ProbeVerdicts()
    probes.liveness["c.0"] = false
    let running = [container("c", .running)]
    // Not started yet: its liveness does not count.
    #expect(plan(it, [sandbox()], running, probes: probes).actions == [])
    probes.startup["c.0"] = true
    let stopped = stop("c", grace: 3, .livenessProbe)
    #expect(plan(it, [sandbox()], running, probes: probes).actions == [.stop(stopped)])
    #expect(stopped.message == "Container c failed liveness probe, will be restarted")
    probes.startup["c.0"] = false
    #expect(plan(it, [sandbox()], running, probes: probes).actions == [.stop(stop("c", .startupProbe))])
  }

  @Test func `another image means another container, whatever the policy`() {
    let old = [KubeletLabels.containerHash: "other"]
    let it = pod(policy: "Never")
    #expect(
      plan(it, [sandbox()], [container("c", .running, annotations: old)]).actions == [
        .stop(stop("c", .definitionChanged))
      ])
    #expect(
      plan(it, [sandbox()], [container("c", .exited, exit: 143, annotations: old)]).actions == [
        .start(name: "c", attempt: 1)
      ])
  }

  @Test func `a container that keeps crashing waits twice as long each time`() throws {
    let it = pod()
    let key = CrashBackoff.key(it, try #require(it.containerSpec("c")))
    var backoff = CrashBackoff()
    var waits: [Int64] = []
    var now: Int64 = 0
    for _ in 0..<7 {
      let ended = [container("c", .exited, exit: 1, finished: now)]
      let first = plan(it, [sandbox()], ended, backoff: backoff, now: now)
      let rest = first.wait?.components.seconds ?? 0
      waits.append(rest)
      #expect(first.actions.isEmpty == (rest > 0))
      now += rest
      #expect(
        plan(it, [sandbox()], ended, backoff: backoff, now: now).actions == [.start(name: "c", attempt: 1)])
      backoff.next(key, endedAt: at(now), now: at(now))
    }
    #expect(waits == [0, 10, 20, 40, 80, 160, 300])
    // It ran for long enough.
    let later = [container("c", .exited, exit: 1, finished: now + 601)]
    #expect(plan(it, [sandbox()], later, backoff: backoff, now: now + 601).backingOff == [:])
  }

  @Test func `a pod past its deadline is ended`() {
    let it = pod(spec: ["activeDeadlineSeconds": 50], status: ["startTime": "2026-01-01T00:00:00Z"])
    let running = [container("c", .running)]
    #expect(plan(it, [sandbox()], running, now: 20).wait == .seconds(30))
    let late = plan(it, [sandbox()], running, now: 50)
    #expect(late.failure == .deadline)
    #expect(late.actions == [.kill(waves: [[stop("c", .podEnds)]], sandboxes: ["s"])])
  }

  @Test func `a deleted pod is over once nothing runs`() {
    let it = pod(metadata: deleted)
    #expect(plan(it, [], []).isOver)
    #expect(plan(it, [sandbox(ready: false)], [container("c", .exited)]).isOver)
    #expect(!plan(it, [sandbox()], [container("c", .exited)]).isOver)
  }

  @Test func `what the runtime has lost sight of is stopped first`() {
    #expect(
      plan(pod(), [sandbox()], [container("c", .unknown)]).actions == [.stop(stop("c", .unknownState))])
    #expect(
      plan(pod(), [sandbox()], [container("c", .created)]).actions == [.start(name: "c", attempt: 1)])
  }
}
