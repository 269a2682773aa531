import Objects

/// One sync of a Job.
struct JobRun {
  let job: JSON
  let pods: [JSON]
  let now: Timestamp
  let isIndexed: Bool
  let completions: Int?
  let isSuspended: Bool
  let limitPerIndex: Int?
  let active: [JSON]

  var decision = JobDecision()
  var status: JSON
  private var succeededUIDs: [String]
  private var failedUIDs: [String]
  private(set) var completed: JobIndexes
  private(set) var failedIndexes: JobIndexes
  private var failJob: String?

  init(_ job: JSON, pods: [JSON], now: Timestamp) {
    self.job = job
    self.pods = pods
    self.now = now
    let spec = job["spec"] ?? [:]
    isIndexed = spec["completionMode"]?.string == "Indexed"
    completions = spec["completions"]?.integer.map { Int(clamping: $0) }
    isSuspended = spec["suspend"]?.boolean == true
    limitPerIndex = spec["backoffLimitPerIndex"]?.integer.map { Int(clamping: $0) }
    active = pods.filter(\.isActive)
    status = job["status"] ?? [:]
    let uncounted = status["uncountedTerminatedPods"]
    succeededUIDs = (uncounted?["succeeded"]?.array ?? []).compactMap(\.string)
    failedUIDs = (uncounted?["failed"]?.array ?? []).compactMap(\.string)
    let limit = completions ?? 0
    completed = isIndexed ? JobIndexes(status["completedIndexes"]?.string ?? "", limit: limit) : JobIndexes()
    failedIndexes = JobIndexes(status["failedIndexes"]?.string ?? "", limit: limit)
  }

  private func has(_ condition: String) -> Bool {
    Conditions.find(condition, in: status)?["status"]?.string == "True"
  }

  private var isFinished: Bool { has("Complete") || has("Failed") }

  mutating func decide(mayManage: Bool) {
    if isFinished || job.isBeingDeleted {
      // Nobody counts any more.
      decision.release = pods.filter(JobPods.isTracked)
      decision.status = status
      return
    }
    if status["startTime"].map(\.isNull) ?? true, !isSuspended { status["startTime"] = .string(now.text) }
    settle()
    count()
    var remaining = active.count
    judgeFailure()
    judgeSuccess()
    if has("FailureTarget") || has("SuccessCriteriaMet") {
      decision.delete = active
      remaining = 0
    } else if mayManage {
      manage()
      remaining = max(0, active.count - decision.discard.count)
      noteSuspension()
    }
    writeCounts(active: remaining)
    finish()
    decision.status = status
  }

  // MARK: Counting ends

  /// Moves pods from the list of uncounted ones into the counters, once they have been let go.
  private mutating func settle() {
    let tracked = Set(pods.lazy.filter(JobPods.isTracked).map(\.uid))
    let succeeded = succeededUIDs.count
    succeededUIDs.removeAll { !tracked.contains($0) }
    if !isIndexed {
      status.setCount("succeeded", status.count("succeeded") + succeeded - succeededUIDs.count)
    }
    let failed = failedUIDs.count
    failedUIDs.removeAll { !tracked.contains($0) }
    status.setCount("failed", status.count("failed") + failed - failedUIDs.count)
  }

  /// Only pods whose containers have ended are replaced.
  private var replacesOnlyEnded: Bool { job["spec", "podReplacementPolicy"]?.string == "Failed" }

  private func hasFailed(_ pod: JSON) -> Bool {
    pod.isFailed || pod.isBeingDeleted && !pod.isSucceeded && !replacesOnlyEnded
  }

  /// Pods that are being deleted without having been tracked are those that were discarded.
  private func failureCounts(_ pod: JSON) -> Bool {
    hasFailed(pod) && (pod.isFailed || JobPods.isTracked(pod))
  }

