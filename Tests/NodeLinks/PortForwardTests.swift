import Exchange
import HTTP
import NIOCore
import Testing

@testable import NodeLinks

@Suite struct PortForwardTests {
  private let path = "/api/v1/namespaces/default/pods/web/"
  private func headers(_ name: String) -> [(name: String, value: String)] {
    [(name: "connection", value: "Upgrade"), (name: "upgrade", value: "websocket")]
      + WebSocketHandshake.request(protocols: [name], key: [UInt8](repeating: 1, count: 16))
  }

  @Test func `SPDY within a WebSocket reaches the kubelet as SPDY`() async throws {
    let cluster = try await TestCluster()
    let answer = try await cluster.ask(
      path + "portforward", headers: headers("SPDY/3.1+portforward.k8s.io"))
    #expect(answer.status == 101)
    #expect(answer.header("upgrade") == "websocket")
    #expect(answer.header("sec-websocket-protocol") == "SPDY/3.1+portforward.k8s.io")
    #expect(answer.header("sec-websocket-accept")?.count == 28)
    let request = try #require(cluster.kubelet.requests.first)
    #expect(request.method == "POST")
    #expect(request.target == "/portForward/default/web")
    #expect(request.header("upgrade") == "SPDY/3.1")
    #expect(request.header("x-stream-protocol-version") == "portforward.k8s.io")
    guard case .upgrade(let run) = answer.body else {
      Issue.record("no session")
      return
    }
    let (near, far) = Pipe.pair()
    async let ran: Void = run(far)
    let socket = WebSocket(DuplexBytes(near), .client)
    try await socket.send(ByteBuffer(string: "frame"))
    #expect(try await socket.receive() == .binary(ByteBuffer(string: "<frame>")))
    await socket.close()
    await ran
    await cluster.stop()
  }

  @Test func `a protocol that is not served is refused, for clients to try another`() async throws {
    let cluster = try await TestCluster()
    do {
      _ = try await cluster.ask(path + "exec", headers: headers("v5.channel.k8s.io"))
      Issue.record("a session")
    } catch let error as StatusError {
      #expect(error.code == 400)
    }
    // An older one is the kubelet's matter.
    let answer = try await cluster.ask(path + "exec", headers: headers("v4.channel.k8s.io"))
    #expect(answer.status == 101)
    // Whoever offers both goes on with that.
    let both = try await cluster.ask(
      path + "exec", headers: headers("v5.channel.k8s.io, v4.channel.k8s.io"))
    #expect(both.status == 101)
    #expect(
      cluster.kubelet.requests.map { $0.header("sec-websocket-protocol") } == [
        "v4.channel.k8s.io", "v4.channel.k8s.io",
      ])
    await cluster.stop()
  }
}
