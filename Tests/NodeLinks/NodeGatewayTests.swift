import Exchange
import HTTP
import Objects
import Registry
import Testing

@testable import NodeLinks

@Suite struct NodeGatewayTests {
  private let pods = "/api/v1/namespaces/default/pods/"
  private let services = "/api/v1/namespaces/default/services/"

  private func failure(_ body: () async throws -> APIResponse) async -> StatusError? {
    do {
      _ = try await body()
      return nil
    } catch {
      return error as? StatusError
    }
  }

  @Test func `a log comes from the kubelet of the pod's node`() async throws {
    let cluster = try await TestCluster()
    let answer = try await cluster.ask(
      pods + "web/log", [("follow", "true"), ("tailLines", "5"), ("previous", "false")])
    #expect(answer.status == 200)
    #expect(answer.header("content-type") == "text/plain")
    #expect(try await answer.text() == "line\n")
    let request = try #require(cluster.kubelet.requests.first)
    #expect(request.target == "/containerLogs/default/web/main?follow=true&tailLines=5")
    // The kubelet sees who asks.
    #expect(request.peerCertificates.count == 1)
    await cluster.stop()
  }

  @Test func `what a kubelet refuses is told as it says`() async throws {
    let cluster = try await TestCluster()
    let error = await failure { try await cluster.ask(pods + "web/log", [("container", "waiting")]) }
    #expect(error == .badRequest("container \"waiting\" is waiting to start"))
    await cluster.stop()
  }

  @Test func `a kubelet that cannot be reached is said to be unavailable`() async throws {
    let cluster = try await TestCluster()
    await cluster.kubeletServer.stop()
    let error = await failure { try await cluster.ask(pods + "web/log") }
    #expect(error?.code == 503)
    #expect(error?.message.hasPrefix("error dialing backend: ") == true)
    await cluster.stop()
  }

  @Test(arguments: [
    ("exec", "/exec/default/web/main?input=1&output=1&error=1&command=sh&command=-c&command=a%20b"),
    ("attach", "/attach/default/web/main?input=1&output=1&error=1"),
    ("portforward", "/portForward/default/web"),
  ])
  func `a session is handed through to the kubelet, byte for byte`(kind: String, target: String) async throws
  {
    let cluster = try await TestCluster()
    let answer = try await cluster.ask(
      pods + "web/" + kind,
      [("stdin", "true"), ("command", "sh"), ("command", "-c"), ("command", "a b"), ("tty", "false")],
      method: "POST",
      headers: [
        ("connection", "Upgrade"), ("upgrade", "SPDY/3.1"), ("authorization", "Bearer secret"),
        ("x-stream-protocol-version", "v4.channel.k8s.io"),
      ])
    #expect(answer.status == 101)
    #expect(answer.header("upgrade") == "SPDY/3.1")
    #expect(answer.header("x-stream-protocol-version") == "v4.channel.k8s.io")
    guard case .upgrade(let run) = answer.body else {
      Issue.record("no session")
      return
    }
    let (near, far) = Pipe.pair()
    async let ran: Void = run(far)
    try await near.write(Array("hello".utf8))
    #expect(try await near.read() == Array("<hello>".utf8))
    near.finish()
    await ran
    #expect(try await near.read() == nil)
    let request = try #require(cluster.kubelet.requests.first)
    #expect(request.target == target)
    #expect(request.header("authorization") == nil)
    #expect(request.header("x-stream-protocol-version") == "v4.channel.k8s.io")
    await cluster.stop()
  }

