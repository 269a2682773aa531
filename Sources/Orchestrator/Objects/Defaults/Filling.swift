/// The vocabulary of defaulting. Two kinds of field must be told apart: those where absent and zero differ (pointers in
/// Kubernetes' types) and those where zero means absent.
extension JSON {
  /// Whether a member is not there, or null: a pointer that is not set.
  func lacks(_ key: String) -> Bool { self[key]?.isNull ?? true }

  /// Whether a member is not there, null, or the zero value of its type.
  func isBlank(_ key: String) -> Bool { self[key]?.isBlankValue ?? true }

  private var isBlankValue: Bool {
    switch self {
    case .null: true
    case .boolean(let value): !value
    case .integer(let value): value == 0
    case .number(let value): value == 0
    case .string(let value): value.isEmpty
    case .array(let value): value.isEmpty
    case .object(let value): value.isEmpty
    }
  }

  /// Sets a member that is not set.
  mutating func fill(_ key: String, with value: @autoclosure () -> JSON) {
    if lacks(key) { self[key] = value() }
  }

  /// Sets a member that is not set or has the zero value.
  mutating func fillBlank(_ key: String, with value: @autoclosure () -> JSON) {
    if isBlank(key) { self[key] = value() }
  }

  /// Changes a member that is an object.
  mutating func revise(_ key: String, _ change: (inout JSON) -> Void) {
    guard var member = self[key], case .object = member else { return }
    // So that the member has one owner and is changed in place.
    self[key] = .null
    change(&member)
    self[key] = member
  }

  /// Changes a member that is an object by its type: where it is missing, it is there with no members.
  mutating func reviseStructure(_ key: String, _ change: (inout JSON) -> Void) {
    if lacks(key) { self[key] = .object([:]) }
    revise(key, change)
  }

  /// Changes each object in a member that is a list.
  mutating func reviseEach(_ key: String, _ change: (inout JSON) -> Void) {
    guard case .array(var elements)? = self[key] else { return }
    self[key] = .null
    for place in elements.indices {
      guard case .object = elements[place] else { continue }
      change(&elements[place])
    }
    self[key] = .array(elements)
  }

  /// Adds the members that the object at `key` lacks; makes it if there is something to add.
  mutating func fillMembers(of key: String, from source: JSONObject) {
    for member in source where self[key]?[member.key] == nil {
      self[key, member.key] = member.value
    }
  }
}
