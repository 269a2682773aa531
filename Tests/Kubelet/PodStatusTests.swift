import ContainerRuntime
import Objects
import Testing

@testable import Kubelet

private func status(
  _ pod: JSON, _ sandboxes: [PodSandboxStatus] = [sandbox()], _ containers: [ObservedPod.Item] = [],
  probes: ProbeVerdicts = ProbeVerdicts(), waiting: [String: WaitingReason] = [:],
  failure: PodPlan.Failure? = nil, now: Int64 = 100
) -> JSON {
  PodStatusBuilder(
    pod: pod, observed: ObservedPod(sandboxes: sandboxes, containers: containers), probes: probes,
    waiting: waiting, failure: failure, hostAddresses: ["192.0.2.1"], now: at(now)
  ).status
}

private func condition(_ status: JSON, _ type: String) -> [String?] {
  let found = status["conditions"]?.array?.first { $0["type"]?.string == type }
  return [found?["status"]?.string, found?["reason"]?.string, found?["message"]?.string]
}

private func state(_ status: JSON, _ field: String = "containerStatuses", _ index: Int = 0) -> JSON? {
  guard let all = status[field]?.array, index < all.count else { return nil }
  return all[index]
}

@Suite struct PodStatusTests {
  @Test func `a pod without a sandbox is pending and creates its containers`() {
    let it = status(pod(metadata: ["generation": 3]), [])
    let condition: (String, String) -> JSON = { type, status in
      [
        "type": .string(type), "status": .string(status), "lastProbeTime": .null,
        "lastTransitionTime": "2026-01-01T00:01:40Z", "observedGeneration": 3,
      ]
    }
    var unready = condition("Ready", "False")
    unready["reason"] = "ContainersNotReady"
    unready["message"] = "containers with unready status: [c]"
    var containers = unready
    containers["type"] = "ContainersReady"
    #expect(
      it == [
        "phase": "Pending", "observedGeneration": 3, "startTime": "2026-01-01T00:01:40Z",
        "qosClass": "BestEffort", "hostIP": "192.0.2.1", "hostIPs": [["ip": "192.0.2.1"]],
        "conditions": [
          condition("PodReadyToStartContainers", "False"), condition("Initialized", "True"), unready,
          containers, condition("PodScheduled", "True"),
        ],
        "containerStatuses": [
          [
            "name": "c", "image": "i", "imageID": "", "restartCount": 0, "ready": false, "started": false,
            "state": ["waiting": ["reason": "ContainerCreating"]], "lastState": [:],
          ]
        ],
      ])
  }

  @Test func `a container that runs makes its pod running and ready`() {
    let it = status(pod(), [sandbox()], [container("c", .running)])
    #expect(it["phase"] == "Running")
    #expect(it["podIP"] == "10.1.0.2")
    #expect(it["podIPs"] == [["ip": "10.1.0.2"]])
    #expect(condition(it, "Ready") == ["True", nil, nil])
    #expect(
      state(it) == [
        "name": "c", "image": "i", "imageID": "sha256:1", "containerID": "containerd://c.0",
        "restartCount": 0, "ready": true, "started": true, "lastState": [:],
        "state": ["running": ["startedAt": "2026-01-01T00:00:01Z"]],
      ])
  }

  @Test func `a crash loop shows why it waits and how it ended`() {
    let waiting = ["c": WaitingReason("CrashLoopBackOff", "back-off 10s restarting")]
    let it = status(pod(), [sandbox()], [container("c", .exited, attempt: 2, exit: 1)], waiting: waiting)
    #expect(it["phase"] == "Running")
    #expect(
      state(it)?["state"] == [
        "waiting": ["reason": "CrashLoopBackOff", "message": "back-off 10s restarting"]
      ])
    #expect(
      state(it)?["lastState"] == [
        "terminated": [
          "exitCode": 1, "reason": "Error", "startedAt": "2026-01-01T00:00:01Z",
          "finishedAt": "2026-01-01T00:00:10Z", "containerID": "containerd://c.2",
        ]
      ])
    #expect(state(it)?["restartCount"] == 2)
  }

  @Test(arguments: ["ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError", "InvalidImageName"])
  func `a container that cannot be made says so`(reason: String) {
    let it = status(pod(), [sandbox()], [], waiting: ["c": WaitingReason(reason, "m")])
    #expect(it["phase"] == "Pending")
    #expect(state(it)?["state"] == ["waiting": ["reason": .string(reason), "message": "m"]])
  }

  @Test(arguments: [
    ("Always", [Int32(0)], "Running"), ("OnFailure", [0, 0], "Succeeded"), ("OnFailure", [0, 1], "Running"),
    ("Never", [0, 0], "Succeeded"), ("Never", [0, 1], "Failed"),
  ])
  func `how containers ended makes the phase`(policy: String, exits: [Int32], phase: String) {
    let names = exits.indices.map { "c\($0)" }
    let it = pod(names.map { ["name": .string($0), "image": "i"] }, policy: policy)
    let ended = zip(names, exits).map { container($0, .exited, exit: $1) }
    #expect(status(it, [sandbox(ready: false)], ended)["phase"]?.string == phase)
  }

  @Test func `a finished pod has completed conditions`() {
    let it = status(pod(policy: "Never"), [sandbox(ready: false)], [container("c", .exited)])
    #expect(condition(it, "Initialized") == ["True", "PodCompleted", nil])
    #expect(condition(it, "Ready") == ["False", "PodCompleted", nil])
    #expect(condition(it, "PodReadyToStartContainers") == ["False", nil, nil])
    let failed = status(pod(policy: "Never"), [sandbox(ready: false)], [container("c", .exited, exit: 2)])
    #expect(condition(failed, "ContainersReady") == ["False", "PodFailed", nil])
  }

  @Test func `init containers hold their pod`() {
    let it = pod(inits: [["name": "a", "image": "i"], ["name": "b", "image": "i"]])
    let first = status(it, [sandbox()], [container("a", .exited)])
    #expect(first["phase"] == "Pending")
    #expect(
      condition(first, "Initialized") == [
        "False", "ContainersNotInitialized", "containers with incomplete status: [b]",
      ])
    #expect(state(first)?["state"] == ["waiting": ["reason": "PodInitializing"]])
    #expect(state(first, "initContainerStatuses")?["ready"] == true)
    let failed = pod(inits: [["name": "a", "image": "i"]], policy: "Never")
    #expect(
      status(failed, [sandbox()], [container("a", .exited, exit: 1)])["phase"] == "Failed")
  }

  @Test func `probes and readiness gates decide about readiness`() {
    let probed: JSON = ["name": "c", "image": "i", "readinessProbe": [:], "startupProbe": [:]]
    var it = pod([probed], spec: ["readinessGates": [["conditionType": "g/x"]]])
    var probes = ProbeVerdicts()
    let running = [container("c", .running)]
    #expect(state(status(it, [sandbox()], running, probes: probes))?["started"] == false)
    probes.startup["c.0"] = true
    #expect(state(status(it, [sandbox()], running, probes: probes))?["ready"] == false)
    probes.readiness["c.0"] = true
    var now = status(it, [sandbox()], running, probes: probes)
    #expect(state(now)?["ready"] == true)
    #expect(condition(now, "ContainersReady") == ["True", nil, nil])
    #expect(
      condition(now, "Ready") == [
        "False", "ReadinessGatesNotReady",
        "corresponding condition of pod readiness gate \"g/x\" does not exist.",
      ])
    it["status", "conditions"] = [["type": "g/x", "status": "False"]]
    now = status(it, [sandbox()], running, probes: probes)
    #expect(
      condition(now, "Ready")[2]
        == "the status of pod readiness gate \"g/x\" is not \"True\", but False")
    #expect(condition(now, "g/x") == ["False", nil, nil])
  }

  @Test func `a failed pod is failed only once nothing runs`() {
    let it = pod(status: ["phase": "Running"])
    let running = status(it, [sandbox()], [container("c", .running)], failure: .deadline)
    #expect(running["phase"] == "Running")
    let ended = status(it, [sandbox()], [container("c", .exited, exit: 137)], failure: .deadline)
    #expect(ended["phase"] == "Failed")
    #expect(ended["reason"] == "DeadlineExceeded")
    #expect(ended["message"] == "Pod was active on the node longer than the specified deadline")
  }

  @Test func `a deleted pod ends as its containers ended`() {
    let metadata: JSONObject = ["deletionTimestamp": "2026-01-01T00:00:00Z"]
    let it = pod(metadata: metadata, status: ["phase": "Running"])
    #expect(
      status(it, [sandbox(ready: false)], [container("c", .exited, exit: 137)])["phase"] == "Failed")
    #expect(status(it, [sandbox(ready: false)], [container("c", .exited)])["phase"] == "Succeeded")
  }

  @Test func `a container that the runtime lost is told of`() {
    let it = pod(status: [
      "phase": "Running",
      "containerStatuses": [["name": "c", "restartCount": 1, "state": ["running": [:]]]],
    ])
    let lost = status(it, [sandbox()], [])
    #expect(state(lost)?["restartCount"] == 2)
    #expect(state(lost)?["lastState", "terminated", "reason"] == "ContainerStatusUnknown")
    #expect(state(lost)?["state", "waiting", "reason"] == "ContainerCreating")
  }

  @Test func `conditions keep their time while their status stays`() {
    let it = pod(status: [
      "conditions": [
        ["type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:05Z"],
        ["type": "ContainersReady", "status": "False", "lastTransitionTime": "2026-01-01T00:00:05Z"],
      ]
    ])
    let now = status(it, [sandbox()], [container("c", .running)])
    let times = (now["conditions"]?.array ?? []).map { $0["lastTransitionTime"]?.string }
    #expect(times[2] == "2026-01-01T00:00:05Z")
    #expect(times[3] == "2026-01-01T00:01:40Z")
  }
}
