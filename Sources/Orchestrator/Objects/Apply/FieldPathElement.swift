extension FieldSet {
  /// One step of the path to a field.
  public enum PathElement: Sendable, Hashable {
    /// A member of an object, by its name.
    case field(String)
    /// An element of a list, by the values of the fields that tell its elements apart: sorted by name.
    case key([KeyField])
    /// An element of a list of scalars that is a set.
    case value(JSON)
    /// An element of a list by its place.
    case index(Int)

    /// The element of a keyed list, its fields in any order.
    public static func keyed(_ fields: [KeyField]) -> PathElement {
      fields.count < 2 ? .key(fields) : .key(fields.sorted { $0.name < $1.name })
    }

    /// The element of a set of scalars.
    public static func set(_ value: JSON) -> PathElement { .value(value.asKey) }
  }

  /// A field that, with others, tells the elements of a list apart.
  public struct KeyField: Sendable, Hashable {
    /// The field's name.
    public let name: String
    /// Its value in the element.
    public let value: JSON

    /// A field with its value; 1.0 is 1.
    public init(name: String, value: JSON) {
      self.name = name
      self.value = value.asKey
    }
  }
}

extension FieldSet.PathElement {
  /// The step as conflicts show it: `.image`, `[name="a"]`, `[="x"]`, `[0]`.
  public var text: String {
    switch self {
    case .field(let name): "." + name
    case .key(let fields):
      "[" + fields.map { "\($0.name)=\(GoFormat.value($0.value))" }.joined(separator: ",") + "]"
    case .value(let value): "[=\(GoFormat.value(value))]"
    case .index(let index): "[\(index)]"
    }
  }

  /// The step as `FieldsV1` has it: `f:image`, `k:{"name":"a"}`, `v:"x"`, `i:0`.
  public var serialized: String {
    switch self {
    case .field(let name): return "f:" + name
    case .key(let fields):
      let members = fields.map { "\(JSON.string($0.name).text):\($0.value.text)" }
      return "k:{" + members.joined(separator: ",") + "}"
    case .value(let value): return "v:" + value.text
    case .index(let index): return "i:\(index)"
    }
  }

  /// The step that `FieldsV1` has as this text; nil for a form that a later version may have added, which readers skip.
  static func parsed(_ text: String) throws(FieldSetError) -> FieldSet.PathElement? {
    var bytes = text.utf8[...]
    guard let form = bytes.popFirst(), bytes.popFirst() == UInt8(ascii: ":") else {
      throw .invalidPathElement(text)
    }
    let rest = String(Substring(bytes))
    switch form {
    case UInt8(ascii: "f"): return .field(rest)
    case UInt8(ascii: "i"):
      guard let index = Int(rest) else { throw .invalidPathElement(text) }
      return .index(index)
    case UInt8(ascii: "v"):
      guard let value = try? JSON.parse(rest) else { throw .invalidPathElement(text) }
      return .set(value)
    case UInt8(ascii: "k"):
      guard let object = (try? JSON.parse(rest))?.object else { throw .invalidPathElement(text) }
      // An object's members are sorted by name, as a key's fields must be.
      return .key(object.map { FieldSet.KeyField(name: $0.key, value: $0.value) })
    default: return nil
    }
  }
}

extension FieldSet.PathElement: Comparable {
  /// In the order of Kubernetes: names come before keys, keys before values, values before places.
  public static func < (left: Self, right: Self) -> Bool { left.order(to: right) < 0 }

  /// Negative, zero or positive, as `<` has it.
  func order(to other: Self) -> Int {
    switch (self, other) {
    case (.field(let left), .field(let right)): left == right ? 0 : left < right ? -1 : 1
    case (.key(let left), .key(let right)): Self.order(left, right)
    case (.value(let left), .value(let right)): left.order(to: right)
    case (.index(let left), .index(let right)): left == right ? 0 : left < right ? -1 : 1
    default: rank < other.rank ? -1 : 1
    }
  }

  private var rank: Int {
    switch self {
    case .field: 0
    case .key: 1
    case .value: 2
    case .index: 3
    }
  }

  private static func order(_ left: [FieldSet.KeyField], _ right: [FieldSet.KeyField]) -> Int {
    for place in 0..<min(left.count, right.count) {
      let (one, other) = (left[place], right[place])
      if one.name != other.name { return one.name < other.name ? -1 : 1 }
      let order = one.value.order(to: other.value)
      if order != 0 { return order }
    }
    return left.count - right.count
  }
}

extension JSON {
  /// The value with a whole number in its one form, so that keys that are equal are equal in `Hashable`'s sense.
  fileprivate var asKey: JSON {
    guard case .number(let number) = self, let integer = Int64(exactly: number) else { return self }
    return .integer(integer)
  }

  /// Negative, zero or positive: numbers (by value, whole or not), strings, booleans, lists, objects, null.
  func order(to other: JSON) -> Int {
    switch (self, other) {
    case (.integer(let left), .integer(let right)): return left == right ? 0 : left < right ? -1 : 1
    case (.string(let left), .string(let right)): return left == right ? 0 : left < right ? -1 : 1
    case (.boolean(let left), .boolean(let right)): return left == right ? 0 : right ? -1 : 1
    case (.array(let left), .array(let right)):
      for place in 0..<min(left.count, right.count) {
        let order = left[place].order(to: right[place])
        if order != 0 { return order }
      }
      return left.count - right.count
    case (.object(let left), .object(let right)):
      for (one, other) in zip(left, right) {
        if one.key != other.key { return one.key < other.key ? -1 : 1 }
        let order = one.value.order(to: other.value)
        if order != 0 { return order }
      }
      return left.count - right.count
    default:
      if let left = double, let right = other.double { return left == right ? 0 : left < right ? -1 : 1 }
      return orderRank - other.orderRank
    }
  }

  /// Whether the values are the same, 1 and 1.0 being so.
  func isSame(as other: JSON) -> Bool { order(to: other) == 0 }

  private var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  private var orderRank: Int {
    switch self {
    case .integer, .number: 0
    case .string: 1
    case .boolean: 2
    case .array: 3
    case .object: 4
    case .null: 5
    }
  }
}
