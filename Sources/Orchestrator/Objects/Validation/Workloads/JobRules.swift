// The rules for jobs.
extension Checker {
  mutating func job(_ job: JSON) {
    metadata(job, isNamespaced: true, .subdomain)
    let metadata = job["metadata"] ?? .null
    let spec = job["spec"] ?? .null
    generatedSelector(metadata, spec)
    jobSpecification(spec, FieldPath("spec"))
    jobSelector(spec, FieldPath("spec"))
    guard spec.text(at: "completionMode") == "Indexed",
      let completions = spec.optionalInteger(at: "completions"),
      completions > 0
    else { return }
    let name = metadata.text(at: "name")
    let hostname = "\(name)-\(completions - 1)"
    if !NameFormats.dns1123Label(hostname).isEmpty {
      invalid(
        FieldPath("metadata", "name"), name, "will not able to create pod with invalid DNS label: \(hostname)"
      )
    }
  }

  /// A selector that the server made must be there as it was made.
  private mutating func generatedSelector(_ metadata: JSON, _ spec: JSON) {
    if spec.flag(at: "manualSelector") { return }
    guard let selector = spec.member(at: "selector") else { return }
    let identifier = metadata.text(at: "uid")
    let name = metadata.text(at: "name")
    if identifier.isEmpty { required(FieldPath("metadata", "uid")) }
    let path = FieldPath("spec", "template", "metadata", "labels")
    let templateLabels = spec["template", "metadata", "labels"]
    var expected: JSONObject = [:]
    for (key, value) in [
      ("controller-uid", identifier), ("job-name", name), ("batch.kubernetes.io/controller-uid", identifier),
      ("batch.kubernetes.io/job-name", name),
    ] {
      expected[key] = .string(value)
      if let label = templateLabels?[key]?.string {
        if label != value { invalid(path.key(key), templateLabels, "must be '\(value)'") }
      } else {
        required(path.key(key), "must be '\(value)'")
      }
    }
    if let matcher = LabelMatcher(selector), !matcher.matches(expected) {
      invalid(FieldPath("spec", "selector"), shown: selectorText(selector), "`selector` not auto-generated")
    }
  }

  private mutating func jobSelector(_ spec: JSON, _ path: FieldPath) {
    if let selector = spec.member(at: "selector") {
      labelSelector(selector, path["selector"])
    } else {
      required(path["selector"])
    }
    if let matcher = LabelMatcher(spec["selector"]) {
      templateMatches(matcher, spec["template"] ?? .null, path["template"])
    }
  }

