// The rules for disruption budgets, priority classes, leases and runtime classes.
extension Checker {
  mutating func disruptionBudget(_ budget: JSON) {
    let spec = budget["spec"] ?? .null
    let path = FieldPath("spec")
    let fields = ["minAvailable", "maxUnavailable"]
    if fields.allSatisfy({ spec.member(at: $0) != nil }) {
      invalid(
        path, shown: GoForm.value(spec, as: "PodDisruptionBudgetSpec").compact,
        "minAvailable and maxUnavailable cannot be both set")
    }
    for field in fields {
      integerOrPercent(spec[field], path[field])
      atMostAll(spec[field], path[field])
    }
    labelSelector(spec["selector"], path["selector"])
    optionalChoice(
      spec["unhealthyPodEvictionPolicy"], path["unhealthyPodEvictionPolicy"],
      ["AlwaysAllow", "IfHealthyBudget"])
  }

  mutating func disruptionBudgetStatus(_ budget: JSON) {
    let status = budget["status"] ?? .null
    let path = FieldPath("status")
    conditions(status.list(at: "conditions"), path["conditions"])
    counts(status, ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"], path)
  }

  /// Conditions of the common form (meta/v1).
  mutating func conditions(_ conditions: [JSON], _ path: FieldPath) {
    var types: Set<String> = []
    for (index, condition) in conditions.enumerated() {
      let path = path[index]
      let type = condition.text(at: "type")
      if !types.insert(type).inserted { duplicate(path["type"], type) }
      qualifiedName(type, path["type"])
      let status = condition.text(at: "status")
      let statuses = ["False", "True", "Unknown"]
      if !statuses.contains(status) { notSupported(path["status"], status, statuses) }
      let generation = condition.integer(at: "observedGeneration")
      if generation < 0 {
        invalid(path["observedGeneration"], generation, "must be greater than or equal to zero")
      }
      if condition.member(at: "lastTransitionTime") == nil {
        required(path["lastTransitionTime"], "must be set")
      }
      conditionReason(condition.text(at: "reason"), path["reason"])
      if condition.text(at: "message").utf8.count > 32_768 { tooLong(path["message"], 32_768) }
    }
  }

  private mutating func conditionReason(_ reason: String, _ path: FieldPath) {
    if reason.isEmpty { return required(path, "must be set") }
    let bytes = Array(reason.utf8)
    let isInner = { (byte: UInt8) in NameFormats.isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
    let isValid =
      NameFormats.isLetter(bytes[0]) && isInner(bytes[bytes.count - 1])
      && bytes.allSatisfy { isInner($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":") }
    if !isValid {
      invalid(
        path, reason,
        NameFormats.pattern(
          "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric"
            + " characters or '_,:', and must end with an alphanumeric character or '_'",
          "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?", "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB",
          "ReasonA:ReasonB"))
    }
    if bytes.count > 1_024 { tooLong(path, 1_024) }
  }

  mutating func priorityClass(_ priorityClass: JSON) {
    metadata(priorityClass, isNamespaced: false, .subdomain)
    let name = (priorityClass["metadata"] ?? .null).text(at: "name")
    let value = priorityClass.integer(at: "value")
    if name.hasPrefix("system-") {
      if let problem = Self.systemClassProblem(
        name, value, isDefault: priorityClass.flag(at: "globalDefault"))
      {
        forbidden(
          FieldPath("metadata", "name"),
          "priority class names with 'system-' prefix are reserved for system use only. error: " + problem)
      }
    } else if value > 1_000_000_000 {
      forbidden(FieldPath("value"), "maximum allowed value of a user defined priority is 1000000000")
    }
    if let policy = priorityClass.optionalText(at: "preemptionPolicy") {
      choice(policy, FieldPath("preemptionPolicy"), ["PreemptLowerPriority", "Never"])
    }
  }

  private static func systemClassProblem(_ name: String, _ value: Int64, isDefault: Bool) -> String? {
    let values: [String: Int64] = [
      "system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000,
    ]
    guard let expected = values[name] else { return "\(name) is not a known system priority class" }
    if value != expected { return "value of \(name) PriorityClass must be \(expected)" }
    return isDefault ? "globalDefault of \(name) PriorityClass must be false" : nil
  }

  mutating func priorityClassUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    if new.integer(at: "value") != old.integer(at: "value") {
      forbidden(FieldPath("value"), "may not be changed in an update.")
    }
    immutable(new["preemptionPolicy"], old["preemptionPolicy"], FieldPath("preemptionPolicy"))
  }

  mutating func lease(_ lease: JSON) {
    let spec = lease["spec"] ?? .null
    let path = FieldPath("spec")
    if let duration = spec.optionalInteger(at: "leaseDurationSeconds"), duration <= 0 {
      invalid(path["leaseDurationSeconds"], duration, "must be greater than 0")
    }
    nonnegative(spec.optionalInteger(at: "leaseTransitions"), path["leaseTransitions"])
    let strategy = spec.optionalText(at: "strategy")
    if let strategy {
      let path = path["strategy"]["strategy"]
      if strategy.contains("/") {
        qualifiedName(strategy, path)
      } else if strategy != "OldestEmulationVersion" {
        notSupported(path, strategy, ["OldestEmulationVersion"])
      }
    }
    if !spec.text(at: "preferredHolder").isEmpty, strategy ?? "" == "" {
      forbidden(path["preferredHolder"], "may only be specified if `strategy` is defined")
    }
  }

  mutating func runtimeClass(_ runtimeClass: JSON) {
    metadata(runtimeClass, isNamespaced: false, .subdomain)
    label(runtimeClass.text(at: "handler"), FieldPath("handler"))
    if let overhead = runtimeClass["overhead", "podFixed"], !overhead.isNull {
      let context = ContainerContext(
        volumes: [:], claims: [], restartPolicy: "", gracePeriodSeconds: nil, usesHostUsers: true,
        operatingSystem: nil)
      resourceRequirements(["limits": overhead], FieldPath("overhead", "podFixed"), context)
    }
    guard let scheduling = runtimeClass.member(at: "scheduling") else { return }
    labels(scheduling.entries(at: "nodeSelector"), FieldPath("scheduling", "nodeSelector"))
    tolerations(scheduling.list(at: "tolerations"), FieldPath("scheduling", "tolerations"))
  }

  mutating func runtimeClassUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    immutable(new["handler"], old["handler"], FieldPath("handler"))
  }
}
