extension JSON {
  /// Rounds the quantities in the resource list at `key` up to thousandths: finer ones have never been kept.
  mutating func roundResources(at key: String) {
    guard let list = self[key]?.object else { return }
    for member in list {
      guard let rounded = member.value.roundedToThousandths else { continue }
      self[key, member.key] = rounded
    }
  }

  /// Rounds the resource lists of a structure with limits and requests.
  mutating func roundLimitsAndRequests() {
    roundResources(at: "limits")
    roundResources(at: "requests")
  }

  /// The quantity rounded up to thousandths; nil if it is no finer than that.
  private var roundedToThousandths: JSON? {
    switch self {
    case .string(let text):
      // Only these can stand for less than a thousandth: `n`, `u`, a fraction or an exponent.
      guard text.utf8.contains(where: { fineMarks.contains($0) }) else { return nil }
    case .number: break
    default: return nil
    }
    guard let quantity = Quantity(self) else { return nil }
    let rounded = quantity.roundedUpToMilli()
    return rounded == quantity ? nil : .string(rounded.canonical)
  }

  private var fineMarks: [UInt8] {
    [UInt8(ascii: "n"), UInt8(ascii: "u"), UInt8(ascii: "."), UInt8(ascii: "e")]
  }
}
