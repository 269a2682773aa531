import Exchange
import Objects
import Registry
import Storage
import Testing

@testable import APIServer

@Suite struct RequestInfoTests {
  private static func info(
    _ method: String, _ path: String, _ query: [(name: String, value: String)] = []
  ) -> RequestInfo {
    RequestInfo(APIRequest(method: method, path: path, query: query))
  }

  private static func summary(_ info: RequestInfo) -> String {
    guard info.isResource else { return "\(info.verb) \(info.path)" }
    return
      "\(info.verb) \(info.group)/\(info.version) \(info.resource)/\(info.subresource) \(info.namespace):\(info.name)"
  }

  @Test(arguments: [
    ("GET", "/healthz", "get /healthz"), ("GET", "/api", "get /api"),
    ("GET", "/apis/apps/v1", "get /apis/apps/v1"),
    ("GET", "/api/v1/pods", "list /v1 pods/ :"),
    ("GET", "/api/v1/namespaces/n/pods", "list /v1 pods/ n:"),
    ("GET", "/api/v1/namespaces/n/pods/a", "get /v1 pods/ n:a"),
    ("GET", "/api/v1/namespaces/n/pods/a/log", "get /v1 pods/log n:a"),
    ("HEAD", "/api/v1/namespaces/n", "get /v1 namespaces/ n:n"),
    ("PUT", "/api/v1/namespaces/n/finalize", "update /v1 namespaces/finalize n:n"),
    ("GET", "/api/v1/namespaces/n/status", "get /v1 namespaces/status n:n"),
    ("POST", "/apis/apps/v1/namespaces/n/deployments", "create apps/v1 deployments/ n:"),
    ("PATCH", "/apis/apps/v1/namespaces/n/deployments/d/scale", "patch apps/v1 deployments/scale n:d"),
    ("DELETE", "/api/v1/namespaces/n/pods/a", "delete /v1 pods/ n:a"),
    ("DELETE", "/api/v1/namespaces/n/pods", "deletecollection /v1 pods/ n:"),
    ("GET", "/api/v1/watch/namespaces/n/pods", "watch /v1 pods/ n:"),
    ("GET", "/api/v1/watch/namespaces/n/pods/a", "watch /v1 pods/ n:a"),
    ("DELETE", "/api/v1/watch/namespaces/n/pods/a", " /v1 pods/ n:a"),
    ("BREW", "/api/v1/pods", " /v1 pods/ :"),
  ])
  func `a path and a method mean something`(method: String, path: String, expected: String) {
    #expect(Self.summary(Self.info(method, path)) == expected)
  }

  @Test(
    arguments: [
      ("GET", "pods/a/exec", "create"), ("GET", "pods/a/attach", "create"),
      ("GET", "pods/a/portforward", "create"), ("POST", "pods/a/exec", nil), ("GET", "pods/a/log", nil),
      ("GET", "pods/a/proxy", nil), ("GET", "services/a/proxy", nil),
    ] as [(String, String, String?)])
  func `whoever opens a session by reading must be allowed to create one`(
    method: String, path: String, verb: String?
  ) {
    #expect(Self.info(method, "/api/v1/namespaces/n/" + path).furtherVerb == verb)
  }

