/// What is wrong with one field of an object, in Kubernetes' wording.
public struct FieldError: Sendable, Hashable, CustomStringConvertible {
  /// What kind of wrong it is. The raw value is the `reason` of the cause in a Status.
  public enum Kind: String, Sendable, Hashable {
    case required = "FieldValueRequired"
    case invalid = "FieldValueInvalid"
    case notSupported = "FieldValueNotSupported"
    case duplicate = "FieldValueDuplicate"
    case forbidden = "FieldValueForbidden"
    case tooLong = "FieldValueTooLong"
    case tooShort = "FieldValueTooShort"
    case tooMany = "FieldValueTooMany"
    case typeInvalid = "FieldValueTypeInvalid"
    case notFound = "FieldValueNotFound"
    case `internal` = "InternalError"

    /// The words that a message begins with.
    var title: String {
      switch self {
      case .required: "Required value"
      case .invalid, .typeInvalid: "Invalid value"
      case .notSupported: "Unsupported value"
      case .duplicate: "Duplicate value"
      case .forbidden: "Forbidden"
      case .tooLong: "Too long"
      case .tooShort: "Too short"
      case .tooMany: "Too many"
      case .notFound: "Not found"
      case .internal: "Internal error"
      }
    }

    /// Whether a message shows the value.
    var showsValue: Bool {
      switch self {
      case .required, .forbidden, .tooLong, .tooShort, .internal: false
      case .invalid, .typeInvalid, .notSupported, .duplicate, .tooMany, .notFound: true
      }
    }
  }

  /// In what way the field is wrong.
  public var kind: Kind
  /// The path of the field.
  public var field: String
  /// The value that is wrong; nil when a message shall not show it.
  public var badValue: JSON?
  /// How a message shows the value, where that is not the JSON of `badValue`: structures that Kubernetes writes with
  /// the names and the order of its own declarations.
  public var shownValue: String?
  /// What is said after the value; may be empty.
  public var detail: String

  /// An error of a field whose value is shown as JSON.
  public init(
    _ kind: Kind, field: String, badValue: JSON? = nil, shownValue: String? = nil, detail: String = ""
  ) {
    self.kind = kind
    self.field = field
    self.badValue = badValue
    self.shownValue = shownValue
    self.detail = detail
  }

  /// The message without the field: `Invalid value: "x": must be …`. The `message` of a cause in a Status.
  public var body: String {
    var text = kind.title
    if kind.showsValue {
      if let shownValue {
        text += ": " + shownValue
      } else if let badValue {
        text += ": " + MessageText.value(badValue)
      }
    }
    if !detail.isEmpty { text += ": " + detail }
    return text
  }

  /// The message: `spec.containers[0].name: Required value`.
  public var description: String { field + ": " + body }
}

extension FieldError {
  /// A value must be there.
  public static func required(_ path: FieldPath, _ detail: String = "") -> FieldError {
    FieldError(.required, field: path.description, badValue: "", detail: detail)
  }

  /// A value is malformed.
  public static func invalid(_ path: FieldPath, _ value: JSON, _ detail: String) -> FieldError {
    FieldError(.invalid, field: path.description, badValue: value, detail: detail)
  }

  /// A value is none of those there are.
  public static func notSupported(_ path: FieldPath, _ value: JSON, _ supported: [String]) -> FieldError {
    let detail =
      supported.isEmpty
      ? "" : "supported values: " + supported.map(MessageText.quoted).joined(separator: ", ")
    return FieldError(.notSupported, field: path.description, badValue: value, detail: detail)
  }

  /// A value must not be there twice.
  public static func duplicate(_ path: FieldPath, _ value: JSON) -> FieldError {
    FieldError(.duplicate, field: path.description, badValue: value)
  }

  /// A value that is well formed is not allowed here.
  public static func forbidden(_ path: FieldPath, _ detail: String) -> FieldError {
    FieldError(.forbidden, field: path.description, badValue: "", detail: detail)
  }

  /// A value has more bytes than it may have.
  public static func tooLong(_ path: FieldPath, maximumBytes: Int) -> FieldError {
    let unit = maximumBytes == 1 ? "byte" : "bytes"
    return FieldError(
      .tooLong, field: path.description, badValue: "<value omitted>",
      detail: "may not be more than \(maximumBytes) \(unit)")
  }

  /// A list has more elements than it may have.
  public static func tooMany(_ path: FieldPath, count: Int, maximum: Int) -> FieldError {
    let unit = maximum == 1 ? "item" : "items"
    return FieldError(
      .tooMany, field: path.description, badValue: .integer(Int64(count)),
      detail: "must have at most \(maximum) \(unit)")
  }

  /// Nothing is there that has this name.
  public static func notFound(_ path: FieldPath, _ value: JSON, detail: String = "") -> FieldError {
    FieldError(.notFound, field: path.description, badValue: value, detail: detail)
  }

  /// A value is of another type than it must be.
  public static func typeInvalid(_ path: FieldPath, _ value: JSON, _ detail: String) -> FieldError {
    FieldError(.typeInvalid, field: path.description, badValue: value, detail: detail)
  }
}
