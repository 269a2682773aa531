/// How long to wait before a program is started again.
struct RestartPolicy: Sendable {
  private static let first = Duration.milliseconds(100)
  private static let longest = Duration.seconds(10)
  /// One that ran for this long was well: its end is a first one.
  private static let wellAfter = Duration.seconds(60)

  private var next = RestartPolicy.first

  mutating func pause(afterRunningFor time: Duration) -> Duration {
    if time >= Self.wellAfter { next = Self.first }
    defer { next = min(next * 2, Self.longest) }
    return next
  }
}