  private mutating func count() {
    let seen = Set(succeededUIDs).union(failedUIDs)
    for pod in pods where JobPods.isTracked(pod) {
      if seen.contains(pod.uid) {
        decision.release.append(pod)
        continue
      }
      guard succeededUIDs.count + failedUIDs.count < JobDecision.uncountedLimit else { break }
      if pod.isSucceeded {
        countSuccess(pod)
        decision.release.append(pod)
      } else if hasFailed(pod) {
        countFailure(pod)
        decision.release.append(pod)
      }
    }
  }

  private mutating func countSuccess(_ pod: JSON) {
    guard isIndexed else {
      succeededUIDs.append(pod.uid)
      return
    }
    if let index = JobPods.index(of: pod), index < completions ?? 0 { completed.insert(index) }
  }

  private mutating func countFailure(_ pod: JSON) {
    let verdict = pod.isFailed ? JobFailurePolicy.verdict(pod, of: job) : .count
    if verdict == .ignore { return }
    failedUIDs.append(pod.uid)
    if case .failJob(let message) = verdict { failJob = failJob ?? message }
    guard let limitPerIndex, let index = JobPods.index(of: pod), index < completions ?? 0 else { return }
    let before = pod.annotation(JobPods.indexFailureCount).flatMap { Int($0) } ?? 0
    if verdict == .failIndex || before >= limitPerIndex, !completed.contains(index) {
      failedIndexes.insert(index)
    }
  }

  private var failed: Int { status.count("failed") + failedUIDs.count }

  private var succeeded: Int {
    isIndexed ? completed.count : status.count("succeeded") + succeededUIDs.count
  }

  private mutating func writeCounts(active: Int) {
    status.setCount("active", active)
    status["ready"] = .count(min(active, self.active.lazy.filter(\.isReady).count))
    status["terminating"] = .count(terminating)
    if isIndexed {
      status.setCount("succeeded", completed.count)
      if completed.ranges.isEmpty {
        status["completedIndexes"] = nil
      } else {
        status["completedIndexes"] = .string(completed.text)
      }
    }
    if limitPerIndex != nil { status["failedIndexes"] = .string(failedIndexes.text) }
    var uncounted: JSON = [:]
    if !succeededUIDs.isEmpty { uncounted["succeeded"] = .array(succeededUIDs.map { .string($0) }) }
    if !failedUIDs.isEmpty { uncounted["failed"] = .array(failedUIDs.map { .string($0) }) }
    status["uncountedTerminatedPods"] = uncounted
  }

  private var terminating: Int { pods.lazy.filter { $0.isBeingDeleted && !$0.isTerminal }.count }

  // MARK: The Job's end

  private mutating func add(_ type: String, _ value: String, _ reason: String, _ message: String) {
    Conditions.set(
      Conditions.make(type, value, reason: reason, message: message, now: now, probed: true), in: &status)
  }

