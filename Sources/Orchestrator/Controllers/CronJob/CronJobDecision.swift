import Objects

/// What a CronJob's controller does: starts a Job when one is due, and clears away those that have ended.
struct CronJobDecision: Sendable, Equatable {
  /// Something to tell the CronJob's users.
  struct Event: Sendable, Equatable {
    var isWarning = false
    var reason: String
    var message: String
  }

  /// Jobs to delete: too old, or to be replaced.
  var delete: [JSON] = []
  /// The Job to make, after the deletions.
  var create: JSON?
  /// The time for which it is made.
  var scheduledTime: Timestamp?
  /// The status to write, before a Job that is made is entered.
  var status: JSON
  var events: [Event] = []
  /// Until the next time.
  var requeueAfter: Duration?

  static let scheduledTimeAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp"
  /// Looks come this long after the time, so that clocks that differ a little do no harm.
  private static let slack = Duration.milliseconds(100)
  /// Above this many missed times, users are told.
  private static let missedLimit = 100

  /// Compares a CronJob with the Jobs it controls.
  init(_ cronJob: JSON, jobs: [JSON], now: Timestamp, offset: CronTimetable.Offset) {
    status = cronJob["status"] ?? [:]
    noteEnded(cronJob, jobs)
    clearAway(cronJob, jobs)
    guard !cronJob.isBeingDeleted, cronJob["spec", "suspend"]?.boolean != true else { return }
    guard let timetable = CronTimetable(cronJob["spec", "schedule"]?.string ?? "") else {
      events.append(
        .init(
          isWarning: true, reason: "UnparseableSchedule",
          message: "unparseable schedule: \(quoted(cronJob["spec", "schedule"]?.string ?? ""))"))
      return
    }
    if let next = timetable.next(after: now, offset: offset) { requeueAfter = next.since(now) + Self.slack }
    start(cronJob, jobs, timetable, now: now, offset: offset)
  }

  // MARK: What has ended

  private mutating func noteEnded(_ cronJob: JSON, _ jobs: [JSON]) {
    var active = status["active"]?.array ?? []
    let byUID = Dictionary(jobs.map { ($0.uid, $0) }) { first, _ in first }
    active.removeAll { reference in
      guard let job = byUID[reference["uid"]?.string ?? ""] else {
        events.append(
          .init(
            reason: "MissingJob",
            message: "Active job went missing: \(reference["name"]?.string ?? "")"))
        return true
      }
      guard let end = Self.end(job) else { return false }
      events.append(
        .init(reason: "SawCompletedJob", message: "Saw completed job: \(job.name), condition: \(end)"))
      return true
    }
    status["active"] = .array(active)
    if active.isEmpty { status["active"] = nil }
    let successes = jobs.filter { Self.end($0) == "Complete" }
    if let last = successes.compactMap({ $0.time(at: "status", "completionTime") }).max(),
      last > status.time(at: "lastSuccessfulTime") ?? .zero
    {
      status["lastSuccessfulTime"] = .string(last.text)
    }
  }

  /// The condition with which a Job has ended; nil if it has not.
  static func end(_ job: JSON) -> String? {
    if Conditions.isTrue("Complete", in: job) { return "Complete" }
    return Conditions.isTrue("Failed", in: job) ? "Failed" : nil
  }

  /// Old Jobs go, above the limits for each kind of end.
  private mutating func clearAway(_ cronJob: JSON, _ jobs: [JSON]) {
    for (end, field) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
      guard let limit = cronJob["spec", field]?.integer else { continue }
      let ended = jobs.filter { Self.end($0) == end }.sorted {
        ($0.time(at: "status", "startTime") ?? .zero, $0.name)
          < ($1.time(at: "status", "startTime") ?? .zero, $1.name)
      }
      let excess = ended.count - max(0, Int(clamping: limit))
      if excess > 0 { delete += ended.prefix(excess).filter { !$0.isBeingDeleted } }
    }
  }

  // MARK: What is due

  private mutating func start(
    _ cronJob: JSON, _ jobs: [JSON], _ timetable: CronTimetable, now: Timestamp, offset: CronTimetable.Offset
  ) {
    let deadline = cronJob["spec", "startingDeadlineSeconds"]?.integer
    var earliest = status.time(at: "lastScheduleTime") ?? cronJob.creationTime ?? now
    if let deadline { earliest = max(earliest, now.advanced(bySeconds: -deadline)) }
    guard let due = timetable.latest(after: earliest, until: now, offset: offset) else { return }
    noteMissed(timetable, after: earliest, until: now, offset: offset)
    if let deadline, due.advanced(bySeconds: deadline) < now {
      events.append(
        .init(
          isWarning: true, reason: "MissSchedule",
          message: "Missed scheduled time to start a job: \(due.text)"))
      return
    }
    let name = Self.name(cronJob, due)
    // An earlier sync has made it, and died before it could write so.
    if status.time(at: "lastScheduleTime") == due { return }
    let running = jobs.filter { Self.end($0) == nil && $0.name != name }
    switch cronJob["spec", "concurrencyPolicy"]?.string {
    case "Forbid" where !running.isEmpty:
      events.append(
        .init(
          reason: "JobAlreadyActive",
          message: "Not starting job because prior execution is running and concurrency policy is Forbid"))
      return
    case "Replace":
      delete += running.filter { !$0.isBeingDeleted }
      let uids = Set(running.map(\.uid))
      let kept = (status["active"]?.array ?? []).filter { !uids.contains($0["uid"]?.string ?? "") }
      status["active"] = .array(kept)
      if kept.isEmpty { status["active"] = nil }
    default: break
    }
    scheduledTime = due
    create = Self.job(cronJob, name: name, due: due)
  }

  private mutating func noteMissed(
    _ timetable: CronTimetable, after earliest: Timestamp, until now: Timestamp, offset: CronTimetable.Offset
  ) {
    var count = 0
    var time = earliest
    while count <= Self.missedLimit, let next = timetable.next(after: time, offset: offset), next <= now {
      count += 1
      time = next
    }
    guard count > Self.missedLimit else { return }
    events.append(
      .init(
        isWarning: true, reason: "TooManyMissedTimes",
        message:
          "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"))
  }

  /// A name for each time, so that no Job is made twice.
  private static func name(_ cronJob: JSON, _ due: Timestamp) -> String {
    "\(cronJob.name)-\(due.seconds / 60)"
  }

  private static func job(_ cronJob: JSON, name: String, due: Timestamp) -> JSON {
    let template = cronJob["spec", "jobTemplate"]
    var metadata: JSON = [
      "name": .string(name), "namespace": .string(cronJob.namespace),
      "ownerReferences": [OwnerReferences.controller(cronJob, .cronJobs)],
    ]
    metadata["labels"] = template?["metadata", "labels"]
    metadata["annotations"] = template?["metadata", "annotations"]
    metadata["annotations", scheduledTimeAnnotation] = .string(due.text)
    return [
      "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template?["spec"] ?? [:],
    ]
  }

  /// The status with the Job that has been made.
  func status(with job: JSON) -> JSON {
    var status = self.status
    if let scheduledTime { status["lastScheduleTime"] = .string(scheduledTime.text) }
    var active = status["active"]?.array ?? []
    if Self.end(job) == nil, !active.contains(where: { $0["uid"]?.string == job.uid }) {
      active.append([
        "apiVersion": "batch/v1", "kind": "Job", "name": .string(job.name),
        "namespace": .string(job.namespace),
        "resourceVersion": .string(job.resourceVersion), "uid": .string(job.uid),
      ])
    }
    if !active.isEmpty { status["active"] = .array(active) }
    return status
  }
}
