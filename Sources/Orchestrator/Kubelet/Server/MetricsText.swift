/// Metrics as Prometheus reads them (text format 0.0.4), in the form in which Go programs write it.
struct MetricsText {
  private(set) var text = ""

  /// Begins a family.
  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  /// A sample; `timestamp` is in nanoseconds since 1970.
  mutating func sample(
    _ name: String, _ labels: [(name: String, value: String)], _ value: Double, timestamp: Int64? = nil
  ) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
    }
    text += " " + Self.number(value)
    if let timestamp { text += " \(timestamp / 1_000_000)" }
    text += "\n"
  }

  private static func escaped(_ value: String) -> String {
    var text = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }

  /// The shortest text that stands for the number, with an exponent from a million on and below a ten-thousandth.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    guard value != 0 else { return "0" }
    // Swift's description has the shortest digits, in a form of its own.
    let parts = value.magnitude.description.split(separator: "e", maxSplits: 1)
    var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let mantissa = parts[0].split(separator: ".", maxSplits: 1)
    var digits = Array(mantissa.joined())
    // The number is 0.DIGITS times ten to this power.
    exponent += mantissa[0].count
    let zeros = digits.prefix { $0 == "0" }.count
    digits.removeFirst(zeros)
    exponent -= zeros
    while digits.last == "0" { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    let power = exponent - 1
    if power < -4 || power >= 6 {
      let rest = digits.dropFirst()
      let size = String(power.magnitude)
      return sign + String(digits[0]) + (rest.isEmpty ? "" : "." + String(rest))
        + (power < 0 ? "e-" : "e+") + (size.count < 2 ? "0" : "") + size
    }
    if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + String(digits) }
    if digits.count <= exponent {
      return sign + String(digits) + String(repeating: "0", count: exponent - digits.count)
    }
    return sign + String(digits[..<exponent]) + "." + String(digits[exponent...])
  }
}