  /// All but the selector, which the template of a cron job does not have.
  mutating func jobSpecification(_ spec: JSON, _ path: FieldPath) {
    counts(
      spec,
      [
        "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
        "backoffLimitPerIndex", "maxFailedIndexes",
      ], path)
    let perIndex = spec.optionalInteger(at: "backoffLimitPerIndex")
    if spec.member(at: "maxFailedIndexes") != nil, perIndex == nil {
      required(path["backoffLimitPerIndex"], "when maxFailedIndexes is specified")
    }
    if let manager = spec.optionalText(at: "managedBy") {
      domainPrefixedPath(manager, path["managedBy"])
      if manager.utf8.count > 63 { tooLong(path["managedBy"], 63) }
    }
    completionMode(spec, path)
    if let policy = spec.member(at: "podFailurePolicy") {
      failurePolicy(policy, spec, path["podFailurePolicy"]["rules"])
    }
    if let policy = spec.member(at: "successPolicy") {
      if spec.text(at: "completionMode") == "Indexed" {
        successPolicy(policy, spec, path["successPolicy"]["rules"])
      } else {
        invalid(
          path["successPolicy"], shown: GoForm.value(policy, as: "SuccessPolicy").compact,
          "requires indexed completion mode")
      }
    }
    let hasFailurePolicy = spec.member(at: "podFailurePolicy") != nil
    optionalChoice(
      spec["podReplacementPolicy"], path["podReplacementPolicy"],
      hasFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"])
    let template = spec["template"] ?? .null
    podTemplate(template, path["template"])
    let restart = (template["spec"] ?? .null).text(at: "restartPolicy")
    let restartPath = path["template"]["spec"]["restartPolicy"]
    switch restart {
    case "", "Always": required(restartPath, "valid values: \"OnFailure\", \"Never\"")
    case "Never": break
    case "OnFailure":
      if hasFailurePolicy {
        invalid(restartPath, restart, "only \"Never\" is supported when podFailurePolicy is specified")
      }
    default: notSupported(restartPath, restart, ["OnFailure", "Never"])
    }
  }

  private mutating func completionMode(_ spec: JSON, _ path: FieldPath) {
    optionalChoice(spec["completionMode"], path["completionMode"], ["NonIndexed", "Indexed"])
    let completions = spec.optionalInteger(at: "completions")
    let parallelism = spec.optionalInteger(at: "parallelism")
    let failed = spec.optionalInteger(at: "maxFailedIndexes")
    let perIndex = spec.optionalInteger(at: "backoffLimitPerIndex")
    switch spec.text(at: "completionMode") {
    case "Indexed":
      if completions == nil { required(path["completions"], "when completion mode is Indexed") }
      if let parallelism, parallelism > 100_000 {
        invalid(
          path["parallelism"], parallelism,
          "must be less than or equal to 100000 when completion mode is Indexed")
      }
      if let completions, let failed, failed > completions {
        invalid(path["maxFailedIndexes"], failed, "must be less than or equal to completions")
      }
      if let failed, failed > 100_000 {
        invalid(path["maxFailedIndexes"], failed, "must be less than or equal to 100000")
      }
      guard let completions, completions > 100_000, perIndex != nil else { return }
      if failed == nil {
        required(path["maxFailedIndexes"], "must be specified when completions is above 100000")
      }
      for (field, value) in [("parallelism", parallelism), ("maxFailedIndexes", failed)] {
        guard let value, value > 10_000 else { continue }
        invalid(
          path[field], value,
          "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index"
        )
      }
    case "", "NonIndexed":
      if let perIndex { invalid(path["backoffLimitPerIndex"], perIndex, "requires indexed completion mode") }
      if let failed { invalid(path["maxFailedIndexes"], failed, "requires indexed completion mode") }
    default: break
    }
  }

  private mutating func failurePolicy(_ policy: JSON, _ spec: JSON, _ path: FieldPath) {
    let rules = policy.list(at: "rules")
    if rules.count > 20 { tooMany(path, rules.count, 20) }
    let pod = spec["template", "spec"] ?? .null
    let containers = Set(
      (pod.list(at: "containers") + pod.list(at: "initContainers")).map { $0.text(at: "name") })
    let actions = ["Count", "FailIndex", "FailJob", "Ignore"]
    for (index, rule) in rules.enumerated() {
      let path = path[index]
      let action = rule.text(at: "action")
      if action.isEmpty {
        required(path["action"], "valid values: " + MessageText.quotedList(actions))
      } else if action == "FailIndex" {
        if spec.member(at: "backoffLimitPerIndex") == nil {
          invalid(path["action"], action, "requires the backoffLimitPerIndex to be set")
        }
      } else if !actions.contains(action) {
        notSupported(path["action"], action, actions)
      }
      let codes = rule.member(at: "onExitCodes")
      if let codes { exitCodes(codes, containers, path["onExitCodes"]) }
      let conditions = rule.list(at: "onPodConditions")
      if !conditions.isEmpty { podConditionPatterns(conditions, path["onPodConditions"]) }
      if codes != nil, !conditions.isEmpty {
        invalid(path, shown: nil, "specifying both OnExitCodes and OnPodConditions is not supported")
      }
      if codes == nil, conditions.isEmpty {
        invalid(path, shown: nil, "specifying one of OnExitCodes and OnPodConditions is required")
      }
    }
  }

  private mutating func podConditionPatterns(_ patterns: [JSON], _ path: FieldPath) {
    if patterns.count > 20 { tooMany(path, patterns.count, 20) }
    let supported = ["False", "True", "Unknown"]
    for (index, pattern) in patterns.enumerated() {
      qualifiedName(pattern.text(at: "type"), path[index]["type"])
      let status = pattern.text(at: "status")
      if status.isEmpty {
        required(path[index]["status"], "valid values: " + MessageText.quotedList(supported))
      } else if !supported.contains(status) {
        notSupported(path[index]["status"], status, supported)
      }
    }
  }

  private mutating func exitCodes(_ requirement: JSON, _ containers: Set<String>, _ path: FieldPath) {
    let operation = requirement.text(at: "operator")
    if operation.isEmpty {
      required(path["operator"], "valid values: " + MessageText.quotedList(["In", "NotIn"]))
    } else if !["In", "NotIn"].contains(operation) {
      notSupported(path["operator"], operation, ["In", "NotIn"])
    }
    if let container = requirement.optionalText(at: "containerName"), !containers.contains(container) {
      invalid(
        path["containerName"], container,
        "must be one of the container or initContainer names in the pod template")
    }
    let values = requirement.list(at: "values").compactMap(\.integer)
    if values.isEmpty {
      invalid(path["values"], requirement["values"], "at least one value is required")
    } else if values.count > 255 {
      tooMany(path["values"], values.count, 255)
    }
    var seen: Set<Int64> = []
    for (index, value) in values.enumerated() {
      let path = path["values"][index]
      if operation == "In", value == 0 { invalid(path, value, "must not be 0 for the In operator") }
      if !seen.insert(value).inserted { append(.duplicate(path, .integer(value))) }
    }
    if zip(values, values.dropFirst()).contains(where: { $0 > $1 }) {
      invalid(path["values"], requirement["values"], "must be ordered")
    }
  }

  private mutating func successPolicy(_ policy: JSON, _ spec: JSON, _ path: FieldPath) {
    let rules = policy.list(at: "rules")
    if rules.isEmpty {
      required(path, "at least one rules must be specified when the successPolicy is specified")
    }
    if rules.count > 20 { tooMany(path, rules.count, 20) }
    let completions = spec.integer(at: "completions")
    for (index, rule) in rules.enumerated() {
      let path = path[index]
      let indexes = rule.optionalText(at: "succeededIndexes")
      let count = rule.optionalInteger(at: "succeededCount")
      if indexes == nil, count == nil {
        required(path, "at least one of succeededCount or succeededIndexes must be specified")
      }
      var total: Int64 = 0
      if let indexes {
        if indexes.utf8.count > 65_536 { tooLong(path["succeededIndexes"], 65_536) }
        switch IndexList.count(indexes, completions: completions) {
        case .success(let count): total = count
        case .failure(let problem):
          invalid(path["succeededIndexes"], indexes, "error parsing succeededIndexes: \(problem.message)")
        }
      }
      guard let count else { continue }
      nonnegative(count, path["succeededCount"])
      if count > completions {
        invalid(
          path["succeededCount"], count,
          "must be less than or equal to \(completions) (the number of specified completions)")
      }
      if indexes != nil, count > total {
        invalid(
          path["succeededCount"], count,
          "must be less than or equal to \(total) (the number of indexes in the specified succeededIndexes field)"
        )
      }
    }
  }

  mutating func jobUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let spec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    let path = FieldPath("spec")
    jobSpecification(spec, path)
    jobSelector(spec, path)
    let completions = spec.optionalInteger(at: "completions")
    if spec.text(at: "completionMode") != "Indexed" {
      immutable(spec["completions"], oldSpec["completions"], path["completions"])
    } else if let completions, completions != oldSpec.optionalInteger(at: "completions"),
      completions != spec.integer(at: "parallelism")
    {
      invalid(path["completions"], completions, "can only be modified in tandem with spec.parallelism")
    }
    immutable(spec["selector"], oldSpec["selector"], path["selector"], form: "LabelSelector")
    jobTemplateUpdate(new, old, path["template"])
    immutable(spec["completionMode"], oldSpec["completionMode"], path["completionMode"])
    immutable(
      spec["podFailurePolicy"], oldSpec["podFailurePolicy"], path["podFailurePolicy"],
      form: "PodFailurePolicy")
    for field in ["backoffLimitPerIndex", "managedBy"] { immutable(spec[field], oldSpec[field], path[field]) }
    immutable(spec["successPolicy"], oldSpec["successPolicy"], path["successPolicy"], form: "SuccessPolicy")
  }

