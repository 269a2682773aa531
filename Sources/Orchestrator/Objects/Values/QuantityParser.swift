extension Quantity {
  /// The quantity that this text is: a sign, digits with an optional point, and a suffix.
  ///
  /// Suffixes are `Ki Mi Gi Ti Pi Ei`, `n u m k M G T P E`, and `e` or `E` with an exponent.
  /// - Throws: `ParseError`, whose description is Kubernetes' message.
  public init(parsing text: String) throws(ParseError) {
    let parts = try QuantityParts(text)
    // Digits alone decide a zero: whatever the suffix is, it must only be one.
    let (format, exponent) = try Self.interpret(parts.suffix)
    var nanos: Int128
    let isFraction: Bool
    if format == .binarySI {
      (nanos, isFraction) = parts.nanos(timesPowerOfTwo: exponent)
    } else {
      (nanos, isFraction) = parts.nanos(timesPowerOfTen: exponent)
    }
    nanos = min(nanos, Self.maximumNanos)
    self.init(
      nanos: parts.isNegative ? -nanos : nanos,
      format: isFraction && format == .binarySI ? .decimalSI : format)
  }

  /// What a suffix stands for: its format, and the power of ten (or, in the binary format, of two).
  private static func interpret(_ suffix: ArraySlice<UInt8>) throws(ParseError) -> (Format, Int) {
    switch String(decoding: suffix, as: UTF8.self) {
    case "": return (.decimalSI, 0)
    case "n": return (.decimalSI, -9)
    case "u": return (.decimalSI, -6)
    case "m": return (.decimalSI, -3)
    case "k": return (.decimalSI, 3)
    case "M": return (.decimalSI, 6)
    case "G": return (.decimalSI, 9)
    case "T": return (.decimalSI, 12)
    case "P": return (.decimalSI, 15)
    case "E": return (.decimalSI, 18)
    case "Ki": return (.binarySI, 10)
    case "Mi": return (.binarySI, 20)
    case "Gi": return (.binarySI, 30)
    case "Ti": return (.binarySI, 40)
    case "Pi": return (.binarySI, 50)
    case "Ei": return (.binarySI, 60)
    case let other:
      guard let first = other.utf8.first, first | 0x20 == UInt8(ascii: "e"),
        let exponent = Int32(other.dropFirst())
      else { throw .suffix }
      return (.decimalExponent, Int(exponent))
    }
  }
}

/// The parts of a quantity's text.
private struct QuantityParts {
  var isNegative = false
  /// The digits before the point, without leading zeros.
  var whole: ArraySlice<UInt8>
  /// The digits behind the point.
  var fraction: ArraySlice<UInt8>
  var suffix: ArraySlice<UInt8>

  init(_ text: String) throws(Quantity.ParseError) {
    var rest = Array(text.utf8)[...]
    guard !rest.isEmpty else { throw .format }
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      isNegative = first == UInt8(ascii: "-")
      rest.removeFirst()
    }
    rest = rest.drop { $0 == UInt8(ascii: "0") }
    whole = rest.prefix(while: Self.isDigit)
    rest = rest.dropFirst(whole.count)
    fraction = []
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = rest.prefix(while: Self.isDigit)
      rest = rest.dropFirst(fraction.count)
    }
    suffix = rest
    rest = rest.drop { "eEinumkKMGTP".utf8.contains($0) }
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest.removeFirst() }
    guard rest.allSatisfy(Self.isDigit) else { throw .format }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// Its amount in billionths, rounded up, and whether it lies between zero and one; saturated far above what a
  /// quantity can hold.
  func nanos(timesPowerOfTen power: Int) -> (Int128, isFraction: Bool) {
    let digits = whole + fraction
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    guard !significant.isEmpty else { return (0, false) }
    let exponent = power - fraction.count + 9
    // The number of digits that the result has before its point.
    let length = significant.count + exponent
    if length > 30 { return (Quantity.maximumNanos, false) }
    if length <= 0 { return (1, true) }
    var value: Int128 = 0
    for digit in significant.prefix(length) { value = value * 10 + Int128(digit - UInt8(ascii: "0")) }
    for _ in 0..<max(0, length - significant.count) { value *= 10 }
    if significant.dropFirst(length).contains(where: { $0 != UInt8(ascii: "0") }) { value += 1 }
    return (value, value < Quantity.nanosPerUnit)
  }

  /// The same for a binary suffix.
  func nanos(timesPowerOfTwo power: Int) -> (Int128, isFraction: Bool) {
    guard whole.count <= 19 else { return (Quantity.maximumNanos, false) }
    var units: Int128 = 0
    for digit in whole { units = units * 10 + Int128(digit - UInt8(ascii: "0")) }
    units <<= Int128(power)
    guard units <= Int128(Int64.max) else { return (Quantity.maximumNanos, false) }
    // Thirty digits of the fraction are more than the result can tell apart.
    let digits = fraction.prefix(30)
    var numerator: UInt128 = 0
    var denominator: UInt128 = 1
    for digit in digits {
      numerator = numerator * 10 + UInt128(digit - UInt8(ascii: "0"))
      denominator *= 10
    }
    let scale = UInt128(Quantity.nanosPerUnit) << UInt128(power)
    let (quotient, remainder) = denominator.dividingFullWidth(numerator.multipliedFullWidth(by: scale))
    let isInexact = remainder != 0 || fraction.dropFirst(30).contains { $0 != UInt8(ascii: "0") }
    let nanos = units * Quantity.nanosPerUnit + Int128(quotient) + (isInexact ? 1 : 0)
    return (nanos, nanos > 0 && nanos < Quantity.nanosPerUnit)
  }
}