  @Test(arguments: [
    ([("watch", "1")], "watch", ""), ([("watch", "true")], "watch", ""), ([("watch", "0")], "list", ""),
    ([("watch", "false")], "list", ""), ([("watch", "")], "list", ""),
    ([("fieldSelector", "metadata.name=a")], "list", "a"),
    ([("fieldSelector", "spec.nodeName=x,metadata.name=a")], "list", "a"),
    // A comma that belongs to a value.
    ([("fieldSelector", #"status.phase!=x\,metadata.name=a"#)], "list", ""),
    ([("fieldSelector", "metadata.name!=a")], "list", ""),
  ])
  func `a query may make it a watch, or one object`(
    query: [(name: String, value: String)], verb: String, name: String
  ) {
    let info = Self.info("GET", "/api/v1/namespaces/n/pods", query)
    #expect(info.verb == verb && info.name == name)
  }

  /// A role of a namespace must not reach what belongs to no namespace, and a name must not stand for a collection.
  @Test(arguments: [
    ("GET", "/api/v1/namespaces/n/nodes", "nodes", false, true),
    ("GET", "/api/v1/namespaces/n/nodes/a", "nodes", false, true),
    ("GET", "/api/v1/namespaces/n/namespaces/other", "namespaces", false, true),
    ("GET", "/api/v1/namespaces/n", "namespaces", true, true),
    ("GET", "/api/v1/nodes/a", "nodes", true, true),
    ("POST", "/api/v1/namespaces/n/pods/foo", "pods", true, false),
    ("POST", "/api/v1/pods", "pods", true, false),
    ("POST", "/api/v1/namespaces/n/pods", "pods", true, true),
    ("POST", "/api/v1/namespaces/n/pods/foo/binding", "pods", true, true),
    ("POST", "/api/v1/namespaces", "namespaces", true, true),
    ("DELETE", "/api/v1/pods", "pods", true, false),
    ("PUT", "/api/v1/namespaces/n/pods", "pods", true, false),
    ("PATCH", "/api/v1/nodes", "nodes", true, false),
    ("DELETE", "/api/v1/nodes", "nodes", true, true),
    ("DELETE", "/api/v1/watch/namespaces/n/pods/foo", "pods", true, false),
  ])
  func `paths that fit no resource are refused`(
    method: String, path: String, resource: String, fits: Bool, allows: Bool
  ) throws {
    let resource = try #require(Resource.builtIn(group: "", version: "v1", resource: resource))
    let info = Self.info(method, path)
    #expect(info.fits(resource) == fits)
    #expect(info.allows(resource) == allows)
  }
}

@Suite struct RepresentationTests {
  @Test(
    arguments: [
      (nil, "object json"), ("*/*", "object json"), ("application/json", "object json"),
      ("application/yaml", "object yaml"),
      ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "table json"),
      ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "object json"),
      ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "partial json"),
      ("application/vnd.kubernetes.protobuf,application/json", "object json"),
      ("application/json;q=0.5,application/yaml", "object yaml"),
      ("text/html", "406"), ("application/vnd.kubernetes.protobuf", "406"), ("application/json;q=0", "406"),
    ] as [(String?, String)])
  func `an answer has a form that the client takes`(accept: String?, expected: String) {
    let found: String
    do throws(StatusError) {
      let form = try Representation(accept: accept, shapes: [.table, .partial])
      found = "\(form.shape) \(form.isYAML ? "yaml" : "json")"
    } catch {
      found = String(error.code)
    }
    #expect(found == expected)
  }
}

@Suite struct ImpersonatedWritesTests {
  private static func options(_ query: [(name: String, value: String)]) -> RequestOptions {
    RequestOptions(APIRequest(method: "PATCH", path: "/", query: query))
  }

  @Test(arguments: [
    ("dryRun", "None", #"dryRun: Unsupported value: ["None"]: supported values: "All""#),
    (
      "fieldValidation", "Nope",
      #"fieldValidation: Unsupported value: "Nope": supported values: "Ignore", "Strict", "Warn""#
    ),
    ("force", "true", "force: Forbidden: may not be specified for non-apply patch"),
  ])
  func `parameters that make no sense are refused`(name: String, value: String, message: String) {
    do {
      _ = try Self.options([(name, value)]).write(UserInfo(name: "u"), verb: "patch", patch: .merge)
      Issue.record("accepted")
    } catch {
      #expect(error.code == 422 && error.message.contains(message), "\(error.message)")
    }
  }

  @Test func `a watch that was allowed for one name is of that name`() throws {
    let pods = try #require(Resource.builtIn(group: "", version: "v1", resource: "pods"))
    let query = try Self.options([("fieldSelector", "status.phase=Running")]).watch(
      pods, namespace: "n", name: "a")
    #expect(query.fields.requiredValue(of: "metadata.name") == "a")
    #expect(query.fields.requiredValue(of: "status.phase") == "Running")
  }
}

@Suite struct FairQueueTests {
  @Test func `users take turns, and too many are refused`() async throws {
    let queue = FairQueue(limit: 1, waiting: 3, perUser: 2)
    try await queue.enter("busy")
    let order = Order()
    await withTaskGroup(of: Void.self) { group in
      for (number, user) in ["busy", "busy", "other"].enumerated() {
        group.addTask {
          try? await queue.enter(user)
          await order.add(user)
          queue.leave()
        }
        while queue.waiting <= number { await Task.yield() }
      }
      await #expect(throws: StatusError.self) { try await queue.enter("busy") }
      queue.leave()
    }
    #expect(await order.users == ["busy", "other", "busy"])
  }

  private actor Order {
    var users: [String] = []
    func add(_ user: String) { users.append(user) }
  }
}
