import Testing

@testable import Objects

struct FieldSetTests {
  private static func set(_ text: String) throws -> FieldSet { try FieldSet(fieldsV1: JSON.parse(text)) }

  private static func texts(_ set: FieldSet) -> [String] { set.paths.map(FieldSet.text(of:)) }

  private static let example =
    #"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:ports":{"k:{\"containerPort\":80,"#
    + #"\"protocol\":\"TCP\"}":{"f:containerPort":{}}}},"k:{\"name\":\"b\"}":{}},"f:replicas":{}},"#
    + #""f:metadata":{"f:finalizers":{".":{},"v:\"x/y\"":{}},"f:labels":{"f:app.kubernetes.io/name":{}}},"f:list":{"i:2":{}}}"#

  @Test func `paths are written as conflicts show them`() throws {
    #expect(
      Self.texts(try Self.set(Self.example)) == [
        ".list[2]",
        ".metadata.finalizers", ".metadata.finalizers[=\"x/y\"]", ".metadata.labels.app.kubernetes.io/name",
        ".spec.replicas", ".spec.containers[name=\"a\"]", ".spec.containers[name=\"b\"]",
        ".spec.containers[name=\"a\"].image",
        ".spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"TCP\"].containerPort",
      ])
  }

  @Test(arguments: [
    example,
    "{}",
    #"{"f:a":{}}"#,
    #"{"f:a":{".":{},"f:b":{}}}"#,
    #"{"f:":{}}"#,
    #"{"f:a:b":{},"v:null":{},"v:true":{},"v:{\"a\":[1]}":{}}"#,
    #"{"f:s":{"v:\"a\\\"\\n\"":{}}}"#,
  ])
  func `what is read is written alike`(text: String) throws {
    #expect(try Self.set(text).fieldsV1 == JSON.parse(text))
    // The text is the same object, if in another order.
    #expect(try JSON.parse(try Self.set(text).fieldsV1Text) == JSON.parse(text))
  }

  @Test func `the text is in the order of Kubernetes`() throws {
    let set = try Self.set(
      #"{"f:p":{"k:{\"port\":443}":{},"k:{\"port\":80}":{"f:a":{},".":{}},"k:{\"port\":\"a\"}":{},"i:0":{},"v:1":{}},"f:o":{}}"#
    )
    #expect(
      set.fieldsV1Text
        == #"{"f:o":{},"f:p":{"k:{\"port\":80}":{".":{},"f:a":{}},"k:{\"port\":443}":{},"k:{\"port\":\"a\"}":{},"#
        + #""v:1":{},"i:0":{}}}"#)
  }

  @Test func `steps of unknown form are left out, and null and nothing are an end`() throws {
    #expect(
      try Self.set(#"{"f:a":{"x:1":{}},"f:b":null,"y:":{"f:c":{}},"f:d":{"f:e":{},"z:":{}}}"#).fieldsV1.text
        == #"{"f:a":{},"f:b":{},"f:d":{"f:e":{}}}"#)
  }

  @Test func `keys that mean the same are one`() throws {
    let set = try Self.set(
      #"{"k:{\"b\":1.0,\"a\":\"x\"}":{"f:c":{}},"k:{\"a\":\"x\",\"b\":1}":{},"k:{ \"a\":\"x\", \"b\":1}":{"f:d":{}}}"#
    )
    #expect(set.fieldsV1.text == #"{"k:{\"a\":\"x\",\"b\":1}":{".":{},"f:c":{},"f:d":{}}}"#)
  }

  @Test(arguments: [
    "[]", "1", #""f:a""#, #"{"f:a":1}"#, #"{"f:a":[]}"#, #"{"a":{}}"#, #"{"":{}}"#, #"{"fa":{}}"#,
    #"{"k:":{}}"#,
    #"{"k:[]":{}}"#, #"{"k:{":{}}"#, #"{"v:":{}}"#, #"{"v:{":{}}"#, #"{"i:x":{}}"#, #"{"i:":{}}"#,
    #"{"i:99999999999999999999":{}}"#,
  ])
  func `what is no set of fields is refused`(text: String) throws {
    let json = try JSON.parse(text)
    #expect(throws: FieldSetError.self) { try FieldSet(fieldsV1: json) }
  }

  @Test func `a set too deep is refused`() {
    var json: JSON = [:]
    for _ in 0..<100 { json = ["f:a": json] }
    #expect(throws: Never.self) { try FieldSet(fieldsV1: json) }
    json = ["f:a": json]
    #expect(throws: FieldSetError.tooDeep) { try FieldSet(fieldsV1: json) }
  }

  /// Two sets, and their union, intersection, difference, and difference of trees.
  @Test(arguments: [
    (
      #"{"f:a":{".":{},"f:b":{},"f:c":{}},"f:x":{}}"#, #"{"f:a":{},"f:y":{}}"#,
      [
        #"{"f:a":{".":{},"f:b":{},"f:c":{}},"f:x":{},"f:y":{}}"#, #"{"f:a":{}}"#,
        #"{"f:a":{"f:b":{},"f:c":{}},"f:x":{}}"#, #"{"f:x":{}}"#,
      ]
    ),
    (
      #"{"f:a":{"f:b":{}}}"#, #"{"f:a":{"f:b":{},"f:c":{}}}"#,
      [#"{"f:a":{"f:b":{},"f:c":{}}}"#, #"{"f:a":{"f:b":{}}}"#, "{}", "{}"]
    ),
    (
      #"{"f:a":{"f:b":{".":{},"f:c":{}}}}"#, #"{"f:a":{"f:b":{"f:c":{}}}}"#,
      [
        #"{"f:a":{"f:b":{".":{},"f:c":{}}}}"#, #"{"f:a":{"f:b":{"f:c":{}}}}"#, #"{"f:a":{"f:b":{}}}"#,
        #"{"f:a":{"f:b":{}}}"#,
      ]
    ),
    (#"{"f:a":{}}"#, "{}", [#"{"f:a":{}}"#, "{}", #"{"f:a":{}}"#, #"{"f:a":{}}"#]),
    ("{}", #"{"f:a":{}}"#, [#"{"f:a":{}}"#, "{}", "{}", "{}"]),
    (
      #"{"k:{\"p\":1}":{},"k:{\"p\":3}":{}}"#, #"{"k:{\"p\":2}":{},"k:{\"p\":3}":{"f:a":{}}}"#,
      [
        #"{"k:{\"p\":1}":{},"k:{\"p\":2}":{},"k:{\"p\":3}":{".":{},"f:a":{}}}"#, "{}",
        #"{"k:{\"p\":1}":{},"k:{\"p\":3}":{}}"#, #"{"k:{\"p\":1}":{},"k:{\"p\":3}":{}}"#,
      ]
    ),
  ])
  func `sets are combined`(one: String, other: String, results: [String]) throws {
    let (left, right) = (try Self.set(one), try Self.set(other))
    #expect(
      [
        left.union(right), left.intersection(right), left.subtracting(right),
        left.subtractingTrees(of: right),
      ].map(\.fieldsV1.text) == results)
    #expect(right.union(left) == left.union(right))
    #expect(right.intersection(left) == left.intersection(right))
    #expect(FieldSet.union(of: [left, right, left]) == left.union(right))
  }

  @Test func `a small set is combined with a large one`() {
    let large = FieldSet((0..<100).map { [.index($0), .field("a")] })
    let small = FieldSet([[.index(3)], [.index(50), .field("a")], [.index(200)]])
    #expect(small.intersection(large) == FieldSet([[.index(50), .field("a")]]))
    #expect(large.intersection(small) == FieldSet([[.index(50), .field("a")]]))
    #expect(small.subtracting(large) == FieldSet([[.index(3)], [.index(200)]]))
    #expect(large.subtracting(small).paths.count == 99)
    #expect(large.subtractingTrees(of: small).paths.count == 98)
  }

  @Test func `paths are inserted and found`() throws {
    let paths = try Self.set(Self.example).paths
    for order in [paths, paths.reversed()] {
      let set = FieldSet(order)
      #expect(set == (try Self.set(Self.example)))
      #expect(paths.allSatisfy(set.contains))
    }
    let set = FieldSet(paths)
    #expect(!set.contains([]))
    #expect(!set.contains([.field("spec")]))
    #expect(!set.contains([.field("spec"), .field("replicas"), .field("x")]))
    #expect(set.leaves.fieldsV1Text == set.fieldsV1Text.replacing(#"".":{},"#, with: ""))
  }
}
