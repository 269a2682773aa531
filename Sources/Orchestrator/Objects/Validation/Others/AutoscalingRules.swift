// The rules for autoscalers, in the first version and the second.
extension Checker {
  mutating func autoscaler(_ autoscaler: JSON) {
    metadata(autoscaler, isNamespaced: true, .subdomain)
    autoscalerSpecification(autoscaler["spec"] ?? .null, FieldPath("spec"))
  }

  mutating func autoscalerUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    autoscalerSpecification(new["spec"] ?? .null, FieldPath("spec"))
  }

  mutating func autoscalerStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let status = new["status"] ?? .null
    counts(status, ["currentReplicas", "desiredReplicas"], FieldPath("status"))
  }

  private mutating func autoscalerSpecification(_ spec: JSON, _ path: FieldPath) {
    let minimum = spec.optionalInteger(at: "minReplicas")
    let maximum = spec.integer(at: "maxReplicas")
    if let minimum, minimum < 1 {
      invalid(path["minReplicas"], minimum, "must be greater than or equal to 1")
    }
    if maximum < 1 { invalid(path["maxReplicas"], maximum, "must be greater than 0") }
    if let minimum, maximum < minimum {
      invalid(path["maxReplicas"], maximum, "must be greater than or equal to `minReplicas`")
    }
    scaledObject(spec["scaleTargetRef"] ?? .null, path["scaleTargetRef"])
    for (index, metric) in spec.list(at: "metrics").enumerated() {
      self.metric(metric, path["metrics"][index])
    }
    // The first version has one metric, which is the first of the second version.
    if let utilization = spec.optionalInteger(at: "targetCPUUtilizationPercentage"), utilization < 1 {
      invalid(
        path["metrics"][0]["resource"]["target"]["averageUtilization"], utilization, "must be greater than 0")
    }
    guard let behavior = spec.member(at: "behavior") else { return }
    for field in ["scaleUp", "scaleDown"] {
      guard let rules = behavior.member(at: field) else { continue }
      scalingRules(rules, path["behavior"][field])
    }
  }

  private mutating func scaledObject(_ reference: JSON, _ path: FieldPath) {
    for field in ["kind", "name"] {
      requiredName(reference.text(at: field), path[field], NameFormats.pathSegment)
    }
  }

  private mutating func metric(_ metric: JSON, _ path: FieldPath) {
    let type = metric.text(at: "type")
    if type.isEmpty { required(path["type"], "must specify a metric source type") }
    let types = ["ContainerResource", "External", "Object", "Pods", "Resource"]
    if !types.contains(type) { notSupported(path["type"], type, types) }
    let sources = ["object", "external", "pods", "resource", "containerResource"]
    let present = sources.filter { metric.member(at: $0) != nil }
    if let first = present.first { metricSource(metric[first] ?? .null, first, path[first]) }
    let expected = type.prefix(1).lowercased() + type.dropFirst()
    if !present.contains(expected) {
      required(path[expected], "must populate information for the given metric source")
    }
    if present.count != 1 {
      for source in present where source != expected {
        forbidden(path[source], "must populate the given metric source only")
      }
    }
  }

  private mutating func metricSource(_ source: JSON, _ kind: String, _ path: FieldPath) {
    let target = source["target"] ?? .null
    if kind == "object" { scaledObject(source["describedObject"] ?? .null, path["describedObject"]) }
    switch kind {
    case "resource", "containerResource":
      requiredText(source.text(at: "name"), path["name"], "must specify a resource name")
      if kind == "containerResource" {
        requiredText(source.text(at: "container"), path["container"], "must specify a container")
      }
    default:
      let identifier = source["metric"] ?? .null
      let name = identifier.text(at: "name")
      if name.isEmpty {
        required(path["metric"]["name"], "must specify a metric name")
      } else {
        invalid(path["metric"]["name"], name, NameFormats.pathSegment(name))
      }
    }
    let path = path["target"]
    metricTarget(target, path)
    let value = target.member(at: "value")
    let average = target.member(at: "averageValue")
    let utilization = target.member(at: "averageUtilization")
    switch kind {
    case "resource", "containerResource":
      if utilization == nil, average == nil {
        required(path["averageUtilization"], "must set either a target raw value or a target utilization")
      }
      if utilization != nil, average != nil {
        forbidden(path["averageValue"], "may not set both a target raw value and a target utilization")
      }
    case "pods":
      if average == nil { required(path["averageValue"], "must specify a positive target averageValue") }
    case "object":
      if value == nil, average == nil {
        required(path["averageValue"], "must set either a target value or averageValue")
      }
    default:
      if value == nil, average == nil {
        required(path["averageValue"], "must set either a target value for metric or a per-pod target")
      }
      if value != nil, average != nil {
        forbidden(path["value"], "may not set both a target value for metric and a per-pod target")
      }
    }
  }

  private mutating func metricTarget(_ target: JSON, _ path: FieldPath) {
    let type = target.text(at: "type")
    if type.isEmpty { required(path["type"], "must specify a metric target type") }
    if !["Utilization", "Value", "AverageValue"].contains(type) {
      invalid(path["type"], type, "must be either Utilization, Value, or AverageValue")
    }
    for field in ["value", "averageValue"] {
      guard let quantity = target.member(at: field).flatMap({ Quantity($0) }),
        quantity.isZero || quantity.isNegative
      else { continue }
      invalid(path[field], quantity.canonical, "must be positive")
    }
    if let utilization = target.optionalInteger(at: "averageUtilization"), utilization < 1 {
      invalid(path["averageUtilization"], utilization, "must be greater than 0")
    }
  }

  private mutating func scalingRules(_ rules: JSON, _ path: FieldPath) {
    if let window = rules.optionalInteger(at: "stabilizationWindowSeconds") {
      if window < 0 {
        invalid(path["stabilizationWindowSeconds"], window, "must be greater than or equal to zero")
      }
      if window > 3_600 {
        invalid(path["stabilizationWindowSeconds"], window, "must be less than or equal to 3600")
      }
    }
    optionalChoice(rules["selectPolicy"], path["selectPolicy"], ["Disabled", "Max", "Min"])
    if let tolerance = rules.member(at: "tolerance").flatMap({ Quantity($0) }), tolerance.isNegative {
      invalid(path["tolerance"], tolerance.canonical, "must be greater or equal to 0")
    }
    let policies = rules.list(at: "policies")
    if policies.isEmpty { required(path["policies"], "must specify at least one Policy") }
    for (index, policy) in policies.enumerated() {
      let path = path["policies"][index]
      let type = policy.text(at: "type")
      if !["Percent", "Pods"].contains(type) { notSupported(path["type"], type, ["Percent", "Pods"]) }
      for field in ["value", "periodSeconds"] where policy.integer(at: field) <= 0 {
        invalid(path[field], policy.integer(at: field), "must be greater than zero")
      }
      let period = policy.integer(at: "periodSeconds")
      if period > 1_800 { invalid(path["periodSeconds"], period, "must be less than or equal to 1800") }
    }
  }
}
