import Client
import ContainerRuntime
import Exchange
import HTTP
import NIOCore
import NIOPosix
import Objects
import Testing

@testable import KubeletServer

struct HandlerTests {
  private func handler(
    _ runtime: StubRuntime = StubRuntime(), access: StubAccess = StubAccess(),
    agent: StubAgent = StubAgent(objects: [Fixture.pod])
  ) -> KubeletHandler {
    KubeletHandler(
      agent: agent, runtime: runtime, access: access,
      tunnels: StreamTunnels(limits: KubeletServerLimits(), group: MultiThreadedEventLoopGroup.singleton),
      counters: RequestCounters(), time: SystemTime(), nodeName: "n1")
  }

  private func ask(
    _ handler: KubeletHandler, _ target: String, method: String = "GET", token: String? = "good",
    headers: [(name: String, value: String)] = []
  ) async throws -> (status: Int, text: String) {
    let credentials = token.map { [(name: "authorization", value: "Bearer \($0)")] } ?? []
    let answer = await handler.handle(
      HTTPServerRequest(method: method, target: target, headers: credentials + headers))
    switch answer.body {
    case .parts(let parts): return (answer.status, String(decoding: parts.joined(), as: UTF8.self))
    case .stream(let stream):
      var text = ""
      while let piece = try await stream.next() { text += String(decoding: piece, as: UTF8.self) }
      return (answer.status, text)
    case .upgrade: return (answer.status, "")
    }
  }

  @Test(
    arguments: [
      ("/healthz", nil, 401, "Unauthorized"), ("/nothing", "bad", 401, "Unauthorized"),
      ("/nothing", "good", 404, "404: Page Not Found"), ("/healthz", "good", 200, "ok"),
      ("/healthz/ping", "good", 200, "ok"),
      (
        "/logs/x", "good", 403, "Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[log])\n"
      ),
      ("/containerLogs/default/none/main", "good", 404, "pod \"none\" does not exist"),
      ("/containerLogs/default/web/none", "good", 404, "container \"none\" not found in pod \"web\""),
      (
        "/containerLogs/default/web/main?tailLines=x", "good", 400, #"{"message": "Unable to decode query."}"#
      ),
      ("/containerLogs/default/web/main?tailLines=-1", "good", 422, #"{"message": "Invalid request."}"#),
      (
        "/containerLogs/default/web/side", "good", 400,
        "container \"side\" in pod \"web\" is waiting to start: trying and failing to pull image"
      ),
      ("/containerLogs/default/web/slow", "good", 400, "container \"slow\" in pod \"web\" is not available"),
      (
        "/containerLogs/default/web/side?previous=true", "good", 400,
        "previous terminated container \"side\" in pod \"web\" not found"
      ),
      ("/containerLogs/default/web/main", "good", 404, "no container c2"),
      ("/exec/default/web/main", "good", 400, "you must specify at least 1 of stdin, stdout, stderr"),
      ("/exec/default/web/main?output=1", "good", 400, "Upgrade request required"),
      ("/exec/default/none/main?output=1", "good", 404, "pod does not exist"),
      ("/exec/default/web/other/main?output=1", "good", 404, "pod does not exist"),
      ("/attach/default/web/side?output=1", "good", 500, "container not found (\"side\")"),
      ("/portForward/default/web/other", "good", 404, "pod not found"),
      ("/portForward/default/web", "good", 500, "pod \"web\" has no running sandbox"),
    ] as [(String, String?, Int, String)])
  func `answers are those that clients know`(target: String, token: String?, status: Int, text: String)
    async throws
  {
    let answer = try await ask(handler(), target, token: token)
    #expect(answer == (status, text))
  }

  @Test func `other methods are refused`() async throws {
    let answer = try await ask(handler(), "/pods", method: "POST")
    #expect(answer == (405, "405: Method Not Allowed"))
  }

  @Test func `logs come from the file that the runtime names`() async throws {
    let scratch = try Scratch()
    try scratch.write("0.log", "2026-11-28T17:00:00Z stdout F old\n")
    try scratch.write("1.log", "2026-11-28T17:00:00Z stdout F new\n2026-11-28T17:00:01Z stderr F newer\n")
    let runtime = StubRuntime(statuses: [
      "c1": Fixture.status("c1", log: scratch.file("0.log")),
      "c2": Fixture.status("c2", log: scratch.file("1.log")),
      "i1": Fixture.status("i1", log: scratch.file("none.log")),
    ])
    let path = "/containerLogs/default/web/main"
    #expect(try await ask(handler(runtime), path) == (200, "new\nnewer\n"))
    #expect(try await ask(handler(runtime), path + "?previous=true") == (200, "old\n"))
    #expect(try await ask(handler(runtime), path + "?tailLines=1&follow=true") == (200, "newer\n"))
    #expect(try await ask(handler(runtime), "/containerLogs/default/web/init").status == 400)
  }

  @Test func `pods are those of the agent and running ones those of the runtime`() async throws {
    let runtime = StubRuntime(
      sandboxes: [
        PodSandbox(
          id: "s1", metadata: PodSandboxMetadata(name: "web", uid: "u1", namespace: "default"), state: .ready)
      ],
      containers: [
        Container(
          id: "c2", sandboxID: "s1", metadata: ContainerMetadata(name: "main"), image: ImageReference("i"),
          imageReference: "sha", state: .running)
      ])
    let pods = try JSON.parse(Array(try await ask(handler(runtime), "/pods").text.utf8))
    #expect(pods["kind"] == "PodList" && pods["items"] == [Fixture.pod])
    let running = try JSON.parse(Array(try await ask(handler(runtime), "/runningpods/").text.utf8))
    #expect(
      running["items"] == [
        [
          "metadata": ["name": "web", "namespace": "default", "uid": "u1"],
          "spec": ["containers": [["name": "main", "image": "sha", "resources": [:]]]], "status": [:],
        ]
      ])
  }