  /// The template stays; only a suspended job that never ran may be sent elsewhere.
  private mutating func jobTemplateUpdate(_ new: JSON, _ old: JSON, _ path: FieldPath) {
    let template = new["spec", "template"] ?? .null
    var oldTemplate = old["spec", "template"] ?? .null
    let isSuspended = (old["spec"] ?? .null).flag(at: "suspend")
    if isSuspended, (old["status"] ?? .null).member(at: "startTime") == nil {
      for field in ["nodeSelector", "tolerations", "schedulingGates"] {
        if oldTemplate["spec", field] != template["spec", field] {
          oldTemplate["spec", field] = template["spec", field]
        }
      }
      for field in ["annotations", "labels"]
      where oldTemplate["metadata", field] != template["metadata", field] {
        oldTemplate["metadata", field] = template["metadata", field]
      }
      let affinity = template["spec", "affinity", "nodeAffinity"]
      if affinity != oldTemplate["spec", "affinity", "nodeAffinity"] {
        oldTemplate["spec", "affinity", "nodeAffinity"] = affinity
      }
      if template["spec", "affinity"] == nil, (oldTemplate["spec", "affinity"] ?? .null).meaningful.isNull {
        oldTemplate["spec", "affinity"] = nil
      }
    }
    let newForm = PodForm.template(template)
    if newForm.comparable != PodForm.template(oldTemplate).comparable {
      invalid(path, shown: newForm.compact, fieldIsImmutable)
    }
  }
}

