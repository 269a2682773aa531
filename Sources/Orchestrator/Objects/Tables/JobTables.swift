/// Jobs and cron jobs.
extension Tables {
  static let job = TablePrinter(
    [
      .name,
      .text("Status", "Whether the job runs, and if not, how it ended or why it waits.") { jobStatus($0) },
      .text("Completions", "Pods that succeeded, of those that must.") { completions(of: $0) },
      .text("Duration", "Time from the start of the job to its end, or until now.") { job in
        guard let start = job.time("status", "startTime") else { return "" }
        return HumanDuration.text(from: start, to: job.time("status", "completionTime") ?? job.now)
      },
      .age,
    ],
    wide: TableField.containers(
      at: ["spec", "template", "spec"], selector: .selector(at: "spec", "selector")))

  static let cronJob = TablePrinter(
    [
      .name,
      .text("Schedule", "When jobs are started, in the notation of cron.") { $0.text("spec", "schedule") },
      .text("Timezone", "Time zone of the schedule.") { $0.text("spec", "timeZone", absent: "<none>") },
      TableField(
        column: TableColumn("Suspend", type: "boolean", description: "Whether no more jobs are started.")
      ) { cronJob in
        switch cronJob.value("spec", "suspend")?.boolean {
        case true?: "True"
        case false?: "False"
        case nil: "<unset>"
        }
      },
      .integer("Active", "Jobs that run now.") { $0.count("status", "active") },
      .text("Last Schedule", "Time since a job was last started.") {
        $0.has("status", "lastScheduleTime") ? $0.elapsed(since: "status", "lastScheduleTime") : "<none>"
      },
      .age,
    ],
    wide: TableField.containers(
      at: ["spec", "jobTemplate", "spec", "template", "spec"],
      selector: .selector(at: "spec", "jobTemplate", "spec", "selector")))

  private static func jobStatus(_ job: ObjectReader) -> String {
    func holds(_ condition: String) -> Bool { job.condition(condition) == "True" }
    if holds("Complete") { return "Complete" }
    if holds("Failed") { return "Failed" }
    if job.isBeingDeleted { return "Terminating" }
    return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].first(where: holds) ?? "Running"
  }

  private static func completions(of job: ObjectReader) -> String {
    let succeeded = job.integer("status", "succeeded")
    if let completions = job.value("spec", "completions")?.integer { return "\(succeeded)/\(completions)" }
    let parallelism = job.integer("spec", "parallelism")
    return parallelism > 1 ? "\(succeeded)/1 of \(parallelism)" : "\(succeeded)/1"
  }
}
