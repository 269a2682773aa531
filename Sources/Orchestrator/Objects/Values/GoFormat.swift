/// How Go writes values in error messages. Clients have seen these texts for years and some look for them.
public enum GoFormat {
  /// What JSON calls the type of a value, in the words of Go's decoder.
  static func kind(of value: JSON) -> String {
    switch value {
    case .null: "null"
    case .boolean: "bool"
    case .integer, .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  /// The Go type that a decoded value has.
  static func type(of value: JSON) -> String {
    switch value {
    case .null: "%!s(<nil>)"
    case .boolean: "bool"
    case .integer: "int64"
    case .number: "float64"
    case .string: "string"
    case .array: "[]interface {}"
    case .object: "map[string]interface {}"
    }
  }

  /// A value under the verb `%v`: `map[a:1 b:[x y]]`.
  static func plain(_ value: JSON) -> String {
    var text = ""
    write(value, to: &text, depth: 0) { scalar, _ in scalar }
    return text
  }

  /// A value under the verb `%s`, which fits strings only: `%!s(int64=1)`.
  static func asString(_ value: JSON) -> String {
    var text = ""
    write(value, to: &text, depth: 0) { scalar, type in
      switch type {
      case nil: scalar
      case ""?: "%!s(\(scalar))"
      case let type?: "%!s(\(type)=\(scalar))"
      }
    }
    return text
  }

  /// A list of lists under `%v`.
  static func plain(_ lists: [[JSON]]) -> String { plain(.array(lists.map { .array($0) })) }

  /// Writes a value; `scalar` is given the text of a scalar and its type: nil for a string, empty for null.
  private static func write(
    _ value: JSON, to text: inout String, depth: Int, scalar: (String, String?) -> String
  ) {
    switch value {
    case .null: text += scalar("<nil>", "")
    case .boolean(let value): text += scalar(value ? "true" : "false", "bool")
    case .integer(let value): text += scalar(String(value), "int64")
    case .number(let value): text += scalar(number(value), "float64")
    case .string(let value): text += scalar(value, nil)
    case .array(let elements):
      guard depth < PatchLimits.depth else {
        text += "..."
        return
      }
      text += "["
      for (position, element) in elements.enumerated() {
        if position > 0 { text += " " }
        write(element, to: &text, depth: depth + 1, scalar: scalar)
      }
      text += "]"
    case .object(let members):
      guard depth < PatchLimits.depth else {
        text += "..."
        return
      }
      text += "map["
      for (position, member) in members.enumerated() {
        if position > 0 { text += " " }
        text += member.key
        text += ":"
        write(member.value, to: &text, depth: depth + 1, scalar: scalar)
      }
      text += "]"
    }
  }

  /// The shortest digits that are this number; with an exponent below 1e-4 and from 1e+06 on.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    // Swift writes the shortest digits too, but draws the line elsewhere.
    let parts = value.magnitude.description.split(separator: "e", maxSplits: 1)
    let mantissa = (parts.first ?? "0").split(separator: ".", omittingEmptySubsequences: false)
    let whole = mantissa.first ?? "0"
    var digits = Array((whole + (mantissa.count > 1 ? mantissa[1] : "")).utf8)
    var point = whole.utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(zeros)
    point -= zeros
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    let sign = value.sign == .minus ? "-" : ""
    guard !digits.isEmpty else { return sign + "0" }

    let exponent = point - 1
    let text = digits.map { Character(Unicode.Scalar($0)) }
    if exponent < -4 || exponent >= 6 {
      let rest = text.count > 1 ? "." + String(text.dropFirst()) : ""
      let power = String(exponent.magnitude)
      return sign + String(text[0]) + rest + (exponent < 0 ? "e-" : "e+") + (power.count < 2 ? "0" : "")
        + power
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + String(text) }
    if point >= text.count { return sign + String(text) + String(repeating: "0", count: point - text.count) }
    return sign + String(text[..<point]) + "." + String(text[point...])
  }

  /// A string under the verb `%q`.
  public static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\u{07}": quoted += "\\a"
      case "\u{08}": quoted += "\\b"
      case "\u{0C}": quoted += "\\f"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{0B}": quoted += "\\v"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        quoted += "\\x" + hexadecimal(scalar.value, digits: 2)
      case _ where isPrintable(scalar): quoted.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x10000: quoted += "\\u" + hexadecimal(scalar.value, digits: 4)
      default: quoted += "\\U" + hexadecimal(scalar.value, digits: 8)
      }
    }
    return quoted + "\""
  }

  /// Text in double quotes as Go's package `time` writes it: every byte escaped that is not printable ASCII.
  static func quotedBytes(_ bytes: some Sequence<UInt8>) -> String {
    var quoted = "\""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""): quoted += "\\\""
      case UInt8(ascii: "\\"): quoted += "\\\\"
      case 0x20..<0x80: quoted.unicodeScalars.append(Unicode.Scalar(byte))
      default: quoted += "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return quoted + "\""
  }

  /// A value as paths show it: strings quoted, all else as in JSON.
  static func value(_ value: JSON) -> String {
    if case .string(let text) = value { quoted(text) } else { value.text }
  }

  /// A value as Go source (`%#v`).
  static func source(_ value: JSON) -> String {
    switch value {
    case .null: "interface {}(nil)"
    case .string(let text): quoted(text)
    case .array(let items): "[]interface {}{" + items.map(source).joined(separator: ", ") + "}"
    case .object(let object):
      "map[string]interface {}{"
        + object.map { "\(quoted($0.key)):\(source($0.value))" }.joined(separator: ", ") + "}"
    default: plain(value)
    }
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .spaceSeparator:
      return false
    default: return true
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
