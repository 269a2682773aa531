// The rules for daemon sets and controller revisions.
extension Checker {
  mutating func daemonSet(_ daemonSet: JSON) {
    metadata(daemonSet, isNamespaced: true, .subdomain)
    daemonSetSpecification(daemonSet["spec"] ?? .null, FieldPath("spec"))
  }

  mutating func daemonSetUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    daemonSetSpecification(new["spec"] ?? .null, FieldPath("spec"))
    immutable(
      new["spec", "selector"], old["spec", "selector"], FieldPath("spec", "selector"), form: "LabelSelector")
  }

  private mutating func daemonSetSpecification(_ spec: JSON, _ path: FieldPath) {
    let template = spec["template"] ?? .null
    labelSelector(spec["selector"], path["selector"])
    if let selector = LabelMatcher(spec["selector"]) { templateMatches(selector, template, path["template"]) }
    if let selector = spec.member(at: "selector"), selector.entries(at: "matchLabels").isEmpty,
      selector.list(at: "matchExpressions").isEmpty
    {
      invalid(path["selector"], shown: selectorText(selector), "empty selector is invalid for daemonset")
    }
    podTemplate(template, path["template"])
    alwaysRestarts(template, path["template"], "DaemonSet")
    nonnegative(spec.optionalInteger(at: "minReadySeconds"), path["minReadySeconds"])
    daemonSetStrategy(spec["updateStrategy"] ?? .null, path["updateStrategy"])
    nonnegative(spec.optionalInteger(at: "revisionHistoryLimit"), path["revisionHistoryLimit"])
  }

  private mutating func daemonSetStrategy(_ strategy: JSON, _ path: FieldPath) {
    switch strategy.text(at: "type") {
    case "OnDelete": break
    case "RollingUpdate":
      guard let rolling = strategy.member(at: "rollingUpdate") else { return required(path["rollingUpdate"]) }
      let path = path["rollingUpdate"]
      let unavailable = rolling["maxUnavailable"]
      let surge = rolling["maxSurge"]
      integerOrPercent(unavailable, path["maxUnavailable"])
      integerOrPercent(surge, path["maxSurge"])
      atMostAll(unavailable, path["maxUnavailable"])
      atMostAll(surge, path["maxSurge"])
      switch (Self.amount(unavailable) != 0, Self.amount(surge) != 0) {
      case (true, true):
        invalid(path["maxSurge"], surge, "may not be set when maxUnavailable is non-zero")
      case (false, false): required(path["maxUnavailable"], "cannot be 0 when maxSurge is 0")
      default: break
      }
    default:
      errors(
        .notSupported, path, shown: GoForm.value(strategy, as: "DaemonSetUpdateStrategy").compact,
        ["RollingUpdate", "OnDelete"])
    }
  }

  mutating func daemonSetStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let path = FieldPath("status")
    let status = new["status"] ?? .null
    counts(
      status,
      [
        "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
        "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable",
        "collisionCount",
      ], path)
    collisionCount(status, old["status"] ?? .null, path)
  }

  mutating func controllerRevision(_ revision: JSON) {
    metadata(revision, isNamespaced: true, .subdomain)
    nonnegative(revision.optionalInteger(at: "revision"), FieldPath("revision"))
    switch revision["data"] {
    case nil, .null?: required(FieldPath("data"), "data is mandatory")
    case .object?: break
    default: required(FieldPath("data"), "data must be a valid JSON object")
    }
  }

  mutating func controllerRevisionUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    metadata(new, isNamespaced: true, .subdomain)
    nonnegative(new.optionalInteger(at: "revision"), FieldPath("revision"))
    immutable(new["data"], old["data"], FieldPath("data"))
  }
}
