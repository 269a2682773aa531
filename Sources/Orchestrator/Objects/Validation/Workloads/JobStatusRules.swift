// The rules for the status of jobs.
extension Checker {
  mutating func jobStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let path = FieldPath("status")
    let status = new["status"] ?? .null
    let oldStatus = old["status"] ?? .null
    let spec = new["spec"] ?? .null
    counts(status, ["active", "succeeded", "failed", "ready", "terminating"], path)
    uncountedPods(status, path["uncountedTerminatedPods"])
    func holds(_ condition: String, _ status: JSON) -> Bool {
      status.list(at: "conditions").contains {
        $0.text(at: "type") == condition && $0.text(at: "status") == "True"
      }
    }
    let isComplete = holds("Complete", status)
    let isFailed = holds("Failed", status)
    let isSuccess = holds("SuccessCriteriaMet", status)
    let failureTarget = holds("FailureTarget", status)
    let conditions = path["conditions"]
    if isComplete, isFailed {
      invalid(conditions, shown: nil, "cannot set Complete=True and Failed=true conditions")
    }
    if isComplete, failureTarget {
      invalid(conditions, shown: nil, "cannot set Complete=True and FailureTarget=true conditions")
    }
    jobTimes(status, path, isComplete: isComplete)
    if isFailed, !failureTarget, !holds("Failed", oldStatus) {
      invalid(
        conditions, shown: nil, "cannot set Failed=True condition without the FailureTarget=true condition")
    }
    if isComplete, !isSuccess, !holds("Complete", oldStatus) {
      invalid(
        conditions, shown: nil,
        "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
    }
    if isComplete || isFailed { finishedJob(status, path) }
    jobIndexes(status, spec, path)
    let ready = status.integer(at: "ready")
    if ready > status.integer(at: "active") {
      invalid(path["ready"], ready, "cannot set more ready pods than active")
    }
    if isSuccess, isFailed {
      invalid(conditions, shown: nil, "cannot set SuccessCriteriaMet=True and Failed=true conditions")
    }
    if isSuccess, failureTarget {
      invalid(conditions, shown: nil, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    }
    for condition in ["Failed", "Complete", "FailureTarget"]
    where holds(condition, oldStatus) && !holds(condition, status) {
      invalid(conditions, shown: nil, "cannot disable the terminal \(condition)=True condition")
    }
    for field in ["failed", "succeeded"] where status.integer(at: field) < oldStatus.integer(at: field) {
      invalid(path[field], status.integer(at: field), "cannot decrease the \(field) counter")
    }
    if let time = status.member(at: "completionTime"), let before = oldStatus.member(at: "completionTime"),
      time != before
    {
      invalid(path["completionTime"], time, fieldIsImmutable)
    }
    if let before = oldStatus.member(at: "startTime"), before != status.member(at: "startTime"),
      !spec.flag(at: "suspend")
    {
      invalid(path["startTime"], status["startTime"], "field is immutable for unsuspended job once set")
    }
    if holds("SuccessCriteriaMet", oldStatus), !isSuccess {
      invalid(conditions, shown: nil, "cannot disable the SuccessCriteriaMet=True condition")
    }
  }

  private mutating func uncountedPods(_ status: JSON, _ path: FieldPath) {
    var seen: Set<String> = []
    for field in ["succeeded", "failed"] {
      for (index, identifier) in (status["uncountedTerminatedPods"] ?? .null).texts(at: field).enumerated() {
        if identifier.isEmpty {
          invalid(path[field][index], "", "must not be empty")
        } else if !seen.insert(identifier).inserted {
          duplicate(path[field][index], identifier)
        }
      }
    }
  }

  private mutating func jobTimes(_ status: JSON, _ path: FieldPath, isComplete: Bool) {
    let completion = status.member(at: "completionTime")
    let path = path["completionTime"]
    if let completion, !isComplete {
      invalid(path, completion, "cannot set completionTime when there is no Complete=True condition")
    }
    if completion == nil, isComplete { required(path, "completionTime is required for Complete jobs") }
    if let end = completion?.string.flatMap({ Timestamp($0) }),
      let start = Timestamp(status.text(at: "startTime")),
      end < start
    {
      invalid(path, completion, "must be equal to or after `startTime`")
    }
  }

  private mutating func finishedJob(_ status: JSON, _ path: FieldPath) {
    let active = status.integer(at: "active")
    if active > 0 { invalid(path["active"], active, "active>0 is invalid for finished job") }
    if status.member(at: "startTime") == nil {
      required(path["startTime"], "startTime is required for finished job")
    }
    let uncounted = status["uncountedTerminatedPods"] ?? .null
    if !uncounted.list(at: "succeeded").isEmpty || !uncounted.list(at: "failed").isEmpty {
      invalid(path["uncountedTerminatedPods"], uncounted, "must be empty for finished job")
    }
    let terminating = status.integer(at: "terminating")
    if terminating > 0 {
      invalid(path["terminating"], terminating, "terminating>0 is invalid for finished job")
    }
  }

  private mutating func jobIndexes(_ status: JSON, _ spec: JSON, _ path: FieldPath) {
    let isIndexed = spec.text(at: "completionMode") == "Indexed"
    if let completions = spec.optionalInteger(at: "completions") {
      for field in ["completedIndexes", "failedIndexes"] {
        if field == "failedIndexes", spec.member(at: "backoffLimitPerIndex") == nil { continue }
        let text = status.text(at: field)
        if case .failure(let problem) = IndexList.count(text, completions: completions) {
          invalid(path[field], text, "error parsing \(field): \(problem.message)")
        }
      }
    }
    let completed = status.text(at: "completedIndexes")
    if !completed.isEmpty, !isIndexed {
      invalid(
        path["completedIndexes"], completed,
        "cannot set non-empty completedIndexes when non-indexed completion mode")
    }
    if let failed = status.optionalText(at: "failedIndexes"), spec.member(at: "backoffLimitPerIndex") == nil {
      invalid(
        path["failedIndexes"], failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
    }
  }
}
