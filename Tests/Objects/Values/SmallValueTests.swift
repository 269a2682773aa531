import Testing

@testable import Objects

@Suite struct GoDurationTests {
  @Test(
    arguments: [
      ("0", 0, "0s"), ("0s", 0, "0s"), ("1h30m", 5_400_000_000_000, "1h30m0s"),
      ("90m", 5_400_000_000_000, "1h30m0s"),
      ("1.5s", 1_500_000_000, "1.5s"), (".5s", 500_000_000, "500ms"), ("-2m", -120_000_000_000, "-2m0s"),
      ("+5s", 5_000_000_000, "5s"),
      ("300ms", 300_000_000, "300ms"), ("1us", 1000, "1µs"), ("1.5µs", 1500, "1.5µs"), ("7ns", 7, "7ns"),
      ("100h", 360_000_000_000_000, "100h0m0s"),
      ("1h0m0.000000001s", 3_600_000_000_001, "1h0m0.000000001s"),
      ("2562047h47m16.854775807s", .max, "2562047h47m16.854775807s"),
      ("-2562047h47m16.854775808s", .min, "-2562047h47m16.854775808s"),
    ] as [(String, Int64, String)])
  func durations(text: String, nanoseconds: Int64, canonical: String) throws {
    let duration = try GoDuration(parsing: text)
    #expect(duration.nanoseconds == nanoseconds)
    #expect(duration.text == canonical)
    #expect(GoDuration(canonical) == duration)
  }

  @Test(arguments: [
    ("", #"time: invalid duration """#), ("-", #"time: invalid duration "-""#),
    ("x", #"time: invalid duration "x""#), (".s", #"time: invalid duration ".s""#),
    ("5", #"time: missing unit in duration "5""#), ("5x", #"time: unknown unit "x" in duration "5x""#),
    ("1d", #"time: unknown unit "d" in duration "1d""#),
    ("2562047h47m16.854775808s", #"time: invalid duration "2562047h47m16.854775808s""#),
    ("99999999999999999999s", #"time: invalid duration "99999999999999999999s""#),
    ("1é", #"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#),
  ])
  func errors(text: String, message: String) {
    #expect(throws: GoDuration.ParseError(description: message)) { try GoDuration(parsing: text) }
    #expect(GoDuration(text) == nil)
  }
}

@Suite struct IntOrStringTests {
  @Test func values() {
    #expect(IntOrString(JSON.integer(80)) == .integer(80))
    #expect(IntOrString(JSON.string("http")) == .string("http"))
    #expect(IntOrString(JSON.integer(1 << 31)) == nil)
    #expect(IntOrString(JSON.number(1.5)) == nil)
    #expect(IntOrString.integer(80).json == 80)
    #expect(IntOrString.string("25%").json == "25%")
    #expect(IntOrString.string("25%").percentage == 25)
    #expect(IntOrString.string("25").percentage == nil)
    #expect(IntOrString.string("x%").percentage == nil)
  }

  @Test(
    arguments: [
      (.integer(3), 10, 3, 3), (.string("25%"), 10, 3, 2), (.string("0%"), 10, 0, 0),
      (.string("100%"), 7, 7, 7), (.string("1%"), 1, 1, 0),
      (.string("150%"), 3, 5, 4), (.string("-50%"), 3, -1, -2),
      (.string("9223372036854775807%"), .max, .max, .max),
    ] as [(IntOrString, Int, Int, Int)])
  func scaling(value: IntOrString, total: Int, up: Int, down: Int) {
    #expect(value.scaled(of: total, roundingUp: true) == up)
    #expect(value.scaled(of: total, roundingUp: false) == down)
  }

  @Test func otherTextsHaveNoScale() {
    #expect(IntOrString.string("five").scaled(of: 10, roundingUp: true) == nil)
    #expect(IntOrString.string("5").scaled(of: 10, roundingUp: true) == nil)
  }
}

@Suite struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abcd", "YWJjZA=="), ("\u{FF}?>", "w78/Pg=="),
  ])
  func texts(plain: String, encoded: String) throws {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(try Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test func lineEndsAreReadOver() throws {
    #expect(try Base64.decode("YW\nJj\r\nZA=\n=\n") == Array("abcd".utf8))
  }

  @Test(arguments: [
    ("***", 0), ("Y", 0), ("YQ", 0), ("YQ=", 3), ("YQ=x", 2), ("YWJjY", 4), ("YWJj=", 4), ("Y===", 1),
    ("YQ==YQ==", 4), ("YWI=x", 4), ("YW-_", 2),
    ("YWJjé", 4),
  ])
  func errors(text: String, offset: Int) {
    #expect(throws: Base64.ParseError(offset: offset)) { try Base64.decode(text) }
    #expect(Base64.ParseError(offset: offset).description == "illegal base64 data at input byte \(offset)")
  }
}
