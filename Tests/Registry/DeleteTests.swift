import Exchange
import Objects
import Registry
import Testing

struct DeleteTests {
  @Test func `what nothing holds goes at once`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m"))
    let success: JSON = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
      "details": ["name": "m", "kind": "configmaps", "uid": "uid-1"],
    ]
    #expect(
      await cluster.send("DELETE", maps + "/m", json: ["dryRun": ["All"]]) == Answer(code: 200, body: success)
    )
    #expect(await cluster.send("DELETE", maps + "/m") == Answer(code: 200, body: success))
    #expect(
      await cluster.send("DELETE", maps + "/m")
        == failure(404, "NotFound", #"configmaps "m" not found"#, ["name": "m", "kind": "configmaps"]))
  }

  @Test func `some kinds answer with what is gone`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", "/api/v1/namespaces/g/serviceaccounts", json: ["metadata": ["name": "a"]])
    #expect(
      await cluster.send("DELETE", "/api/v1/namespaces/g/serviceaccounts/a")["kind"] == "ServiceAccount")
  }

  @Test(arguments: [
    (
      ["preconditions": ["uid": "nope"]] as JSON,
      failure(
        409, "Conflict",
        #"Operation cannot be fulfilled on ConfigMap "m": the UID in the precondition (nope) does not match "#
          + "the UID in record (uid-1). The object might have been deleted and then recreated",
        ["name": "m", "kind": "ConfigMap"])
    ),
    (
      ["gracePeriodSeconds": "soon"] as JSON,
      failure(
        400, "BadRequest",
        #"DeleteOptions in version "v1" cannot be handled as a DeleteOptions: json: cannot unmarshal string "#
          + "into Go struct field DeleteOptions.gracePeriodSeconds of type int64")
    ),
    (
      ["propagationPolicy": "x"] as JSON,
      failure(
        422, "Invalid",
        #"DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "x": supported values: "#
          + #""Foreground", "Background", "Orphan", "nil""#,
        [
          "group": "meta.k8s.io", "kind": "DeleteOptions",
          "causes": [
            [
              "reason": "FieldValueNotSupported",
              "message":
                #"Unsupported value: "x": supported values: "Foreground", "Background", "Orphan", "nil""#,
              "field": "propagationPolicy",
            ]
          ],
        ])
    ),
  ])
  func `a deletion that does not fit is refused`(options: JSON, expected: Answer) async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: map("m"))
    #expect(await cluster.send("DELETE", maps + "/m", json: options) == expected)
    #expect(await cluster.send("GET", maps + "/m").code == 200)
  }

  @Test func `a deletion of an old version is refused`() async {
    let cluster = Cluster()
    let old = await cluster.send("POST", maps, json: map("m")).version
    let new = await cluster.send("MERGE", maps + "/m", json: ["data": ["b": "2"]]).version
    let answer = await cluster.send(
      "DELETE", maps + "/m", json: ["preconditions": ["resourceVersion": .string(old)]])
    #expect(
      answer["message"]?.string
        == #"Operation cannot be fulfilled on ConfigMap "m": the ResourceVersion in the precondition (\#(old)) "#
        + "does not match the ResourceVersion in record (\(new)). The object might have been modified")
    #expect(
      await cluster.send("DELETE", maps + "/m", json: ["preconditions": ["resourceVersion": .string(new)]])
        .code == 200)
  }

  @Test(arguments: [
    (["propagationPolicy": "Foreground"] as JSON, ["foregroundDeletion"]),
    (["propagationPolicy": "Orphan"] as JSON, ["orphan"]),
    (["orphanDependents": true] as JSON, ["orphan"]),
    (["propagationPolicy": "Background"] as JSON, []),
    (["orphanDependents": false] as JSON, []),
  ])
  func `what becomes of dependents is noted by a finalizer`(options: JSON, finalizers: [String]) async {
    let cluster = Cluster()
    _ = await cluster.send("POST", deployments, json: deployment("d"))
    let answer = await cluster.send("DELETE", deployments + "/d", json: options)
    #expect(answer.code == 200)
    #expect(answer["metadata", "finalizers"]?.array?.map(\.string) ?? [] == finalizers)
    if finalizers.isEmpty {
      #expect(answer["status"] == "Success")
      #expect(await cluster.send("GET", deployments + "/d").code == 404)
    } else {
      #expect(answer["metadata", "generation"] == 2)
      #expect(answer["metadata", "deletionGracePeriodSeconds"] == 0)
    }
  }

  @Test func `a deletion again changes nothing while finalizers hold`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", maps, json: ["metadata": ["name": "m", "finalizers": ["a.b/c"]]])
    let first = await cluster.send("DELETE", maps + "/m")
    cluster.pass(seconds: 5)
    #expect(await cluster.send("DELETE", maps + "/m") == Answer(code: 200, body: first.body))
    #expect(
      await cluster.send("DELETE", maps + "/m", json: ["orphanDependents": false]).code == 202)
  }

  @Test func `a pod without a node goes at once whatever period is asked for`() async {
    let cluster = Cluster()
    let made = await cluster.send("POST", pods, json: pod("p"))
    let answer = await cluster.send("DELETE", pods + "/p", json: ["gracePeriodSeconds": 5])
    #expect(answer.code == 200)
    #expect(answer["kind"] == "Pod")
    #expect(answer["metadata", "deletionGracePeriodSeconds"] == 0)
    #expect(answer["metadata", "generation"] == 2)
    #expect(answer["metadata", "uid"] == made["metadata", "uid"])
    #expect(await cluster.send("GET", pods + "/p").code == 404)
  }

  @Test func `a pod on a node gets its period, which can only become shorter`() async {
    let cluster = Cluster()
    await cluster.runPod("p")
    let first = await cluster.send("DELETE", pods + "/p")
    #expect(first["metadata", "deletionGracePeriodSeconds"] == 30)
    #expect(first["metadata", "deletionTimestamp"] == "2026-01-01T00:00:30Z")
    cluster.pass(seconds: 2)
    #expect(await cluster.send("DELETE", pods + "/p") == Answer(code: 200, body: first.body))
    #expect(
      await cluster.send("DELETE", pods + "/p", json: ["gracePeriodSeconds": 60])
        == Answer(code: 200, body: first.body))
    let shorter = await cluster.send("DELETE", pods + "/p", json: ["gracePeriodSeconds": 10])
    #expect(shorter["metadata", "deletionTimestamp"] == "2026-01-01T00:00:10Z")
    #expect(shorter["metadata", "deletionGracePeriodSeconds"] == 10)
    #expect(shorter["metadata", "generation"] == 2)
    let last = await cluster.send("DELETE", pods + "/p", json: ["gracePeriodSeconds": 0])
    #expect(last["metadata", "deletionGracePeriodSeconds"] == 0)
    #expect(await cluster.send("GET", pods + "/p").code == 404)
  }

  @Test func `a namespace goes once its contents are gone`() async {
    let cluster = Cluster()
    let path = "/api/v1/namespaces/g"
    _ = await cluster.send("POST", "/api/v1/namespaces", json: ["metadata": ["name": "g"]])
    let answer = await cluster.send("DELETE", path)
    #expect(answer.code == 200)
    #expect(
      answer.plain == [
        "kind": "Namespace", "apiVersion": "v1", "spec": ["finalizers": ["kubernetes"]],
        "status": ["phase": "Terminating"],
        "metadata": [
          "name": "g", "uid": "uid-1", "creationTimestamp": "2026-01-01T00:00:00Z",
          "deletionTimestamp": "2026-01-01T00:00:00Z", "labels": ["kubernetes.io/metadata.name": "g"],
        ],
      ])
    #expect(await cluster.send("DELETE", path) == Answer(code: 200, body: answer.body))
    var body = answer.body
    body["spec"] = [:]
    #expect(await cluster.send("PUT", path + "/finalize", json: body).code == 200)
    #expect(await cluster.send("GET", path).code == 404)
  }

  @Test func `a collection goes as a whole and is answered as a list`() async {
    let cluster = Cluster()
    for name in ["a", "b", "c"] { _ = await cluster.send("POST", maps, json: map(name)) }
    _ = await cluster.send("POST", "/api/v1/namespaces/h/configmaps", json: map("d"))
    let answer = await cluster.send("DELETE", maps)
    #expect(answer["kind"] == "ConfigMapList")
    #expect(answer["items"]?.array?.map { $0["metadata"]?["name"] } == ["a", "b", "c"])
    #expect(answer["items"]?.array?.allSatisfy { $0["kind"] == nil && $0["apiVersion"] == nil } == true)
    for name in ["a", "b", "c"] { #expect(await cluster.send("GET", maps + "/" + name).code == 404) }
    #expect(await cluster.send("GET", "/api/v1/namespaces/h/configmaps/d").code == 200)
  }
}

extension Cluster {
  /// Makes a pod, binds it, and says that it runs.
  func runPod(_ name: String, labels: JSON = [:], isReady: Bool = true) async {
    var body = pod(name)
    body["metadata", "labels"] = labels
    _ = await send("POST", pods, json: body)
    _ = await send("POST", pods + "/\(name)/binding", json: binding(name, "n1"))
    let ready: JSON = .string(isReady ? "True" : "False")
    _ = await send(
      "STRATEGIC", pods + "/\(name)/status",
      json: ["status": ["phase": "Running", "conditions": [["type": "Ready", "status": ready]]]])
  }
}

func binding(_ pod: String, _ node: String) -> JSON {
  ["metadata": ["name": .string(pod)], "target": ["kind": "Node", "name": .string(node)]]
}