  private mutating func judgeFailure() {
    guard !has("FailureTarget"), !has("SuccessCriteriaMet") else { return }
    let limit = Int(clamping: job["spec", "backoffLimit"]?.integer ?? 6)
    if let failJob {
      add("FailureTarget", "True", "PodFailurePolicy", failJob)
    } else if failed > limit || restartsExceed(limit) {
      add(
        "FailureTarget", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    } else if let rest = timeToDeadline, rest <= .zero {
      add("FailureTarget", "True", "DeadlineExceeded", "Job was active longer than specified deadline")
    } else if limitPerIndex != nil {
      judgeFailedIndexes()
    }
    if let rest = timeToDeadline, rest > .zero { lookAgain(rest) }
  }

  private mutating func judgeFailedIndexes() {
    if let limit = job["spec", "maxFailedIndexes"]?.integer, failedIndexes.count > Int(clamping: limit) {
      add(
        "FailureTarget", "True", "MaxFailedIndexesExceeded",
        "Job has exceeded the specified maximal number of failed indexes")
    } else if !failedIndexes.ranges.isEmpty, failedIndexes.count + completed.count >= completions ?? 0 {
      add("FailureTarget", "True", "FailedIndexes", "Job has failed indexes")
    }
  }

  private var timeToDeadline: Duration? {
    guard !isSuspended, let seconds = job["spec", "activeDeadlineSeconds"]?.integer,
      let start = status.time(at: "startTime")
    else { return nil }
    return start.advanced(bySeconds: seconds).since(now)
  }

  /// Where containers are restarted in place, their restarts count as failures.
  private func restartsExceed(_ limit: Int) -> Bool {
    guard job["spec", "template", "spec", "restartPolicy"]?.string == "OnFailure" else { return false }
    var restarts: Int64 = 0
    for pod in pods where pod.phase == "Running" || pod.phase == "Pending" {
      for field in ["containerStatuses", "initContainerStatuses"] {
        for status in pod["status", field]?.array ?? [] { restarts += status["restartCount"]?.integer ?? 0 }
      }
    }
    return limit == 0 ? restarts > 0 : restarts >= Int64(limit)
  }

  private mutating func judgeSuccess() {
    guard !has("FailureTarget"), !has("SuccessCriteriaMet") else { return }
    if let rule = matchedSuccessRule {
      add("SuccessCriteriaMet", "True", "SuccessPolicy", "Matched rules at index \(rule)")
    } else if completions.map({ succeeded >= $0 }) ?? (succeeded > 0 && active.isEmpty) {
      add("SuccessCriteriaMet", "True", "CompletionsReached", "Reached expected number of succeeded pods")
    }
  }

  private var matchedSuccessRule: Int? {
    guard isIndexed else { return nil }
    let limit = completions ?? 0
    return (job["spec", "successPolicy", "rules"]?.array ?? []).firstIndex { rule in
      let count = rule["succeededCount"]?.integer.map { Int(clamping: $0) }
      guard let text = rule["succeededIndexes"]?.string else {
        return count.map { completed.count >= $0 } ?? false
      }
      let wanted = JobIndexes(text, limit: limit)
      let met = wanted.ranges.reduce(0) { sum, range in
        sum + range.lazy.filter { completed.contains($0) }.count
      }
      return met >= (count ?? wanted.count)
    }
  }

  /// The Job has ended when its pods have, and all of them have been counted.
  private mutating func finish() {
    guard succeededUIDs.isEmpty, failedUIDs.isEmpty, terminating == 0, decision.delete.isEmpty,
      !pods.contains(where: JobPods.isTracked)
    else { return }
    // A suspended Job may be told to fail before it ever started.
    if has("FailureTarget") || has("SuccessCriteriaMet"), status["startTime"].map(\.isNull) ?? true {
      status["startTime"] = .string(now.text)
    }
    if let target = Conditions.find("FailureTarget", in: status), target["status"]?.string == "True" {
      let reason = target["reason"]?.string ?? ""
      let message = target["message"]?.string ?? ""
      add("Failed", "True", reason, message)
      decision.events.append(.init(isWarning: true, reason: reason, message: message))
    } else if let criteria = Conditions.find("SuccessCriteriaMet", in: status),
      criteria["status"]?.string == "True"
    {
      add("Complete", "True", criteria["reason"]?.string ?? "", criteria["message"]?.string ?? "")
      status["completionTime"] = .string(now.text)
      decision.events.append(.init(reason: "Completed", message: "Job completed"))
    }
  }

  // MARK: Pods

  private mutating func lookAgain(_ time: Duration) {
    decision.requeueAfter = min(decision.requeueAfter ?? time, time)
  }

  /// Brings the number of active pods to what the Job asks for.
  private mutating func manage() {
    guard !isSuspended else {
      decision.discard = active
      return
    }
    let parallelism = Int(clamping: job["spec", "parallelism"]?.integer ?? 1)
    let wanted: Int
    if let completions {
      let left = completions - succeeded - (limitPerIndex == nil ? 0 : failedIndexes.count)
      wanted = min(max(0, left), parallelism)
    } else {
      // The first success says that the work is done: pods finish, and none are added.
      wanted = succeeded > 0 ? min(active.count, parallelism) : parallelism
    }
    var kept = active
    if isIndexed {
      kept = oneOfEachIndex()
      let keptUIDs = Set(kept.map(\.uid))
      decision.discard = active.filter { !keptUIDs.contains($0.uid) }
    }
    if kept.count > wanted {
      let ranking = DeletionRanking(related: active, now: now)
      decision.discard += ranking.victims(kept.count - wanted, of: kept)
      return
    }
    // Terminating pods hold their places where only ended ones are replaced.
    let missing = wanted - kept.count - (replacesOnlyEnded ? terminating : 0)
    guard missing > 0 else { return }
    create(missing, kept: kept)
  }

  private mutating func create(_ missing: Int, kept: [JSON]) {
    if limitPerIndex == nil,
      let rest = JobBackOff.remaining(
        failed: pods.filter(failureCounts), succeeded: pods.filter(\.isSucceeded), now: now)
    {
      lookAgain(rest)
      return
    }
    guard isIndexed else {
      decision.create = Array(
        repeating: JobDecision.Creation(), count: min(missing, JobDecision.creationBurst))
      return
    }
    var taken = Set(kept.compactMap(JobPods.index))
    if replacesOnlyEnded {
      for pod in pods where pod.isBeingDeleted && !pod.isTerminal {
        if let index = JobPods.index(of: pod) { taken.insert(index) }
      }
    }
    var failures: [Int: [JSON]] = [:]
    if limitPerIndex != nil {
      for pod in pods where failureCounts(pod) {
        if let index = JobPods.index(of: pod) { failures[index, default: []].append(pod) }
      }
    }
    var index = 0
    while index < completions ?? 0, decision.create.count < min(missing, JobDecision.creationBurst) {
      defer { index += 1 }
      guard !taken.contains(index), !completed.contains(index), !failedIndexes.contains(index) else {
        continue
      }
      var creation = JobDecision.Creation(index: index)
      if limitPerIndex != nil {
        let earlier = failures[index] ?? []
        // Each index backs off for itself.
        if let rest = JobBackOff.remaining(failed: earlier, succeeded: [], now: now) {
          lookAgain(rest)
          continue
        }
        creation.failures = earlier.lazy.map(Self.failureCount).max() ?? 0
      }
      decision.create.append(creation)
    }
    if missing > JobDecision.creationBurst { lookAgain(.zero) }
  }

  /// How often an index had failed, with this pod.
  private static func failureCount(_ pod: JSON) -> Int {
    (pod.annotation(JobPods.indexFailureCount).flatMap { Int($0) } ?? 0) + 1
  }

  /// The active pods to keep: for each index that is asked for one, the one whose loss would be felt most.
  private func oneOfEachIndex() -> [JSON] {
    var best: [Int: JSON] = [:]
    let ranking = DeletionRanking(related: active, now: now)
    for pod in active {
      guard let index = JobPods.index(of: pod), index < completions ?? 0, !completed.contains(index),
        !failedIndexes.contains(index)
      else { continue }
      guard let other = best[index] else {
        best[index] = pod
        continue
      }
      if ranking.victims(1, of: [other, pod]).first?.uid == other.uid { best[index] = pod }
    }
    return best.keys.sorted().compactMap { best[$0] }
  }

  private mutating func noteSuspension() {
    let condition = Conditions.find("Suspended", in: status)?["status"]?.string
    if isSuspended, condition != "True" {
      add("Suspended", "True", "JobSuspended", "Job suspended")
      status["startTime"] = nil
      decision.events.append(.init(reason: "Suspended", message: "Job suspended"))
    } else if !isSuspended, condition == "True" {
      add("Suspended", "False", "JobResumed", "Job resumed")
      status["startTime"] = .string(now.text)
      decision.events.append(.init(reason: "Resumed", message: "Job resumed"))
    }
  }
}
