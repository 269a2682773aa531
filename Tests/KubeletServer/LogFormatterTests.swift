import Exchange
import Objects
import Testing

@testable import KubeletServer

struct LogFormatterTests {
  private static let log = """
    2026-11-28T17:00:00.1Z stdout F one
    2026-11-28T17:00:01.123456789+01:00 stderr P tw
    2026-11-28T17:00:01.2+01:00 stderr F o
    2026-11-28T17:00:02Z stdout F:x\u{20}
    nonsense
    2026-11-28T17:00:03Z stdout F three four

    """

  private func options(_ query: (String, String)...) throws -> LogOptions {
    try LogOptions(
      query: query.map { (name: $0.0, value: $0.1) }, now: Timestamp("2026-11-28T17:00:03Z") ?? .zero)
  }

  private func text(_ options: LogOptions, lines: Int? = nil, pieces: Int = .max) -> String {
    var formatter = LogFormatter(options, lines: lines)
    var output: [UInt8] = []
    let bytes = Array(Self.log.utf8)
    var start = 0
    while start < bytes.count {
      let end = start + min(pieces, bytes.count - start)
      formatter.format(Array(bytes[start..<end]), into: &output)
      start = end
    }
    return String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: [1, 2, 3, 7, 50, 1000])
  func `parts of lines are joined however the bytes come`(pieces: Int) throws {
    #expect(text(try options(), pieces: pieces) == "one\ntwo\n\nthree four\n")
    #expect(
      text(try options(("timestamps", "true")), pieces: pieces) == """
        2026-11-28T17:00:00.100000000Z one
        2026-11-28T17:00:01.123456789+01:00 two
        2026-11-28T17:00:02.000000000Z\u{20}
        2026-11-28T17:00:03.000000000Z three four

        """)
  }

  @Test func `streams, times and bounds choose what is shown`() throws {
    #expect(text(try options(("stream", "Stderr"))) == "two\n")
    #expect(text(try options(("stream", "Stdout"))) == "one\n\nthree four\n")
    #expect(text(try options(("sinceSeconds", "1"))) == "\nthree four\n")
    #expect(text(try options(("sinceTime", "2026-11-28T17:00:02.5Z"))) == "three four\n")
    #expect(text(try options(("limitBytes", "6"))) == "one\ntw")
    #expect(text(try options(), lines: 1) == "one\n")
    #expect(text(try options(), lines: 0) == "")
  }

  @Test func `a line without end is shown, and one without head is not`() throws {
    var formatter = LogFormatter(LogOptions())
    var output: [UInt8] = []
    formatter.format(Array("2026-11-28T17:00:00Z stdout F abc".utf8), into: &output)
    #expect(output == Array("abc".utf8))
    formatter.format(Array("\n2026-11-28T17:00:00Z std".utf8), into: &output)
    formatter.startFile()
    formatter.format(Array(String(repeating: "x", count: 1000).utf8), into: &output)
    formatter.format(Array("\n2026-11-28T17:00:00Z stdout F def\n".utf8), into: &output)
    #expect(String(decoding: output, as: UTF8.self) == "abc\ndef\n")
  }

  @Test(arguments: [
    ("tailLines", "x", 400), ("sinceTime", "yesterday", 400), ("limitBytes", "1.5", 400),
    ("tailLines", "-1", 422), ("limitBytes", "0", 422), ("sinceSeconds", "0", 422), ("stream", "both", 422),
  ])
  func `options that make no sense are refused`(name: String, value: String, code: Int) {
    let error = #expect(throws: StatusError.self) { try options((name, value)) }
    #expect(error?.code == code)
  }

  @Test func `options that do not fit are refused`() {
    #expect(throws: StatusError.self) { try options(("stream", "Stdout"), ("tailLines", "1")) }
    #expect(throws: StatusError.self) {
      try options(("sinceSeconds", "1"), ("sinceTime", "2026-11-28T17:00:00Z"))
    }
  }

  @Test func `flags are on unless they say no`() throws {
    let some = try options(("follow", ""), ("previous", "false"), ("timestamps", "1"), ("tail", "all"))
    #expect(some.follows && !some.isPrevious && some.hasTimestamps && some.tailLines == nil)
    #expect(try options(("tail", "7"), ("tailLines", "8")).tailLines == 7)
  }
}
