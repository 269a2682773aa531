import Testing

@testable import Objects

@Suite("JSON merge patch")
struct MergePatchTests {
  static let examples: [(document: String, patch: String, result: String)] = [
    // The examples of RFC 7386, appendix A, that have objects.
    (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
    (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
    (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
    (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
    (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
    (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
    (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#),
    ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
    ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    // And of Kubernetes' library.
    ("{}", "{}", "{}"),
    (#"{"a":null}"#, #"{"a":{"b":null,"c":1}}"#, #"{"a":{"c":1}}"#),
    (#"{"a":1}"#, #"{"a":[null,{"b":null,"c":1}]}"#, #"{"a":[null,{"c":1}]}"#),
    (#"{"a":[2]}"#, #"{"a":[null,{"b":null,"c":1}]}"#, #"{"a":[null,{"c":1}]}"#),
    (#"{"a":{}}"#, #"{"a":[null,{"b":null,"c":1}]}"#, #"{"a":[null,{"b":null,"c":1}]}"#),
    (
      #"{"metadata":{"name":"d"},"spec":{"replicas":1,"x":[1]}}"#,
      #"{"metadata":{"labels":{"m":"1"}},"spec":{"replicas":2,"x":null}}"#,
      #"{"metadata":{"labels":{"m":"1"},"name":"d"},"spec":{"replicas":2}}"#
    ),
  ]

  @Test("changes a document", arguments: examples)
  func apply(_ example: (document: String, patch: String, result: String)) throws {
    let result = try MergePatch.apply(JSON.parse(example.patch), to: JSON.parse(example.document))
    #expect(result.text == example.result)
  }

  static let malformed: [(patch: String, message: String)] = [
    ("null", "Invalid JSON Patch"),
    (
      "[]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
    ),
    (
      #""x""#,
      "error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}"
    ),
    (
      "4", "error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}"
    ),
  ]

  @Test("is no patch", arguments: malformed)
  func refuses(_ example: (patch: String, message: String)) throws {
    let patch = try JSON.parse(example.patch)
    #expect(throws: PatchError(.badRequest, example.message)) { try MergePatch.apply(patch, to: [:]) }
  }

  @Test("is bounded in depth")
  func depth() throws {
    let deep = (0..<300).reduce(into: JSON.object([:])) { value, _ in value = ["a": value] }
    #expect(throws: PatchError(.badRequest, "error decoding patch: exceeded max depth")) {
      try MergePatch.apply(deep, to: [:])
    }
    #expect(try MergePatch.apply([:], to: deep) == deep)
  }

  static let differences: [(original: String, modified: String, patch: String)] = [
    ("{}", "{}", "{}"),
    (#"{"a":1}"#, #"{"a":1}"#, "{}"),
    (#"{"a":1,"b":2}"#, #"{"b":3,"c":4}"#, #"{"a":null,"b":3,"c":4}"#),
    (#"{"a":{"b":1,"c":{"d":1}}}"#, #"{"a":{"b":1,"c":{"d":2}}}"#, #"{"a":{"c":{"d":2}}}"#),
    (#"{"a":{"b":{"c":1}},"d":1}"#, #"{"a":{"b":{"c":1}},"d":2}"#, #"{"d":2}"#),
    (#"{"a":[1]}"#, #"{"a":[1,2]}"#, #"{"a":[1,2]}"#),
    (#"{"a":{"b":1}}"#, #"{"a":[]}"#, #"{"a":[]}"#),
    (#"{"a":{"b":1}}"#, #"{"a":{}}"#, #"{"a":{"b":null}}"#),
  ]

  @Test("is the difference of two documents", arguments: differences)
  func difference(_ example: (original: String, modified: String, patch: String)) throws {
    let original = try JSON.parse(example.original)
    let modified = try JSON.parse(example.modified)
    let patch = MergePatch.difference(from: original, to: modified)
    #expect(patch.text == example.patch)
    #expect(try MergePatch.apply(patch, to: original) == modified)
  }

  @Test("merges many members in one pass")
  func manyMembers() throws {
    let even = JSON.object(JSONObject((0..<20_000).map { ("k\(1_000_000 + 2 * $0)", JSON.string("")) }))
    let odd = JSON.object(JSONObject((0..<20_000).map { ("k\(1_000_001 + 2 * $0)", JSON.string("")) }))
    let result = try MergePatch.apply(["data": odd], to: ["data": even])
    #expect(result["data"]?.object?.count == 40_000)
  }
}
