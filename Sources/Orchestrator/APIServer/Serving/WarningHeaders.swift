/// The headers `Warning` of an answer (RFC 9110 keeps code 299 for them). Clients take only so many headers: more words
/// than fit are cut short, and what is still too much is left out.
enum WarningHeaders {
  /// Letters of all warnings together.
  static let totalLimit = 4096
  /// Headers; some clients take no more than 100 of all kinds.
  static let countLimit = 64
  /// Letters of each, once all of them are too many.
  static let textLimit = 256

  /// A header for each text, the same text once.
  static func headers(_ texts: [String]) -> [(name: String, value: String)] {
    var seen: Set<String> = []
    var kept = texts.filter { seen.insert($0).inserted }
    if kept.reduce(0, { $0 + $1.unicodeScalars.count }) > totalLimit {
      var left = totalLimit
      kept = kept.map { String(String.UnicodeScalarView($0.unicodeScalars.prefix(textLimit))) }
      kept = Array(
        kept.prefix { text in
          left -= text.unicodeScalars.count
          return left >= 0
        })
    }
    return kept.prefix(countLimit).map { (name: "warning", value: "299 - \"\(quotable($0))\"") }
  }

  /// A text as it can stand within quotes on one line.
  private static func quotable(_ text: String) -> String {
    let plain = String(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) })
    return plain.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}
