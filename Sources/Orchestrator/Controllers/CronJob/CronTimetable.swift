import Objects

/// When a cron schedule falls due, such as `*/5 8-17 * * mon-fri` or `@every 1h30m`.
struct CronTimetable: Sendable, Equatable {
  /// The seconds to add to UTC for local time, at a moment.
  typealias Offset = @Sendable (Timestamp) -> Int64

  private enum Rule: Equatable {
    case fields(
      minutes: UInt64, hours: UInt64, days: UInt64, months: UInt64, weekdays: UInt64, eitherDay: Bool)
    case every(seconds: Int64)
  }

  private let rule: Rule

  /// No schedule is looked for further ahead: some, such as February 30th, never fall due.
  private static let horizonDays: Int64 = 5 * 366

  private static let monthNames = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]
  private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
  private static let descriptors = [
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
  ]

  // MARK: Reading

  /// The timetable of a schedule; nil if it is none.
  init?(_ schedule: String) {
    var text = schedule
    if text.hasPrefix("@every ") {
      guard let duration = GoDuration(String(text.dropFirst(7))), duration.nanoseconds > 0 else { return nil }
      rule = .every(seconds: max(1, duration.nanoseconds / 1_000_000_000))
      return
    }
    if text.hasPrefix("@") {
      guard let fields = Self.descriptors[text] else { return nil }
      text = fields
    }
    let parts = text.split { $0 == " " || $0 == "\t" }.map { String($0) }
    guard parts.count == 5, let minutes = Self.bits(parts[0], 0...59),
      let hours = Self.bits(parts[1], 0...23),
      let days = Self.bits(parts[2], 1...31), let months = Self.bits(parts[3], 1...12, Self.monthNames),
      let weekdays = Self.bits(parts[4], 0...6, Self.weekdayNames)
    else { return nil }
    // With both given, either kind of day will do; with one left open, the other decides.
    rule = .fields(
      minutes: minutes.bits, hours: hours.bits, days: days.bits, months: months.bits, weekdays: weekdays.bits,
      eitherDay: !days.isOpen && !weekdays.isOpen)
  }

  private static func bits(_ field: String, _ range: ClosedRange<Int>, _ names: [String] = []) -> (
    bits: UInt64, isOpen: Bool
  )? {
    var bits: UInt64 = 0
    var isOpen = false
    for part in field.split(separator: ",") {
      let halves = part.split(separator: "/", omittingEmptySubsequences: false)
      guard halves.count <= 2 else { return nil }
      var step = 1
      if halves.count == 2 {
        guard let value = Int(halves[1]), value > 0 else { return nil }
        step = value
      }
      let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
      var first = range.lowerBound
      var last = range.upperBound
      if ends[0] == "*" || ends[0] == "?" {
        if step == 1 { isOpen = true }
      } else {
        guard ends.count <= 2, let start = number(ends[0], range, names),
          let end = ends.count == 2 ? number(ends[1], range, names) : halves.count == 2 ? last : start
        else { return nil }
        first = start
        last = end
      }
      guard range.contains(first), range.contains(last), first <= last else { return nil }
      for value in stride(from: first, through: last, by: step) { bits |= 1 << UInt64(value) }
    }
    return bits == 0 ? nil : (bits, isOpen)
  }

  private static func number(_ text: Substring, _ range: ClosedRange<Int>, _ names: [String]) -> Int? {
    if let place = names.firstIndex(of: text.lowercased()) { return place + range.lowerBound }
    return Int(text)
  }

  // MARK: Times

  /// The first time after a moment; nil if there is none in sight.
  func next(after time: Timestamp, offset: Offset) -> Timestamp? {
    switch rule {
    case .every(let seconds): return Timestamp(seconds: time.advanced(bySeconds: seconds).seconds)
    case .fields(let minutes, let hours, let days, let months, let weekdays, let eitherDay):
      let local = time.seconds + offset(time)
      // The first full minute after.
      let start = (local.floored(60) + 1) * 60
      let firstDay = start.floored(86_400)
      for day in firstDay..<(firstDay + Self.horizonDays) {
        let date = CivilDate(day: day)
        guard months.has(date.month) else { continue }
        let isDay = days.has(date.day)
        let isWeekday = weekdays.has(date.weekday)
        guard eitherDay ? isDay || isWeekday : isDay && isWeekday else { continue }
        for hour in 0..<24 where hours.has(hour) {
          for minute in 0..<60 where minutes.has(minute) {
            let candidate = day * 86_400 + Int64(hour * 3600 + minute * 60)
            guard candidate >= start, let moment = Self.moment(candidate, offset), moment > time else {
              continue
            }
            return moment
          }
        }
      }
      return nil
    }
  }

  /// The moment of a local time; nil where clocks have been put forward over it.
  private static func moment(_ local: Int64, _ offset: Offset) -> Timestamp? {
    let guess = local - offset(Timestamp(seconds: local))
    // The earlier of two, where clocks are put back.
    for before in [Int64(86_400), 0] {
      let moment = Timestamp(seconds: local - offset(Timestamp(seconds: guess - before)))
      if moment.seconds + offset(moment) == local { return moment }
    }
    return nil
  }

  /// The last time that is after one moment and not after another.
  func latest(after earliest: Timestamp, until now: Timestamp, offset: Offset) -> Timestamp? {
    guard earliest < now else { return nil }
    if case .every(let seconds) = rule {
      let count = (now.seconds - earliest.seconds) / seconds
      return count > 0 ? Timestamp(seconds: earliest.seconds + count * seconds) : nil
    }
    // From spans that get longer: a schedule that falls due often does so in a short one.
    for span: Int64 in [3600, 86_400, 32 * 86_400, 400 * 86_400, Self.horizonDays * 86_400] {
      let start = max(earliest, now.advanced(bySeconds: -span))
      var found: Timestamp?
      var time = start
      while let next = next(after: time, offset: offset), next <= now {
        found = next
        time = next
      }
      if found != nil || start == earliest { return found }
    }
    return nil
  }
}

/// A date of the Gregorian calendar.
private struct CivilDate {
  let month: Int
  let day: Int
  /// From Sunday.
  let weekday: Int

  /// The date of a day counted from 1970-01-01, a Thursday.
  init(day: Int64) {
    weekday = Int((day + 4) - (day + 4).floored(7) * 7)
    // Years from March on, so that leap days come last, in cycles of 400, which have 146,097 days.
    let shifted = day + 719_468
    let ofCycle = shifted - shifted.floored(146_097) * 146_097
    let year = (ofCycle - ofCycle / 1460 + ofCycle / 36_524 - ofCycle / 146_096) / 365
    let ofYear = ofCycle - (365 * year + year / 4 - year / 100)
    let fromMarch = (5 * ofYear + 2) / 153
    month = Int(fromMarch < 10 ? fromMarch + 3 : fromMarch - 9)
    self.day = Int(ofYear - (153 * fromMarch + 2) / 5 + 1)
  }
}

extension Int64 {
  fileprivate func floored(_ divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}

extension UInt64 {
  fileprivate func has(_ bit: Int) -> Bool { self & (1 << UInt64(bit)) != 0 }
}
