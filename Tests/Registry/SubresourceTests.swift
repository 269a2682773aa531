import Exchange
import Objects
import Registry
import Testing

struct SubresourceTests {
  // MARK: Scale

  @Test func `a scale shows and sets the replicas`() async {
    let cluster = Cluster()
    let made = await cluster.send("POST", deployments, json: deployment("d"))
    let scale = await cluster.send("GET", deployments + "/d/scale")
    #expect(
      scale.body == [
        "kind": "Scale", "apiVersion": "autoscaling/v1", "spec": ["replicas": 2],
        "status": ["replicas": 0, "selector": "a=b"],
        "metadata": [
          "name": "d", "namespace": "g", "uid": "uid-1", "creationTimestamp": "2026-01-01T00:00:00Z",
          "resourceVersion": .string(made.version),
        ],
      ])
    let patched = await cluster.send("MERGE", deployments + "/d/scale", json: ["spec": ["replicas": 3]])
    #expect(patched["spec", "replicas"] == 3)
    var body = patched.body
    body["spec"] = ["replicas": 4]
    #expect(await cluster.send("PUT", deployments + "/d/scale", json: body)["spec", "replicas"] == 4)
    #expect(await cluster.send("PUT", deployments + "/d/scale", json: body).code == 409)
    let object = await cluster.send("GET", deployments + "/d")
    #expect(object["spec", "replicas"] == 4)
    #expect(object["metadata", "generation"] == 3)
    let owners = object["metadata", "managedFields"]?.array ?? []
    #expect(owners.map { $0["subresource"]?.string } == ["scale", nil])
    #expect(owners.first?["fieldsV1"] == ["f:spec": ["f:replicas": [:]]])
    #expect(owners.last?["fieldsV1"]?["f:spec"]?["f:replicas"] == nil)
  }

  @Test func `a scale below nothing is refused`() async {
    let cluster = Cluster()
    _ = await cluster.send("POST", deployments, json: deployment("d"))
    #expect(
      await cluster.send("MERGE", deployments + "/d/scale", json: ["spec": ["replicas": -1]])
        == failure(
          422, "Invalid",
          #"Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"#,
          [
            "name": "d", "group": "autoscaling", "kind": "Scale",
            "causes": [
              [
                "reason": "FieldValueInvalid",
                "message": "Invalid value: -1: must be greater than or equal to 0",
                "field": "spec.replicas",
              ]
            ],
          ]))
    #expect(await cluster.send("GET", maps + "/d/scale").code == 404)
  }

  // MARK: Binding

  @Test(arguments: ["/p/binding", ""])
  func `a pod is bound once`(subresource: String) async {
    let cluster = Cluster()
    let path = subresource.isEmpty ? "/api/v1/namespaces/g/bindings" : pods + subresource
    _ = await cluster.send("POST", pods, json: pod("p"))
    #expect(
      await cluster.send("POST", path, json: binding("p", "n1"))
        == Answer(
          code: 201,
          body: [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201,
          ]))
    let bound = await cluster.send("GET", pods + "/p")
    #expect(bound["spec", "nodeName"] == "n1")
    #expect(bound["metadata", "generation"] == 1)
    #expect(
      bound["status", "conditions"] == [
        [
          "type": "PodScheduled", "status": "True", "lastProbeTime": .null,
          "lastTransitionTime": "2026-01-01T00:00:00Z",
        ]
      ])
    #expect(
      await cluster.send("POST", path, json: binding("p", "n2"))
        == failure(
          409, "Conflict",
          #"Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1""#,
          ["name": "p", "kind": "pods/binding"]))
  }

  @Test func `a binding that does not fit is refused`() async {
    let cluster = Cluster()
    #expect(
      await cluster.send("POST", pods + "/p/binding", json: binding("p", "n1"))
        == failure(404, "NotFound", #"pods "p" not found"#, ["name": "p", "kind": "pods"]))
    #expect(
      await cluster.send("POST", pods + "/p/binding", json: binding("q", "n1"))
        == failure(400, "BadRequest", "name in URL does not match name in Binding object"))
    #expect(
      await cluster.send(
        "POST", pods + "/p/binding",
        json: ["metadata": ["name": "p"], "target": ["kind": "Pod", "name": "n1"]])
        == failure(
          422, "Invalid",
          #"Binding "p" is invalid: target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>""#,
          [
            "name": "p", "kind": "Binding",
            "causes": [
              [
                "reason": "FieldValueNotSupported", "field": "target.kind",
                "message": #"Unsupported value: "Pod": supported values: "Node", "<empty>""#,
              ]
            ],
          ]))
    var gated = pod("p")
    gated["spec", "schedulingGates"] = [["name": "a"]]
    _ = await cluster.send("POST", pods, json: gated)
    #expect(
      await cluster.send("POST", pods + "/p/binding", json: binding("p", "n1"))["message"]
        == #"Operation cannot be fulfilled on pods/binding "p": pod p has non-empty .spec.schedulingGates"#)
    var other = binding("p", "n1")
    other["metadata", "uid"] = "other"
    #expect(await cluster.send("POST", pods + "/p/binding", json: other).code == 409)
  }

  // MARK: Pods

  @Test func `ephemeral containers are added through their subresource`() async {
    let cluster = Cluster()
    await cluster.runPod("p")
    let answer = await cluster.send(
      "STRATEGIC", pods + "/p/ephemeralcontainers",
      json: ["spec": ["ephemeralContainers": [["name": "debug", "image": "y"]], "nodeName": "other"]])
    #expect(answer.code == 200)
    #expect(answer["spec", "ephemeralContainers"]?.array?.first?["name"] == "debug")
    #expect(answer["spec", "nodeName"] == "n1")
  }

  @Test func `resources change through resize alone`() async {
    let cluster = Cluster()
    var body = pod("p")
    body["spec", "containers"] = [
      ["name": "c", "image": "x", "resources": ["requests": ["cpu": "1"]]]
    ]
    _ = await cluster.send("POST", pods, json: body)
    _ = await cluster.send("POST", pods + "/p/binding", json: binding("p", "n1"))
    let patch: JSON = [
      "spec": ["containers": [["name": "c", "resources": ["requests": ["cpu": "2"]]]]]
    ]
    #expect(await cluster.send("STRATEGIC", pods + "/p", json: patch).code == 422)
    let answer = await cluster.send("STRATEGIC", pods + "/p/resize", json: patch)
    #expect(answer.code == 200)
    #expect(answer["spec", "containers"]?.array?.first?["resources"]?["requests"]?["cpu"] == "2")
  }

  // MARK: Certificates

  @Test func `a certificate request is approved through its subresource`() async {
    let cluster = Cluster()
    let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    _ = await cluster.send(
      "POST", path,
      json: [
        "metadata": ["name": "r"],
        "spec": ["request": "eA==", "signerName": "example.com/s", "usages": ["client auth"]],
      ])
    let condition: JSON = ["type": "Approved", "status": "True", "reason": "ok"]
    let body: JSON = ["status": ["conditions": [condition]]]
    let through = await cluster.send("MERGE", path + "/r/approval", json: body)
    #expect(through.code == 200)
    let conditions = through["status", "conditions"]?.array ?? []
    #expect(conditions.map { $0["type"] } == ["Approved"])
    #expect(conditions.first?["lastUpdateTime"] == "2026-01-01T00:00:00Z")
    #expect(through["spec", "username"] == "jane")
    // Who writes the status does not decide.
    let status = await cluster.send(
      "MERGE", path + "/r/status", json: ["status": ["conditions": [["type": "Denied", "status": "True"]]]])
    #expect(status.code == 422)
  }

  // MARK: Tokens

  @Test func `a token is asked of its issuer`() async {
    let cluster = Cluster(tokens: Issuer())
    let path = "/api/v1/namespaces/g/serviceaccounts"
    #expect(
      await cluster.send("POST", path + "/a/token", json: [:])
        == failure(
          404, "NotFound", #"serviceaccounts "a" not found"#, ["name": "a", "kind": "serviceaccounts"]))
    _ = await cluster.send("POST", path, json: ["metadata": ["name": "a"]])
    let answer = await cluster.send("POST", path + "/a/token", json: ["spec": ["expirationSeconds": 600]])
    #expect(answer.code == 201)
    #expect(answer["status", "token"] == "token of a")
    #expect(answer["metadata", "uid"] == "uid-1")
    #expect(
      await cluster.send("POST", path + "/a/token", json: ["spec": ["expirationSeconds": 599]])["message"]?
        .string
        == #"TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may "#
        + "not specify a duration less than 10 minutes")
    #expect(
      await cluster.send(
        "POST", path + "/a/token",
        json: ["spec": ["boundObjectRef": ["kind": "Pod", "apiVersion": "v1", "name": "p"]]])
        == failure(404, "NotFound", #"pods "p" not found"#, ["name": "p", "kind": "pods"]))
  }

  // MARK: Connections

  @Test func `what runs on nodes is reached through them`() async throws {
    let cluster = Cluster()
    _ = await cluster.send("POST", pods, json: pod("p"))
    let context = WriteContext(user: UserInfo(name: "jane"))
    func connect(_ path: String, container: String = "") async -> StatusError? {
      guard let target = Cluster.target(path) else { return nil }
      let query = container.isEmpty ? [] : [(name: "container", value: container)]
      do throws(StatusError) {
        _ = try await cluster.registry.connect(target, APIRequest(path: path, query: query), context)
        return nil
      } catch { return error }
    }
    #expect(await connect(pods + "/none/log")?.message == #"pods "none" not found"#)
    #expect(await connect(pods + "/p/log") == nil)
    #expect(await connect(pods + "/p/exec") == .badRequest("pod p does not have a host assigned"))
    #expect(
      await connect(pods + "/p/exec", container: "d")
        == .badRequest("container d is not valid for pod p"))
    _ = await cluster.send("POST", pods + "/p/binding", json: binding("p", "n1"))
    #expect(await connect(pods + "/p/log")?.code == 503)
    // A proxy's name may say how to speak, and to which port.
    #expect(await connect(pods + "/https:p:8443/proxy")?.code == 503)
    #expect(await connect(pods + "/https:none:8443/proxy")?.message == #"pods "none" not found"#)
    #expect(await connect(pods + "/ftp:p:21/proxy")?.code == 400)
  }
}

private struct Issuer: TokenIssuer {
  func issue(serviceAccount: JSON, request: JSON, bound: BoundObject?) async throws(StatusError) -> JSON {
    var answer = request
    answer["status", "token"] = .string(
      "token of " + (serviceAccount["metadata"]?["name"]?.string ?? ""))
    return answer
  }
}
