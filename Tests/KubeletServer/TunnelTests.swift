import Client
import ContainerRuntime
import HTTP
import NIOCore
import NIOPosix
import Objects
import Synchronization
import Testing

@testable import KubeletServer

/// A runtime's streaming server: says what was asked, and then gives back what it gets.
private struct Echo: HTTPExchangeHandler {
  let seen = Seen()

  final class Seen: Sendable {
    let requests = Mutex<[HTTPServerRequest]>([])
  }

  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    seen.requests.withLock { $0.append(request) }
    if request.target.contains("refuse") { return .text(403, "refused") }
    return .upgrade(to: request.header("upgrade") ?? "", headers: [("x-stream-protocol-version", "v4")]) {
      tunnel in
      try? await tunnel.write(ByteBuffer(string: "hello "))
      while let bytes = try? await tunnel.read() {
        try? await tunnel.write(bytes)
        if bytes.readableBytesView.last == UInt8(ascii: "!") { break }
      }
    }
  }
}

struct TunnelTests {
  private let group = MultiThreadedEventLoopGroup.singleton

  private func start(_ echo: Echo, limits: KubeletServerLimits = KubeletServerLimits()) async throws
    -> (server: KubeletServer, runtime: HTTPServer, client: HTTPClient)
  {
    let runtime = try await HTTPServer.start(on: group, host: "127.0.0.1", port: 0, handler: echo)
    let stub = StubRuntime(
      sandboxes: [
        PodSandbox(
          id: "s1", metadata: PodSandboxMetadata(name: "web", uid: "u1", namespace: "default"), state: .ready)
      ], address: "http://127.0.0.1:\(runtime.port)")
    let server = try await KubeletServer.start(
      host: "127.0.0.1", port: 0, identity: nil, nodeName: "n1", agent: StubAgent(objects: [Fixture.pod]),
      runtime: stub, access: StubAccess(), limits: limits, on: group)
    let client = try HTTPClient(host: "127.0.0.1", port: server.port, security: .plain(.http1), on: group)
    return (server, runtime, client)
  }

  private func request(_ target: String) -> HTTPClientRequest {
    HTTPClientRequest(
      method: "POST", target: target,
      headers: [("authorization", "Bearer good"), ("x-stream-protocol-version", "v4.channel.k8s.io")])
  }

  @Test(.timeLimit(.minutes(5)), arguments: ["SPDY/3.1", "websocket"])
  func `sessions pass through byte for byte`(name: String) async throws {
    let echo = Echo()
    let (server, runtime, client) = try await start(echo)
    let target = "/exec/default/web/main?command=ls&command=-l&input=1&output=1"
    guard case .switched(let headers, let tunnel) = try await client.upgrade(request(target), to: name) else {
      Issue.record("not switched")
      return
    }
    #expect(headers.contains { $0.name == "x-stream-protocol-version" && $0.value == "v4" })
    let sent = String(repeating: "abc", count: 100_000) + "!"
    try await tunnel.write(ByteBuffer(string: sent))
    var received = ""
    while let bytes = try await tunnel.read() { received += String(buffer: bytes) }
    #expect(received == "hello " + sent)
    let seen = try #require(echo.seen.requests.withLock { $0.first })
    #expect(seen.method == "POST" && seen.target == "/exec/c2?ls+-l" && seen.header("upgrade") == name)
    #expect(seen.header("authorization") == nil)
    #expect(seen.header("x-stream-protocol-version") == "v4.channel.k8s.io")
    await server.stop()
    await runtime.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `a client that goes away ends the session, and places are given back`() async throws {
    var limits = KubeletServerLimits()
    limits.tunnels = 1
    let (server, runtime, client) = try await start(Echo(), limits: limits)
    for _ in 0..<3 {
      var tunnel: ByteTunnel?
      // The place of the session before is free a moment after its end.
      for _ in 0..<3_000 where tunnel == nil {
        switch try await client.upgrade(request("/portForward/default/web"), to: "SPDY/3.1") {
        case .switched(_, let made): tunnel = made
        case .answered(let answer):
          #expect(answer.status == 429)
          try await Task.sleep(for: .milliseconds(10))
        }
      }
      #expect(try await tunnel?.read() == ByteBuffer(string: "hello "))
      tunnel?.close()
    }
    await server.stop()
    await runtime.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `a refusal of the runtime comes back`() async throws {
    let echo = Echo()
    let (server, runtime, client) = try await start(echo)
    let target = "/exec/default/web/main?command=refuse&output=1"
    guard case .answered(let answer) = try await client.upgrade(request(target), to: "SPDY/3.1") else {
      Issue.record("switched")
      return
    }
    #expect(answer.status == 403)
    #expect(try await answer.body.bytes(limit: 100) == Array("refused".utf8))
    await runtime.stop()
    guard case .answered(let none) = try await client.upgrade(request(target), to: "SPDY/3.1") else {
      Issue.record("switched")
      return
    }
    #expect(none.status == 502)
    await server.stop()
  }

  @Test(arguments: [
    ("http://127.0.0.1:80/a?b=c", "127.0.0.1", 80, "/a?b=c"), ("http://[::1]:7000", "::1", 7000, "/"),
    ("http://host/x", "host", 80, "/x"),
  ])
  func `addresses are taken apart`(text: String, host: String, port: Int, target: String) throws {
    let address = try #require(StreamAddress(text))
    #expect(address.host == host && address.port == port && address.target == target)
  }

  @Test(arguments: ["", "https://a/", "http://", "http://a:x/", "http://a:70000/", "http://[::1/", "/exec"])
  func `what is no address is none`(text: String) { #expect(StreamAddress(text) == nil) }
}
