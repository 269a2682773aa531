import Testing

@testable import Objects

@Suite struct HumanDurationTests {
  @Test(arguments: [
    (-2, "<invalid>"), (-1, "0s"), (0, "0s"), (5, "5s"), (119, "119s"),
    (120, "2m"), (130, "2m10s"), (599, "9m59s"), (600, "10m"), (3600, "60m"), (10_799, "179m"),
    (10_800, "3h"), (11_460, "3h11m"), (28_799, "7h59m"), (28_800, "8h"), (172_799, "47h"),
    (172_800, "2d"), (187_200, "2d4h"), (691_199, "7d23h"), (691_200, "8d"), (63_071_999, "729d"),
    (63_072_000, "2y"), (95_644_800, "3y12d"), (252_287_999, "7y364d"), (252_288_000, "8y"),
    (9_223_372_036, "292y"),
  ])
  func text(_ seconds: Int64, _ text: String) {
    #expect(HumanDuration.text(seconds: seconds) == text)
  }

  @Test(arguments: [
    ("2026-01-01T00:00:00Z", "2026-01-01T00:00:07Z", "7s"),
    // Whole seconds only count once they are over, in both directions.
    ("2026-01-01T00:00:00.900000Z", "2026-01-01T00:00:02.100000Z", "1s"),
    ("2026-01-01T00:00:02.500000Z", "2026-01-01T00:00:01.000000Z", "0s"),
    ("2026-01-01T00:00:02.000000Z", "2026-01-01T00:00:00.500000Z", "0s"),
    ("2026-01-01T00:00:02.000000Z", "2026-01-01T00:00:00.000000Z", "<invalid>"),
    // Longer than Go's durations can be.
    ("0002-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "292y"),
    ("9999-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "<invalid>"),
  ])
  func textBetween(_ start: String, _ end: String, _ text: String) throws {
    let start = try #require(Timestamp(start))
    let end = try #require(Timestamp(end))
    #expect(HumanDuration.text(from: start, to: end) == text)
  }
}