  @Test func `a session needs a connection that can be taken over`() async throws {
    let cluster = try await TestCluster()
    #expect(
      await failure { try await cluster.ask(pods + "web/exec", method: "POST") }
        == .badRequest("Upgrade request required"))
    await cluster.stop()
  }

  @Test func `a service is reached by way of one of its ready endpoints`() async throws {
    let cluster = try await TestCluster()
    let answer = try await cluster.ask(
      services + "http:web:80/proxy/a b/c/", [("q", "1&2")], method: "POST",
      headers: [
        ("authorization", "Bearer secret"), ("impersonate-user", "jane"), ("x-kept", "yes"),
        ("connection", "x-named"), ("x-named", "no"), ("x-forwarded-for", "198.51.100.9"),
      ], body: "body")
    #expect(answer.status == 200)
    #expect(answer.header("x-from") == "backend")
    #expect(try await answer.text() == "POST /a%20b/c/?q=1%262 body")
    let request = try #require(cluster.backend.requests.first)
    #expect(request.header("authorization") == nil)
    #expect(request.header("impersonate-user") == nil)
    #expect(request.header("x-named") == nil)
    #expect(request.header("x-kept") == "yes")
    #expect(request.header("x-forwarded-for") == "198.51.100.9, 192.0.2.7")
    #expect(request.header("x-forwarded-uri") == services + "http:web:80/proxy/a%20b/c/")
    #expect(request.header("host") == "127.0.0.1:\(cluster.backendServer.port)")
    await cluster.stop()
  }

  @Test func `a redirect leads back through the proxy`() async throws {
    let cluster = try await TestCluster()
    let answer = try await cluster.ask(services + "web:http/proxy/moved")
    #expect(answer.status == 302)
    #expect(answer.header("location") == services + "web:http/proxy/elsewhere?a=b")
    await cluster.stop()
  }

  @Test func `the first page ends with a slash`() async throws {
    let cluster = try await TestCluster()
    let answer = try await cluster.ask(services + "web:http/proxy", [("a", "b")])
    #expect(answer.status == 301)
    #expect(answer.header("location") == services + "web:http/proxy/?a=b")
    #expect(try await cluster.ask(services + "web:http/proxy/").text() == "GET / ")
    await cluster.stop()
  }

  @Test func `a WebSocket to a service is handed through`() async throws {
    let cluster = try await TestCluster()
    let headers = [(name: "connection", value: "keep-alive, Upgrade"), (name: "upgrade", value: "websocket")]
    let answer = try await cluster.ask(
      services + "web:http/proxy/ws", headers: headers + [(name: "sec-websocket-key", value: "k")])
    #expect(answer.status == 101)
    guard case .upgrade(let run) = answer.body else {
      Issue.record("no session")
      return
    }
    let (near, far) = Pipe.pair()
    async let ran: Void = run(far)
    try await near.write(Array("x".utf8))
    #expect(try await near.read() == Array("<x>".utf8))
    near.close()
    await ran
    #expect(cluster.backend.requests.first?.header("sec-websocket-key") == "k")
    // What is refused is told as it is.
    let refused = try await cluster.ask(services + "web:http/proxy/refused", headers: headers)
    #expect(refused.status == 403)
    #expect(try await refused.text() == "unable to upgrade: no such protocol\n")
    await cluster.stop()
  }

  @Test func `a node's proxy leads to its kubelet`() async throws {
    let cluster = try await TestCluster()
    #expect(try await cluster.ask("/api/v1/nodes/n1/proxy/metrics").text() == "GET /metrics ")
    let port = cluster.kubeletServer.port
    #expect(try await cluster.ask("/api/v1/nodes/n1:\(port)/proxy/pods").text() == "GET /pods ")
    #expect(cluster.kubelet.requests.map(\.peerCertificates.count) == [1, 1])
    #expect(
      await failure { try await cluster.ask("/api/v1/nodes/n1:1/proxy/x") }
        == .badRequest("address not allowed"))
    await cluster.stop()
  }

  @Test func `what cannot be reached is said`() async throws {
    let cluster = try await TestCluster()
    // The address of a pod that is this machine's own is no pod's.
    #expect(
      await failure { try await cluster.ask(pods + "web/proxy/") } == .badRequest("address not allowed"))
    #expect(
      await failure { try await cluster.ask(services + "web:82/proxy/") }
        == .unavailable("no service port 82 found for service \"web\""))
    #expect(
      await failure { try await cluster.ask(services + "web:other/proxy/") }
        == .unavailable("no endpoints available for service \"web\""))
    await cluster.backendServer.stop()
    let error = await failure { try await cluster.ask(services + "web:http/proxy/") }
    #expect(error?.message.hasPrefix("error trying to reach service: cannot connect to 127.0.0.1:") == true)
    await cluster.stop()
  }
}
