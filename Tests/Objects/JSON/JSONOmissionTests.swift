import Testing

@testable import Objects

@Suite struct JSONOmissionTests {
  private static let document = #"""
    {"a": {"b": [1, {"c": "}\"]"}], "d": 2}, "e": [{"f": 1, "g": {"h": "x"}}, {"g": [ ]}], "i": -1.5e3 , "j": null}
    """#

  @Test(arguments: [
    ([], #"{"a":{"b":[1,{"c":"}\"]"}],"d":2},"e":[{"f":1,"g":{"h":"x"}},{"g":[]}],"i":-1500,"j":null}"#),
    (["a"], #"{"e":[{"f":1,"g":{"h":"x"}},{"g":[]}],"i":-1500,"j":null}"#),
    (["a.b", "i"], #"{"a":{"d":2},"e":[{"f":1,"g":{"h":"x"}},{"g":[]}],"j":null}"#),
    (["a.b.c", "e.g", "j"], #"{"a":{"b":[1,{}],"d":2},"e":[{"f":1},{}],"i":-1500}"#),
    (["a", "a.b", "e.f", "e.g.h", "nowhere.to.be.found"], #"{"e":[{"g":{}},{"g":[]}],"i":-1500,"j":null}"#),
  ])
  func `what is left out is not there`(paths: [String], left: String) throws {
    let options = JSON.ParseOptions(omitting: JSONOmission(paths))
    #expect(try JSON.parse(Self.document, options: options).text == left)
  }

  @Test(arguments: [#"{"a":"#, #"{"a":}"#, #"{"a":[1"#, #"{"a":"x"#, #"{"a":1"#, #"{"a":"\"#, #"{"a":1]"#])
  func `a document that ends within a part that is left out is no document`(text: String) {
    #expect(throws: JSONError.self) {
      try JSON.parse(text, options: JSON.ParseOptions(omitting: JSONOmission(["a"])))
    }
  }

  @Test(arguments: RecordedTable.all)
  func `cells need nothing of what their table leaves unread`(_ table: RecordedTable) throws {
    let printer = Tables.printer(group: table.group, kind: table.kind)
    let now = try #require(Timestamp(table.now))
    let options = JSON.ParseOptions(omitting: printer.unread)
    #expect(printer.cells(of: try JSON.parse(table.object.text, options: options), now: now) == table.cells)
  }
}
