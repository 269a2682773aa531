/// A label selector, ready to be held against labels.
enum LabelMatcher {
  case nothing
  case everything
  case requirements([Requirement])

  struct Requirement {
    let key: String
    let operation: String
    let values: Set<String>
  }

  /// The selector in this JSON: none selects nothing, an empty one everything. Nil for one that is malformed.
  init?(_ json: JSON?) {
    guard let json, !json.isNull else {
      self = .nothing
      return
    }
    var requirements: [Requirement] = []
    for label in json.entries(at: "matchLabels") {
      let value = label.value.string ?? ""
      guard NameFormats.qualifiedName(label.key).isEmpty, NameFormats.labelValue(value).isEmpty else {
        return nil
      }
      requirements.append(Requirement(key: label.key, operation: "In", values: [value]))
    }
    for expression in json.list(at: "matchExpressions") {
      let operation = expression.text(at: "operator")
      let key = expression.text(at: "key")
      let values = expression.texts(at: "values")
      switch operation {
      case "In", "NotIn": if values.isEmpty { return nil }
      case "Exists", "DoesNotExist": if !values.isEmpty { return nil }
      default: return nil
      }
      guard NameFormats.qualifiedName(key).isEmpty, values.allSatisfy({ NameFormats.labelValue($0).isEmpty })
      else {
        return nil
      }
      requirements.append(Requirement(key: key, operation: operation, values: Set(values)))
    }
    self = requirements.isEmpty ? .everything : .requirements(requirements)
  }

  var isEmpty: Bool { if case .everything = self { true } else { false } }

  func matches(_ labels: JSONObject) -> Bool {
    switch self {
    case .nothing: return false
    case .everything: return true
    case .requirements(let requirements):
      return requirements.allSatisfy { requirement in
        let value = labels[requirement.key].map { $0.string ?? "" }
        return switch requirement.operation {
        case "In": value.map { requirement.values.contains($0) } ?? false
        case "NotIn": value.map { !requirement.values.contains($0) } ?? true
        case "Exists": value != nil
        default: value == nil
        }
      }
    }
  }
}

extension Checker {
  mutating func labelSelector(_ selector: JSON?, _ path: FieldPath) {
    guard let selector, !selector.isNull else { return }
    labels(selector.entries(at: "matchLabels"), path["matchLabels"])
    for (index, expression) in selector.list(at: "matchExpressions").enumerated() {
      let path = path["matchExpressions"][index]
      let values = expression.texts(at: "values")
      let operation = expression.text(at: "operator")
      switch operation {
      case "In", "NotIn":
        if values.isEmpty { required(path["values"], "must be specified when `operator` is 'In' or 'NotIn'") }
      case "Exists", "DoesNotExist":
        if !values.isEmpty {
          forbidden(path["values"], "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        }
      default: invalid(path["operator"], operation, "not a valid selector operator")
      }
      qualifiedName(expression.text(at: "key"), path["key"])
      for (index, value) in values.enumerated() {
        invalid(path["values"][index], value, NameFormats.labelValue(value))
      }
    }
  }

  /// The selector of a workload: required, not empty, and matching the labels of its template. The words for an empty
  /// one name the workload.
  mutating func requiredSelector(_ spec: JSON, _ path: FieldPath, emptyIsInvalidFor workload: String) {
    guard let selector = spec.member(at: "selector") else { return required(path["selector"]) }
    labelSelector(selector, path["selector"])
    if selector.entries(at: "matchLabels").isEmpty, selector.list(at: "matchExpressions").isEmpty {
      invalid(path["selector"], shown: selectorText(selector), "empty selector is invalid for " + workload)
    }
  }

  mutating func templateMatches(_ selector: LabelMatcher, _ template: JSON, _ path: FieldPath) {
    let labels = template["metadata", "labels"]
    guard !selector.matches(labels?.object ?? [:]) else { return }
    invalid(path["metadata"]["labels"], labels, "`selector` does not match template `labels`")
  }

  func selectorText(_ selector: JSON?) -> String {
    guard let selector, !selector.isNull else { return "null" }
    return GoForm.value(selector, as: "LabelSelector").compact
  }
}
