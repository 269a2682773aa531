/// Labels and label selectors as text: `a=b,c in (d,e),!f`.
enum SelectorText {
  /// Labels, `<none>` for none.
  static func labels(_ labels: JSON?) -> String {
    let text = (labels?.object ?? [:]).map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: ",")
    return text.isEmpty ? "<none>" : text
  }

  /// A label selector, `<none>` if it says nothing, `<error>` if it makes no sense.
  static func display(ofSelector selector: JSON?) -> String {
    guard let text = text(ofSelector: selector) else { return "<error>" }
    return text.isEmpty ? "<none>" : text
  }

  /// A label selector with its requirements sorted by key; nil if it makes no sense.
  static func text(ofSelector selector: JSON?) -> String? {
    var requirements: [(key: String, text: String)] = (selector?["matchLabels"]?.object ?? [:]).map {
      ($0.key, "\($0.key)=\($0.value.string ?? "")")
    }
    for expression in selector?["matchExpressions"]?.array ?? [] {
      guard let key = expression["key"]?.string, let text = text(ofExpression: expression, key: key) else {
        return nil
      }
      requirements.append((key, text))
    }
    // In order of keys; of equal ones in the order given.
    let sorted = requirements.enumerated().sorted {
      ($0.element.key, $0.offset) < ($1.element.key, $1.offset)
    }
    return sorted.map(\.element.text).joined(separator: ",")
  }

  private static func text(ofExpression expression: JSON, key: String) -> String? {
    let values = (expression["values"]?.array ?? []).compactMap(\.string)
    let list = values.sorted().joined(separator: ",")
    return switch (expression["operator"]?.string, values.isEmpty) {
    case ("In", false): "\(key) in (\(list))"
    case ("NotIn", false): "\(key) notin (\(list))"
    case ("Exists", true): key
    case ("DoesNotExist", true): "!\(key)"
    default: nil
    }
  }

  /// A label selector in the notation of Go's protobuf structures, which the tables of admission policies show.
  static func structureText(ofSelector selector: JSON) -> String {
    let labels = (selector["matchLabels"]?.object ?? [:]).map { "\($0.key): \($0.value.string ?? "")," }
      .joined()
    let expressions = (selector["matchExpressions"]?.array ?? []).map { expression in
      let values = (expression["values"]?.array ?? []).compactMap(\.string).joined(separator: " ")
      let key = expression["key"]?.string ?? ""
      let comparison = expression["operator"]?.string ?? ""
      return "LabelSelectorRequirement{Key:\(key),Operator:\(comparison),Values:[\(values)],},"
    }
    return "&LabelSelector{MatchLabels:map[string]string{\(labels)},"
      + "MatchExpressions:[]LabelSelectorRequirement{\(expressions.joined())},}"
  }
}
