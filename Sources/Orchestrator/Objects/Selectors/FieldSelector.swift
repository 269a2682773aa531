/// A field selector: all its terms must hold. Which fields there are depends on the kind: `SelectableFields`.
public struct FieldSelector: Sendable, Hashable, CustomStringConvertible {
  /// A condition on one field.
  public struct Term: Sendable, Hashable {
    /// Such as `metadata.name`.
    public let field: String
    /// Whether the field must have the value, or must not.
    public let isEqual: Bool
    /// The value, without escapes.
    public let value: String

    /// A condition.
    public init(field: String, isEqual: Bool = true, value: String) {
      self.field = field
      self.isEqual = isEqual
      self.value = value
    }
  }

  /// The terms, sorted as text.
  public let terms: [Term]

  /// A selector of these terms.
  public init(_ terms: [Term]) { self.terms = terms }

  /// Reads the text of a field selector, such as `a=b,c!=d`, without asking whether there are such fields. In values,
  /// a backslash escapes commas, equals signs and itself.
  ///
  /// Throws for terms without an operator, and false escapes.
  public init(parsing text: String) throws(SelectorError) {
    var terms: [Term] = []
    for part in Self.parts(of: text) where !part.isEmpty {
      guard let term = Self.split(part) else {
        let part = String(decoding: part, as: UTF8.self)
        throw SelectorError("invalid selector: '\(text)'; can't understand '\(part)'")
      }
      terms.append(Term(field: term.field, isEqual: term.isEqual, value: try Self.unescaped(term.value)))
    }
    self.terms = terms
  }

  /// Whether everything matches.
  public var isEmpty: Bool { terms.isEmpty }

  /// Whether all terms hold of an object with these values; a field that it does not have is empty.
  public func matches(_ value: (String) -> String) -> Bool {
    terms.allSatisfy { (value($0.field) == $0.value) == $0.isEqual }
  }

  /// The value that a field must have, if there is one.
  public func requiredValue(of field: String) -> String? {
    terms.first { $0.field == field && $0.isEqual }?.value
  }

  /// The canonical text, which `init(parsing:)` reads.
  public var description: String {
    terms.map { "\($0.field)\($0.isEqual ? "=" : "!=")\(Self.escaped($0.value))" }.joined(separator: ",")
  }

  /// A value as it must be written in a selector.
  public static func escaped(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      if scalar == "\\" || scalar == "," || scalar == "=" { escaped += "\\" }
      escaped.unicodeScalars.append(scalar)
    }
    return escaped
  }

  /// The text between commas that are not escaped, sorted.
  private static func parts(of text: String) -> [ArraySlice<UInt8>] {
    let bytes = Array(text.utf8)
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    var isEscaped = false
    for (place, byte) in bytes.enumerated() {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: ",") {
        parts.append(bytes[start..<place])
        start = place + 1
      }
    }
    parts.append(bytes[start...])
    return parts.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Splits a term at its first operator: field names have no escapes.
  private static func split(_ part: ArraySlice<UInt8>) -> (field: String, isEqual: Bool, value: String)? {
    let equals = UInt8(ascii: "=")
    for (place, byte) in zip(part.indices, part) {
      let follower = place + 1 < part.endIndex ? part[place + 1] : 0
      let width: Int
      switch (byte, follower) {
      case (UInt8(ascii: "!"), equals), (equals, equals): width = 2
      case (equals, _): width = 1
      default: continue
      }
      return (
        String(decoding: part[..<place], as: UTF8.self), byte == equals,
        String(decoding: part[(place + width)...], as: UTF8.self)
      )
    }
    return nil
  }

  private static func unescaped(_ value: String) throws(SelectorError) -> String {
    var plain = ""
    var isEscaped = false
    for scalar in value.unicodeScalars {
      if isEscaped {
        guard scalar == "\\" || scalar == "," || scalar == "=" else {
          throw SelectorError("invalid field selector: invalid escape sequence: \\\(scalar)")
        }
        plain.unicodeScalars.append(scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else if scalar == "," || scalar == "=" {
        throw SelectorError("invalid field selector: unescaped character in value: \(scalar.value)")
      } else {
        plain.unicodeScalars.append(scalar)
      }
    }
    guard !isEscaped else { throw SelectorError("invalid field selector: invalid escape sequence: \\") }
    return plain
  }
}
