import Objects
import Testing

@testable import Controllers

private func time(_ text: String) -> Timestamp { Timestamp(text) ?? .zero }
private let utc: CronTimetable.Offset = { _ in 0 }

/// A zone that is an hour ahead, and two from the last Sunday of March to that of October 2026.
private let berlin: CronTimetable.Offset = {
  $0 >= time("2026-03-29T01:00:00Z") && $0 < time("2026-10-25T01:00:00Z") ? 7200 : 3600
}

@Suite struct CronTimetableTests {
  @Test(
    arguments: [
      ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
      ("*/15 * * * *", "2026-01-01T00:16:30Z", "2026-01-01T00:30:00Z"),
      ("0 9 * * mon-fri", "2026-01-02T10:00:00Z", "2026-01-05T09:00:00Z"),
      ("30 2 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T02:30:00Z"),
      ("0 0 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
      ("0 0 13 * *", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"),
      ("5,10 23 31 DEC ?", "2026-12-31T23:05:00Z", "2026-12-31T23:10:00Z"),
      ("10/20 * * * *", "2026-01-01T00:11:00Z", "2026-01-01T00:30:00Z"),
      ("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"),
      ("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
      ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
      ("@every 1h30m", "2026-01-01T00:00:10Z", "2026-01-01T01:30:10Z"),
      ("0 0 30 2 *", "2026-01-01T00:00:00Z", nil),
    ] as [(String, String, String?)])
  func `the next time follows`(schedule: String, after: String, expected: String?) {
    #expect(CronTimetable(schedule)?.next(after: time(after), offset: utc)?.text == expected)
  }

  @Test(arguments: [
    "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *",
    "*/0 * * * *", "a * * * *", "@sometimes", "@every x", "1-2-3 * * * *", "1/2/3 * * * *",
  ])
  func `what is no schedule is refused`(schedule: String) {
    #expect(CronTimetable(schedule) == nil)
  }

  @Test(arguments: [
    // Clocks go from 02:00 to 03:00, and back from 03:00 to 02:00.
    ("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"),
    ("0 12 * * *", "2026-03-29T00:00:00Z", "2026-03-29T10:00:00Z"),
    ("0 12 * * *", "2026-10-24T23:00:00Z", "2026-10-25T11:00:00Z"),
    ("30 2 * * *", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z"),
    ("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
  ])
  func `times are those of the zone's clocks`(schedule: String, after: String, expected: String) {
    #expect(CronTimetable(schedule)?.next(after: time(after), offset: berlin)?.text == expected)
  }

  @Test(
    arguments: [
      ("* * * * *", "2020-01-01T00:00:00Z", "2026-01-01T00:00:30Z", "2026-01-01T00:00:00Z"),
      ("0 0 1 1 *", "2020-06-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-01-01T00:00:00Z"),
      ("0 0 29 2 *", "2021-01-01T00:00:00Z", "2026-05-01T00:00:00Z", "2024-02-29T00:00:00Z"),
      ("0 * * * *", "2026-01-01T00:10:00Z", "2026-01-01T00:59:59Z", nil),
      ("0 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T01:00:00Z"),
      ("@every 10s", "2026-01-01T00:00:00Z", "2026-01-01T00:00:35Z", "2026-01-01T00:00:30Z"),
    ] as [(String, String, String, String?)])
  func `the last time due is found`(schedule: String, earliest: String, now: String, expected: String?) {
    let latest = CronTimetable(schedule)?.latest(after: time(earliest), until: time(now), offset: utc)
    #expect(latest?.text == expected)
  }
}

private func cronJob(_ spec: JSON, status: JSON = [:]) -> JSON {
  var all: JSON = [
    "schedule": "0 * * * *", "successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 1,
    "jobTemplate": ["metadata": ["labels": ["a": "b"]], "spec": ["completions": 1]],
  ]
  for member in spec.object ?? [:] { all[member.key] = member.value }
  return [
    "metadata": [
      "name": "tick", "namespace": "n", "uid": "c", "creationTimestamp": "2026-01-01T00:30:00Z",
    ], "spec": all, "status": status,
  ]
}

private func job(_ name: String, end: String? = nil, started: String = "2026-01-01T00:00:00Z") -> JSON {
  var job: JSON = [
    "metadata": ["name": .string(name), "namespace": "n", "uid": .string(name), "resourceVersion": "9"],
    "status": ["startTime": .string(started)],
  ]
  if let end {
    job["status", "conditions"] = [["type": .string(end), "status": "True"]]
    if end == "Complete" { job["status", "completionTime"] = .string(started) }
  }
  return job
}

private func reference(_ name: String) -> JSON { ["name": .string(name), "uid": .string(name)] }

@Suite struct CronJobDecisionTests {
  private func decide(_ cronJob: JSON, _ jobs: [JSON] = [], at now: String) -> CronJobDecision {
    CronJobDecision(cronJob, jobs: jobs, now: time(now), offset: utc)
  }

  @Test func `a job is made when it is due, once`() {
    let early = decide(cronJob([:]), at: "2026-01-01T00:59:00Z")
    #expect(early.create == nil)
    #expect(early.requeueAfter == .milliseconds(60_100))
    let due = decide(cronJob([:]), at: "2026-01-01T01:00:00Z")
    #expect(
      due.create == [
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": [
          "name": "tick-29453820", "namespace": "n", "labels": ["a": "b"],
          "annotations": ["batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T01:00:00Z"],
          "ownerReferences": [
            [
              "apiVersion": "batch/v1", "kind": "CronJob", "name": "tick", "uid": "c", "controller": true,
              "blockOwnerDeletion": true,
            ]
          ],
        ], "spec": ["completions": 1],
      ])
    let status = due.status(with: job("tick-29453820"))
    #expect(status["lastScheduleTime"] == "2026-01-01T01:00:00Z")
    #expect(status["active"]?.array?.map { $0["name"]?.string } == ["tick-29453820"])
    let again = decide(cronJob([:], status: status), [job("tick-29453820")], at: "2026-01-01T01:00:01Z")
    #expect(again.create == nil && again.status == status)
  }

  @Test(arguments: [
    ("Allow", true, []), ("Forbid", false, []), ("Replace", true, ["old"]),
  ])
  func `a job that still runs stands in the way or not`(policy: String, creates: Bool, delete: [String]) {
    let cronJob = cronJob(
      ["concurrencyPolicy": .string(policy)], status: ["active": [reference("old")]])
    let decision = decide(cronJob, [job("old")], at: "2026-01-01T01:00:00Z")
    #expect((decision.create != nil) == creates)
    #expect(decision.delete.map(\.name) == delete)
    #expect(decision.events.map(\.reason) == (policy == "Forbid" ? ["JobAlreadyActive"] : []))
  }

  @Test func `a time that is too long ago is missed`() {
    let cronJob = cronJob(["startingDeadlineSeconds": 60])
    #expect(decide(cronJob, at: "2026-01-01T01:00:30Z").create != nil)
    #expect(decide(cronJob, at: "2026-01-01T01:01:30Z").create == nil)
  }

  @Test func `a suspended one makes nothing`() {
    #expect(decide(cronJob(["suspend": true]), at: "2026-01-01T05:00:00Z").create == nil)
  }

  @Test func `jobs that have ended are noted, and old ones cleared away`() {
    let cronJob = cronJob(["suspend": true], status: ["active": [reference("b"), reference("gone")]])
    let jobs = [
      job("a", end: "Complete", started: "2026-01-01T00:00:00Z"),
      job("b", end: "Complete", started: "2026-01-01T01:00:00Z"), job("c", end: "Failed"), job("d"),
    ]
    let decision = decide(cronJob, jobs, at: "2026-01-01T02:00:00Z")
    #expect(decision.delete.map(\.name) == ["a"])
    #expect(decision.events.map(\.reason) == ["SawCompletedJob", "MissingJob"])
    #expect(decision.status == ["lastSuccessfulTime": "2026-01-01T01:00:00Z"])
  }

  @Test func `many missed times are told of, and the last one counts`() {
    let decision = decide(cronJob(["schedule": "* * * * *"]), at: "2026-01-02T00:00:00Z")
    #expect(decision.events.map(\.reason) == ["TooManyMissedTimes"])
    #expect(decision.scheduledTime?.text == "2026-01-02T00:00:00Z")
  }
}

@Suite struct TTLAfterFinishedTests {
  @Test(arguments: [(nil, nil), ("Complete", 40), ("Failed", 40)] as [(String?, Int?)])
  func `a job that has ended stays for its time`(end: String?, left: Int?) {
    var job = job("a", end: end)
    job["spec", "ttlSecondsAfterFinished"] = 60
    if end != nil {
      job["status", "conditions"] = [
        ["type": .string(end ?? ""), "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"]
      ]
    }
    let now = time("2026-01-01T00:00:20Z")
    #expect(TTLAfterFinishedController.timeToLive(of: job, now: now) == left.map { .seconds($0) })
    job["spec", "ttlSecondsAfterFinished"] = nil
    #expect(TTLAfterFinishedController.timeToLive(of: job, now: now) == nil)
  }
}
