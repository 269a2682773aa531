import Testing

@testable import Objects

@Suite("Field errors")
struct FieldErrorTests {
  private static let path = FieldPath("spec", "containers")[0]["name"]

  @Test("A path is written with dots, indexes and keys")
  func paths() {
    #expect(FieldPath("spec")["containers"][1]["env"][2].description == "spec.containers[1].env[2]")
    #expect(FieldPath("data").key("a/b").description == "data[a/b]")
    #expect(FieldPath("").description == "[]")
  }

  @Test(
    "Each kind has its words",
    arguments: [
      (FieldError.required(path), "Required value"),
      (.required(path, "say why"), "Required value: say why"),
      (.invalid(path, "x\"\n", "no"), "Invalid value: \"x\\\"\\n\": no"),
      (.invalid(path, 70_000, "no"), "Invalid value: 70000: no"),
      (.invalid(path, true, "no"), "Invalid value: true: no"),
      (.invalid(path, .null, "no"), "Invalid value: null: no"),
      (.invalid(path, .number(1.5), "no"), "Invalid value: 1.5: no"),
      (.invalid(path, ["b": 1, "a": ["<"]], "no"), "Invalid value: {\"a\":[\"\\u003c\"],\"b\":1}: no"),
      (.notSupported(path, "x", ["a", "b"]), "Unsupported value: \"x\": supported values: \"a\", \"b\""),
      (.duplicate(path, "a"), "Duplicate value: \"a\""),
      (.forbidden(path, "never"), "Forbidden: never"),
      (.tooLong(path, maximumBytes: 63), "Too long: may not be more than 63 bytes"),
      (.tooLong(path, maximumBytes: 1), "Too long: may not be more than 1 byte"),
      (.tooMany(path, count: 3, maximum: 2), "Too many: 3: must have at most 2 items"),
      (.tooMany(path, count: 3, maximum: 1), "Too many: 3: must have at most 1 item"),
      (.notFound(path, "nope"), "Not found: \"nope\""),
      (.typeInvalid(path, "x", "must be a number"), "Invalid value: \"x\": must be a number"),
      (FieldError(.invalid, field: "a", detail: "no"), "Invalid value: no"),
    ])
  func words(error: FieldError, body: String) {
    #expect(error.body == body)
    #expect(error.description == error.field + ": " + body)
  }

  @Test("A message has one error as it is, and several in brackets, none twice")
  func messages() {
    let one = FieldError.required(FieldPath("spec", "selector"))
    let other = FieldError.forbidden(FieldPath("metadata", "finalizers"), "no")
    #expect(
      [one].invalidMessage(group: "apps", kind: "Deployment", name: "x")
        == "Deployment.apps \"x\" is invalid: spec.selector: Required value")
    #expect(
      [one, other].invalidMessage(group: "", kind: "Pod", name: "p")
        == "Pod \"p\" is invalid: [spec.selector: Required value, metadata.finalizers: Forbidden: no]")
    #expect([other, other].aggregateText == "metadata.finalizers: Forbidden: no")
    #expect([other, other].causes.count == 2)
  }

  @Test("The status has the causes")
  func status() {
    let status = [FieldError.required(FieldPath("spec", "containers"))].invalidStatus(
      group: "", kind: "Pod", name: "bad")
    let expected: JSON = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
      "message": "Pod \"bad\" is invalid: spec.containers: Required value", "reason": "Invalid",
      "details": [
        "name": "bad", "kind": "Pod",
        "causes": [
          ["reason": "FieldValueRequired", "message": "Required value", "field": "spec.containers"]
        ],
      ], "code": 422,
    ]
    #expect(status == expected)
  }
}
