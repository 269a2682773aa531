/// What a label selector asks of labels: all its requirements must hold.
public struct LabelRequirements: Sendable, Hashable, CustomStringConvertible {
  /// How a label must relate to the values.
  public enum Operator: String, Sendable, Hashable {
    case `in`
    case notIn = "notin"
    case equals = "="
    case doubleEquals = "=="
    case notEquals = "!="
    case exists
    case doesNotExist = "!"
    case greaterThan = "gt"
    case lessThan = "lt"
  }

  /// A condition on one label.
  public struct Requirement: Sendable, Hashable {
    /// The label's key.
    public let key: String
    /// The relation.
    public let `operator`: Operator
    /// Sorted: any number for `in` and `notIn`, none for existence, one for all others.
    public let values: [String]

    /// A requirement with a right key, operator and values.
    ///
    /// Throws where there are too few or too many values, or one of them or the key cannot be a label's.
    public init(key: String, operator: Operator, values: [String]) throws(SelectorError) {
      self.key = key
      self.operator = `operator`
      self.values = values.sorted()
      let problems = self.problems(values: values)
      guard problems.count < 2 else { throw SelectorError("[\(problems.joined(separator: ", "))]") }
      if let problem = problems.first { throw SelectorError(problem) }
    }

    private func problems(values: [String]) -> [String] {
      var problems: [String] = []
      let faults = LabelSyntax.problems(ofKey: key)
      if !faults.isEmpty {
        problems.append("key: Invalid value: \(GoFormat.quoted(key)): \(faults.joined(separator: "; "))")
      }
      func refuse(_ reason: String) {
        let list = values.isEmpty ? "null" : "[\(values.map { GoFormat.quoted($0) }.joined(separator: ","))]"
        problems.append("values: Invalid value: \(list): \(reason)")
      }
      switch self.operator {
      case .in, .notIn:
        if values.isEmpty { refuse("for 'in', 'notin' operators, values set can't be empty") }
      case .equals, .doubleEquals, .notEquals:
        if values.count != 1 { refuse("exact-match compatibility requires one single value") }
      case .exists, .doesNotExist:
        if !values.isEmpty { refuse("values set must be empty for exists and does not exist") }
      case .greaterThan, .lessThan:
        if values.count != 1 { refuse("for 'Gt', 'Lt' operators, exactly one value is required") }
        for (place, value) in values.enumerated() where Int64(value) == nil {
          problems.append(
            "values[\(place)]: Invalid value: \(GoFormat.quoted(value)): for 'Gt', 'Lt' operators, the value must be "
              + "an integer")
        }
      }
      for (place, value) in values.enumerated() {
        let faults = LabelSyntax.problems(ofValue: value)
        guard !faults.isEmpty else { continue }
        problems.append(
          "values[\(place)][\(key)]: Invalid value: \(GoFormat.quoted(value)): \(faults.joined(separator: "; "))"
        )
      }
      return problems
    }

    /// Whether a label with this value, or none for nil, is as required.
    public func matches(_ value: String?) -> Bool {
      switch self.operator {
      case .exists: return value != nil
      case .doesNotExist: return value == nil
      case .in, .equals, .doubleEquals: return value.map { contains($0) } ?? false
      case .notIn, .notEquals: return !(value.map { contains($0) } ?? false)
      case .greaterThan, .lessThan:
        guard let number = value.flatMap({ Int64($0) }), let bound = values.first.flatMap({ Int64($0) })
        else {
          return false
        }
        return self.operator == .greaterThan ? number > bound : number < bound
      }
    }

    private func contains(_ value: String) -> Bool {
      var low = 0
      var high = values.count
      while low < high {
        let middle = (low + high) / 2
        if values[middle] < value { low = middle + 1 } else { high = middle }
      }
      return low < values.count && values[low] == value
    }

    fileprivate var text: String {
      let list = values.joined(separator: ",")
      return switch self.operator {
      case .exists: key
      case .doesNotExist: "!\(key)"
      case .in: "\(key) in (\(list))"
      case .notIn: "\(key) notin (\(list))"
      case .equals: "\(key)=\(list)"
      case .doubleEquals: "\(key)==\(list)"
      case .notEquals: "\(key)!=\(list)"
      case .greaterThan: "\(key)>\(list)"
      case .lessThan: "\(key)<\(list)"
      }
    }
  }

  /// Sorted by key.
  public let requirements: [Requirement]
  /// Whether no labels at all match: what a selector that is not there means.
  public let matchesNothing: Bool

  /// Requirements in any order.
  public init(_ requirements: [Requirement]) {
    self.requirements = requirements.enumerated()
      .sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map(\.element)
    matchesNothing = false
  }

  private init(matchesNothing: Bool) {
    requirements = []
    self.matchesNothing = matchesNothing
  }

  /// Met by all labels.
  public static let everything = LabelRequirements(matchesNothing: false)
  /// Met by no labels.
  public static let nothing = LabelRequirements(matchesNothing: true)

  /// The requirements of a `meta/v1.LabelSelector`: nothing matches nil and null, everything the empty object.
  ///
  /// Throws for operators that are none, and requirements that cannot be.
  public init(selector: JSON?) throws(SelectorError) {
    guard let selector, !selector.isNull else {
      self = .nothing
      return
    }
    var requirements: [Requirement] = []
    for member in selector["matchLabels"]?.object ?? [:] {
      requirements.append(
        try Requirement(key: member.key, operator: .equals, values: [member.value.string ?? ""]))
    }
    for expression in selector["matchExpressions"]?.array ?? [] {
      let name = expression["operator"]?.string ?? ""
      let meaning: Operator
      switch name {
      case "In": meaning = .in
      case "NotIn": meaning = .notIn
      case "Exists": meaning = .exists
      case "DoesNotExist": meaning = .doesNotExist
      default: throw SelectorError("\(GoFormat.quoted(name)) is not a valid label selector operator")
      }
      requirements.append(
        try Requirement(
          key: expression["key"]?.string ?? "", operator: meaning,
          values: (expression["values"]?.array ?? []).map { $0.string ?? "" }))
    }
    self.init(requirements)
  }

  /// Whether these labels, an object of strings, meet all requirements; nil is no labels.
  public func matches(_ labels: JSON?) -> Bool {
    guard !matchesNothing else { return false }
    let labels = labels?.object
    return requirements.allSatisfy { $0.matches(labels?[$0.key]?.string) }
  }

  /// Whether all labels match.
  public var isEmpty: Bool { requirements.isEmpty && !matchesNothing }

  /// The value that a label must have, if there is only one.
  public func requiredValue(of key: String) -> String? {
    guard let requirement = requirements.first(where: { $0.key == key }), requirement.values.count == 1 else {
      return nil
    }
    switch requirement.operator {
    case .equals, .doubleEquals, .in: return requirement.values.first
    default: return nil
    }
  }

  /// The canonical text, which `init(parsing:)` reads.
  public var description: String { requirements.map(\.text).joined(separator: ",") }
}
