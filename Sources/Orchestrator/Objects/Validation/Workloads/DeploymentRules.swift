// The rules for deployments, replica sets and replication controllers.
extension Checker {
  mutating func deployment(_ deployment: JSON) {
    metadata(deployment, isNamespaced: true, .subdomain)
    deploymentSpecification(deployment["spec"] ?? .null, FieldPath("spec"))
  }

  mutating func deploymentUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let spec = new["spec"] ?? .null
    deploymentSpecification(spec, FieldPath("spec"))
    immutable(spec["selector"], old["spec", "selector"], FieldPath("spec", "selector"), form: "LabelSelector")
  }

  private mutating func deploymentSpecification(_ spec: JSON, _ path: FieldPath) {
    nonnegative(spec.optionalInteger(at: "replicas"), path["replicas"])
    replicatedTemplate(spec, path)
    deploymentStrategy(spec["strategy"] ?? .null, path["strategy"])
    let minimumReady = spec.integer(at: "minReadySeconds")
    nonnegative(minimumReady, path["minReadySeconds"])
    nonnegative(spec.optionalInteger(at: "revisionHistoryLimit"), path["revisionHistoryLimit"])
    guard let deadline = spec.optionalInteger(at: "progressDeadlineSeconds") else { return }
    nonnegative(deadline, path["progressDeadlineSeconds"])
    if deadline <= minimumReady {
      invalid(path["progressDeadlineSeconds"], deadline, "must be greater than minReadySeconds")
    }
  }

  /// The selector and the template of a deployment or replica set.
  private mutating func replicatedTemplate(_ spec: JSON, _ path: FieldPath) {
    requiredSelector(spec, path, emptyIsInvalidFor: "deployment")
    guard let selector = LabelMatcher(spec["selector"]) else {
      return invalid(path["selector"], shown: selectorText(spec["selector"]), "invalid label selector")
    }
    let template = spec["template"] ?? .null
    if !selector.isEmpty { templateMatches(selector, template, path["template"]) }
    podTemplate(template, path["template"])
    alwaysRestarts(template, path["template"], "ReplicaSet")
  }

  /// Pods that a controller replaces must restart always, and must not end by themselves.
  mutating func alwaysRestarts(_ template: JSON, _ path: FieldPath, _ workload: String) {
    let spec = template["spec"] ?? .null
    let policy = spec.text(at: "restartPolicy")
    if policy != "Always" { notSupported(path["spec"]["restartPolicy"], policy, ["Always"]) }
    if spec.member(at: "activeDeadlineSeconds") != nil {
      forbidden(
        path["spec"]["activeDeadlineSeconds"], "activeDeadlineSeconds in \(workload) is not Supported")
    }
  }

  private mutating func deploymentStrategy(_ strategy: JSON, _ path: FieldPath) {
    let rolling = strategy.member(at: "rollingUpdate")
    switch strategy.text(at: "type") {
    case "Recreate":
      if rolling != nil {
        forbidden(path["rollingUpdate"], "may not be specified when strategy `type` is 'Recreate'")
      }
    case "RollingUpdate":
      guard let rolling else {
        return required(path["rollingUpdate"], "this should be defaulted and never be nil")
      }
      let path = path["rollingUpdate"]
      let unavailable = rolling["maxUnavailable"]
      integerOrPercent(unavailable, path["maxUnavailable"])
      integerOrPercent(rolling["maxSurge"], path["maxSurge"])
      if Self.amount(unavailable) == 0, Self.amount(rolling["maxSurge"]) == 0 {
        invalid(path["maxUnavailable"], unavailable ?? 0, "may not be 0 when `maxSurge` is 0")
      }
      atMostAll(unavailable, path["maxUnavailable"])
    default:
      errors(
        .notSupported, path, shown: GoForm.value(strategy, as: "DeploymentStrategy").compact,
        ["Recreate", "RollingUpdate"])
    }
  }

  /// A value of a closed set, shown as this text.
  mutating func errors(_ kind: FieldError.Kind, _ path: FieldPath, shown: String, _ supported: [String]) {
    append(
      FieldError(
        kind, field: path.description, shownValue: shown,
        detail: "supported values: " + supported.map(MessageText.quoted).joined(separator: ", ")))
  }

  /// A count, or a share in percent.
  mutating func integerOrPercent(_ value: JSON?, _ path: FieldPath) {
    switch value {
    case .string(let text): if let problem = ValueFormats.percent(text) { invalid(path, text, problem) }
    case .integer(let number): nonnegative(number, path)
    default: break
    }
  }

  mutating func atMostAll(_ value: JSON?, _ path: FieldPath) {
    if let text = value?.string, ValueFormats.percent(text) == nil, Self.amount(value) > 100 {
      invalid(path, text, "must not be greater than 100%")
    }
  }

  /// The count or the percentage.
  static func amount(_ value: JSON?) -> Int64 {
    switch value {
    case .string(let text):
      let digits = text.hasSuffix("%") ? text.dropLast() : Substring(text)
      return Int64(digits) ?? (digits.allSatisfy(\.isNumber) && !digits.isEmpty ? .max : 0)
    case .integer(let number): return number
    default: return 0
    }
  }

  mutating func deploymentStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let path = FieldPath("status")
    let status = new["status"] ?? .null
    counts(
      status,
      [
        "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
        "unavailableReplicas", "terminatingReplicas", "collisionCount",
      ], path)
    replicaBounds(
      status, ["updatedReplicas", "readyReplicas", "availableReplicas"], path, ready: "readyReplicas")
    collisionCount(status, old["status"] ?? .null, path)
  }

  mutating func counts(_ status: JSON, _ fields: [String], _ path: FieldPath) {
    for field in fields { nonnegative(status.optionalInteger(at: field), path[field]) }
  }

  /// No part may be more than the whole; none available that is not ready.
  mutating func replicaBounds(_ status: JSON, _ fields: [String], _ path: FieldPath, ready: String) {
    let replicas = status.integer(at: "replicas")
    for field in fields where status.integer(at: field) > replicas {
      invalid(path[field], status.integer(at: field), "cannot be greater than status.replicas")
    }
    let available = status.integer(at: "availableReplicas")
    if available > status.integer(at: "readyReplicas") {
      invalid(path["availableReplicas"], available, "cannot be greater than " + ready)
    }
  }

  mutating func collisionCount(_ new: JSON, _ old: JSON, _ path: FieldPath) {
    guard let before = old.optionalInteger(at: "collisionCount") else { return }
    let count = new.integer(at: "collisionCount")
    if count < before || new.member(at: "collisionCount") == nil {
      invalid(path["collisionCount"], count, "cannot be decremented")
    }
  }

  mutating func replicaSet(_ replicaSet: JSON) {
    metadata(replicaSet, isNamespaced: true, .subdomain)
    replicaSetSpecification(replicaSet["spec"] ?? .null, FieldPath("spec"))
  }

  mutating func replicaSetUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    replicaSetSpecification(new["spec"] ?? .null, FieldPath("spec"))
    immutable(
      new["spec", "selector"], old["spec", "selector"], FieldPath("spec", "selector"), form: "LabelSelector")
  }

  private mutating func replicaSetSpecification(_ spec: JSON, _ path: FieldPath) {
    nonnegative(spec.optionalInteger(at: "replicas"), path["replicas"])
    nonnegative(spec.optionalInteger(at: "minReadySeconds"), path["minReadySeconds"])
    replicatedTemplate(spec, path)
  }

  /// The status of a replica set or replication controller.
  mutating func replicaStatus(_ status: JSON, _ path: FieldPath) {
    counts(
      status,
      [
        "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration",
        "terminatingReplicas",
      ], path)
    replicaBounds(
      status, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"], path, ready: "readyReplicas")
  }

  mutating func replicationController(_ controller: JSON) {
    metadata(controller, isNamespaced: true, .subdomain)
    replicationControllerSpecification(controller["spec"] ?? .null, FieldPath("spec"))
  }

  mutating func replicationControllerUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    replicationControllerSpecification(new["spec"] ?? .null, FieldPath("spec"))
  }

  private mutating func replicationControllerSpecification(_ spec: JSON, _ path: FieldPath) {
    nonnegative(spec.optionalInteger(at: "minReadySeconds"), path["minReadySeconds"])
    let selector = spec.entries(at: "selector")
    if selector.isEmpty { required(path["selector"]) }
    if let replicas = spec.optionalInteger(at: "replicas") {
      nonnegative(replicas, path["replicas"])
    } else {
      required(path["replicas"])
    }
    guard let template = spec.member(at: "template") else { return required(path["template"]) }
    let labels = (template["metadata"] ?? .null).entries(at: "labels")
    if selector.contains(where: { labels[$0.key] != $0.value }) {
      invalid(
        path["template"]["metadata"]["labels"], template["metadata", "labels"],
        "`selector` does not match template `labels`")
    }
    podTemplate(template, path["template"])
    alwaysRestarts(template, path["template"], "ReplicationController")
  }
}
