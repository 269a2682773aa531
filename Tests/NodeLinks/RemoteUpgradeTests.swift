import Exchange
import HTTP
import RemoteAPI
import Testing

/// Says everything back.
private struct Echo: HTTPExchangeHandler {
  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard let name = request.header("upgrade") else { return .text(200, "plain") }
    return .upgrade(to: name) { tunnel in
      while let bytes = try? await tunnel.read() {
        guard (try? await tunnel.write(bytes)) != nil else { break }
      }
    }
  }
}

@Suite struct RemoteUpgradeTests {
  @Test func `another process's API server hands a connection over as one of this process would`()
    async throws
  {
    let server = try await HTTPServer.start(
      on: loops, host: "127.0.0.1", port: 0,
      identity: TLSIdentity(
        certificateChain: Array(TestIdentity.certificate.utf8), privateKey: Array(TestIdentity.key.utf8)),
      handler: Echo())
    let kubeconfig = try Kubeconfig(
      text: """
        current-context: c
        contexts: [{name: c, context: {cluster: k, user: u}}]
        clusters:
        - {name: k, cluster: {server: "https://127.0.0.1:\(server.port)", insecure-skip-tls-verify: true}}
        users: [{name: u, user: {token: t}}]
        """, path: "")
    let transport = try RemoteTransport(kubeconfig, on: loops)
    #expect(try await transport.send(APIRequest(path: "/")).text() == "plain")
    let answer = try await transport.send(
      APIRequest(method: "POST", path: "/", headers: [("connection", "Upgrade"), ("upgrade", "echo")]))
    #expect(answer.status == 101)
    #expect(answer.header("upgrade") == "echo")
    guard case .upgrade(let run) = answer.body else {
      Issue.record("not handed over")
      return
    }
    let (near, far) = Pipe.pair()
    async let ran: Void = run(far)
    try await near.write(Array("hello".utf8))
    #expect(try await near.read() == Array("hello".utf8))
    near.close()
    await ran
    await server.stop()
  }
}
