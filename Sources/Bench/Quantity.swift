/// Numbers as people write them on a command line.
public enum Quantity {
  /// Why a text is not a quantity; the description is for the user.
  public struct Malformed: Error, CustomStringConvertible, Hashable {
    /// What would be right.
    public var description: String
  }

  /// A whole number of 0 or more: `1000`, `1_000_000`, `1e6`, `2.5e5`, `100k`, `3M`, `1G`
  /// (powers of a thousand; upper and lower case mean the same).
  public static func parse(_ text: String) throws(Malformed) -> Int {
    let example = "write a whole number such as 1000, 1_000_000, 1e6 or 100k"
    var digits = text.filter { $0 != "_" }
    var factor = 1.0
    if let last = digits.last, let thousands = Self.suffixes[Character(last.lowercased())] {
      factor = thousands
      digits.removeLast()
    }
    guard digits.first?.isASCII == true, digits.first?.isNumber == true,
      digits.allSatisfy({ $0.isASCII && ($0.isNumber || ".eE+".contains($0)) }),
      let number = Double(digits)
    else { throw Malformed(description: example) }
    let value = number * factor
    guard value <= Double(Int32.max) * 1_000_000 else {
      throw Malformed(description: "that is too large")
    }
    guard value == value.rounded() else { throw Malformed(description: example) }
    return Int(value)
  }

  /// A span of time above zero in seconds: `30`, `0.5`, `30s`, `200ms`, `5m`, `1h`.
  public static func parseSeconds(_ text: String) throws(Malformed) -> Double {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)]
    var digits = Substring(text)
    var factor = 1.0
    if let (suffix, seconds) = units.first(where: { digits.hasSuffix($0.0) }) {
      digits.removeLast(suffix.count)
      factor = seconds
    }
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(digits),
      number > 0, number * factor <= 1e7
    else { throw Malformed(description: "write a time such as 30, 30s, 200ms or 5m") }
    return number * factor
  }

  private static let suffixes: [Character: Double] = ["k": 1e3, "m": 1e6, "g": 1e9]
}
