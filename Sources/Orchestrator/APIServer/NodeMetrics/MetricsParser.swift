/// Reads metrics in Prometheus' text format (0.0.4). Lines that are not understood are left out.
enum MetricsParser {
  struct Sample: Hashable {
    var name: String
    var labels: [String: String]
    var value: Double
    /// Milliseconds since 1970, if it is said.
    var timestamp: Int64?
  }

  static func samples(_ text: String) -> [Sample] {
    text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { sample($0) }
  }

  /// `NAME{LABEL="VALUE",…} VALUE TIMESTAMP`.
  private static func sample(_ line: Substring.UTF8View) -> Sample? {
    guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
    var rest = line
    let nameEnd = rest.firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: " ") }
    guard let nameEnd else { return nil }
    let name = String(rest[..<nameEnd])
    rest = rest[nameEnd...]
    var labels: [String: String]? = [:]
    if rest.first == UInt8(ascii: "{") { labels = Self.labels(&rest) }
    guard let labels, let name else { return nil }
    let parts = rest.split(separator: UInt8(ascii: " ")).compactMap { String($0) }
    guard let text = parts.first, let value = number(text), parts.count <= 2 else { return nil }
    return Sample(
      name: name, labels: labels, value: value, timestamp: parts.count > 1 ? Int64(parts[1]) : nil)
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    case "NaN": .nan
    default: Double(text)
    }
  }

  /// Takes the labels, braces and all, off the front of a line; nil if they are none.
  private static func labels(_ rest: inout Substring.UTF8View) -> [String: String]? {
    var labels: [String: String] = [:]
    rest = rest.dropFirst()
    while let byte = rest.first {
      if byte == UInt8(ascii: "}") {
        rest = rest.dropFirst()
        return labels
      }
      if byte == UInt8(ascii: ",") {
        rest = rest.dropFirst()
        continue
      }
      guard let equals = rest.firstIndex(of: UInt8(ascii: "=")), let name = String(rest[..<equals]) else {
        return nil
      }
      rest = rest[equals...].dropFirst()
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      rest = rest.dropFirst()
      var value: [UInt8] = []
      while let byte = rest.first, byte != UInt8(ascii: "\"") {
        rest = rest.dropFirst()
        guard byte == UInt8(ascii: "\\") else {
          value.append(byte)
          continue
        }
        guard let escaped = rest.first else { return nil }
        rest = rest.dropFirst()
        value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
      }
      guard !rest.isEmpty else { return nil }
      rest = rest.dropFirst()
      labels[name] = String(decoding: value, as: UTF8.self)
    }
    return nil
  }
}
