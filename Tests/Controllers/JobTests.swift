import Objects
import Testing

@testable import Controllers

private let now = Timestamp(seconds: 1_000_000)

private func job(_ spec: JSON, status: JSON = ["startTime": .string(now.text)]) -> JSON {
  var spec = spec
  if spec["template"] == nil {
    spec["template"] = ["metadata": ["labels": ["a": "b"]], "spec": ["containers": [["name": "c"]]]]
  }
  return ["metadata": ["name": "work", "namespace": "n", "uid": "j"], "spec": spec, "status": status]
}

private func pod(
  _ name: String, _ phase: String = "Running", index: Int? = nil, tracked: Bool = true, deleted: Bool = false,
  ended secondsAgo: Int64 = 1000, exitCode: Int64? = nil, failures: Int? = nil
) -> JSON {
  var pod: JSON = [
    "metadata": ["name": .string(name), "namespace": "n", "uid": .string(name)],
    "spec": ["nodeName": "n1"], "status": ["phase": .string(phase)],
  ]
  if tracked { pod["metadata", "finalizers"] = ["batch.kubernetes.io/job-tracking"] }
  if deleted { pod["metadata", "deletionTimestamp"] = .string(now.text) }
  if let index {
    pod["metadata", "annotations", "batch.kubernetes.io/job-completion-index"] = .string(String(index))
  }
  if let failures {
    pod["metadata", "annotations", "batch.kubernetes.io/job-index-failure-count"] = .string(String(failures))
  }
  if phase == "Failed" || phase == "Succeeded" {
    pod["status", "containerStatuses"] = [
      [
        "name": "c",
        "state": [
          "terminated": [
            "finishedAt": .string(now.advanced(bySeconds: -secondsAgo).text),
            "exitCode": .integer(exitCode ?? (phase == "Failed" ? 1 : 0)),
          ]
        ],
      ]
    ]
  }
  return pod
}

private func decide(_ job: JSON, _ pods: [JSON] = [], at time: Timestamp = now) -> JobDecision {
  JobDecision(job, pods: pods, now: time)
}

private func reason(_ decision: JobDecision, _ condition: String) -> String? {
  Conditions.find(condition, in: decision.status)?["reason"]?.string
}

@Suite struct JobIndexesTests {
  @Test(arguments: [
    ("", "", 0), ("0", "0", 1), ("0,1", "0,1", 2), ("0,1,2", "0-2", 3), ("5-7,1,8", "1,5-8", 5),
    ("3-1,x,9-20", "9", 1), ("2-4,3-6", "2-6", 5),
  ])
  func `indexes are read and written as ranges`(text: String, expected: String, count: Int) {
    let indexes = JobIndexes(text, limit: 10)
    #expect(indexes.text == expected)
    #expect(indexes.count == count)
    for index in 0..<10 {
      #expect(indexes.contains(index) == indexes.ranges.contains { $0.contains(index) })
    }
  }
}

@Suite struct JobDecisionTests {
  @Test(
    arguments: [
      (["completions": 5, "parallelism": 2], [], 2, []), (["completions": 1, "parallelism": 2], [], 1, []),
      (["parallelism": 3], [pod("a")], 2, []),
      (["parallelism": 3], [pod("a"), pod("b", "Succeeded")], 0, []),
      (["completions": 3, "parallelism": 3], [pod("a", "Succeeded"), pod("b")], 1, []),
      (["completions": 3, "parallelism": 1], [pod("a"), pod("b", "Pending")], 0, ["b"]),
      (["completions": 2, "parallelism": 2, "suspend": true], [pod("a")], 0, ["a"]),
      (["completions": 1, "parallelism": 1], [pod("a", deleted: true)], 1, []),
      (
        ["completions": 1, "parallelism": 1, "podReplacementPolicy": "Failed"], [pod("a", deleted: true)], 0,
        []
      ),
      (["completions": 2000, "parallelism": 2000], [], 500, []),
    ] as [(JSON, [JSON], Int, [String])])
  func `there are as many pods as the job asks for`(
    spec: JSON, pods: [JSON], create: Int, delete: [String]
  ) {
    var spec = spec
    // The back-off has its own test.
    spec["backoffLimit"] = 100
    let decision = decide(job(spec), pods, at: now.advanced(bySeconds: 3600))
    #expect(decision.create.count == create)
    #expect(decision.discard.map(\.name) == delete)
    #expect(decision.delete.isEmpty)
  }

