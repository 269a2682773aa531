extension Timestamp {
  /// The forms in which times are read.
  public enum Layout: String, Sendable {
    /// Any number of digits, or none, for a fraction of a second.
    case seconds = "2006-01-02T15:04:05Z07:00"
    /// Exactly six.
    case microseconds = "2006-01-02T15:04:05.000000Z07:00"
  }

  /// Why a text is no time, in Kubernetes' words.
  public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Such as `parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"`.
    public let description: String
  }

  /// The moment in an RFC 3339 text.
  /// - Throws: `ParseError`, whose description is Kubernetes' message.
  public init(parsing text: String, layout: Layout) throws(ParseError) {
    var parser = TimestampParser(text: text, layout: layout)
    self = try parser.parse()
  }
}

private struct TimestampParser {
  let text: String
  let layout: Timestamp.Layout
  private var rest: ArraySlice<UInt8>

  init(text: String, layout: Timestamp.Layout) {
    self.text = text
    self.layout = layout
    rest = Array(text.utf8)[...]
  }

  mutating func parse() throws(Timestamp.ParseError) -> Timestamp {
    let year = try digits(4, as: "2006")
    try literal("-")
    let month = try digits(2, as: "01")
    try check(1...12 ~= month, "month")
    try literal("-")
    let day = try digits(2, as: "02")
    try literal("T")
    let hour = try hour()
    try check(hour < 24, "hour")
    try literal(":")
    let minute = try digits(2, as: "04")
    try check(minute < 60, "minute")
    try literal(":")
    let second = try digits(2, as: "05")
    try check(second < 60, "second")
    let nanoseconds = try fraction()
    let offset = try zone()
    guard rest.isEmpty else { throw failure(": extra text: \(GoFormat.quotedBytes(rest))") }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    try check(1...days ~= Int(day), "day")
    let seconds =
      Timestamp.day(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
    return Timestamp(seconds: seconds - offset, nanoseconds: nanoseconds)
  }

  private func isDigit(_ place: Int) -> Bool {
    guard rest.startIndex + place < rest.endIndex else { return false }
    return rest[rest.startIndex + place] &- UInt8(ascii: "0") < 10
  }

  private mutating func take(_ count: Int) -> Int64 {
    var value: Int64 = 0
    for byte in rest.prefix(count) { value = value * 10 + Int64(byte - UInt8(ascii: "0")) }
    rest = rest.dropFirst(count)
    return value
  }

  /// Exactly this many digits, which stand where the layout has `element`.
  private mutating func digits(_ count: Int, as element: String) throws(Timestamp.ParseError) -> Int64 {
    guard (0..<count).allSatisfy({ isDigit($0) }) else { throw mismatch(element) }
    return take(count)
  }

  /// One digit will do for an hour.
  private mutating func hour() throws(Timestamp.ParseError) -> Int64 {
    guard isDigit(0) else { throw mismatch("15") }
    return take(isDigit(1) ? 2 : 1)
  }

  private mutating func literal(_ character: Character) throws(Timestamp.ParseError) {
    guard let expected = character.asciiValue, rest.first == expected else {
      throw mismatch(String(character))
    }
    rest.removeFirst()
  }

  /// Nanoseconds.
  private mutating func fraction() throws(Timestamp.ParseError) -> Int32 {
    let isPoint = rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: ",")
    var count = 0
    if layout == .microseconds {
      guard isPoint, (1...6).allSatisfy({ isDigit($0) }) else { throw mismatch(".000000") }
      count = 6
    } else {
      guard isPoint, isDigit(1) else { return 0 }
      while isDigit(count + 1) { count += 1 }
    }
    rest.removeFirst()
    // More than nine digits are read over.
    let kept = min(count, 9)
    var value = take(kept)
    for _ in kept..<9 { value *= 10 }
    rest = rest.dropFirst(count - kept)
    return Int32(truncatingIfNeeded: value)
  }

  /// Seconds east of UTC.
  private mutating func zone() throws(Timestamp.ParseError) -> Int64 {
    if rest.first == UInt8(ascii: "Z") {
      rest.removeFirst()
      return 0
    }
    let start = rest.startIndex
    guard rest.count >= 6, rest[start + 3] == UInt8(ascii: ":"), [1, 2, 4, 5].allSatisfy({ isDigit($0) }),
      rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-")
    else { throw mismatch("Z07:00") }
    let sign: Int64 = rest.removeFirst() == UInt8(ascii: "-") ? -1 : 1
    let hours = take(2)
    rest.removeFirst()
    let minutes = take(2)
    try check(hours <= 24, "time zone offset hour")
    try check(minutes <= 60, "time zone offset minute")
    return sign * (hours * 3600 + minutes * 60)
  }

  // MARK: Errors

  private func check(_ isInRange: Bool, _ part: String) throws(Timestamp.ParseError) {
    if !isInRange { throw failure(": \(part) out of range") }
  }

  private func failure(_ reason: String) -> Timestamp.ParseError {
    Timestamp.ParseError(description: "parsing time \(GoFormat.quotedBytes(text.utf8))\(reason)")
  }

  private func mismatch(_ element: String) -> Timestamp.ParseError {
    failure(" as \"\(layout.rawValue)\": cannot parse \(GoFormat.quotedBytes(rest)) as \"\(element)\"")
  }
}
