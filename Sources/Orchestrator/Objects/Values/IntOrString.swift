/// A number or a text, such as a port by number or name, or an amount that may be a percentage (Kubernetes API:
/// `IntOrString`).
public enum IntOrString: Sendable, Hashable {
  case integer(Int32)
  case string(String)

  /// The value of a JSON string or of a number of 32 bits; nil for anything else.
  public init?(_ json: JSON) {
    switch json {
    case .string(let text): self = .string(text)
    case .integer(let value):
      guard let value = Int32(exactly: value) else { return nil }
      self = .integer(value)
    default: return nil
    }
  }

  /// The value in JSON.
  public var json: JSON {
    switch self {
    case .integer(let value): .integer(Int64(value))
    case .string(let text): .string(text)
    }
  }

  /// The number of a text such as `25%`; nil for anything else.
  public var percentage: Int? {
    guard case .string(let text) = self, text.utf8.last == UInt8(ascii: "%") else { return nil }
    return Int(text.dropLast())
  }

  /// The number itself, or the percentage of a total, rounded as asked; nil for a text that is no percentage. What is
  /// too large is cut.
  public func scaled(of total: Int, roundingUp: Bool) -> Int? {
    if case .integer(let value) = self { return Int(value) }
    guard let percentage else { return nil }
    let hundredfold = Int128(percentage) * Int128(total)
    let (quotient, remainder) = hundredfold.quotientAndRemainder(dividingBy: 100)
    let floor = remainder < 0 ? quotient - 1 : quotient
    return Int(clamping: roundingUp && remainder != 0 ? floor + 1 : floor)
  }
}
