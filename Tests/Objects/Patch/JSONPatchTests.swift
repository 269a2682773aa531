import Testing

@testable import Objects

@Suite("JSON patch")
struct JSONPatchTests {
  struct Success: Sendable, CustomTestStringConvertible {
    let what: String
    let document: String
    let patch: String
    let result: String
    init(_ what: String, _ document: String, _ patch: String, _ result: String) {
      self.what = what
      self.document = document
      self.patch = patch
      self.result = result
    }
    var testDescription: String { what }
  }

  static let successes = [
    Success("no operations", #"{"a":1}"#, "[]", #"{"a":1}"#),
    Success("null is no operations", #"{"a":1}"#, "null", #"{"a":1}"#),
    Success("add a member", "{}", #"[{"op":"add","path":"/a","value":1}]"#, #"{"a":1}"#),
    Success("add over a member", #"{"a":0}"#, #"[{"op":"add","path":"/a","value":1}]"#, #"{"a":1}"#),
    Success(
      "add inside", #"{"a":{"b":[{}]}}"#, #"[{"op":"add","path":"/a/b/0/c","value":1}]"#,
      #"{"a":{"b":[{"c":1}]}}"#),
    Success("add without a value", "{}", #"[{"op":"add","path":"/a"}]"#, #"{"a":null}"#),
    Success("add in front", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/0","value":0}]"#, #"{"a":[0,1]}"#),
    Success("add behind", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2]}"#),
    Success("add at the end", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/-","value":2}]"#, #"{"a":[1,2]}"#),
    Success(
      "add at -1: the end", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/-1","value":2}]"#, #"{"a":[1,2]}"#),
    Success("add at -2", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/-2","value":0}]"#, #"{"a":[0,1]}"#),
    Success(
      "leading zeros and signs", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/+00","value":0}]"#, #"{"a":[0,1]}"#),
    Success("escapes", #"{"a/b":{"c~1":0}}"#, #"[{"op":"remove","path":"/a~1b/c~01"}]"#, #"{"a/b":{}}"#),
    Success("a tilde that escapes nothing", #"{"a~b~":0}"#, #"[{"op":"remove","path":"/a~b~"}]"#, "{}"),
    Success("the empty key", #"{"":0,"a":1}"#, #"[{"op":"remove","path":"/"}]"#, #"{"a":1}"#),
    Success("no leading slash", #"{"b":0}"#, #"[{"op":"remove","path":"a/b"}]"#, "{}"),
    Success("remove an element", #"{"a":[1,2,3]}"#, #"[{"op":"remove","path":"/a/1"}]"#, #"{"a":[1,3]}"#),
    Success("remove from the end", #"{"a":[1,2,3]}"#, #"[{"op":"remove","path":"/a/-3"}]"#, #"{"a":[2,3]}"#),
    Success(
      "through an element", #"{"a":[{"b":1}]}"#, #"[{"op":"remove","path":"/a/-1/b"}]"#, #"{"a":[{}]}"#),
    Success("replace", #"{"a":1}"#, #"[{"op":"replace","path":"/a","value":[2]}]"#, #"{"a":[2]}"#),
    Success("replace what is not there", "{}", #"[{"op":"replace","path":"/a","value":2}]"#, #"{"a":2}"#),
    Success(
      "replace an element", #"{"a":[1,2]}"#, #"[{"op":"replace","path":"/a/-1","value":3}]"#, #"{"a":[1,3]}"#),
    Success("replace all", #"{"a":1}"#, #"[{"op":"replace","path":"","value":{"b":2}}]"#, #"{"b":2}"#),
    Success("move", #"{"a":1}"#, #"[{"op":"move","from":"/a","path":"/b"}]"#, #"{"b":1}"#),
    Success(
      "move in an array", #"{"a":[1,2,3]}"#, #"[{"op":"move","from":"/a/0","path":"/a/2"}]"#,
      #"{"a":[2,3,1]}"#),
    Success(
      "copy", #"{"a":{"x":1}}"#, #"[{"op":"copy","from":"/a","path":"/a/y"}]"#, #"{"a":{"x":1,"y":{"x":1}}}"#),
    Success("copy nothing", "{}", #"[{"op":"copy","from":"/a","path":"/b"}]"#, #"{"b":null}"#),
    Success(
      "tests that hold", #"{"a":{"b":[1,"x",null,true]},"n":null}"#,
      #"""
      [{"op":"test","path":"/a","value":{"b":[1,"x",null,true]}},{"op":"test","path":"/a/b/-3","value":"x"},
       {"op":"test","path":"/n"},{"op":"test","path":"/n","value":null},{"op":"test","path":"/none","value":null},
       {"op":"test","path":"","value":{"a":{"b":[1,"x",null,true]},"n":null}}]
      """#, #"{"a":{"b":[1,"x",null,true]},"n":null}"#),
    Success(
      "in order",
      #"{"metadata":{"labels":{"m":"1"}},"spec":{"replicas":2}}"#,
      #"""
      [{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":4},
       {"op":"add","path":"/metadata/labels/j","value":"1"}]
      """#, #"{"metadata":{"labels":{"j":"1","m":"1"}},"spec":{"replicas":4}}"#),
  ]

  @Test("changes a document", arguments: successes)
  func success(_ example: Success) throws {
    let patch = try JSONPatch(JSON.parse(example.patch))
    #expect(try patch.apply(to: JSON.parse(example.document)).text == example.result)
  }

  static let failures: [(patch: String, detail: String)] = [
    (#"[{"op":"test","path":"/n","value":9}]"#, "testing value /n failed: test failed"),
    (#"[{"op":"test","path":"/n","value":2.5}]"#, "testing value /n failed: test failed"),
    (#"[{"op":"test","path":"/n"}]"#, "testing value /n failed: test failed"),
    (#"[{"op":"test","path":"","value":{}}]"#, "testing value  failed: test failed"),
    (
      #"[{"op":"test","path":"/x/y","value":1}]"#,
      "test operation does not apply: is missing path: /x/y: missing value"
    ),
    (
      #"[{"op":"test","path":"/a/7","value":1}]"#,
      "error in test for path: '/a/7': Unable to access invalid index: 7: invalid index referenced"
    ),
    (
      #"[{"op":"test","value":1}]"#,
      "test operation failed to decode path: operation missing path field: missing value"
    ),
    (
      #"[{"op":"remove","path":"/x"}]"#,
      "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value"
    ),
    (
      #"[{"op":"remove","path":""}]"#,
      #"remove operation does not apply: doc is missing path: "": missing value"#
    ),
    (
      #"[{"op":"remove","path":"/n/x"}]"#,
      #"remove operation does not apply: doc is missing path: "/n/x": missing value"#
    ),
    (#"[{"op":"remove"}]"#, "remove operation failed to decode path: missing value"),
    (
      #"[{"op":"remove","path":"/a/-4"}]"#,
      "error in remove for path: '/a/-4': Unable to access invalid index: -4: invalid index referenced"
    ),
    (
      #"[{"op":"remove","path":"/a/-"}]"#,
      #"error in remove for path: '/a/-': strconv.Atoi: parsing "-": invalid syntax"#
    ),
    (
      #"[{"op":"remove","path":"/a/99999999999999999999"}]"#,
      #"error in remove for path: '/a/99999999999999999999': strconv.Atoi: parsing "99999999999999999999": value out of range"#
    ),
    (
      #"[{"op":"add","path":"/a/4","value":1}]"#,
      "error in add for path: '/a/4': Unable to access invalid index: 4: invalid index referenced"
    ),
    (
      #"[{"op":"add","path":"/a/-5","value":1}]"#,
      "error in add for path: '/a/-5': Unable to access invalid index: -5: invalid index referenced"
    ),
    (
      #"[{"op":"add","path":"/a/x","value":1}]"#,
      #"error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing "x": invalid syntax"#
    ),
    (
      #"[{"op":"add","path":"/x/y","value":1}]"#,
      #"add operation does not apply: doc is missing path: "/x/y": missing value"#
    ),
    (
      #"[{"op":"add","path":"/z/y","value":1}]"#,
      #"add operation does not apply: doc is missing path: "/z/y": missing value"#
    ),
    (
      #"[{"op":"add","path":"","value":{}}]"#,
      #"add operation does not apply: doc is missing path: "": missing value"#
    ),
    (#"[{"op":"add","value":1}]"#, "add operation failed to decode path: missing value"),
    (
      #"[{"op":"replace","path":"/x/y","value":1}]"#,
      "replace operation does not apply: doc is missing path: /x/y: missing value"
    ),
    (
      #"[{"op":"replace","path":"/a/3","value":1}]"#,
      "replace operation does not apply: doc is missing key: /a/3: missing value"
    ),
    (#"[{"op":"replace","path":"","value":1}]"#, "replace operation value must be object or array"),
    (#"[{"op":"replace","path":""}]"#, "replace operation value must be object or array"),
    (
      #"[{"op":"replace","value":1}]"#,
      "replace operation failed to decode path: operation missing path field: missing value"
    ),
    (
      #"[{"op":"move","path":"/y"}]"#,
      "move operation failed to decode from: operation, missing from field: missing value"
    ),
    (
      #"[{"op":"move","from":"/x","path":"/y"}]"#,
      "error in move for path: 'x': Unable to remove nonexistent key: x: missing value"
    ),
    (
      #"[{"op":"move","from":"/x/y","path":"/y"}]"#,
      "move operation does not apply: doc is missing from path: /x/y: missing value"
    ),
    (
      #"[{"op":"move","from":"/a","path":"/a/0"}]"#,
      "move operation does not apply: doc is missing destination path: /a/0: missing value"
    ),
    (
      #"[{"op":"move","from":"/n"}]"#,
      "move operation failed to decode path: operation missing path field: missing value"
    ),
    (
      #"[{"op":"copy","path":"/y"}]"#,
      "copy operation failed to decode from: operation, missing from field: missing value"
    ),
    (
      #"[{"op":"copy","from":"/x/y","path":"/y"}]"#,
      "copy operation does not apply: doc is missing from path: /x/y: missing value"
    ),
    (
      #"[{"op":"copy","from":"/a/9","path":"/y"}]"#,
      "error in copy for from: '/a/9': Unable to access invalid index: 9: invalid index referenced"
    ),
    (#"[{"op":"copy","from":"/n"}]"#, "copy operation failed to decode path: missing value"),
    (
      #"[{"op":"copy","from":"/n","path":"/x/y"}]"#,
      "copy operation does not apply: doc is missing destination path: /x/y: missing value"
    ),
    (
      #"[{"op":"copy","from":"/n","path":"/a/9"}]"#,
      "error while adding value during copy: Unable to access invalid index: 9: invalid index referenced"
    ),
    (#"[{"op":"jump","path":"/n"}]"#, "Unexpected kind: jump"),
    (#"[{"op":"","path":"/n"}]"#, "Unexpected kind: "),
    (#"[{"path":"/n"}]"#, "Unexpected kind: unknown"),
    ("[null]", "Unexpected kind: unknown"),
  ]

  @Test("does not fit a document", arguments: failures)
  func failure(_ example: (patch: String, detail: String)) throws {
    let patch = try JSONPatch(JSON.parse(example.patch))
    let document = try JSON.parse(#"{"a":[1,2,3],"n":2,"z":null}"#)
    let error = #expect(throws: PatchError.self) { try patch.apply(to: document) }
    #expect(error?.kind == .unprocessable)
    #expect(error?.message == "the server rejected our request due to an error in our request")
    #expect(error?.detail == example.detail)
  }

  static let malformed: [(patch: String, message: String)] = [
    ("{}", "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
    ("true", "cannot unmarshal bool into Go value of type []handlers.jsonPatchOp"),
    ("[1.5]", "cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
    ("[[]]", "cannot unmarshal array into Go value of type handlers.jsonPatchOp"),
    (#"[{"op":1}]"#, "cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
    (#"[{"path":{}}]"#, "cannot unmarshal object into Go struct field jsonPatchOp.path of type string"),
    (#"[{"from":false}]"#, "cannot unmarshal bool into Go struct field jsonPatchOp.from of type string"),
  ]

  @Test("is no patch", arguments: malformed)
  func refuses(_ example: (patch: String, message: String)) throws {
    let json = try JSON.parse(example.patch)
    let error = #expect(throws: PatchError.self) { try JSONPatch(json) }
    #expect(error == PatchError(.badRequest, "error decoding patch: json: \(example.message)"))
  }

  @Test("names members that do not belong")
  func unknownFields() throws {
    let patch = try JSONPatch(JSON.parse(#"[{"op":"test","path":"/a"},{"op":"add","Path":"/a","x":1}]"#))
    #expect(
      patch.unknownFields == [#"json patch unknown field "[1].Path""#, #"json patch unknown field "[1].x""#])
  }

  @Test("has a limit of operations")
  func tooManyOperations() throws {
    let operation = try JSON.parse(#"{"op":"test","path":"/none"}"#)
    let most = JSON.array(Array(repeating: operation, count: 10_000))
    #expect(try JSONPatch(most).apply(to: [:]) == [:])
    let error = #expect(throws: PatchError.self) {
      try JSONPatch(.array(Array(repeating: operation, count: 10_001)))
    }
    #expect(error?.kind == .tooLarge)
    #expect(
      error?.message
        == "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001")
  }

  @Test("cannot double a value without end")
  func copyBomb() throws {
    let copies = JSON.array(
      Array(repeating: ["op": "copy", "from": "/a", "path": "/a/-"], count: 64))
    let document: JSON = ["a": ["x"]]
    let error = #expect(throws: PatchError.self) { try JSONPatch(copies).apply(to: document) }
    #expect(
      error?.detail?.hasPrefix("Unable to complete the copy, the accumulated size increase of copy is ")
        == true)
    #expect(error?.detail?.hasSuffix(", exceeding the limit 3145728") == true)
  }

  @Test("cannot nest a value without end")
  func depthBomb() throws {
    var operations: [JSON] = [["op": "add", "path": "/a", "value": [:]]]
    for _ in 0..<3000 {
      operations.append(["op": "add", "path": "/b", "value": [:]])
      operations.append(["op": "move", "from": "/a", "path": "/b/a"])
      operations.append(["op": "move", "from": "/b", "path": "/a"])
    }
    let error = #expect(throws: PatchError.self) { try JSONPatch(.array(operations)).apply(to: [:]) }
    #expect(error?.detail == "exceeded max depth")

    let path = String(repeating: "/a", count: 400)
    #expect(throws: PatchError.self) {
      try JSONPatch([["op": "add", "path": .string(path), "value": 1]]).apply(to: [:])
    }
    let value = (0..<400).reduce(into: JSON.null) { value, _ in value = [value] }
    #expect(throws: PatchError(.badRequest, "error decoding patch: exceeded max depth")) {
      try JSONPatch([["op": "add", "path": "/a", "value": value]])
    }
  }

  @Test("cannot shift a huge array over and over")
  func effort() throws {
    let document: JSON = ["a": .array(Array(repeating: 0, count: 1_000_000))]
    let operations = JSON.array(Array(repeating: ["op": "remove", "path": "/a/0"], count: 10_000))
    let error = #expect(throws: PatchError.self) { try JSONPatch(operations).apply(to: document) }
    #expect(error?.detail == "the operations move too much of the document")
  }

  @Test("changes one place after the other without copying the rest")
  func manyOperations() throws {
    let members = (0..<2_000).map { ("k\($0)", JSON.array(Array(repeating: "x", count: 50))) }
    let document: JSON = ["data": .object(JSONObject(members))]
    let operations = (0..<10_000).map {
      JSON.object(["op": "add", "path": .string("/data/k\($0 % 2_000)/0"), "value": 1])
    }
    let result = try JSONPatch(.array(operations)).apply(to: document)
    #expect(result["data", "k7"]?.array?.count == 55)
    #expect(document["data", "k7"]?.array?.count == 50)
  }
}
