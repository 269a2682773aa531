import Exchange
import Objects
import Registry
import Testing

struct CreateTests {
  @Test func `an object is stored as its kind's rules have it`() async {
    let cluster = Cluster()
    let answer = await cluster.send("POST", maps, json: map("m"))
    #expect(answer.code == 201)
    #expect(
      answer.plain == [
        "kind": "ConfigMap", "apiVersion": "v1", "data": ["a": "1"],
        "metadata": [
          "name": "m", "namespace": "g", "uid": "uid-1", "creationTimestamp": "2026-01-01T00:00:00Z",
        ],
      ])
    #expect(
      answer["metadata", "managedFields"] == [
        [
          "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": ["f:data": [".": [:], "f:a": [:]]],
          "manager": "test", "operation": "Update", "time": "2026-01-01T00:00:00Z",
        ]
      ])
    #expect(await cluster.send("GET", maps + "/m") == Answer(code: 200, body: answer.body))
  }

  @Test func `the user agent stands in for a field manager`() async {
    let answer = await Cluster().send("POST", maps, json: map("m"), manager: "")
    #expect(answer["metadata", "managedFields"]?.array?.first?["manager"] == "agent")
  }

  @Test(arguments: [
    (
      #"{"metadata":{"name":"x","namespace":"h"}}"#,
      failure(
        400, "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request")
    ),
    (
      #"{"kind":"Pod","apiVersion":"v1"}"#,
      failure(
        400, "BadRequest",
        #"Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion"#
      )
    ),
    (
      #"{"kind":"ConfigMap","apiVersion":"v9"}"#,
      failure(
        400, "BadRequest",
        #"ConfigMap in version "v9" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for "#
          + #"version "v9" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30""#)
    ),
    (
      #"{"a":"#,
      failure(
        400, "BadRequest",
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json "
          + #"parse error: unexpected end of JSON input ({"a":)"#)
    ),
    (
      #"{"metadata":{"name":"x","resourceVersion":"7"}}"#,
      failure(400, "BadRequest", "resourceVersion should not be set on objects to be created")
    ),
    (
      #"{"metadata":{}}"#,
      failure(
        422, "Invalid",
        #"ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required"#,
        [
          "kind": "ConfigMap",
          "causes": [
            [
              "reason": "FieldValueRequired", "message": "Required value: name or generateName is required",
              "field": "metadata.name",
            ]
          ],
        ])
    ),
  ])
  func `a body that is no such object is refused`(body: String, expected: Answer) async {
    #expect(await Cluster().send("POST", maps, .text(Array(body.utf8))) == expected)
  }

  @Test func `a body of another version of its group is refused`() async {
    let answer = await Cluster().send(
      "POST", "/apis/autoscaling/v2/namespaces/g/horizontalpodautoscalers",
      json: ["kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1", "metadata": ["name": "h"]])
    #expect(
      answer
        == failure(
          400, "BadRequest",
          "the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)"
        ))
  }

  @Test(arguments: [
    (FieldValidation.ignore, 201, [String]()),
    (.warn, 201, [#"unknown field "nope""#, #"duplicate field "data.a""#]),
    (.strict, 400, []),
  ])
  func `unknown and repeated fields are dropped, told or refused`(
    validation: FieldValidation, code: Int, warnings: [String]
  ) async {
    let body = #"{"metadata":{"name":"m"},"nope":1,"data":{"a":"1","a":"2"}}"#
    let answer = await Cluster().send("POST", maps, .text(Array(body.utf8))) {
      $0.fieldValidation = validation
    }
    #expect(answer.code == code)
    #expect(answer.warnings == warnings)
    if code == 400 {
      #expect(
        answer["message"]
          == #"ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "nope", duplicate field "data.a""#
      )
    }
  }

  @Test func `an object of the same name is in the way`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m"))
    let expected = failure(
      409, "AlreadyExists", #"configmaps "m" already exists"#, ["name": "m", "kind": "configmaps"])
    #expect(await cluster.send("POST", maps, json: map("m")) == expected)
    #expect(await cluster.send("POST", maps, json: map("m")) { $0.dryRun = true } == expected)
  }

  @Test func `an object that is being deleted is in the way and says so`() async {
    let cluster = Cluster()
    _ = await cluster.send(
      "POST", maps, json: ["metadata": ["name": "m", "finalizers": ["a.b/c"]]])
    _ = await cluster.send("DELETE", maps + "/m")
    #expect(
      await cluster.send("POST", maps, json: map("m"))["message"]
        == #"object is being deleted: configmaps "m" already exists"#)
  }

  @Test func `a generated name is tried again when it is taken`() async {
    let cluster = Cluster(suffixes: ["aaaaa", "aaaaa", "bbbbb"])
    let body: JSON = ["metadata": ["generateName": "m-"]]
    #expect(await cluster.send("POST", maps, json: body)["metadata", "name"] == "m-aaaaa")
    #expect(await cluster.send("POST", maps, json: body)["metadata", "name"] == "m-bbbbb")
    #expect(
      await cluster.send("POST", maps, json: body)
        == failure(
          409, "AlreadyExists",
          #"ConfigMap "m-bbbbb" already exists, the server was not able to generate a unique name for the object"#,
          ["name": "m-bbbbb", "kind": "ConfigMap", "retryAfterSeconds": 1]))
  }

  @Test func `a dry run stores nothing`() async {
    let cluster = Cluster()
    let answer = await cluster.send("POST", maps, json: map("m")) { $0.dryRun = true }
    #expect(answer.code == 201)
    #expect(answer["metadata", "uid"] == "uid-1")
    #expect(answer.version.isEmpty)
    #expect(
      await cluster.send("GET", maps + "/m")
        == failure(404, "NotFound", #"configmaps "m" not found"#, ["name": "m", "kind": "configmaps"]))
  }

  @Test func `owner references that are there twice are dropped with a warning`() async {
    let owner: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"]
    let answer = await Cluster().send(
      "POST", maps, json: ["metadata": ["name": "m", "ownerReferences": [owner, owner]]])
    #expect(answer["metadata", "ownerReferences"] == [owner])
    #expect(answer.warnings.count == 1)
    #expect(answer.warnings.first?.hasSuffix("duplicate UID(s) observed: u") == true)
  }

  @Test func `who writes a DaemonSet owns the annotation that was a field`() async {
    let answer = await Cluster().send(
      "POST", "/apis/apps/v1/namespaces/g/daemonsets",
      json: {
        var set = deployment("d")
        set["spec", "replicas"] = nil
        return set
      }())
    let key = "deprecated.daemonset.template.generation"
    #expect(answer["metadata", "annotations"] == [key: "1"] as JSON?)
    #expect(
      answer["metadata", "managedFields"]?.array?.first?["fieldsV1"]?["f:metadata"]
        == ["f:annotations": [".": [:], "f:" + key: [:]]])
  }

  @Test func `an event belongs to a lease`() async throws {
    let cluster = Cluster()
    let answer = await cluster.send(
      "POST", "/api/v1/namespaces/g/events",
      json: [
        "metadata": ["name": "e"], "involvedObject": ["kind": "Pod", "namespace": "g", "name": "p"],
        "reason": "Started", "type": "Normal",
      ])
    #expect(answer.code == 201)
  }
}
