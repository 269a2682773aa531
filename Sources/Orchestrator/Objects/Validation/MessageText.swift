/// Values as Go's printers write them, which is how they stand in Kubernetes' messages.
enum MessageText {
  /// A value in an error: strings quoted, all else as JSON.
  static func value(_ value: JSON) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .number(let number): Self.number(number)
    default: json(value)
    }
  }

  /// A string in Go's double quotes (`%q`).
  static func quoted(_ text: String) -> String { GoFormat.quoted(text) }

  /// JSON as Go's encoder writes it: compact, keys sorted, `<`, `>` and `&` escaped.
  static func json(_ value: JSON) -> String {
    var text = ""
    write(value, to: &text, depth: 0)
    return text
  }

  /// A JSON string as Go's encoder writes it.
  static func jsonString(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{08}": text += "\\b"
      case "\u{0C}": text += "\\f"
      case "<", ">", "&", "\u{2028}", "\u{2029}":
        text += "\\u" + hexadecimal(scalar.value, digits: 4)
      default:
        if scalar.value < 0x20 {
          text += "\\u" + hexadecimal(scalar.value, digits: 4)
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text + "\""
  }

  /// A list of strings as `%#v` writes it: `[]string{"a", "b"}`.
  static func stringSlice(_ values: [String]) -> String {
    "[]string{" + values.map(quoted).joined(separator: ", ") + "}"
  }

  /// A list of strings as `%q` writes it: `["a" "b"]`.
  static func quotedList(_ values: [String]) -> String {
    "[" + values.map(quoted).joined(separator: " ") + "]"
  }

  // Nothing that was decoded is deeper; the limit is for values made by hand.
  private static let maximumDepth = 1_000

  private static func write(_ value: JSON, to text: inout String, depth: Int) {
    guard depth < maximumDepth else {
      text += "null"
      return
    }
    switch value {
    case .null: text += "null"
    case .boolean(let flag): text += flag ? "true" : "false"
    case .integer(let number): text += String(number)
    case .number(let number): text += Self.number(number)
    case .string(let string): text += jsonString(string)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        write(element, to: &text, depth: depth + 1)
      }
      text += "]"
    case .object(let object):
      text += "{"
      for (index, member) in object.enumerated() {
        if index > 0 { text += "," }
        text += jsonString(member.key) + ":"
        write(member.value, to: &text, depth: depth + 1)
      }
      text += "}"
    }
  }

  private static func number(_ number: Double) -> String {
    if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) }
    return number.description
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
