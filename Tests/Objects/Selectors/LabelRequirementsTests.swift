import Testing

@testable import Objects

@Suite("Label selectors")
struct LabelRequirementsTests {
  private static let name =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
  private static let value =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    + "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
  private static let subdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    + #"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#

  static let texts: [(text: String, canonical: String)] = [
    ("", ""), ("  \t", ""), ("a=b", "a=b"), ("a==b", "a==b"), (" a = b , c != d ", "a=b,c!=d"),
    ("b=1,a=2", "a=2,b=1"),
    ("a", "a"), ("!a", "!a"), ("! a,b", "!a,b"), ("a=", "a="), ("a=,b", "a=,b"), ("a!=", "a!="),
    ("i in (1),!zz", "i in (1),!zz"), ("x in (c,a,b,a)", "x in (a,b,c)"), ("x notin (a)", "x notin (a)"),
    ("x in ()", "x in ()"), ("x in (,)", "x in ()"), ("x in (a,)", "x in (,a)"), ("x in (,a)", "x in (,a)"),
    ("x in (a,,b)", "x in (,a,b)"), ("x in (in,notin)", "x in (in,notin)"), ("in in (in)", "in in (in)"),
    ("notin=in", "notin=in"), ("in", "in"), ("a>1", "a>1"), ("a<9,a>5", "a<9,a>5"),
    ("x in(a),y", "x in (a),y"),
    ("example.com/a=B_1.c", "example.com/a=B_1.c"), ("a\0", "a"),
  ]

  @Test("parse, and are written canonically", arguments: texts)
  func parses(_ example: (text: String, canonical: String)) throws {
    let selector = try LabelRequirements(parsing: example.text)
    #expect(selector.description == example.canonical)
    #expect(try LabelRequirements(parsing: example.canonical) == selector)
  }

