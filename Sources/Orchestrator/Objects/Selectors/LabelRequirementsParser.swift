extension LabelRequirements {
  /// Reads the text of a label selector, as in `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`; without requirements
  /// everything matches.
  ///
  /// Throws with what was found and what was expected.
  public init(parsing text: String) throws(SelectorError) {
    var parser = LabelRequirementsParser(text)
    self.init(try parser.parse())
  }
}

/// Reads the text of label selectors. Keys may be called `in` and `notin`, values too.
private struct LabelRequirementsParser {
  private enum Token: Hashable {
    case end
    case word(String)
    /// `in` and `notin`, and all that is no word.
    case symbol(String)

    var text: String {
      switch self {
      case .end: ""
      case .word(let text), .symbol(let text): text
      }
    }

    /// Where a key or value is expected, every word is one.
    var word: String? {
      switch self {
      case .word(let text): text
      case .symbol(let text) where text == "in" || text == "notin": text
      default: nil
      }
    }
  }

  private var tokens: [Token] = []
  private var next = 0

  init(_ text: String) {
    let bytes = Array(text.utf8)
    var place = 0
    while true {
      while place < bytes.count, " \t\r\n".utf8.contains(bytes[place]) { place += 1 }
      guard place < bytes.count, bytes[place] != 0 else { break }
      let start = place
      if Self.isSymbol(bytes[place]) {
        place += 1
        // The only symbols of two characters end so.
        if "=!".utf8.contains(bytes[start]), place < bytes.count, bytes[place] == UInt8(ascii: "=") {
          place += 1
        }
        tokens.append(.symbol(String(decoding: bytes[start..<place], as: UTF8.self)))
      } else {
        while place < bytes.count, bytes[place] != 0, !Self.isSymbol(bytes[place]),
          !" \t\r\n".utf8.contains(bytes[place])
        {
          place += 1
        }
        let word = String(decoding: bytes[start..<place], as: UTF8.self)
        tokens.append(word == "in" || word == "notin" ? .symbol(word) : .word(word))
      }
    }
  }

  private static func isSymbol(_ byte: UInt8) -> Bool { "=!(),><".utf8.contains(byte) }

  private var peeked: Token { next < tokens.count ? tokens[next] : .end }

  private mutating func take() -> Token {
    let token = peeked
    next += 1
    return token
  }

  mutating func parse() throws(SelectorError) -> [LabelRequirements.Requirement] {
    var requirements: [LabelRequirements.Requirement] = []
    while true {
      let token = peeked
      if token == .end { return requirements }
      guard token.word != nil || token == .symbol("!") else {
        throw SelectorError("found '\(token.text)', expected: !, identifier, or 'end of string'")
      }
      do {
        requirements.append(try requirement())
      } catch {
        throw SelectorError("unable to parse requirement: \(error.message)")
      }
      switch take() {
      case .end: return requirements
      case .symbol(","):
        guard peeked.word != nil || peeked == .symbol("!") else {
          throw SelectorError("found '\(peeked.text)', expected: identifier after ','")
        }
      case let other: throw SelectorError("found '\(other.text)', expected: ',' or 'end of string'")
      }
    }
  }

  private mutating func requirement() throws(SelectorError) -> LabelRequirements.Requirement {
    let isAbsence = peeked == .symbol("!")
    if isAbsence { next += 1 }
    let token = take()
    guard let key = token.word else { throw SelectorError("found '\(token.text)', expected: identifier") }
    let problems = LabelSyntax.problems(ofKey: key)
    guard problems.isEmpty else {
      throw SelectorError(
        "<nil>: Invalid value: \(GoFormat.quoted(key)): \(problems.joined(separator: "; "))")
    }
    if isAbsence { return try LabelRequirements.Requirement(key: key, operator: .doesNotExist, values: []) }
    if peeked == .end || peeked == .symbol(",") {
      return try LabelRequirements.Requirement(key: key, operator: .exists, values: [])
    }
    let meaning = try relation()
    let values =
      switch meaning {
      case .in, .notIn: try self.values()
      default: [try value()]
      }
    return try LabelRequirements.Requirement(key: key, operator: meaning, values: values)
  }

  private mutating func relation() throws(SelectorError) -> LabelRequirements.Operator {
    switch take() {
    case .symbol("in"): .in
    case .symbol("notin"): .notIn
    case .symbol("="): .equals
    case .symbol("=="): .doubleEquals
    case .symbol("!="): .notEquals
    case .symbol(">"): .greaterThan
    case .symbol("<"): .lessThan
    case let other: throw SelectorError("found '\(other.text)', expected: in, notin, =, ==, !=, gt, lt")
    }
  }

  /// The value after a comparison; nothing is the empty one.
  private mutating func value() throws(SelectorError) -> String {
    if peeked == .end || peeked == .symbol(",") { return "" }
    let token = take()
    guard let value = token.word else { throw SelectorError("found '\(token.text)', expected: identifier") }
    return value
  }

  /// A list of values in parentheses; between and around commas nothing is the empty one.
  private mutating func values() throws(SelectorError) -> [String] {
    let opening = take()
    guard opening == .symbol("(") else { throw SelectorError("found '\(opening.text)' expected: '('") }
    if peeked == .symbol(")") {
      next += 1
      return [""]
    }
    guard peeked.word != nil || peeked == .symbol(",") else {
      throw SelectorError("found '\(peeked.text)', expected: ',', ')' or identifier")
    }
    var values: Set<String> = []
    while true {
      let token = take()
      if let value = token.word {
        values.insert(value)
        if peeked == .symbol(",") { continue }
        guard peeked == .symbol(")") else {
          throw SelectorError("found '\(peeked.text)', expected: ',' or ')'")
        }
        break
      }
      guard token == .symbol(",") else {
        throw SelectorError("found '\(token.text)', expected: ',', or identifier")
      }
      if values.isEmpty || peeked == .symbol(",") || peeked == .symbol(")") { values.insert("") }
      if peeked == .symbol(")") { break }
    }
    next += 1
    return values.sorted()
  }
}
