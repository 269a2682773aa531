import Exchange
import Objects
import Registry
import Testing

struct PatchTests {
  @Test(arguments: [
    (
      "JSON", #"[{"op":"test","path":"/data/a","value":"1"},{"op":"add","path":"/data/b","value":"2"}]"#,
      ["a": "1", "b": "2"] as JSON
    ),
    ("MERGE", #"{"data":{"a":null,"c":"3"}}"#, ["c": "3"] as JSON),
    ("STRATEGIC", #"{"data":{"$patch":"replace","d":"4"}}"#, ["d": "4"] as JSON),
  ])
  func `each kind of patch changes the object in its way`(kind: String, patch: String, data: JSON) async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m"))
    let answer = await cluster.send(kind, maps + "/m", .text(Array(patch.utf8)))
    #expect(answer.code == 200)
    #expect(answer["data"] == data)
  }

  @Test(arguments: ["JSON", "MERGE", "STRATEGIC"])
  func `a patch makes nothing`(kind: String) async {
    #expect(
      await Cluster().send(kind, maps + "/none", json: kind == "JSON" ? [] : [:])
        == failure(
          404, "NotFound", #"configmaps "none" not found"#, ["name": "none", "kind": "configmaps"]))
  }

  @Test(arguments: [
    (
      "JSON", #"[{"op":"test","path":"/data/a","value":"9"}]"#, FieldValidation.warn,
      failure(422, "Invalid", "the server rejected our request due to an error in our request", [:])
    ),
    (
      "MERGE", "{", FieldValidation.warn,
      failure(400, "BadRequest", "error decoding patch: unexpected end of JSON input")
    ),
    (
      "MERGE", #"{"data":{"a":1}}"#, FieldValidation.warn,
      failure(
        422, "Invalid",
        #" "" is invalid: patch: Invalid value: "*": json: cannot unmarshal number into Go struct field ConfigMap.data of type string"#,
        nil)
    ),
    (
      "MERGE", #"{"nope":1}"#, FieldValidation.strict,
      failure(
        422, "Invalid",
        #" "" is invalid: patch: Invalid value: "*": strict decoding error: unknown field "nope""#, nil)
    ),
    (
      "STRATEGIC", #"{"$setElementOrder/data":true}"#, FieldValidation.warn,
      failure(400, "BadRequest", "expected a []interface {}, but received a bool")
    ),
    (
      "MERGE", #"{"metadata":{"name":"other"}}"#, FieldValidation.warn,
      failure(400, "BadRequest", "the name of the object (other) does not match the name on the URL (m)")
    ),
    (
      "MERGE", #"{"metadata":{"resourceVersion":"1"}}"#, FieldValidation.warn,
      failure(
        409, "Conflict",
        #"Operation cannot be fulfilled on configmaps "m": the object has been modified; please apply your "#
          + "changes to the latest version and try again", ["name": "m", "kind": "configmaps"])
    ),
  ])
  func `a patch that does not fit is refused`(
    kind: String, patch: String, validation: FieldValidation, expected: Answer
  ) async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m"))
    let answer = await cluster.send(kind, maps + "/m", .text(Array(patch.utf8))) {
      $0.fieldValidation = validation
    }
    #expect(answer.code == expected.code)
    #expect(answer["reason"] == expected["reason"])
    // The value that is shown is the whole object.
    let message = answer["message"]?.string ?? ""
    let parts = (expected["message"]?.string ?? "").split(separator: "*", maxSplits: 1).map(String.init)
    #expect(message.hasPrefix(parts[0]))
    #expect(message.hasSuffix(parts[parts.count - 1]))
  }

  @Test func `a patch that changes nothing keeps the version`() async {
    let cluster = Cluster()
    let old = await cluster.send("POST", maps, json: map("m"))
    cluster.pass(seconds: 60)
    #expect(
      await cluster.send("MERGE", maps + "/m", json: ["data": ["a": "1"]])
        == Answer(code: 200, body: old.body))
  }

  @Test func `an apply makes, changes, shares and takes fields`() async {
    let cluster = Cluster()
    func apply(_ manager: String, _ data: JSON, force: Bool = false) async -> Answer {
      await cluster.send(
        "APPLY", maps + "/m",
        json: ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "m"], "data": data],
        manager: manager
      ) { $0.force = force }
    }
    let made = await apply("m1", ["a": "1", "b": "2"])
    #expect(made.code == 201)
    #expect(await apply("m1", ["a": "1", "b": "2"]) == Answer(code: 200, body: made.body))
    #expect(
      await apply("m2", ["a": "9"])
        == failure(
          409, "Conflict", #"Apply failed with 1 conflict: conflict with "m1": .data.a"#,
          [
            "causes": [
              [
                "reason": "FieldManagerConflict", "message": #"conflict with "m1""#, "field": ".data.a",
              ]
            ]
          ]))
    #expect(await apply("m2", ["a": "1", "c": "3"])["data"] == ["a": "1", "b": "2", "c": "3"])
    #expect(await apply("m2", ["a": "9", "c": "3"], force: true)["data"] == ["a": "9", "b": "2", "c": "3"])
    #expect(await apply("m1", [:])["data"] == ["a": "9", "c": "3"])
  }

  @Test func `an apply must have a manager`() async {
    #expect(
      await Cluster().send("APPLY", maps + "/m", json: map("m"), manager: "")
        == failure(
          422, "Invalid",
          #"PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch"#,
          [
            "group": "meta.k8s.io", "kind": "PatchOptions",
            "causes": [
              [
                "reason": "FieldValueRequired", "message": "Required value: is required for apply patch",
                "field": "fieldManager",
              ]
            ],
          ]))
  }

  @Test func `an apply of what the schema does not have is refused`() async {
    #expect(
      await Cluster().send(
        "APPLY", maps + "/m",
        json: ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "m"], "nope": 1])
        == failure(
          400, "BadRequest",
          "failed to create typed patch object (/m; /v1, Kind=ConfigMap): .nope: field not declared in schema"
        ))
  }

  @Test func `an apply to a subresource makes nothing`() async {
    let answer = await Cluster().send(
      "APPLY", deployments + "/d/status",
      json: ["apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "d"]])
    #expect(answer.code == 404)
  }

  @Test func `of a hundred writers of one object none is lost`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m", [:]))
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<100 {
        group.addTask {
          let answer = await cluster.send(
            "MERGE", maps + "/m", json: ["data": .object([String(writer): "x"])])
          #expect(answer.code == 200)
        }
      }
    }
    let data = await cluster.send("GET", maps + "/m")["data"]?.object
    #expect(data.map { Set($0.keys) } == Set((0..<100).map(String.init)))
  }
}