  static let malformed: [(text: String, message: String)] = [
    ("a===b", "unable to parse requirement: found '=', expected: identifier"),
    ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
    ("a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"),
    ("a in", "unable to parse requirement: found '' expected: '('"),
    ("a in b", "unable to parse requirement: found 'b' expected: '('"),
    ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
    ("a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
    ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
    ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
    ("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"),
    ("a in (b,=)", "unable to parse requirement: found '=', expected: ',', or identifier"),
    ("!", "unable to parse requirement: found '', expected: identifier"),
    ("!!a", "unable to parse requirement: found '!', expected: identifier"),
    ("!a=b", "found '=', expected: ',' or 'end of string'"),
    ("a=b c", "found 'c', expected: ',' or 'end of string'"),
    ("a=b)", "found ')', expected: ',' or 'end of string'"),
    ("a=b,", "found '', expected: identifier after ','"),
    ("a,", "found '', expected: identifier after ','"),
    ("a,,b", "found ',', expected: identifier after ','"),
    (",a", "found ',', expected: !, identifier, or 'end of string'"),
    ("=", "found '=', expected: !, identifier, or 'end of string'"),
    ("(", "found '(', expected: !, identifier, or 'end of string'"),
    ("-a=b", #"unable to parse requirement: <nil>: Invalid value: "-a": name part \#(name)"#),
    ("A/b=c", #"unable to parse requirement: <nil>: Invalid value: "A/b": prefix part \#(subdomain)"#),
    ("a=-", #"unable to parse requirement: values[0][a]: Invalid value: "-": \#(value)"#),
    (
      "a in (-,b,c-)",
      #"unable to parse requirement: [values[0][a]: Invalid value: "-": \#(value), "#
        + #"values[2][a]: Invalid value: "c-": \#(value)]"#
    ),
    (
      "a>b",
      #"unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, "#
        + "the value must be an integer"
    ),
    (
      "a<",
      #"unable to parse requirement: values[0]: Invalid value: "": for 'Gt', 'Lt' operators, "#
        + "the value must be an integer"
    ),
  ]

  @Test("do not parse", arguments: malformed)
  func refuses(_ example: (text: String, message: String)) {
    let error = #expect(throws: SelectorError.self) { try LabelRequirements(parsing: example.text) }
    #expect(error?.message == example.message)
  }

  static let matches: [(selector: String, labels: String, matches: Bool)] = [
    ("", "null", true), ("", "{}", true), ("", #"{"a":"b"}"#, true), ("a=b", #"{"a":"b","c":"d"}"#, true),
    ("a=b", #"{"a":"c"}"#, false), ("a=b", "null", false), ("a==b", #"{"a":"b"}"#, true),
    ("a=", #"{"a":""}"#, true),
    ("a=", "{}", false), ("a!=b", #"{"a":"c"}"#, true), ("a!=b", #"{"a":"b"}"#, false), ("a!=b", "{}", true),
    ("a", #"{"a":""}"#, true), ("a", "{}", false), ("!a", #"{"a":""}"#, false), ("!a", "{}", true),
    ("a in (b,c)", #"{"a":"c"}"#, true), ("a in (b,c)", #"{"a":"d"}"#, false), ("a in (b,c)", "{}", false),
    ("a notin (b,c)", #"{"a":"c"}"#, false), ("a notin (b,c)", #"{"a":"d"}"#, true),
    ("a notin (b,c)", "{}", true),
    ("a>1", #"{"a":"2"}"#, true), ("a>1", #"{"a":"1"}"#, false), ("a<1", #"{"a":"0"}"#, true),
    ("a<1", "{}", false),
    ("a>1", #"{"a":"x"}"#, false), ("a=b,c!=d", #"{"a":"b","c":"d"}"#, false),
    ("a=b,c!=d", #"{"a":"b"}"#, true),
    ("a=1", #"{"a":1}"#, false),
  ]

  @Test("match labels", arguments: matches)
  func matching(_ example: (selector: String, labels: String, matches: Bool)) throws {
    let selector = try LabelRequirements(parsing: example.selector)
    #expect(try selector.matches(JSON.parse(example.labels)) == example.matches)
  }

  static let objects: [(object: String, canonical: String)] = [
    ("{}", ""), (#"{"matchLabels":{"b":"1","a":"2"}}"#, "a=2,b=1"),
    (
      #"""
      {"matchLabels":{"m":"n"},"matchExpressions":[{"key":"a","operator":"In","values":["y","x"]},
       {"key":"b","operator":"NotIn","values":["z"]},{"key":"c","operator":"Exists"},
       {"key":"d","operator":"DoesNotExist","values":[]}]}
      """#, "a in (x,y),b notin (z),c,!d,m=n"
    ),
  ]

  @Test("come from an object", arguments: objects)
  func object(_ example: (object: String, canonical: String)) throws {
    #expect(try LabelRequirements(selector: JSON.parse(example.object)).description == example.canonical)
  }

  @Test("without an object match nothing")
  func nothing() throws {
    #expect(try LabelRequirements(selector: nil) == .nothing)
    #expect(try LabelRequirements(selector: .null) == .nothing)
    #expect(!LabelRequirements.nothing.matches([:]))
    #expect(!LabelRequirements.nothing.isEmpty)
    #expect(LabelRequirements.everything.isEmpty)
    #expect(try LabelRequirements(selector: [:]) == .everything)
  }

  static let falseObjects: [(object: String, message: String)] = [
    (#"{"matchExpressions":[{"key":"a","operator":"in"}]}"#, #""in" is not a valid label selector operator"#),
    (#"{"matchExpressions":[{"key":"a"}]}"#, #""" is not a valid label selector operator"#),
    (
      #"{"matchExpressions":[{"key":"a","operator":"In"}]}"#,
      "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty"
    ),
    (
      #"{"matchExpressions":[{"key":"a","operator":"Exists","values":["b","c"]}]}"#,
      #"values: Invalid value: ["b","c"]: values set must be empty for exists and does not exist"#
    ),
    (#"{"matchLabels":{"a b":"c"}}"#, #"key: Invalid value: "a b": name part \#(name)"#),
    (#"{"matchLabels":{"a":"c d"}}"#, #"values[0][a]: Invalid value: "c d": \#(value)"#),
    (
      #"{"matchLabels":{"a/b/c":""}}"#,
      #"key: Invalid value: "a/b/c": a valid label key \#(name) with an optional DNS subdomain prefix and '/' "#
        + "(e.g. 'example.com/MyName')"
    ),
    (#"{"matchLabels":{"/b":""}}"#, #"key: Invalid value: "/b": prefix part must be non-empty"#),
    (
      #"{"matchLabels":{"a/":""}}"#,
      #"key: Invalid value: "a/": name part must be non-empty; name part \#(name)"#
    ),
  ]

  @Test("do not come from an object", arguments: falseObjects)
  func refusesObject(_ example: (object: String, message: String)) throws {
    let object = try JSON.parse(example.object)
    let error = #expect(throws: SelectorError.self) { try LabelRequirements(selector: object) }
    #expect(error?.message == example.message)
  }

  @Test("say which value a label must have")
  func requiredValue() throws {
    let selector = try LabelRequirements(parsing: "a=1,b in (2),c in (3,4),d!=5,e")
    #expect(
      ["a", "b", "c", "d", "e", "f"].map { selector.requiredValue(of: $0) } == ["1", "2", nil, nil, nil, nil])
  }

  @Test("lengths of keys and values")
  func lengths() {
    func text(_ length: Int) -> String { String(repeating: "a", count: length) }
    #expect(LabelSyntax.problems(ofKey: text(63)) == [])
    #expect(LabelSyntax.problems(ofKey: text(64)) == ["name part must be no more than 63 bytes"])
    #expect(LabelSyntax.problems(ofKey: "\(text(253))/a") == [])
    #expect(LabelSyntax.problems(ofKey: "\(text(254))/a") == ["prefix part must be no more than 253 bytes"])
    #expect(LabelSyntax.problems(ofValue: text(63)) == [])
    #expect(LabelSyntax.problems(ofValue: text(64)) == ["must be no more than 63 bytes"])
    #expect(LabelSyntax.problems(ofValue: "") == [])
    #expect(LabelSyntax.problems(ofKey: "") == ["name part must be non-empty", "name part \(Self.name)"])
    #expect(LabelSyntax.problems(ofKey: "é") == ["name part \(Self.name)"])
    #expect(LabelSyntax.problems(ofKey: "a..b/c") == ["prefix part \(Self.subdomain)"])
    #expect(LabelSyntax.problems(ofKey: "a-.b/c") == ["prefix part \(Self.subdomain)"])
  }

  @Test("may have many values")
  func manyValues() throws {
    let values = (0..<20_000).map { "v\($0)" }
    let selector = try LabelRequirements(parsing: "a in (\(values.joined(separator: ",")))")
    for value in values { #expect(selector.matches(["a": .string(value)])) }
    #expect(!selector.matches(["a": "v20000"]))
  }
}