  @Test func `an end is first noted, then let go, then counted`() {
    let spec: JSON = ["completions": 1, "parallelism": 1]
    let noted = decide(job(spec), [pod("a", "Succeeded")])
    #expect(noted.status["uncountedTerminatedPods"] == ["succeeded": ["a"]])
    #expect(noted.status["succeeded"] == nil)
    #expect(noted.release.map(\.name) == ["a"])
    #expect(reason(noted, "SuccessCriteriaMet") == "CompletionsReached")
    #expect(reason(noted, "Complete") == nil)

    let waiting = decide(job(spec, status: noted.status), [pod("a", "Succeeded")])
    #expect(waiting.status == noted.status)
    #expect(waiting.release.map(\.name) == ["a"])

    let counted = decide(job(spec, status: noted.status), [pod("a", "Succeeded", tracked: false)])
    #expect(counted.status["uncountedTerminatedPods"] == [:])
    #expect(counted.status["succeeded"] == 1)
    #expect(reason(counted, "Complete") == "CompletionsReached")
    #expect(counted.status["completionTime"]?.string == now.text)
    #expect(counted.events == [.init(reason: "Completed", message: "Job completed")])

    let finished = decide(job(spec, status: counted.status), [pod("a", "Succeeded", tracked: false)])
    #expect(finished.status == counted.status)
    #expect(finished.events.isEmpty && finished.create.isEmpty)
  }

  @Test func `a job above its back-off limit ends its pods and then fails`() {
    let spec: JSON = ["completions": 3, "parallelism": 2, "backoffLimit": 0]
    let failing = decide(job(spec), [pod("a", "Failed"), pod("b")])
    #expect(reason(failing, "FailureTarget") == "BackoffLimitExceeded")
    #expect(failing.delete.map(\.name) == ["b"])
    #expect(failing.status["uncountedTerminatedPods"] == ["failed": ["a"]])
    let waiting = decide(
      job(spec, status: failing.status), [pod("a", "Failed", tracked: false), pod("b", deleted: true)])
    #expect(reason(waiting, "Failed") == nil)
    let failed = decide(
      job(spec, status: waiting.status),
      [pod("a", "Failed", tracked: false), pod("b", "Failed", tracked: false, deleted: true)])
    #expect(reason(failed, "Failed") == "BackoffLimitExceeded")
    #expect(failed.status["failed"] == 2)
    #expect(failed.events.map(\.reason) == ["BackoffLimitExceeded"])
    #expect(failed.status["completionTime"] == nil)
  }

  @Test(arguments: [(1, 5, 5), (1, 10, nil), (2, 5, 15), (3, 1, 39), (9, 100, 500), (9, 600, nil)])
  func `failed pods are replaced after a back-off that grows`(count: Int, ago: Int64, wait: Int?) {
    let pods = (0..<count).map { pod("p\($0)", "Failed", ended: ago + Int64($0)) }
    let decision = decide(job(["completions": 1, "parallelism": 1, "backoffLimit": 100]), pods)
    #expect(decision.requeueAfter == wait.map { .seconds($0) })
    #expect(decision.create.count == (wait == nil ? 1 : 0))
  }

  @Test func `a pod that was discarded counts neither as an end nor for the back-off`() {
    let decision = decide(
      job(["completions": 1, "parallelism": 1]), [pod("a", tracked: false, deleted: true)])
    #expect(decision.create.count == 1)
    #expect(decision.status["uncountedTerminatedPods"] == [:])
  }

  @Test func `a success ends the back-off`() {
    let pods = [pod("a", "Failed", ended: 5), pod("b", "Succeeded", ended: 3)]
    #expect(decide(job(["completions": 2, "parallelism": 1]), pods).create.count == 1)
  }

  @Test func `a deadline ends the job`() {
    let spec: JSON = ["completions": 1, "parallelism": 1, "activeDeadlineSeconds": 30]
    let waiting = decide(job(spec), [pod("a")], at: now.advanced(bySeconds: 10))
    #expect(waiting.requeueAfter == .seconds(20))
    let late = decide(job(spec), [pod("a")], at: now.advanced(bySeconds: 30))
    #expect(reason(late, "FailureTarget") == "DeadlineExceeded")
    #expect(late.delete.map(\.name) == ["a"])
  }

  @Test func `restarts in place count toward the limit`() {
    var running = pod("a")
    running["status", "containerStatuses"] = [["restartCount": 2]]
    var spec: JSON = ["completions": 1, "parallelism": 1, "backoffLimit": 2]
    spec["template"] = ["spec": ["restartPolicy": "OnFailure"]]
    #expect(reason(decide(job(spec), [running]), "FailureTarget") == "BackoffLimitExceeded")
    spec["backoffLimit"] = 3
    #expect(reason(decide(job(spec), [running]), "FailureTarget") == nil)
  }

  @Test func `a suspended job loses its start and gets a new one`() {
    let spec: JSON = ["completions": 1, "parallelism": 1, "suspend": true]
    let suspended = decide(job(spec))
    #expect(suspended.status["startTime"] == nil)
    #expect(reason(suspended, "Suspended") == "JobSuspended")
    let again = decide(job(spec, status: suspended.status))
    #expect(again.status == suspended.status && again.events.isEmpty)
    let later = now.advanced(bySeconds: 60)
    let resumed = decide(
      job(["completions": 1, "parallelism": 1], status: suspended.status), [], at: later)
    #expect(resumed.status["startTime"]?.string == later.text)
    #expect(reason(resumed, "Suspended") == "JobResumed")
    #expect(resumed.create.count == 1)
  }

