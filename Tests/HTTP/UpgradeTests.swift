import HTTP
import NIOCore
import Synchronization
import Testing
import WireSupport

/// Takes over connections for a protocol that says everything back, and answers all else.
private final class UpgradingHandler: HTTPExchangeHandler {
  let sawEnd = Flag()
  let readCount = Atomic(0)

  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    switch request.target {
    case "/echo":
      return .upgrade(to: "echo/1", headers: [("x-protocol", "one"), ("connection", "close")]) { tunnel in
        while let bytes = try? await tunnel.read() {
          guard (try? await tunnel.write(bytes)) != nil else { break }
        }
        _ = self.sawEnd.set()
      }
    case "/flood":
      return .upgrade(to: "flood") { tunnel in
        let piece = ByteBuffer(repeating: 0x61, count: 64 << 10)
        while (try? await tunnel.write(piece)) != nil { self.readCount.add(1, ordering: .relaxed) }
        _ = self.sawEnd.set()
      }
    case "/greet":
      return .upgrade(to: "greet") { tunnel in try? await tunnel.write(ByteBuffer(string: "bye")) }
    case "/silent":
      return .upgrade(to: "silent") { tunnel in
        // Reads one piece and no more, until the tunnel is gone.
        _ = try? await tunnel.read()
        while (try? await tunnel.write(ByteBuffer(string: "."))) != nil {
          try? await Task.sleep(for: .milliseconds(1))
        }
        _ = self.sawEnd.set()
      }
    default: return .text(403, "no\n")
    }
  }
}

extension HTTPServerLimits {
  /// For a machine that is busy with other tests.
  static var patient: HTTPServerLimits {
    var limits = HTTPServerLimits()
    limits.connection.handshakeTimeout = .minutes(5)
    return limits
  }
}

extension HTTPClientLimits {
  /// For a machine that is busy with other tests.
  static var patient: HTTPClientLimits {
    var limits = HTTPClientLimits()
    limits.connectTimeout = .minutes(5)
    return limits
  }
}

private struct Site {
  let server: HTTPServer
  let handler = UpgradingHandler()
  let client: HTTPClient

  init(_ way: Way, _ change: (inout HTTPServerLimits) -> Void = { _ in }) async throws {
    var limits = HTTPServerLimits.patient
    change(&limits)
    server = try await HTTPServer.start(
      on: TestSite.loops, host: "127.0.0.1", port: 0,
      identity: way.isSecure ? TestCertificates.serverIdentity : nil, limits: limits, handler: handler)
    let tls = HTTPClient.TLS(roots: .pem(Array(TestCertificates.authority.utf8)))
    client = try HTTPClient(
      host: "127.0.0.1", port: server.port, security: way.isSecure ? .tls(tls) : .plain(way.version),
      limits: .patient, on: TestSite.loops)
  }

  func open(_ target: String, _ name: String) async throws -> ByteTunnel {
    let answer = try await client.upgrade(HTTPClientRequest(method: "POST", target: target), to: name)
    guard case .switched(_, let tunnel) = answer else { throw HTTPClientError.closed }
    return tunnel
  }
}

extension ByteTunnel {
  fileprivate func read(_ count: Int) async throws -> ByteBuffer {
    var all = ByteBuffer()
    while all.readableBytes < count, var part = try await read() { all.writeBuffer(&part) }
    return all
  }
}

