import Testing

@testable import Objects

@Suite struct TimestampTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0, 0), ("2026-11-23T21:29:32Z", 1_795_469_372, 0),
    ("2000-02-29T12:00:00Z", 951_825_600, 0),
    ("1969-12-31T23:59:59Z", -1, 0), ("2026-01-01T02:00:00+02:00", 1_767_225_600, 0),
    ("2026-01-01T00:00:00-00:30", 1_767_227_400, 0),
    ("1970-01-01T00:00:01.5Z", 1, 500_000_000), ("1970-01-01T00:00:01,25Z", 1, 250_000_000),
    ("1970-01-01T00:00:00.1234567899Z", 0, 123_456_789), ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
    ("9999-12-31T23:59:59Z", 253_402_300_799, 0), ("1970-01-01T1:00:00Z", 3600, 0),
  ])
  func parsing(text: String, seconds: Int64, nanoseconds: Int32) {
    #expect(Timestamp(text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test(arguments: [
    "1970-01-01T00:00:00Z", "2026-11-23T21:29:32Z", "2000-02-29T00:00:00Z", "2100-03-01T00:00:00Z",
    "1600-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
  ])
  func texts(text: String) {
    #expect(Timestamp(text)?.text == text)
    #expect(Timestamp(text)?.microText == text.dropLast() + ".000000Z")
  }

  @Test func everyDayOfFourCenturiesComesBack() {
    for day in stride(from: Int64(-100_000), to: 100_000, by: 13) {
      let time = Timestamp(seconds: day * 86_400 + 3661)
      #expect(Timestamp(time.text) == time)
    }
  }

  @Test(arguments: [
    ("", #"parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006""#),
    ("abc", #"parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006""#),
    (
      "2026/01/01", #"parsing time "2026/01/01" as "2006-01-02T15:04:05Z07:00": cannot parse "/01/01" as "-""#
    ),
    ("2026-1-01", #"parsing time "2026-1-01" as "2006-01-02T15:04:05Z07:00": cannot parse "1-01" as "01""#),
    ("2026-01-01", #"parsing time "2026-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#),
    (
      "2026-01-01T00:00:00",
      #"parsing time "2026-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#
    ),
    ("2026-13-01T00:00:00Z", #"parsing time "2026-13-01T00:00:00Z": month out of range"#),
    ("2026-02-29T00:00:00Z", #"parsing time "2026-02-29T00:00:00Z": day out of range"#),
    ("2026-02-00T00:00:00Z", #"parsing time "2026-02-00T00:00:00Z": day out of range"#),
    ("2026-02-01T24:00:00Z", #"parsing time "2026-02-01T24:00:00Z": hour out of range"#),
    ("2026-02-01T23:60:00Z", #"parsing time "2026-02-01T23:60:00Z": minute out of range"#),
    ("2026-02-01T23:00:60Z", #"parsing time "2026-02-01T23:00:60Z": second out of range"#),
    ("2026-01-01T00:00:00Zé", #"parsing time "2026-01-01T00:00:00Z\xc3\xa9": extra text: "\xc3\xa9""#),
  ])
  func errors(text: String, message: String) {
    #expect(throws: Timestamp.ParseError(description: message)) {
      try Timestamp(parsing: text, layout: .seconds)
    }
  }

  @Test func microsecondsHaveSixDigits() throws {
    let time = try Timestamp(parsing: "2026-01-01T00:00:00.123456Z", layout: .microseconds)
    #expect(time.nanoseconds == 123_456_000)
    #expect(time.microText == "2026-01-01T00:00:00.123456Z")
    let message =
      #"parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#
    #expect(throws: Timestamp.ParseError(description: message)) {
      try Timestamp(parsing: "2026-01-01T00:00:00Z", layout: .microseconds)
    }
    #expect(throws: Timestamp.ParseError.self) {
      try Timestamp(parsing: "2026-01-01T00:00:00.1234567Z", layout: .microseconds)
    }
  }

  @Test func anySecondHasAText() {
    #expect(Timestamp(seconds: .max).text.hasSuffix("Z"))
    #expect(Timestamp(seconds: .min).text.hasPrefix("-"))
    #expect(Timestamp(seconds: 1, nanoseconds: -5).nanoseconds == 0)
    #expect(Timestamp(seconds: 1, nanoseconds: 2) < Timestamp(seconds: 2))
    #expect(Timestamp("0001-01-01T00:00:00Z")?.isZero == true)
  }
}
