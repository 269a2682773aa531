/// Collects what is wrong with an object, in the order in which it is found. The rules themselves are extensions, by
/// kind and area.
struct Checker {
  private(set) var errors: [FieldError] = []

  mutating func append(_ error: FieldError) { errors.append(error) }

  mutating func append(_ more: [FieldError]) { errors += more }

  mutating func required(_ path: FieldPath, _ detail: String = "") {
    errors.append(.required(path, detail))
  }

  /// Absent values are shown as null.
  mutating func invalid(_ path: FieldPath, _ value: JSON?, _ detail: String) {
    errors.append(.invalid(path, value ?? .null, detail))
  }

  mutating func invalid(_ path: FieldPath, _ value: String, _ detail: String) {
    errors.append(.invalid(path, .string(value), detail))
  }

  /// One error for each of the details.
  mutating func invalid(_ path: FieldPath, _ value: String, _ details: [String]) {
    for detail in details { errors.append(.invalid(path, .string(value), detail)) }
  }

  mutating func invalid(_ path: FieldPath, _ value: Int64, _ detail: String) {
    errors.append(.invalid(path, .integer(value), detail))
  }

  /// The value is shown as this text, or not at all.
  mutating func invalid(_ path: FieldPath, shown: String?, _ detail: String) {
    errors.append(FieldError(.invalid, field: path.description, shownValue: shown, detail: detail))
  }

  mutating func notSupported(_ path: FieldPath, _ value: String, _ supported: [String]) {
    errors.append(.notSupported(path, .string(value), supported))
  }

  mutating func duplicate(_ path: FieldPath, _ value: String) {
    errors.append(.duplicate(path, .string(value)))
  }

  mutating func forbidden(_ path: FieldPath, _ detail: String) {
    errors.append(.forbidden(path, detail))
  }

  mutating func tooLong(_ path: FieldPath, _ maximumBytes: Int) {
    errors.append(.tooLong(path, maximumBytes: maximumBytes))
  }

  mutating func tooMany(_ path: FieldPath, _ count: Int, _ maximum: Int) {
    errors.append(.tooMany(path, count: count, maximum: maximum))
  }

  mutating func notFound(_ path: FieldPath, _ value: String, _ detail: String = "") {
    errors.append(.notFound(path, .string(value), detail: detail))
  }
}

// Rules that many kinds share.
extension Checker {
  mutating func nonnegative(_ value: Int64?, _ path: FieldPath) {
    guard let value, value < 0 else { return }
    invalid(path, value, "must be greater than or equal to 0")
  }

  mutating func positive(_ value: Int64, _ path: FieldPath) {
    if value <= 0 { invalid(path, value, "must be greater than zero") }
  }

  /// A value of a closed set; the empty one is reported as missing.
  mutating func choice(_ value: String, _ path: FieldPath, _ supported: [String]) {
    if value.isEmpty {
      required(path)
    } else if !supported.contains(value) {
      notSupported(path, value, supported)
    }
  }

  /// A value of a closed set that may be absent.
  mutating func optionalChoice(_ value: JSON?, _ path: FieldPath, _ supported: [String]) {
    guard let text = value?.string, !supported.contains(text) else { return }
    notSupported(path, text, supported)
  }

  mutating func label(_ value: String, _ path: FieldPath) {
    invalid(path, value, NameFormats.dns1123Label(value))
  }

  mutating func subdomain(_ value: String, _ path: FieldPath) {
    invalid(path, value, NameFormats.dns1123Subdomain(value))
  }

  mutating func qualifiedName(_ value: String, _ path: FieldPath) {
    invalid(path, value, NameFormats.qualifiedName(value))
  }

  /// Required, and a name.
  mutating func requiredName(_ value: String, _ path: FieldPath, _ rule: (String) -> [String]) {
    if value.isEmpty { required(path) } else { invalid(path, value, rule(value)) }
  }

  mutating func requiredText(_ value: String, _ path: FieldPath, _ detail: String = "") {
    if value.isEmpty { required(path, detail) }
  }

  /// `field is immutable`, where the values differ in more than emptiness.
  mutating func immutable(_ new: JSON?, _ old: JSON?, _ path: FieldPath, form: String? = nil) {
    if let form {
      let newForm = GoForm.value(new ?? .null, as: form)
      guard newForm.comparable != GoForm.value(old ?? .null, as: form).comparable else { return }
      invalid(path, shown: new == nil || new?.isNull == true ? "null" : newForm.compact, fieldIsImmutable)
    } else if (new ?? .null).meaningful != (old ?? .null).meaningful {
      invalid(path, new, fieldIsImmutable)
    }
  }

  mutating func port(_ value: Int64, _ path: FieldPath) {
    if let problem = ValueFormats.portNumber(value) { invalid(path, value, problem) }
  }

  /// A port by its number or its name.
  mutating func portNumberOrName(_ value: JSON?, _ path: FieldPath) {
    switch value {
    case .string(let name): invalid(path, name, ValueFormats.portName(name))
    case .integer(let number): port(number, path)
    default: port(0, path)
    }
  }
}

let fieldIsImmutable = "field is immutable"