@Suite struct UpgradeTests {
  @Test(arguments: Way.allCases)
  func `a connection is handed over, and bytes go both ways`(way: Way) async throws {
    let site = try await Site(way)
    let answer = try await site.client.upgrade(
      HTTPClientRequest(method: "GET", target: "/echo"), to: "echo/1")
    guard case .switched(let headers, let tunnel) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(headers.map(\.name) == ["connection", "upgrade", "x-protocol"])
    #expect(headers.map(\.value) == ["Upgrade", "echo/1", "one"])
    try await tunnel.write(ByteBuffer(string: "hello"))
    #expect(try await tunnel.read(5) == ByteBuffer(string: "hello"))
    let large = ByteBuffer(bytes: (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) })
    async let sent: Void = tunnel.write(large)
    #expect(try await tunnel.read(large.readableBytes) == large)
    try await sent
    tunnel.finish()
    #expect(try await tunnel.read() == nil)
    await until("the handler sees the end") { site.handler.sawEnd.isSet }
    await until("the connection is closed") { site.server.connectionCount == 0 }
    await #expect(throws: TunnelError.closed) { try await tunnel.write(ByteBuffer(string: "late")) }
    await site.server.stop()
  }

  @Test(arguments: Way.allCases)
  func `a handler that returns closes the connection, and what it wrote arrives`(way: Way) async throws {
    let site = try await Site(way)
    let tunnel = try await site.open("/greet", "greet")
    #expect(try await tunnel.read(3) == ByteBuffer(string: "bye"))
    #expect(try await tunnel.read() == nil)
    tunnel.close()
    await until("the connection is closed") { site.server.connectionCount == 0 }
    await site.server.stop()
  }

  @Test(arguments: Way.allCases)
  func `a server that takes up no other protocol gives an answer`(way: Way) async throws {
    let site = try await Site(way)
    let answer = try await site.client.upgrade(HTTPClientRequest(method: "GET", target: "/no"), to: "any")
    guard case .answered(let response) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(response.status == 403)
    #expect(try await response.body.bytes(limit: 10) == Array("no\n".utf8))
    await site.server.stop()
  }

  @Test(arguments: Way.allCases)
  func `a request that does not ask for another protocol is told so`(way: Way) async throws {
    let site = try await Site(way)
    let response = try await site.client.send(HTTPClientRequest(method: "GET", target: "/echo"))
    #expect(response.status == 400)
    #expect(
      try await response.body.bytes(limit: 100)
        == Array("the request does not ask for another protocol over HTTP/1.1\n".utf8))
    await site.server.stop()
  }

  @Test func `a writer goes no faster than its reader`() async throws {
    let site = try await Site(.http1TLS)
    let tunnel = try await site.open("/flood", "flood")
    var count = -1
    await until("writing stops") {
      defer { count = site.handler.readCount.load(ordering: .relaxed) }
      return count > 0 && count == site.handler.readCount.load(ordering: .relaxed)
    }
    #expect(count < 1_024)
    _ = try await tunnel.read(count * (64 << 10) * 2)
    #expect(site.handler.readCount.load(ordering: .relaxed) > count)
    tunnel.close()
    await until("the writer sees the end") { site.handler.sawEnd.isSet }
    await until("the connection is closed") { site.server.connectionCount == 0 }
    await site.server.stop()
  }

  @Test func `a tunnel that nobody holds is closed`() async throws {
    let site = try await Site(.http1Plain)
    do {
      let tunnel = try await site.open("/echo", "echo/1")
      try await tunnel.write(ByteBuffer(string: "x"))
    }
    await until("the handler sees the end") { site.handler.sawEnd.isSet }
    await until("the connection is closed") { site.server.connectionCount == 0 }
    await site.server.stop()
  }

  @Test func `cancelling a reader closes the tunnel`() async throws {
    let site = try await Site(.http1Plain)
    let tunnel = try await site.open("/echo", "echo/1")
    let reader = Task { try await tunnel.read() }
    reader.cancel()
    await #expect(throws: CancellationError.self) { try await reader.value }
    await until("the handler sees the end") { site.handler.sawEnd.isSet }
    await site.server.stop()
  }

  @Test func `a tunnel on which nothing moves is closed`() async throws {
    let site = try await Site(.http1Plain) { $0.tunnelIdleTimeout = .milliseconds(20) }
    let tunnel = try await site.open("/echo", "echo/1")
    #expect(try await tunnel.read() == nil)
    await until("the handler sees the end") { site.handler.sawEnd.isSet }
    await site.server.stop()
  }

  @Test(arguments: [Way.http1TLS, .http1Plain])
  func `a server that stops closes its tunnels at once`(way: Way) async throws {
    let site = try await Site(way)
    let tunnel = try await site.open("/silent", "silent")
    async let stopped: Void = site.server.stop(grace: .hours(1))
    while try await tunnel.read() != nil {}
    tunnel.close()
    await stopped
    await until("the handler sees the end") { site.handler.sawEnd.isSet }
  }

  @Test func `what is sent right behind the request belongs to the other protocol`() async throws {
    let site = try await Site(.http1Plain)
    let client = try await RawClient(port: site.server.port)
    client.write(
      "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, Upgrade\r\nupgrade: echo/1\r\n"
        + "content-length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    await until("it comes back") { client.text.hasSuffix("\r\n\r\nGET / HTTP/1.1\r\n\r\n") }
    #expect(client.text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\n"))
    await client.close()
    await until("the handler sees the end") { site.handler.sawEnd.isSet }
    await site.server.stop()
  }

  @Test(arguments: [
    "GET /no HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nmore",
    "GET /no HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\r\n",
    "CONNECT b:1 HTTP/1.1\r\nhost: b:1\r\n\r\nmore",
    // An answer may take the connection over only behind a request that asks for it.
    "CONNECT /echo HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: echo/1\r\n\r\n",
    "POST /echo HTTP/1.0\r\nconnection: Upgrade\r\nupgrade: echo/1\r\n\r\n",
  ])
  func `a request for another protocol that is not taken up is answered, and closed`(
    request: String
  ) async throws {
    let site = try await Site(.http1Plain)
    let client = try await RawClient(port: site.server.port)
    client.write(request)
    await client.closed()
    #expect(client.text.hasPrefix("HTTP/1.1 4"), "\(client.text)")
    await site.server.stop()
  }

  @Test func `as many connections as there may be, tunnels among them`() async throws {
    let site = try await Site(.http1Plain)
    var limits = HTTPClientLimits.patient
    limits.connections = 1
    let client = try HTTPClient(
      host: "127.0.0.1", port: site.server.port, security: .plain(.http1), limits: limits,
      on: TestSite.loops)
    let request = HTTPClientRequest(method: "GET", target: "/echo")
    guard case .switched(_, let tunnel) = try await client.upgrade(request, to: "echo/1") else {
      Issue.record("no tunnel")
      return
    }
    await #expect(throws: HTTPClientError.tooManyCalls) { try await client.upgrade(request, to: "echo/1") }
    tunnel.finish()
    #expect(try await tunnel.read() == nil)
    var isFree = false
    while !isFree { isFree = (try? await client.get("/no")) != nil }
    client.close()
    await site.server.stop()
  }
}
