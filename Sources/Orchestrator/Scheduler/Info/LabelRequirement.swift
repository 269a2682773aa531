internal import Objects

/// What one label must be: an element of `matchExpressions`, in label selectors and in node selector terms alike.
struct LabelRequirement: Sendable, Hashable {
  enum Test: Sendable, Hashable {
    case isIn([String])
    case isNotIn([String])
    case exists
    case doesNotExist
    case isGreater(than: Int64)
    case isLess(than: Int64)
    /// The expression makes no sense: nothing matches it.
    case never
  }

  let key: String
  let test: Test

  init(key: String, _ test: Test) {
    self.key = key
    self.test = test
  }

  init(json: JSON) {
    key = json["key"]?.string ?? ""
    let values = (json["values"]?.array ?? []).compactMap(\.string)
    let number = values.count == 1 ? Int64(values[0]) : nil
    switch json["operator"]?.string {
    case "In": test = values.isEmpty ? .never : .isIn(values)
    case "NotIn": test = values.isEmpty ? .never : .isNotIn(values)
    case "Exists": test = .exists
    case "DoesNotExist": test = .doesNotExist
    case "Gt": test = number.map { .isGreater(than: $0) } ?? .never
    case "Lt": test = number.map { .isLess(than: $0) } ?? .never
    default: test = .never
    }
  }

  func matches(_ labels: Labels) -> Bool { matches(value: labels[key]) }

  /// Whether a label of this value would do; nil stands for no label.
  func matches(value: String?) -> Bool {
    switch test {
    case .isIn(let values): value.map { values.contains($0) } ?? false
    case .isNotIn(let values): value.map { !values.contains($0) } ?? true
    case .exists: value != nil
    case .doesNotExist: value == nil
    case .isGreater(let bound): value.flatMap { Int64($0) }.map { $0 > bound } ?? false
    case .isLess(let bound): value.flatMap { Int64($0) }.map { $0 < bound } ?? false
    case .never: false
    }
  }
}

/// A label selector: `matchLabels` and `matchExpressions`, all of which must hold.
struct LabelSelector: Sendable, Hashable {
  var requirements: [LabelRequirement] = []
  /// An absent selector matches nothing, an empty one everything.
  var matchesNothing = false

  static let nothing = LabelSelector(matchesNothing: true)

  init(requirements: [LabelRequirement] = [], matchesNothing: Bool = false) {
    self.requirements = requirements
    self.matchesNothing = matchesNothing
  }

  init(json: JSON?) {
    guard let json, !json.isNull else {
      self = .nothing
      return
    }
    for pair in Labels(json: json["matchLabels"]).pairs {
      requirements.append(LabelRequirement(key: pair.key, .isIn([pair.value])))
    }
    requirements += (json["matchExpressions"]?.array ?? []).map { LabelRequirement(json: $0) }
  }

  /// Whether it matches everything because it asks for nothing.
  var isEmpty: Bool { requirements.isEmpty && !matchesNothing }

  func matches(_ labels: Labels) -> Bool {
    if matchesNothing { return false }
    for requirement in requirements where !requirement.matches(labels) { return false }
    return true
  }

  /// Adds what `matchLabelKeys` and `mismatchLabelKeys` ask for: the values that the pod itself has, or has not.
  /// An API server writes the same into the selector; twice does no harm.
  mutating func merge(matchLabelKeys: JSON?, mismatchLabelKeys: JSON? = nil, labels: Labels) {
    guard !matchesNothing else { return }
    for key in (matchLabelKeys?.array ?? []).compactMap(\.string) {
      if let value = labels[key] { requirements.append(LabelRequirement(key: key, .isIn([value]))) }
    }
    for key in (mismatchLabelKeys?.array ?? []).compactMap(\.string) {
      if let value = labels[key] { requirements.append(LabelRequirement(key: key, .isNotIn([value]))) }
    }
  }
}