  @Test func `a kubelet that is stuck is not well`() async throws {
    let stuck = handler(agent: StubAgent(failure: "stuck"))
    #expect(try await ask(stuck, "/healthz") == (500, "internal server error: stuck\n"))
    #expect(try await ask(stuck, "/healthz/ping") == (200, "ok"))
    let plain = await HealthHandler(agent: StubAgent()).handle(
      HTTPServerRequest(method: "GET", target: "/healthz"))
    #expect(plain.status == 200)
  }

  @Test func `requests are counted`() async throws {
    let handler = handler()
    _ = try await ask(handler, "/healthz")
    _ = try await ask(handler, "/secret/path")
    let text = try await ask(handler, "/metrics").text
    #expect(text.contains("kubelet_http_requests_total{code=\"200\",path=\"healthz\"} 1\n"))
    #expect(text.contains("kubelet_http_requests_total{code=\"404\",path=\"\"} 1\n"))
  }

  @Test(
    arguments: [
      ("GET", "/pods", "get", ["pods", "proxy"]), ("GET", "/podsx", "get", ["proxy"]),
      ("GET", "/runningpods/", "get", ["pods", "proxy"]), ("POST", "/exec/a/b/c", "create", ["proxy"]),
      ("GET", "/stats/summary", "get", ["stats"]), ("GET", "/metrics/resource", "get", ["metrics"]),
      ("GET", "/healthz/ping", "get", ["healthz", "proxy"]),
      ("GET", "/configz", "get", ["configz", "proxy"]),
      ("DELETE", "/checkpoint/x", "delete", ["checkpoint"]),
    ] as [(String, String, String, [String])])
  func `paths take permissions on the node`(
    method: String, path: String, verb: String, subresources: [String]
  ) {
    let permission = NodePermission(method: method, path: path)
    #expect(permission.verb == verb && permission.subresources == subresources)
  }

  @Test func `ports are numbers of ports`() throws {
    #expect(
      try KubeletHandler.ports([(name: "port", value: "80,443"), (name: "port", value: "1")]) == [80, 443, 1])
    for text in ["", "0", "65536", "x"] {
      #expect(throws: StatusError.self) { try KubeletHandler.ports([(name: "port", value: text)]) }
    }
  }
}
