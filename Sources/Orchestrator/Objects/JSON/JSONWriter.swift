extension JSON {
  /// The value as compact JSON with sorted keys.
  ///
  /// Characters are escaped as Go escapes them, but for those of HTML. Numbers that JSON cannot say become null.
  public func serialized() -> [UInt8] {
    var output: [UInt8] = []
    write(to: &output)
    return output
  }

  /// The text of `serialized()`.
  public var text: String { String(decoding: serialized(), as: UTF8.self) }

  /// Appends what `serialized()` gives.
  public func write(to output: inout [UInt8]) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .boolean(true): output.append(contentsOf: "true".utf8)
    case .boolean(false): output.append(contentsOf: "false".utf8)
    case .integer(let value): JSONWriter.write(value, to: &output)
    case .number(let value): output.append(contentsOf: JSONWriter.text(of: value).utf8)
    case .string(let value): JSONWriter.write(value, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (place, element) in elements.enumerated() {
        if place > 0 { output.append(UInt8(ascii: ",")) }
        element.write(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let object): object.write(to: &output)
    }
  }
}

extension JSONObject {
  /// Appends the object as compact JSON; see `JSON.serialized()`.
  public func write(to output: inout [UInt8]) {
    output.append(UInt8(ascii: "{"))
    for (place, member) in self.enumerated() {
      if place > 0 { output.append(UInt8(ascii: ",")) }
      JSONWriter.write(member.key, to: &output)
      output.append(UInt8(ascii: ":"))
      member.value.write(to: &output)
    }
    output.append(UInt8(ascii: "}"))
  }
}

/// How scalars are written.
enum JSONWriter {
  static func write(_ value: Int64, to output: inout [UInt8]) {
    if value >= 0, value < 10 {
      output.append(UInt8(ascii: "0") + UInt8(value))
      return
    }
    output.append(contentsOf: String(value).utf8)
  }

  /// A string in quotes.
  static func write(_ value: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    var value = value
    value.withUTF8 { bytes in
      var start = 0
      var place = 0
      while place < bytes.count {
        let byte = bytes[place]
        if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != 0xE2 {
          place += 1
          continue
        }
        if byte == 0xE2 {
          // U+2028 and U+2029 end lines in JavaScript.
          guard place + 2 < bytes.count, bytes[place + 1] == 0x80, bytes[place + 2] & 0xFE == 0xA8 else {
            place += 1
            continue
          }
          output.append(contentsOf: bytes[start..<place])
          output.append(contentsOf: (bytes[place + 2] == 0xA8 ? "\\u2028" : "\\u2029").utf8)
          place += 3
        } else {
          output.append(contentsOf: bytes[start..<place])
          writeEscape(of: byte, to: &output)
          place += 1
        }
        start = place
      }
      output.append(contentsOf: bytes[start..<bytes.count])
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func writeEscape(of byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0..<0x20:
      output.append(contentsOf: (byte < 0x10 ? "u000" : "u00").utf8)
      output.append(contentsOf: String(byte, radix: 16).utf8)
    default: output.append(byte)
    }
  }

  /// The shortest text that reads as this number again: positional from 1e-6 to below 1e21, else with an exponent.
  static func text(of value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value == 0 { return value.sign == .minus ? "-0" : "0" }
    let (digits, point) = decimal(value.magnitude)
    let sign = value < 0 ? "-" : ""
    if value.magnitude < 1e-6 || value.magnitude >= 1e21 {
      let fraction = digits.count > 1 ? ".\(digits.dropFirst())" : ""
      let exponent = point - 1
      return "\(sign)\(digits.prefix(1))\(fraction)\(exponent < 0 ? "e-" : "e+")\(exponent.magnitude)"
    }
    if point <= 0 { return "\(sign)0.\(String(repeating: "0", count: -point))\(digits)" }
    if point >= digits.count {
      return "\(sign)\(digits)\(String(repeating: "0", count: point - digits.count))"
    }
    return "\(sign)\(digits.prefix(point)).\(digits.dropFirst(point))"
  }

  /// The shortest digits of a positive number, and where the decimal point is among them: 0.5 is ("5", 0).
  private static func decimal(_ value: Double) -> (digits: String, point: Int) {
    // Swift's description has the shortest digits, in a layout of its own.
    let parts = value.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let all = mantissa.joined()
    let digits = all.drop { $0 == "0" }
    let point = mantissa[0].count + exponent - (all.count - digits.count)
    var shortest = String(digits)
    while shortest.last == "0" { shortest.removeLast() }
    return (shortest, point)
  }
}
