import Exchange
import Objects
import Registry
import Testing

struct UpdateTests {
  @Test func `an update of the version that was read replaces the object`() async {
    let cluster = Cluster()
    var body = await cluster.send("POST", maps, json: map("m")).body
    body["data"] = ["b": "2"]
    let answer = await cluster.send("PUT", maps + "/m", json: body)
    #expect(answer.code == 200)
    #expect(answer["data"] == ["b": "2"])
    #expect(answer.version != body["metadata"]?["resourceVersion"]?.string)
    #expect(
      await cluster.send("PUT", maps + "/m", json: body)
        == failure(
          409, "Conflict",
          #"Operation cannot be fulfilled on configmaps "m": the object has been modified; please apply your "#
            + "changes to the latest version and try again", ["name": "m", "kind": "configmaps"]))
  }

  @Test func `an update that names no version replaces what is there`() async {
    let cluster = Cluster()
    let old = await cluster.send("POST", maps, json: map("m"))
    let answer = await cluster.send("PUT", maps + "/m", json: map("m", ["c": "3"]))
    #expect(answer.code == 200)
    #expect(answer["data"] == ["c": "3"])
    #expect(answer["metadata", "uid"] == old["metadata", "uid"])
  }

  @Test func `an update that changes nothing stores nothing`() async {
    let cluster = Cluster()
    let old = await cluster.send("POST", maps, json: map("m"))
    cluster.pass(seconds: 60)
    #expect(await cluster.send("PUT", maps + "/m", json: map("m")) == Answer(code: 200, body: old.body))
    #expect(await cluster.send("PUT", maps + "/m", json: old.body) == Answer(code: 200, body: old.body))
  }

  @Test func `a dry run shows the change and stores nothing`() async {
    let cluster = Cluster()
    let old = await cluster.send("POST", maps, json: map("m"))
    let answer = await cluster.send("PUT", maps + "/m", json: map("m", ["c": "3"])) { $0.dryRun = true }
    #expect(answer["data"] == ["c": "3"])
    #expect(answer.version == old.version)
    #expect(await cluster.send("GET", maps + "/m") == Answer(code: 200, body: old.body))
  }

  @Test(arguments: [
    (
      #"{"metadata":{"name":"n"}}"#,
      failure(400, "BadRequest", "the name of the object (n) does not match the name on the URL (m)")
    ),
    (
      "{}",
      failure(
        400, "BadRequest",
        "the name of the object (m based on URL) was undeterminable: name must be provided")
    ),
    (
      #"{"metadata":{"name":"m","namespace":"h"}}"#,
      failure(
        400, "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request")
    ),
    (
      #"{"metadata":{"name":"m","resourceVersion":"abc"}}"#,
      failure(400, "BadRequest", #"strconv.ParseUint: parsing "abc": invalid syntax"#)
    ),
  ])
  func `an update must name what it updates`(body: String, expected: Answer) async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m"))
    #expect(await cluster.send("PUT", maps + "/m", .text(Array(body.utf8))) == expected)
  }

  @Test func `an update of another object than the one of that name is a conflict`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m"))
    #expect(
      await cluster.send("PUT", maps + "/m", json: ["metadata": ["name": "m", "uid": "other"]])
        == failure(
          409, "Conflict",
          #"Operation cannot be fulfilled on configmaps "m": StorageError: invalid object, Code: 4, Key: "#
            + "/registry/configmaps/g/m, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
            + "precondition: other, UID in object meta: uid-1", ["name": "m", "kind": "configmaps"]))
  }

  @Test func `a missing object is made only where its kind provides for that`() async {
    let cluster = Cluster()
    #expect(
      await cluster.send("PUT", maps + "/m", json: map("m"))
        == failure(404, "NotFound", #"configmaps "m" not found"#, ["name": "m", "kind": "configmaps"]))
    let leases = "/apis/coordination.k8s.io/v1/namespaces/g/leases"
    let body: JSON = ["metadata": ["name": "l", "resourceVersion": "5"], "spec": ["holderIdentity": "me"]]
    let made = await cluster.send("PUT", leases + "/l", json: body)
    #expect(made.code == 201)
    #expect(
      await cluster.send("PUT", leases + "/l", json: ["metadata": ["name": "l"]])
        == failure(
          422, "Invalid",
          #"leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be "#
            + "specified for an update",
          [
            "name": "l", "group": "coordination.k8s.io", "kind": "leases",
            "causes": [
              [
                "reason": "FieldValueInvalid",
                "message": "Invalid value: 0: must be specified for an update",
                "field": "metadata.resourceVersion",
              ]
            ],
          ]))
  }

  @Test func `making an object by an update takes the right to create it`() async {
    let cluster = Cluster(authorizer: Nobody())
    #expect(
      await cluster.send("PUT", "/apis/coordination.k8s.io/v1/namespaces/g/leases/l", json: map("l", .null))
        == failure(
          403, "Forbidden",
          #"leases.coordination.k8s.io "l" is forbidden: User "jane" cannot create resource "leases" in API "#
            + #"group "coordination.k8s.io" in the namespace "g": no"#,
          ["name": "l", "group": "coordination.k8s.io", "kind": "leases"]))
  }

  @Test func `status and the rest are kept apart`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", deployments, json: deployment("d"))
    var body = deployment("d")
    body["spec", "replicas"] = 5
    body["status"] = ["replicas": 9, "observedGeneration": 1]
    let main = await cluster.send("PUT", deployments + "/d", json: body)
    #expect(main["status"] == [:])
    #expect(main["spec", "replicas"] == 5)
    #expect(main["metadata", "generation"] == 2)
    body["spec", "replicas"] = 7
    let status = await cluster.send("PUT", deployments + "/d/status", json: body)
    #expect(status["status"] == ["replicas": 9, "observedGeneration": 1])
    #expect(status["spec", "replicas"] == 5)
    #expect(status["metadata", "generation"] == 2)
  }

  @Test func `an update that takes the last finalizer of a deleted object away removes it`() async {
    let cluster = Cluster()
    let body: JSON = ["metadata": ["name": "m", "finalizers": ["a.b/c"]]]
    _ = await cluster.send("POST", maps, json: body)
    let marked = await cluster.send("DELETE", maps + "/m")
    #expect(marked["metadata", "deletionTimestamp"] == "2026-01-01T00:00:00Z")
    #expect(marked["metadata", "deletionGracePeriodSeconds"] == 0)
    let answer = await cluster.send("PUT", maps + "/m", json: ["metadata": ["name": "m"]])
    #expect(answer.code == 200)
    #expect(answer.version == marked.version)
    #expect(answer["metadata", "finalizers"] == nil)
    #expect(await cluster.send("GET", maps + "/m").code == 404)
  }

  @Test(arguments: [
    ("/api/v1/pods/", "Namespace parameter required."),
    ("/api/v1/namespaces/g/pods/..", #"Name parameter invalid: "..": may not be '..'"#),
    ("/api/v1/namespaces/g/pods/a%b", #"Name parameter invalid: "a%b": may not contain '%'"#),
    ("/api/v1/namespaces/g/pods", "Name parameter required."),
  ])
  func `what cannot be part of a key is no name`(path: String, message: String) async {
    for method in ["GET", "PUT", "MERGE"] {
      #expect(await Cluster().send(method, path, json: [:]) == failure(400, "BadRequest", message))
    }
  }

  @Test func `a subresource without updates is refused`() async {
    #expect(await Cluster().send("PUT", pods + "/p/log").code == 405)
  }
}

private struct Nobody: WriteAuthorizing {
  func mayWrite(
    _ user: UserInfo, verb: String, resource: Resource, subresource: String, namespace: String, name: String
  ) async -> (isAllowed: Bool, reason: String) { (false, "no") }
}
