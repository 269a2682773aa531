// The rules for limit ranges and resource quotas.
extension Checker {
  mutating func limitRange(_ range: JSON) {
    metadata(range, isNamespaced: true, .subdomain)
    var types: Set<String> = []
    for (index, limit) in (range["spec"] ?? .null).list(at: "limits").enumerated() {
      let path = FieldPath("spec", "limits")[index]
      let type = limit.text(at: "type")
      let problems = NameFormats.qualifiedName(type)
      invalid(path["type"], type, problems)
      if problems.isEmpty, !type.contains("/"), !["Pod", "Container", "PersistentVolumeClaim"].contains(type)
      {
        invalid(path["type"], type, "must be a standard limit type or fully qualified")
      }
      if !types.insert(type).inserted { duplicate(path["type"], type) }
      limitNames(limit, type, path)
      limitValues(limit, path)
    }
  }

  private mutating func limitNames(_ limit: JSON, _ type: String, _ path: FieldPath) {
    for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
      let entries = limit.entries(at: field)
      if type == "Pod", field.hasPrefix("default") {
        if !entries.isEmpty { forbidden(path[field], "may not be specified when `type` is 'Pod'") }
        continue
      }
      if field == "maxLimitRequestRatio", type == "PersistentVolumeClaim",
        limit["min", "storage"] == nil, limit["max", "storage"] == nil
      {
        required(
          path["limits"], "either minimum or maximum storage value is required, but neither was provided")
      }
      for entry in entries {
        let path = path[field].key(entry.key)
        if ["Pod", "Container"].contains(type) {
          containerResourceName(entry.key, path)
        } else {
          resourceName(entry.key, path)
        }
      }
    }
  }

  private mutating func limitValues(_ limit: JSON, _ path: FieldPath) {
    let fields = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"]
    for name in Set(fields.flatMap { limit.entries(at: $0).map(\.key) }).sorted() {
      func quantity(_ field: String) -> Quantity? { limit.entries(at: field)[name].flatMap { Quantity($0) } }
      let minimum = quantity("min")
      let maximum = quantity("max")
      let standard = limit.text(at: "type") == "Pod" ? nil : quantity("default")
      let request = limit.text(at: "type") == "Pod" ? nil : quantity("defaultRequest")
      /// Reports that the first is more than the second.
      func order(
        _ first: (String, Quantity?), _ second: (String, Quantity?), field: String, shown: Quantity?
      ) {
        guard let left = first.1, let right = second.1, left > right, let shown else { return }
        invalid(
          path[field].key(name), shown.canonical,
          "\(first.0) value \(left.canonical) is greater than \(second.0) value \(right.canonical)")
      }
      order(("min", minimum), ("max", maximum), field: "min", shown: minimum)
      order(("min", minimum), ("default request", request), field: "defaultRequest", shown: request)
      order(("default request", request), ("max", maximum), field: "defaultRequest", shown: request)
      order(
        ("default request", request), ("default limit", standard), field: "defaultRequest", shown: request)
      order(("min", minimum), ("default", standard), field: "default", shown: minimum)
      order(("default", standard), ("max", maximum), field: "default", shown: maximum)
      if let ratio = quantity("maxLimitRequestRatio") {
        ratioRules(ratio, minimum, maximum, path["maxLimitRequestRatio"].key(name))
      }
      if !ResourceNames.mayBeOvercommitted(name), let standard, let request, standard != request {
        invalid(
          path["defaultRequest"].key(name), request.canonical,
          "default value \(standard.canonical) must equal to defaultRequest value \(request.canonical) in \(name)"
        )
      }
    }
  }

  private mutating func ratioRules(
    _ ratio: Quantity, _ minimum: Quantity?, _ maximum: Quantity?, _ path: FieldPath
  ) {
    if ratio.milliValue < 1_000 { invalid(path, ratio.canonical, "ratio \(ratio.canonical) is less than 1") }
    guard let minimum, let maximum, !minimum.isZero else { return }
    let limit = Double(maximum.milliValue) / Double(minimum.milliValue)
    if Double(ratio.milliValue) / 1_000 > limit {
      invalid(
        path, ratio.canonical,
        "ratio \(ratio.canonical) is greater than max/min = \(Self.sixDecimals(limit))")
    }
  }

  private static func sixDecimals(_ value: Double) -> String {
    let scaled = (value * 1_000_000).rounded()
    guard scaled.magnitude < 9e18 else { return value.description }
    let digits = String(Int64(scaled))
    let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    return padded.dropLast(6) + "." + padded.suffix(6)
  }

  mutating func resourceQuota(_ quota: JSON) {
    metadata(quota, isNamespaced: true, .subdomain)
    quotaSpecification(quota["spec"] ?? .null, FieldPath("spec"))
    quotaStatus(quota["status"] ?? .null)
  }

  mutating func resourceQuotaUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let spec = new["spec"] ?? .null
    quotaSpecification(spec, FieldPath("spec"))
    if Set(spec.texts(at: "scopes")) != Set((old["spec"] ?? .null).texts(at: "scopes")) {
      invalid(FieldPath("spec", "scopes"), spec["scopes"], fieldIsImmutable)
    }
  }

  mutating func resourceQuotaStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    quotaStatus(new["status"] ?? .null)
  }

  private mutating func quotaStatus(_ status: JSON) {
    for field in ["hard", "used"] { quotaResources(status.entries(at: field), FieldPath("status", field)) }
  }

  private mutating func quotaResources(_ resources: JSONObject, _ path: FieldPath) {
    for entry in resources {
      let path = path.key(entry.key)
      resourceName(entry.key, path)
      if !entry.key.contains("/"), !ResourceNames.isOfQuotas(entry.key) {
        invalid(path, entry.key, "must be a standard resource for quota")
      }
      resourceQuantity(entry.key, entry.value, path)
    }
  }

  private mutating func quotaSpecification(_ spec: JSON, _ path: FieldPath) {
    let hard = spec.entries(at: "hard")
    quotaResources(hard, path["hard"])
    let names = hard.map(\.key).filter(ResourceNames.isOfQuotas)
    let scopes = spec.texts(at: "scopes")
    for scope in scopes {
      if !quotaScopes.contains(scope) { invalid(path["scopes"], spec["scopes"], "unsupported scope") }
      for name in names where !Self.isScope(scope, validFor: name) {
        invalid(path["scopes"], spec["scopes"], "unsupported scope applied to resource")
      }
    }
    conflictingScopes(scopes, spec["scopes"], path["scopes"])
    guard let selector = spec.member(at: "scopeSelector") else { return }
    let path = path["scopeSelector"]["matchExpressions"]
    let expressions = selector.list(at: "matchExpressions")
    for expression in expressions {
      let scope = expression.text(at: "scopeName")
      let operation = expression.text(at: "operator")
      let values = expression.texts(at: "values")
      if !quotaScopes.contains(scope) { invalid(path["scopeName"], scope, "unsupported scope") }
      for name in names where !Self.isScope(scope, validFor: name) {
        invalid(
          path, shown: GoForm.value(selector, as: "ScopeSelector").compact,
          "unsupported scope applied to resource")
      }
      if scope != "PriorityClass", scope != "VolumeAttributesClass", quotaScopes.contains(scope),
        operation != "Exists"
      {
        invalid(
          path["operator"], operation,
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating,"
            + " ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or"
            + " ResourceQuotaScopeCrossNamespacePodAffinity")
      }
      switch operation {
      case "In", "NotIn":
        if values.isEmpty {
          required(
            path["values"], "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
          )
        }
      case "Exists", "DoesNotExist":
        if !values.isEmpty {
          invalid(
            path["values"], expression["values"],
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")
        }
      default: invalid(path["operator"], operation, "not a valid selector operator")
      }
    }
    conflictingScopes(expressions.map { $0.text(at: "scopeName") }, spec["scopes"], path)
  }

  private mutating func conflictingScopes(_ scopes: [String], _ shown: JSON?, _ path: FieldPath) {
    for (one, other) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")]
    where scopes.contains(one) && scopes.contains(other) {
      invalid(path, shown, "conflicting scopes")
    }
  }

  private static func isScope(_ scope: String, validFor name: String) -> Bool {
    switch scope {
    case "Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity":
      ["pods", "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"].contains(
        name)
        || scope != "NotBestEffort"
          && ["ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage"].contains(name)
    case "BestEffort": name == "pods"
    case "VolumeAttributesClass": ["persistentvolumeclaims", "requests.storage"].contains(name)
    default: true
    }
  }
}

private let quotaScopes: Set<String> = [
  "Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
]