  @Test func `an indexed job makes the first indexes that are missing`() {
    let spec: JSON = ["completions": 6, "parallelism": 3, "completionMode": "Indexed"]
    let status: JSON = ["startTime": .string(now.text), "completedIndexes": "0,3"]
    let pods = [pod("a", index: 1), pod("b", "Succeeded", index: 2), pod("c", index: 1), pod("d", index: 9)]
    let decision = decide(job(spec, status: status), pods)
    #expect(decision.status["completedIndexes"] == "0,2,3")
    #expect(decision.status["succeeded"] == 3)
    #expect(decision.release.map(\.name) == ["b"])
    #expect(decision.discard.map(\.name) == ["c", "d"] || decision.discard.map(\.name) == ["a", "d"])
    #expect(decision.create.map(\.index) == [4, 5])
  }

  @Test func `an indexed pod knows its index`() {
    let pod = JobPods.pod(job(["completionMode": "Indexed"]), index: 3, failures: nil)
    #expect(pod["metadata", "generateName"] == "work-3-")
    #expect(pod["metadata", "finalizers"] == ["batch.kubernetes.io/job-tracking"])
    #expect(pod["metadata", "annotations"] == ["batch.kubernetes.io/job-completion-index": "3"])
    #expect(pod["metadata", "labels"] == ["a": "b", "batch.kubernetes.io/job-completion-index": "3"])
    #expect(pod["spec", "hostname"] == "work-3")
    #expect(
      pod["spec", "containers"] == [
        [
          "name": "c",
          "env": [
            [
              "name": "JOB_COMPLETION_INDEX",
              "valueFrom": [
                "fieldRef": [
                  "apiVersion": "v1",
                  "fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']",
                ]
              ],
            ]
          ],
        ]
      ])
  }

  @Test func `each index has its own limit of failures`() {
    let spec: JSON = [
      "completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 1,
      "backoffLimit": 100,
    ]
    let first = decide(job(spec), [pod("a", "Failed", index: 0), pod("b", "Succeeded", index: 1)])
    #expect(first.status["failedIndexes"] == "")
    #expect(first.create == [.init(index: 0, failures: 1)])
    let pods = [
      pod("a", "Failed", index: 0, tracked: false), pod("b", "Succeeded", index: 1, tracked: false),
      pod("c", "Failed", index: 0, failures: 1),
    ]
    let second = decide(job(spec, status: first.status), pods)
    #expect(second.status["failedIndexes"] == "0")
    #expect(reason(second, "FailureTarget") == "FailedIndexes")
    #expect(second.create.isEmpty)
  }

  @Test(
    arguments: [
      ("Ignore", nil, nil), ("FailJob", "PodFailurePolicy", ["a"]), ("Count", nil, ["a"]),
    ] as [(String, String?, [String]?)])
  func `a failure policy decides what a failure means`(action: String, target: String?, counted: [String]?) {
    let rule: JSON = [
      "action": .string(action), "onExitCodes": ["operator": "In", "values": [42], "containerName": "c"],
    ]
    let spec: JSON = ["completions": 1, "parallelism": 1, "podFailurePolicy": ["rules": [rule]]]
    let decision = decide(job(spec), [pod("a", "Failed", exitCode: 42)])
    #expect(reason(decision, "FailureTarget") == target)
    #expect(
      decision.status["uncountedTerminatedPods", "failed"]?.array?.compactMap(\.string) == counted)
    #expect(decision.release.map(\.name) == ["a"])
    if action == "FailJob" {
      #expect(
        Conditions.find("FailureTarget", in: decision.status)?["message"]?.string
          == "Container c for pod n/a failed with exit code 42 matching FailJob rule at index 0")
    }
  }

  @Test func `a success policy ends an indexed job early`() {
    let spec: JSON = [
      "completions": 4, "parallelism": 4, "completionMode": "Indexed",
      "successPolicy": [
        "rules": [["succeededIndexes": "3"], ["succeededIndexes": "0-2", "succeededCount": 2]]
      ],
    ]
    let pods = [pod("a", "Succeeded", index: 0), pod("b", "Succeeded", index: 2), pod("c", index: 3)]
    let decision = decide(job(spec), pods)
    #expect(reason(decision, "SuccessCriteriaMet") == "SuccessPolicy")
    #expect(decision.delete.map(\.name) == ["c"])
  }

  @Test func `a job that is being deleted lets its pods go`() {
    var doomed = job(["completions": 1, "parallelism": 1])
    doomed["metadata", "deletionTimestamp"] = .string(now.text)
    let decision = decide(doomed, [pod("a")])
    #expect(decision.release.map(\.name) == ["a"])
    #expect(decision.status == doomed["status"])
    #expect(decision.create.isEmpty && decision.delete.isEmpty)
  }
}
