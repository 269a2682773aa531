/// A moment in UTC (Kubernetes API: `Time`, `MicroTime`).
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Since 1970-01-01T00:00:00Z; negative before.
  public let seconds: Int64
  /// Past `seconds`: 0 to 999,999,999.
  public let nanoseconds: Int32

  /// A moment; nanoseconds out of range are cut to it.
  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = min(max(nanoseconds, 0), 999_999_999)
  }

  /// The moment in an RFC 3339 text such as `2026-01-01T00:00:00Z`, with or without a fraction, in any zone; nil when
  /// it is none.
  public init?(_ text: String) {
    guard let time = try? Timestamp(parsing: text, layout: .seconds) else { return nil }
    self = time
  }

  /// The start of the year 1, which Go and so Kubernetes take for no time at all.
  public static let zero = Timestamp(seconds: -62_135_596_800)

  /// The last second that RFC 3339 can tell: 9999-12-31T23:59:59Z.
  public static let latest = Timestamp(seconds: 253_402_300_799)

  /// Whether this stands for no time at all.
  public var isZero: Bool { self == .zero }

  /// Earlier ones come first.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// RFC 3339 with seconds: `2026-01-01T00:00:00Z`.
  public var text: String { civilText + "Z" }

  /// RFC 3339 with microseconds: `2026-01-01T00:00:00.000000Z`.
  public var microText: String { civilText + "." + Self.padded(Int64(nanoseconds / 1000), to: 6) + "Z" }

  private var civilText: String {
    let (day, secondOfDay) = Self.floorDivide(seconds, by: 86_400)
    let (year, month, dayOfMonth) = Self.civil(fromDay: day)
    let time = [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { Self.padded($0, to: 2) }
    let date = [Self.padded(year, to: 4), Self.padded(month, to: 2), Self.padded(dayOfMonth, to: 2)]
    return date.joined(separator: "-") + "T" + time.joined(separator: ":")
  }

  private static func padded(_ value: Int64, to width: Int) -> String {
    let digits = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  /// The date of a day counted from 1970-01-01. Years are taken to start in March, so that leap days come last, and are
  /// counted in cycles of 400, which have 146,097 days.
  private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (cycle, dayOfCycle) = floorDivide(day + 719_468, by: 146_097)
    let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  /// The day, counted from 1970-01-01, of a date.
  static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
    let (cycle, yearOfCycle) = floorDivide(month <= 2 ? year - 1 : year, by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
  }
}
