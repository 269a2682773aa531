// The rules for cron jobs.
extension Checker {
  mutating func cronJob(_ cronJob: JSON) {
    metadata(cronJob, isNamespaced: true, .subdomain)
    cronJobSpecification(cronJob["spec"] ?? .null, nil, FieldPath("spec"))
    let name = (cronJob["metadata"] ?? .null).text(at: "name")
    // The names of its jobs have eleven characters more.
    if name.utf8.count > 52 {
      invalid(FieldPath("metadata", "name"), name, "must be no more than 52 characters")
    }
  }

  mutating func cronJobUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    cronJobSpecification(new["spec"] ?? .null, old["spec"] ?? .null, FieldPath("spec"))
  }

  private mutating func cronJobSpecification(_ spec: JSON, _ oldSpec: JSON?, _ path: FieldPath) {
    let schedule = spec.text(at: "schedule")
    let zone = spec.optionalText(at: "timeZone")
    if schedule.isEmpty {
      required(path["schedule"])
    } else {
      if let problem = CronSchedule.problem(schedule) { invalid(path["schedule"], schedule, problem) }
      if schedule.contains("TZ") {
        if oldSpec?.text(at: "schedule").contains("TZ") != true {
          invalid(
            path["schedule"], schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        } else if zone != nil {
          invalid(path["schedule"], schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule")
        }
      }
    }
    nonnegative(spec.optionalInteger(at: "startingDeadlineSeconds"), path["startingDeadlineSeconds"])
    if let zone, oldSpec?.optionalText(at: "timeZone") != zone { timeZone(zone, path["timeZone"]) }
    choice(spec.text(at: "concurrencyPolicy"), path["concurrencyPolicy"], ["Allow", "Forbid", "Replace"])
    let job = spec["jobTemplate", "spec"] ?? .null
    let jobPath = path["jobTemplate"]["spec"]
    jobSpecification(job, jobPath)
    if let selector = job.member(at: "selector") {
      invalid(jobPath["selector"], shown: selectorText(selector), "`selector` will be auto-generated")
    }
    if job.flag(at: "manualSelector") {
      append(.notSupported(jobPath["manualSelector"], true, ["nil", "false"]))
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
      nonnegative(spec.optionalInteger(at: field), path[field])
    }
  }

  /// The form of a zone's name. Whether there is such a zone is known where the database of zones is.
  private mutating func timeZone(_ zone: String, _ path: FieldPath) {
    if zone.isEmpty { return invalid(path, zone, "timeZone must be nil or non-empty string") }
    for part in zone.split(separator: "/", omittingEmptySubsequences: false) {
      let isValid =
        (1...14).contains(part.utf8.count) && part != "." && part != ".." && !part.hasPrefix("-")
        && part.utf8.allSatisfy { NameFormats.isAlphanumeric($0) || ".-_+".utf8.contains($0) }
      if !isValid { return invalid(path, zone, "unknown time zone \(zone)") }
    }
    if zone.lowercased() == "local" {
      invalid(
        path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
    }
  }
}
