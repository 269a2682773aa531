import Testing

@testable import Objects

/// What the table tells of pods in all their states.
@Suite struct PodTableTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var containers = 1
    /// Restart policies of the init containers; nil for ordinary ones.
    var initContainers: [String?] = []
    var phase = "Running"
    var reason: JSON?
    var conditions: [JSON] = []
    var initStatuses: [JSON] = []
    var statuses: [JSON] = []
    var isDeleted = false
    /// READY, STATUS and RESTARTS.
    let cells: [JSON]

    var pod: JSON {
      let initContainers: [JSON] = self.initContainers.enumerated().map { index, policy in
        var container: JSON = ["name": .string("i\(index)")]
        container["restartPolicy"] = policy.map { .string($0) }
        return container
      }
      let containers: [JSON] = (0..<self.containers).map { ["name": .string("c\($0)")] }
      var pod: JSON = [
        "metadata": ["name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"],
        "spec": ["containers": .array(containers), "initContainers": .array(initContainers)],
        "status": [
          "phase": .string(phase), "conditions": .array(conditions), "containerStatuses": .array(statuses),
          "initContainerStatuses": .array(initStatuses),
        ],
      ]
      if isDeleted { pod["metadata", "deletionTimestamp"] = "2026-01-01T00:01:00Z" }
      if let reason { pod["status", "reason"] = reason }
      return pod
    }
  }

  private static func status(
    _ name: String, _ state: JSON, ready: Bool = false, started: Bool = false, restarts: Int64 = 0,
    lastEnd: JSON? = nil
  ) -> JSON {
    var status: JSON = [
      "name": .string(name), "state": state, "ready": .boolean(ready), "started": .boolean(started),
      "restartCount": .integer(restarts), "lastState": [:],
    ]
    if let lastEnd { status["lastState"] = ["terminated": ["exitCode": 1, "finishedAt": lastEnd]] }
    return status
  }

  private static let running: JSON = ["running": ["startedAt": "2026-01-01T00:00:00Z"]]

  private static func waiting(_ reason: JSON) -> JSON { ["waiting": ["reason": reason]] }

  private static func ended(_ code: JSON, reason: JSON? = nil, signal: JSON? = nil) -> JSON {
    var state: JSON = ["exitCode": code]
    state["reason"] = reason
    state["signal"] = signal
    return ["terminated": state]
  }

  private static let ready: JSON = ["type": "Ready", "status": "True"]

  static let cases: [Case] = [
    Case(testDescription: "not yet scheduled", phase: "Pending", cells: ["0/1", "Pending", "0"]),
    Case(
      testDescription: "gated", phase: "Pending",
      conditions: [["type": "PodScheduled", "status": "False", "reason": "SchedulingGated"]],
      cells: ["0/1", "SchedulingGated", "0"]),
    Case(
      testDescription: "being made", phase: "Pending", statuses: [status("c0", waiting("ContainerCreating"))],
      cells: ["0/1", "ContainerCreating", "0"]),
    Case(
      testDescription: "running", conditions: [ready], statuses: [status("c0", running, ready: true)],
      cells: ["1/1", "Running", "0"]),
    Case(
      testDescription: "one of two ready", containers: 2,
      statuses: [status("c0", running, ready: true), status("c1", running)], cells: ["1/2", "Running", "0"]),
    Case(
      testDescription: "restarted, and when", containers: 2, conditions: [ready],
      statuses: [
        status("c0", running, ready: true, restarts: 1, lastEnd: "2026-01-01T00:03:00Z"),
        status("c1", running, ready: true, restarts: 2, lastEnd: "2026-01-01T00:01:00Z"),
      ], cells: ["2/2", "Running", "3 (2m ago)"]),
    Case(
      testDescription: "restarted, nobody knows when",
      statuses: [status("c0", running, ready: true, restarts: 2)], cells: ["1/1", "Running", "2"]),
    Case(
      testDescription: "crashing",
      statuses: [
        status("c0", waiting("CrashLoopBackOff"), restarts: 4, lastEnd: "2026-01-01T00:04:55Z")
      ], cells: ["0/1", "CrashLoopBackOff", "4 (5s ago)"]),
    Case(
      testDescription: "of two reasons the first container's counts", containers: 2,
      statuses: [status("c0", waiting("ErrImagePull")), status("c1", waiting("CrashLoopBackOff"))],
      cells: ["0/2", "ErrImagePull", "0"]),
    Case(
      testDescription: "done", phase: "Succeeded", statuses: [status("c0", ended(0, reason: "Completed"))],
      cells: ["0/1", "Completed", "0"]),
    Case(
      testDescription: "failed", phase: "Failed", statuses: [status("c0", ended(1, reason: "Error"))],
      cells: ["0/1", "Error", "0"]),
    Case(
      testDescription: "exit code", phase: "Failed", statuses: [status("c0", ended(3))],
      cells: ["0/1", "ExitCode:3", "0"]),
    Case(
      testDescription: "signal", phase: "Failed", statuses: [status("c0", ended(137, signal: 9))],
      cells: ["0/1", "Signal:9", "0"]),
    Case(
      testDescription: "one done, one ready", containers: 2, conditions: [ready],
      statuses: [status("c0", ended(0, reason: "Completed")), status("c1", running, ready: true)],
      cells: ["1/2", "Running", "0"]),
    Case(
      testDescription: "one done, one running, pod not ready", containers: 2,
      statuses: [status("c0", ended(0, reason: "Completed")), status("c1", running, ready: true)],
      cells: ["1/2", "NotReady", "0"]),
    Case(
      testDescription: "one done, one failed", containers: 2,
      statuses: [status("c0", ended(0, reason: "Completed")), status("c1", ended(1, reason: "Error"))],
      cells: ["0/2", "Error", "0"]),
    Case(
      testDescription: "evicted", phase: "Failed", reason: "Evicted", cells: ["0/1", "Evicted", "0"]),
    Case(
      testDescription: "being deleted", conditions: [ready], statuses: [status("c0", running, ready: true)],
      isDeleted: true, cells: ["1/1", "Terminating", "0"]),
    Case(
      testDescription: "being deleted when done", phase: "Succeeded",
      statuses: [status("c0", ended(0, reason: "Completed"))], isDeleted: true,
      cells: ["0/1", "Completed", "0"]),
    Case(
      testDescription: "being deleted on a lost node", reason: "NodeLost",
      statuses: [status("c0", running, ready: true)], isDeleted: true, cells: ["1/1", "Unknown", "0"]),

    Case(
      testDescription: "first init container runs", initContainers: [nil, nil], phase: "Pending",
      initStatuses: [status("i0", running), status("i1", waiting("PodInitializing"))],
      statuses: [status("c0", waiting("PodInitializing"))], cells: ["0/1", "Init:0/2", "0"]),
    Case(
      testDescription: "second init container runs", initContainers: [nil, nil], phase: "Pending",
      initStatuses: [status("i0", ended(0, reason: "Completed")), status("i1", running)],
      cells: ["0/1", "Init:1/2", "0"]),
    Case(
      testDescription: "init container crashes", initContainers: [nil], phase: "Pending",
      initStatuses: [
        status("i0", waiting("CrashLoopBackOff"), restarts: 2, lastEnd: "2026-01-01T00:00:00Z")
      ], cells: ["0/1", "Init:CrashLoopBackOff", "2 (5m ago)"]),
    Case(
      testDescription: "init container failed", initContainers: [nil], phase: "Failed",
      initStatuses: [status("i0", ended(1, reason: "Error"))], cells: ["0/1", "Init:Error", "0"]),
    Case(
      testDescription: "init container's exit code", initContainers: [nil], phase: "Failed",
      initStatuses: [status("i0", ended(2))], cells: ["0/1", "Init:ExitCode:2", "0"]),
    Case(
      testDescription: "init container's signal", initContainers: [nil], phase: "Failed",
      initStatuses: [status("i0", ended(137, signal: 9))], cells: ["0/1", "Init:Signal:9", "0"]),
    Case(
      testDescription: "initialized", initContainers: [nil], phase: "Pending",
      initStatuses: [
        status("i0", ended(0, reason: "Completed"), restarts: 3, lastEnd: "2026-01-01T00:00:00Z")
      ], statuses: [status("c0", waiting("PodInitializing"))], cells: ["0/1", "PodInitializing", "0"]),
    Case(
      testDescription: "sidecar counts", initContainers: ["Always"], conditions: [ready],
      initStatuses: [
        status("i0", running, ready: true, started: true, restarts: 1, lastEnd: "2026-01-01T00:04:00Z")
      ], statuses: [status("c0", running, ready: true, restarts: 1)],
      cells: ["2/2", "Running", "2 (60s ago)"]),
    Case(
      testDescription: "sidecar not started", initContainers: ["Always"], phase: "Pending",
      initStatuses: [status("i0", running)], statuses: [status("c0", waiting("PodInitializing"))],
      cells: ["0/2", "Init:0/1", "0"]),
    Case(
      testDescription: "sidecar restarts in a pod that was initialized", initContainers: ["Always"],
      conditions: [["type": "Initialized", "status": "True"]],
      initStatuses: [status("i0", waiting("CrashLoopBackOff"), restarts: 1)],
      statuses: [status("c0", running, ready: true)], cells: ["1/2", "Init:CrashLoopBackOff", "1"]),
  ]

  @Test(arguments: cases)
  func readyStatusAndRestarts(_ pod: Case) throws {
    let now = try #require(Timestamp("2026-01-01T00:05:00Z"))
    let cells = Tables.cells(of: pod.pod, group: "", kind: "Pod", now: now)
    #expect(cells.count == 9)
    #expect(Array(cells[1...3]) == pod.cells)
    #expect(cells[4] == "5m")
    let read = try JSON.parse(pod.pod.text, options: JSON.ParseOptions(omitting: Tables.pod.unread))
    #expect(Tables.pod.cells(of: read, now: now) == cells)
  }

  /// The pod of the recorded `pod running table`, and one with readiness gates.
  @Test func wideColumns() throws {
    let now = try #require(Timestamp("2026-01-01T00:00:01Z"))
    var pod = Case(
      testDescription: "", statuses: [Self.status("c0", Self.running, ready: true, restarts: 2)], cells: []
    ).pod
    pod["status", "podIPs"] = [["ip": "10.0.0.9"], ["ip": "fd00::9"]]
    pod["spec", "nodeName"] = "n1"
    #expect(
      Tables.cells(of: pod, group: "", kind: "Pod", now: now)
        == ["p", "1/1", "Running", "2", "1s", "10.0.0.9", "n1", "<none>", "<none>"])

    pod["status", "nominatedNodeName"] = "n2"
    pod["spec", "readinessGates"] = [["conditionType": "a"], ["conditionType": "b"]]
    pod["status", "conditions"] = [["type": "b", "status": "True"], ["type": "a", "status": "False"]]
    #expect(
      Tables.cells(of: pod, group: "", kind: "Pod", now: now)[5...] == ["10.0.0.9", "n1", "n2", "1/2"])
  }

  @Test func nonsenseIsPrintedAsNothing() throws {
    let now = try #require(Timestamp("2026-01-01T00:00:00Z"))
    let objects: [JSON] = [
      .null, [], "x", [:], ["spec": 1, "status": ["containerStatuses": [1, .null, ["state": 2]]]],
    ]
    for object in objects {
      #expect(
        Tables.cells(of: object, group: "", kind: "Pod", now: now)
          == ["", "0/0", "", "0", "<unknown>", "<none>", "<none>", "<none>", "<none>"])
    }
  }
}
