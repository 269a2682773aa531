import Testing

@testable import Objects

@Suite("Values in Go's format")
struct GoFormatTests {
  static let values: [(json: String, plain: String, string: String)] = [
    ("null", "<nil>", "%!s(<nil>)"),
    ("true", "true", "%!s(bool=true)"),
    ("-3", "-3", "%!s(int64=-3)"),
    ("2.5", "2.5", "%!s(float64=2.5)"),
    (#""a b""#, "a b", "a b"),
    ("[]", "[]", "[]"),
    (#"["a",1,[null]]"#, "[a 1 [<nil>]]", "[a %!s(int64=1) [%!s(<nil>)]]"),
    (#"{"b":{"x":"y"},"a":1}"#, "map[a:1 b:map[x:y]]", "map[a:%!s(int64=1) b:map[x:y]]"),
  ]

  @Test("values", arguments: values)
  func writesValues(_ example: (json: String, plain: String, string: String)) throws {
    let value = try JSON.parse(example.json)
    #expect(GoFormat.plain(value) == example.plain)
    #expect(GoFormat.asString(value) == example.string)
  }

  static let numbers: [(Double, String)] = [
    (0, "0"), (-0.0, "-0"), (1, "1"), (0.5, "0.5"), (-12.25, "-12.25"), (123456, "123456"),
    (1_234_567, "1.234567e+06"),
    (1e6, "1e+06"), (1e21, "1e+21"), (1e100, "1e+100"), (0.0001, "0.0001"), (0.00001, "1e-05"),
    (0.000012, "1.2e-05"),
    (1.5e300, "1.5e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
  ]

  @Test("numbers", arguments: numbers)
  func writesNumbers(_ number: Double, _ text: String) { #expect(GoFormat.number(number) == text) }

  static let quoted: [(String, String)] = [
    ("", #""""#), ("a", #""a""#), ("\"\\\n\t\r", #""\"\\\n\t\r""#), ("\u{1}\u{7F}", #""\x01\x7f""#),
    ("é€", #""é€""#), ("ü\u{85}", #""ü\u0085""#),
    ("\u{200B}", #""\u200b""#), ("\u{E0001}", #""\U000e0001""#), ("\u{A0}", #""\u00a0""#),
    ("\u{7}\u{8}\u{B}\u{C}", #""\a\b\v\f""#),
  ]

  @Test("quoted strings", arguments: quoted)
  func quotes(_ text: String, _ quoted: String) { #expect(GoFormat.quoted(text) == quoted) }
}
