import Testing

@testable import Objects

@Suite struct JSONWriterTests {
  @Test(
    arguments: [
      (.null, "null"), (true, "true"), (false, "false"), (0, "0"), (7, "7"), (-1, "-1"),
      (.integer(.min), "-9223372036854775808"),
      ("", #""""#), ("a\"b\\c/d", #""a\"b\\c/d""#),
      ("\u{8}\t\n\u{c}\r\u{0}\u{1f}\u{7f}", "\"\\b\\t\\n\\f\\r\\u0000\\u001f\u{7f}\""),
      ("<é&€>", #""<é&€>""#), ("a\u{2028}b\u{2029}\u{202A}", "\"a\\u2028b\\u2029\u{202A}\""), ([], "[]"),
      ([1, [], [:]], "[1,[],{}]"),
      (["b": 1, "a": ["\n": .null]], #"{"a":{"\n":null},"b":1}"#),
    ] as [(JSON, String)])
  func values(value: JSON, text: String) throws {
    #expect(value.text == text)
    #expect(try JSON.parse(text) == value)
  }

  @Test(arguments: [
    (0.0, "0"), (-0.0, "-0"), (1, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (100, "100"),
    (123456.789, "123456.789"),
    (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e300, "1.5e+300"), (0.000001, "0.000001"),
    (1e-7, "1e-7"),
    (1.25e-10, "1.25e-10"), (.leastNonzeroMagnitude, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (9007199254740992, "9007199254740992"), (0.30000000000000004, "0.30000000000000004"), (.infinity, "null"),
  ])
  func numbers(number: Double, text: String) {
    #expect(JSON.number(number).text == text)
  }

  @Test func whatIsThereIsKept() {
    var output = Array("x".utf8)
    JSON.object(["a": 1]).write(to: &output)
    #expect(String(decoding: output, as: UTF8.self) == #"x{"a":1}"#)
  }

  @Test func anAbsentMemberIsNoNull() {
    let value: JSON = ["a": .null]
    #expect(value["b"] == nil)
    #expect(value["a"] == .some(.null))
    #expect(value.object?["b"] == nil)
  }
}
