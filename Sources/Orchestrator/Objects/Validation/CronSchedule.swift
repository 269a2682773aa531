/// What is wrong with the schedule of a cron job, in the words of the parser that Kubernetes uses. Nothing is computed
/// here: the controller has its own reading of schedules.
enum CronSchedule {
  private struct Malformed: Error {
    let message: String
  }

  private struct Bounds {
    let range: ClosedRange<Int>
    var names: [String: Int] = [:]
  }

  private static let fields: [Bounds] = [
    Bounds(range: 0...59), Bounds(range: 0...23), Bounds(range: 1...31),
    Bounds(
      range: 1...12,
      names: [
        "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10,
        "nov": 11, "dec": 12,
      ]),
    Bounds(range: 0...6, names: ["sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6]),
  ]

  private static let descriptors: Set<String> = [
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly",
  ]

  /// The parser's message, nil when the schedule is right.
  static func problem(_ schedule: String) -> String? {
    do throws(Malformed) {
      try check(schedule)
      return nil
    } catch {
      return error.message
    }
  }

  private static func check(_ schedule: String) throws(Malformed) {
    if schedule.isEmpty { throw Malformed(message: "empty spec string") }
    var text = schedule
    if text.hasPrefix("TZ=") || text.hasPrefix("CRON_TZ=") {
      // The zone itself is another rule's business: it is not allowed here at all.
      guard let space = text.firstIndex(of: " ") else { throw Malformed(message: "invalid schedule format") }
      text = String(text[space...].drop { $0.isWhitespace })
    }
    if text.hasPrefix("@") { return try checkDescriptor(text) }
    let parts = text.split { $0.isWhitespace }.map(String.init)
    guard parts.count == fields.count else {
      throw Malformed(
        message:
          "expected exactly \(fields.count) fields, found \(parts.count): [\(parts.joined(separator: " "))]")
    }
    for (part, bounds) in zip(parts, fields) {
      for expression in part.split(separator: ",") { try check(String(expression), bounds) }
    }
  }

  private static func checkDescriptor(_ text: String) throws(Malformed) {
    if descriptors.contains(text) { return }
    let prefix = "@every "
    guard text.hasPrefix(prefix) else { throw Malformed(message: "unrecognized descriptor: \(text)") }
    let duration = String(text.dropFirst(prefix.count))
    if let problem = CronDuration.problem(duration) {
      throw Malformed(message: "failed to parse duration \(text): \(problem)")
    }
  }

  /// `number`, `number-number`, `*`, each with an optional `/step`.
  private static func check(_ expression: String, _ bounds: Bounds) throws(Malformed) {
    let rangeAndStep = expression.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let limits = rangeAndStep[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    var start = bounds.range.lowerBound
    var end = bounds.range.upperBound
    if limits[0] != "*" && limits[0] != "?" {
      start = try number(limits[0], bounds.names)
      switch limits.count {
      case 1: end = start
      case 2: end = try number(limits[1], bounds.names)
      default: throw Malformed(message: "too many hyphens: \(expression)")
      }
    }
    var step = 1
    switch rangeAndStep.count {
    case 1: break
    case 2:
      step = try number(rangeAndStep[1], [:])
      if limits.count == 1 { end = bounds.range.upperBound }
    default: throw Malformed(message: "too many slashes: \(expression)")
    }
    if start < bounds.range.lowerBound {
      throw Malformed(
        message: "beginning of range (\(start)) below minimum (\(bounds.range.lowerBound)): \(expression)")
    }
    if end > bounds.range.upperBound {
      throw Malformed(
        message: "end of range (\(end)) above maximum (\(bounds.range.upperBound)): \(expression)")
    }
    if start > end {
      throw Malformed(message: "beginning of range (\(start)) beyond end of range (\(end)): \(expression)")
    }
    if step == 0 { throw Malformed(message: "step of range should be a positive number: \(expression)") }
  }

  private static func number(_ text: String, _ names: [String: Int]) throws(Malformed) -> Int {
    if let named = names[text.lowercased()] { return named }
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : Substring(text)
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw Malformed(
        message:
          "failed to parse int from \(text): strconv.Atoi: parsing \(MessageText.quoted(text)): invalid syntax"
      )
    }
    guard let value = Int(text) else {
      throw Malformed(
        message:
          "failed to parse int from \(text): strconv.Atoi: parsing \(MessageText.quoted(text)): value out of range"
      )
    }
    if value < 0 { throw Malformed(message: "negative number (\(value)) not allowed: \(text)") }
    return value
  }
}

/// What is wrong with a duration, in the words of Go's parser.
private enum CronDuration {
  static func problem(_ text: String) -> String? {
    var rest = Substring(text)
    if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
    if rest == "0" { return nil }
    if rest.isEmpty { return "time: invalid duration " + MessageText.quoted(text) }
    let units: Set<Substring> = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]
    while !rest.isEmpty {
      let isDigit = { (character: Character) in character.isASCII && character.isNumber }
      let whole = rest.prefix(while: isDigit)
      rest = rest.dropFirst(whole.count)
      var fraction: Substring = ""
      if rest.first == "." {
        rest = rest.dropFirst()
        fraction = rest.prefix(while: isDigit)
        rest = rest.dropFirst(fraction.count)
      }
      if whole.isEmpty && fraction.isEmpty { return "time: invalid duration " + MessageText.quoted(text) }
      let unit = rest.prefix { $0 != "." && !isDigit($0) }
      if unit.isEmpty { return "time: missing unit in duration " + MessageText.quoted(text) }
      guard units.contains(unit) else {
        return "time: unknown unit " + MessageText.quoted(String(unit)) + " in duration "
          + MessageText.quoted(text)
      }
      rest = rest.dropFirst(unit.count)
    }
    return nil
  }
}