/// Lists of indexes such as `1,3-5,7`.
enum IndexList {
  struct Malformed: Error {
    let message: String
  }

  /// How many indexes the list has.
  static func count(_ text: String, completions: Int64) -> Result<Int64, Malformed> {
    if text.isEmpty { return .success(0) }
    var last: Int64?
    var total: Int64 = 0
    for fragment in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = fragment.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
      if parts.count > 2 {
        return malformed(
          "the fragment \(MessageText.quoted(String(fragment))) violates the requirement that an index interval can"
            + " have at most two parts separated by '-'")
      }
      var limits: [Int64] = []
      for part in parts {
        guard let value = Int64(part) else {
          return malformed("cannot convert string to integer for index: \(MessageText.quoted(part))")
        }
        if value >= completions { return malformed("too large index: \(MessageText.quoted(part))") }
        if let first = limits.first, first >= value { return malformed(order(first, value)) }
        limits.append(value)
      }
      let first = limits[0]
      let end = limits[limits.count - 1]
      if let last, last >= first { return malformed(order(last, first)) }
      // Both are below the completions, which have 32 bits.
      let (sum, hasOverflown) = total.addingReportingOverflow(end - max(first, 0) + 1)
      total = hasOverflown ? .max : sum
      last = end
    }
    return .success(total)
  }

  private static func malformed(_ message: String) -> Result<Int64, Malformed> {
    .failure(Malformed(message: message))
  }

  private static func order(_ previous: Int64, _ current: Int64) -> String {
    "non-increasing order, previous: \(previous), current: \(current)"
  }
}
