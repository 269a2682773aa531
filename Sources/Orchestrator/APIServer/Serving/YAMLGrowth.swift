/// How much a YAML text grows when each alias is replaced by what it stands for: with a few anchors that refer to one
/// another, a small text stands for more values than there is memory.
enum YAMLGrowth {
  /// Bytes that a text may come to, written out.
  static let limit = 4 << 20

  /// Whether a text stays within the limit, however its aliases are spread over its anchors. What only looks like an
  /// anchor or an alias counts as one: that text with aliases is refused too early does no harm, for clients send YAML
  /// as a program writes it.
  static func isBounded(_ text: [UInt8]) -> Bool {
    var (anchors, aliases) = (0, 0)
    for (index, byte) in text.enumerated() where byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") {
      guard beginsWord(text, index) else { continue }
      if byte == UInt8(ascii: "&") { anchors += 1 } else { aliases += 1 }
    }
    guard anchors > 0, aliases > 0 else { return true }
    return Double(text.count) * growth(anchors: anchors, aliases: aliases) <= Double(limit)
  }

  private static func beginsWord(_ text: [UInt8], _ index: Int) -> Bool {
    guard index + 1 < text.count, text[index + 1] > UInt8(ascii: " ") else { return false }
    guard index > 0 else { return true }
    let before = text[index - 1]
    return before <= UInt8(ascii: " ") || "[{,:-?".utf8.contains(before)
  }

  /// The most that can come of it: the aliases shared out evenly over as many levels as make the most of them.
  private static func growth(anchors: Int, aliases: Int) -> Double {
    // (aliases / levels) ^ levels is largest where each level has e aliases.
    let levels = max(1, min(anchors, Int(Double(aliases) / 2.718281828)))
    var growth = 1.0
    for _ in 0..<levels where growth <= Double(limit) { growth *= Double(aliases) / Double(levels) }
    return growth
  }
}
