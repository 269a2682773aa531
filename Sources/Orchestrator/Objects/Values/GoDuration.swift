/// A span of time in Go's form, such as `1h30m` (Kubernetes API: `Duration`).
public struct GoDuration: Sendable, Hashable, Comparable {
  /// Up to about 292 years to both sides.
  public let nanoseconds: Int64

  /// Why a text is no duration, in Kubernetes' words.
  public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Such as `time: invalid duration "x"`.
    public let description: String
  }

  /// So many nanoseconds.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The duration that this text is; nil when it is none.
  public init?(_ text: String) {
    guard let duration = try? GoDuration(parsing: text) else { return nil }
    self = duration
  }

  /// The duration that this text is: a sign, then numbers with units (`ns us µs ms s m h`).
  /// - Throws: `ParseError`, whose description is Kubernetes' message.
  public init(parsing text: String) throws(ParseError) {
    let quoted = GoFormat.quotedBytes(text.utf8)
    let invalid = ParseError(description: "time: invalid duration \(quoted)")
    var rest = Array(text.utf8)[...]
    var isNegative = false
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      isNegative = first == UInt8(ascii: "-")
      rest.removeFirst()
    }
    if rest.elementsEqual("0".utf8) {
      nanoseconds = 0
      return
    }
    guard !rest.isEmpty else { throw invalid }
    var total: UInt64 = 0
    while !rest.isEmpty {
      let whole = rest.prefix(while: Self.isDigit)
      rest = rest.dropFirst(whole.count)
      var fraction: ArraySlice<UInt8> = []
      if rest.first == UInt8(ascii: ".") {
        rest.removeFirst()
        fraction = rest.prefix(while: Self.isDigit)
        rest = rest.dropFirst(fraction.count)
      }
      guard !(whole.isEmpty && fraction.isEmpty) else { throw invalid }
      let name = rest.prefix { !Self.isDigit($0) && $0 != UInt8(ascii: ".") }
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty else { throw ParseError(description: "time: missing unit in duration \(quoted)") }
      let nameText = String(decoding: name, as: UTF8.self)
      guard let unit = Self.units[nameText] else {
        throw ParseError(
          description: "time: unknown unit \(GoFormat.quotedBytes(name)) in duration \(quoted)")
      }
      guard let amount = Self.amount(whole, fraction, unit) else { throw invalid }
      let (sum, overflows) = total.addingReportingOverflow(amount)
      guard !overflows, sum <= 1 << 63 else { throw invalid }
      total = sum
    }
    if isNegative {
      nanoseconds = total == 1 << 63 ? .min : -Int64(total)
    } else {
      guard let value = Int64(exactly: total) else { throw invalid }
      nanoseconds = value
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private static let units: [String: UInt64] = [
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
    "h": 3_600_000_000_000,
  ]

  private static func amount(
    _ whole: ArraySlice<UInt8>, _ fraction: ArraySlice<UInt8>, _ unit: UInt64
  ) -> UInt64? {
    var value: UInt64 = 0
    for digit in whole {
      guard value <= (1 << 63) / 10 else { return nil }
      value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
    }
    let (product, overflows) = value.multipliedReportingOverflow(by: unit)
    guard !overflows else { return nil }
    // Nineteen digits of a fraction are more than a nanosecond can tell apart.
    var part = 0.0
    var scale = 1.0
    for digit in fraction.prefix(19) {
      part = part * 10 + Double(digit - UInt8(ascii: "0"))
      scale *= 10
    }
    let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(part * (Double(unit) / scale)))
    return overflowsToo ? nil : sum
  }

  /// Shorter ones come first.
  public static func < (left: GoDuration, right: GoDuration) -> Bool { left.nanoseconds < right.nanoseconds }

  /// As Go writes it: `1h30m0s`, `1.5s`, `300ms`; zero is `0s`.
  public var text: String {
    let amount = nanoseconds.magnitude
    let sign = nanoseconds < 0 ? "-" : ""
    switch amount {
    case 0: return "0s"
    case ..<1000: return "\(sign)\(amount)ns"
    case ..<1_000_000: return "\(sign)\(Self.decimal(amount, per: 1000, digits: 3))µs"
    case ..<1_000_000_000: return "\(sign)\(Self.decimal(amount, per: 1_000_000, digits: 6))ms"
    default: break
    }
    let minutes = amount / 60_000_000_000
    let seconds = Self.decimal(amount % 60_000_000_000, per: 1_000_000_000, digits: 9) + "s"
    if minutes == 0 { return sign + seconds }
    return sign + (minutes >= 60 ? "\(minutes / 60)h" : "") + "\(minutes % 60)m" + seconds
  }

  private static func decimal(_ amount: UInt64, per unit: UInt64, digits: Int) -> String {
    let remainder = String(amount % unit)
    var fraction = String(repeating: "0", count: digits - remainder.count) + remainder
    while fraction.last == "0" { fraction.removeLast() }
    return "\(amount / unit)" + (fraction.isEmpty ? "" : "." + fraction)
  }
}
