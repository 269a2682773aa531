/// Writes one JSON object with its keys in the order given.
struct JSONWriter {
  private(set) var text = "{"
  private var isFirst = true

  /// The object made by `fill`.
  static func object(_ fill: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    fill(&writer)
    return writer.text + "}"
  }

  mutating func add(_ key: String, _ value: Int?) { add(key, raw: value.map { String($0) }) }
  mutating func add(_ key: String, _ value: Bool) { add(key, raw: String(value)) }
  mutating func add(_ key: String, _ value: String?) { add(key, raw: value.map(Self.quote)) }
  mutating func add(_ key: String, _ value: Double?) {
    add(key, raw: value.flatMap { $0.isFinite ? String(Decimals.fixed($0, 6)) : nil })
  }
  mutating func add(_ key: String, strings: [String]) {
    add(key, raw: "[" + strings.map(Self.quote).joined(separator: ",") + "]")
  }

  /// A value that is JSON already; nil is null.
  mutating func add(_ key: String, raw: String?) {
    if !isFirst { text += "," }
    isFirst = false
    text += Self.quote(key) + ":" + (raw ?? "null")
  }

  private static func quote(_ string: String) -> String {
    var quoted = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
