/// Values written as the API server's own messages write them: with the verbs of Go's `fmt`.
enum GoText {
  /// A text in double quotes (`%q`).
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{7}": result += "\\a"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{b}": result += "\\v"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        result += "\\x" + hexadecimal(scalar.value, digits: 2)
      case _ where scalar.value > 0x7f && scalar.value < 0xa0:
        result += "\\u" + hexadecimal(scalar.value, digits: 4)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A value as paths show it: strings quoted, all else as in JSON.
  static func value(_ value: JSON) -> String {
    if case .string(let text) = value { quoted(text) } else { value.text }
  }

  /// A value in plain form (`%v`): `map[a:1 b:2]`, `[1 2]`, `<nil>`.
  static func plain(_ value: JSON) -> String {
    switch value {
    case .null: "<nil>"
    case .string(let text): text
    case .array(let items): "[" + items.map(plain).joined(separator: " ") + "]"
    case .object(let object):
      "map[" + object.map { "\($0.key):\(plain($0.value))" }.joined(separator: " ") + "]"
    default: value.text
    }
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
    default: value.text
    }
  }

  /// The name of a value's type (`%T`).
  static func type(of value: JSON) -> String {
    switch value {
    case .null: "<nil>"
    case .boolean: "bool"
    case .integer: "int64"
    case .number: "float64"
    case .string: "string"
    case .array: "[]interface {}"
    case .object: "map[string]interface {}"
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
