import Testing

@testable import Objects

@Suite struct JSONParserTests {
  private func failure(_ bytes: [UInt8]) -> JSONError? {
    do throws(JSONError) {
      _ = try JSON.parse(bytes)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      ("null", .null), ("true", true), (" false\n", false), ("0", 0), ("-0", 0), ("-12", -12),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.0", .number(1)),
      ("1e3", .number(1000)),
      ("-2.5E-1", .number(-0.25)), (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
      (#""\u00e9\u20AC\ud83d\ude00""#, "é€😀"), ("[ ]", []), ("[1 , [2]]", [1, [2]]), ("{ }", [:]),
      (#"{"b":1,"a":{"c":[]}}"#, ["a": ["c": []], "b": 1]), (#"{"a":1,"b":2,"a":3}"#, ["a": 3, "b": 2]),
    ] as [(String, JSON)])
  func values(text: String, value: JSON) throws {
    #expect(try JSON.parse(text) == value)
  }

  @Test(arguments: [
    // A lone surrogate, and one before an escape that is none.
    (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"), (#""\ud800\u0041""#, "\u{FFFD}A"),
    (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud83d!\ude00""#, "\u{FFFD}!\u{FFFD}"),
  ])
  func surrogates(text: String, expected: String) throws {
    #expect(try JSON.parse(text) == .string(expected))
  }

  @Test func eachByteThatIsNoUTF8IsReplaced() throws {
    // A cut sequence, an overlong one, a surrogate, a value too large, a stray continuation.
    let cases: [([UInt8], Int)] = [
      ([0xE2, 0x82], 2), ([0xC0, 0xAF], 2), ([0xED, 0xA0, 0x80], 3), ([0xF4, 0x90, 0x80, 0x80], 4),
      ([0x80], 1), ([0xFF], 1),
    ]
    for (bytes, count) in cases {
      let text = [UInt8(ascii: "\""), UInt8(ascii: "a")] + bytes + [UInt8(ascii: "b"), UInt8(ascii: "\"")]
      #expect(try JSON.parse(text) == .string("a" + String(repeating: "\u{FFFD}", count: count) + "b"))
      // The same behind an escape sequence.
      let escaped = Array(#""\n"#.utf8) + bytes + [UInt8(ascii: "\"")]
      #expect(try JSON.parse(escaped) == .string("\n" + String(repeating: "\u{FFFD}", count: count)))
    }
  }

  @Test(arguments: [
    ("", "unexpected end of JSON input", 0), ("  ", "unexpected end of JSON input", 2),
    (#"{"a":"#, "unexpected end of JSON input", 5), ("[1,", "unexpected end of JSON input", 3),
    (#""abc"#, "unexpected end of JSON input", 4), (#""\u12"#, "unexpected end of JSON input", 1),
    ("tru", "unexpected end of JSON input", 3), ("-", "unexpected end of JSON input", 1),
    ("1e", "unexpected end of JSON input", 2), ("{", "unexpected end of JSON input", 1),
    ("x", "invalid character 'x' looking for beginning of value", 0),
    ("[1,]", "invalid character ']' looking for beginning of value", 3),
    ("{a:1}", "invalid character 'a' looking for beginning of object key string", 1),
    (#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string", 7),
    (#"{"a" 1}"#, "invalid character '1' after object key", 5),
    (#"{"a":1 "b":2}"#, "invalid character '\"' after object key:value pair", 7),
    ("[1 2]", "invalid character '2' after array element", 3),
    ("{} {}", "invalid character '{' after top-level value", 3),
    ("01", "invalid character '1' after top-level value", 1),
    ("-a", "invalid character 'a' in numeric literal", 1),
    ("1.x", "invalid character 'x' in numeric literal", 2),
    ("+1", "invalid character '+' looking for beginning of value", 0),
    ("trUe", "invalid character 'U' in literal true (expecting 'u')", 2),
    ("\"a\nb\"", "invalid character '\\n' in string", 2),
    ("\"\u{1}\"", "invalid character '\\x01' in string", 1),
    (#""\q""#, #"invalid escape sequence "\\q" in string"#, 1),
    (#""\u12G4""#, #"invalid escape sequence "\\u12G4" in string"#, 1),
    ("'a'", "invalid character '\\'' looking for beginning of value", 0),
    ("é", "invalid character 'é' looking for beginning of value", 0),
    ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64", 0),
  ])
  func errors(text: String, message: String, offset: Int) {
    #expect(failure(Array(text.utf8)) == JSONError(message, offset: offset))
  }

  @Test func aByteThatIsNoCharacterIsNamedByItsValue() {
    #expect(
      failure([0xC7, 0x1F])?.description == #"invalid character '\xc7' looking for beginning of value"#)
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    let deepest = try JSON.parse(nested(JSON.maximumDepth))
    #expect(deepest.text == nested(JSON.maximumDepth))
    #expect(failure(Array(nested(JSON.maximumDepth + 1).utf8))?.description == "exceeded max depth")
    #expect(
      failure(Array(String(repeating: "{\"a\":", count: 1_000_000).utf8))?.description == "exceeded max depth"
    )
    #expect(throws: JSONError.self) { try JSON.parse("[[1]]", options: JSON.ParseOptions(maximumDepth: 1)) }
  }

  @Test func keysThatOccurAgainAreNamedInTheOrderOfTheText() throws {
    let text = #"{"z":[{"b":1,"a":2,"b":3,"b":4}],"x":{"y":{}, "y":1},"z":[{}, {"q":1,"q":2}]}"#
    let document = try JSONDocument(Array(text.utf8))
    #expect(document.value == ["x": ["y": 1], "z": [[:], ["q": 2]]])
    #expect(
      document.duplicateFields == [
        #"duplicate field "z[0].b""#, #"duplicate field "x.y""#, #"duplicate field "z""#,
        #"duplicate field "z[1].q""#,
      ])
  }

  @Test func manyKeysInAnyOrderAreNoTrouble() throws {
    let keys = (0..<20_000).map { "k\(($0 &* 7919) % 20_000)" }
    let text = "{" + keys.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
    #expect(try JSON.parse(text).object?.count == 20_000)
  }
}
