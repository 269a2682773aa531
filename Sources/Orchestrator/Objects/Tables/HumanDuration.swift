/// Durations as kubectl's tables tell them: two units at most, the second only while the first is small.
enum HumanDuration {
  /// The time from one moment to another; up to two seconds backwards count as now, for clocks that differ.
  static func text(from start: Timestamp, to end: Timestamp) -> String {
    let (difference, overflow) = end.seconds.subtractingReportingOverflow(start.seconds)
    guard !overflow else { return end < start ? "<invalid>" : text(seconds: longest) }
    var seconds = min(max(difference, -longest), longest)
    let nanoseconds = Int64(end.nanoseconds) - Int64(start.nanoseconds)
    // Rounded towards zero, as the whole seconds of a duration are.
    if nanoseconds < 0 && seconds > 0 { seconds -= 1 }
    if nanoseconds > 0 && seconds < 0 { seconds += 1 }
    return text(seconds: seconds)
  }

  static func text(seconds: Int64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600)
    let days = hours / 24
    if seconds < -1 { return "<invalid>" }
    if seconds < 0 { return "0s" }
    if seconds < 120 { return "\(seconds)s" }
    if minutes < 10 { return two(minutes, "m", seconds % 60, "s") }
    if minutes < 180 { return "\(minutes)m" }
    if hours < 8 { return two(hours, "h", minutes % 60, "m") }
    if hours < 48 { return "\(hours)h" }
    if days < 8 { return two(days, "d", hours % 24, "h") }
    if days < 365 * 2 { return "\(days)d" }
    if days < 365 * 8 { return two(days / 365, "y", days % 365, "d") }
    return "\(days / 365)y"
  }

  private static func two(_ first: Int64, _ unit: String, _ second: Int64, _ smaller: String) -> String {
    second == 0 ? "\(first)\(unit)" : "\(first)\(unit)\(second)\(smaller)"
  }

  /// Go's durations end after 292 years.
  private static let longest: Int64 = 9_223_372_036
}
