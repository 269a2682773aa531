/// A JSON value (RFC 8259), as the API server reads, patches and stores it.
///
/// Numbers follow Kubernetes' decoder: one without fraction and exponent that fits is an integer, all others are
/// numbers.
public enum JSON: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

extension JSON {
  /// The text of a string; nil for anything else.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The value of a boolean; nil for anything else.
  public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// The value of an integer; nil for anything else.
  public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  /// The elements of an array; nil for anything else.
  public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The members of an object; nil for anything else.
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  /// Whether this is null.
  public var isNull: Bool { if case .null = self { true } else { false } }

  /// A member of an object. Reading gives nil where there is none, or where this is no object; writing nil removes it,
  /// and writing a value makes this an object if it is none.
  public subscript(key: String) -> JSON? {
    get { if case .object(let object) = self { object[key] } else { nil } }
    set {
      var object = self.object ?? JSONObject()
      // Else the object would be copied for the change.
      self = .null
      object[key] = newValue
      self = .object(object)
    }
  }

  /// The member at the end of this path of keys, such as `value["metadata", "labels"]`; writing makes the objects on
  /// the way.
  public subscript(path: String...) -> JSON? {
    get {
      var value = self
      for key in path {
        guard let next = value[key] else { return nil }
        value = next
      }
      return value
    }
    set { set(newValue, at: path[...]) }
  }

  private mutating func set(_ value: JSON?, at path: ArraySlice<String>) {
    guard let key = path.first else {
      self = value ?? .null
      return
    }
    guard path.count > 1 else {
      self[key] = value
      return
    }
    var child = self[key] ?? .object([:])
    child.set(value, at: path.dropFirst())
    self[key] = child
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  // No nil literal: it would be taken for null where nil for no value is meant, as in `isThere ? value : nil`.

  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; of equal keys the last counts.
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
}
