/// Text in double quotes in Kubernetes' messages.
enum GoQuote {
  /// As Go's `%q` writes it.
  static func text(_ text: String) -> String {
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
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          quoted += "\\x" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }

  /// The same as Go's package `time` writes it: every byte escaped that is not printable ASCII.
  static func bytes(_ bytes: some Sequence<UInt8>) -> String {
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
}
