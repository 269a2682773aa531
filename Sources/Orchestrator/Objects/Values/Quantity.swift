/// An amount of a resource, such as `500m` or `1Gi` (Kubernetes API: `resource.Quantity`).
///
/// Held in billionths: what is finer is rounded up, what is larger than 2^63 - 1 is cut to that. Two quantities are
/// equal when they are the same amount, however they are written.
public struct Quantity: Sendable {
  /// How an amount is written.
  public enum Format: Sendable, Hashable {
    /// With a power of 1024: `Ki`, `Mi`, …
    case binarySI
    /// With a power of 1000: `n`, `u`, `m`, `k`, `M`, …
    case decimalSI
    /// With an exponent: `e3`.
    case decimalExponent
  }

  /// Why a text is no quantity, in Kubernetes' words.
  public enum ParseError: String, Error, Sendable, CustomStringConvertible {
    case format =
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    case numeric = "unable to parse numeric part of quantity"
    case suffix = "unable to parse quantity's suffix"

    /// The message.
    public var description: String { rawValue }
  }

  /// The amount in billionths.
  let nanos: Int128
  /// How the amount is written, when that can be.
  public let format: Format

  static let nanosPerUnit: Int128 = 1_000_000_000
  static let maximumNanos = Int128(Int64.max) * nanosPerUnit

  init(nanos: Int128, format: Format) {
    self.nanos = max(-Self.maximumNanos, min(Self.maximumNanos, nanos))
    self.format = format
  }

  /// A whole number.
  public init(_ value: Int64, format: Format = .decimalSI) {
    self.init(nanos: Int128(value) * Self.nanosPerUnit, format: format)
  }

  /// Thousandths.
  public init(milliValue: Int64, format: Format = .decimalSI) {
    self.init(nanos: Int128(milliValue) * 1_000_000, format: format)
  }

  /// The quantity that this text is; nil when it is none. See `init(parsing:)` for the reason.
  public init?(_ text: String) {
    guard let quantity = try? Quantity(parsing: text) else { return nil }
    self = quantity
  }

  /// The quantity in a JSON string or number.
  public init?(_ json: JSON) {
    guard let quantity = try? Quantity(decoding: json) else { return nil }
    self = quantity
  }

  /// The quantity in a JSON string, blanks around it aside, or number.
  init(decoding json: JSON) throws(ParseError) {
    switch json {
    case .string(let text): try self.init(parsing: text.trimmingBlanks())
    case .integer(let value): try self.init(parsing: String(value))
    case .number(let value): try self.init(parsing: JSONWriter.text(of: value))
    default: throw .format
    }
  }

  /// Whether it is below zero.
  public var isNegative: Bool { nanos < 0 }
  /// Whether it is nothing.
  public var isZero: Bool { nanos == 0 }

  /// The whole number at or next to it, away from zero.
  public var value: Int64 { Int64(clamping: dividedAwayFromZero(by: Self.nanosPerUnit)) }

  /// The number of thousandths at or next to it, away from zero; the nearest that fits.
  public var milliValue: Int64 { Int64(clamping: dividedAwayFromZero(by: 1_000_000)) }

  /// The amount rounded up (away from zero) to thousandths, as the API server does for resources.
  public func roundedUpToMilli() -> Quantity {
    Quantity(nanos: dividedAwayFromZero(by: 1_000_000) * 1_000_000, format: format)
  }

  private func dividedAwayFromZero(by divisor: Int128) -> Int128 {
    let (quotient, remainder) = nanos.quotientAndRemainder(dividingBy: divisor)
    return remainder == 0 ? quotient : quotient + remainder.signum()
  }

  /// The sum, in the left side's format unless that is zero; cut to the largest amount.
  public static func + (left: Quantity, right: Quantity) -> Quantity {
    Quantity(nanos: left.nanos + right.nanos, format: left.isZero ? right.format : left.format)
  }

  /// The difference, in the left side's format unless that is zero; cut to the largest amount.
  public static func - (left: Quantity, right: Quantity) -> Quantity {
    Quantity(nanos: left.nanos - right.nanos, format: left.isZero ? right.format : left.format)
  }
}

extension Quantity: Hashable, Comparable {
  /// Whether they are the same amount.
  public static func == (left: Quantity, right: Quantity) -> Bool { left.nanos == right.nanos }
  /// Whether the left amount is smaller.
  public static func < (left: Quantity, right: Quantity) -> Bool { left.nanos < right.nanos }
  /// Hashes the amount.
  public func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
}

extension Quantity: CustomStringConvertible {
  /// The canonical text.
  public var description: String { canonical }

  /// How Kubernetes writes it: no fraction, and the largest suffix that loses nothing. A binary amount that is below
  /// 1Ki or not whole is written as a decimal one.
  public var canonical: String {
    if isZero { return "0" }
    if format == .binarySI, nanos.magnitude >= 1024 * UInt128(Self.nanosPerUnit),
      nanos % Self.nanosPerUnit == 0
    {
      var mantissa = nanos / Self.nanosPerUnit
      var power = 0
      while mantissa % 1024 == 0 {
        mantissa /= 1024
        power += 1
      }
      return String(mantissa) + ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][min(power, 6)]
    }
    var mantissa = nanos
    var exponent = -9
    while mantissa % 1000 == 0 {
      mantissa /= 1000
      exponent += 3
    }
    let number = String(mantissa)
    if format == .decimalExponent { return exponent == 0 ? number : "\(number)e\(exponent)" }
    return number + ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][min(exponent / 3 + 3, 9)]
  }
}

extension String {
  /// Without the blanks and line ends at both ends.
  func trimmingBlanks() -> String {
    let blanks: Set<Character> = [" ", "\t", "\n", "\r", "\r\n", "\u{0B}", "\u{0C}", "\u{85}", "\u{A0}"]
    guard let first, let last, blanks.contains(first) || blanks.contains(last) else { return self }
    var rest = self[...]
    while let first = rest.first, blanks.contains(first) { rest.removeFirst() }
    while let last = rest.last, blanks.contains(last) { rest.removeLast() }
    return String(rest)
  }
}
