import HTTP
import NIOCore
import NIOSSL
import Testing

@Suite struct HTTPClientTests {
  @Test func `many calls share one connection over HTTP 2`() async throws {
    let site = try await TestSite(.http2TLS)
    let client = try site.client()
    try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<200 {
        group.addTask { try await client.get("/large?\(index % 2)").text.utf8.count }
      }
      var total = 0
      for try await count in group { total += count }
      #expect(total == 100 << 20)
    }
    #expect(site.server.connectionCount == 1)
    await site.stop()
  }

  @Test func `a body that nobody reads holds back no other`() async throws {
    let site = try await TestSite(.http2TLS)
    let client = try site.client()
    var unread: [HTTPClientResponse] = []
    // More than the connection's window altogether.
    for _ in 0..<80 {
      unread.append(try await client.send(HTTPClientRequest(method: "GET", target: "/endless")))
    }
    #expect(try await client.get("/large?1").text.utf8.count == 1 << 20)
    #expect(site.server.connectionCount == 1)
    for response in unread { response.body.cancel() }
    await site.stop()
  }

  @Test func `a server that lets few calls in gets further connections`() async throws {
    var limits = HTTPServerLimits()
    limits.connection.concurrentStreams = 3
    let site = try await TestSite(.http2Plain, limits: limits)
    let client = try site.client()
    var bodies: [HTTPClientBody] = []
    for _ in 0..<7 {
      bodies.append(try await client.send(HTTPClientRequest(method: "GET", target: "/fed")).body)
    }
    #expect(site.server.connectionCount == 3)
    for body in bodies { body.cancel() }
    await site.stop()
  }

  @Test func `a server without HTTP 2 is spoken to in HTTP 1`() async throws {
    let identity = TestCertificates.serverIdentity
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(identity.certificateChain)
        .map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: identity.privateKey, format: .pem)))
    configuration.applicationProtocols = ["http/1.1"]
    let front = try await TLSFront(configuration)
    let client = try HTTPClient(
      host: "127.0.0.1", port: front.port,
      security: .tls(.init(roots: .pem(Array(TestCertificates.authority.utf8)))), on: TestSite.loops)
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<20 { group.addTask { try await client.get("/").text } }
      for try await text in group { #expect(text == "plain") }
    }
    try await front.stop()
  }

  @Test(arguments: [Way.http1TLS, .http2TLS])
  func `certificates are checked`(way: Way) async throws {
    let site = try await TestSite(way)
    await #expect(
      throws: HTTPClientError.insecure(
        address: "127.0.0.1:\(site.server.port)",
        reason: "no trusted authority has signed the server's certificate, or it has expired")
    ) {
      try await site.client { $0.roots = .pem(Array(TestCertificates.otherAuthority.utf8)) }.get("/echo")
    }
    #expect(
      try await site.client { tls in
        tls.roots = .pem(Array(TestCertificates.otherAuthority.utf8))
        tls.skipsVerification = true
      }.get("/status?200").status == 200)
    #expect(try await site.client(host: "localhost").get("/status?200").status == 200)
    await site.stop()
  }

  @Test func `the server's name is checked`() async throws {
    let site = try await TestSite(.http2TLS, identity: TestCertificates.namedIdentity)
    await #expect(
      throws: HTTPClientError.insecure(
        address: "127.0.0.1:\(site.server.port)", reason: "the server's certificate is not for 127.0.0.1")
    ) {
      try await site.client().get("/echo")
    }
    #expect(
      try await site.client { $0.serverName = "somewhere.example" }.get("/status?200").status == 200)
    // A reloaded certificate is shown to the next connection.
    try site.server.reload(TestCertificates.serverIdentity)
    #expect(try await site.client().get("/status?200").status == 200)
    await site.stop()
  }

  @Test(arguments: [Way.http1TLS, .http2TLS])
  func `a client's certificate is handed over whoever has signed it`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client { $0.identity = TestCertificates.clientIdentity }
    let response = try await client.send(HTTPClientRequest(method: "GET", target: "/certificate"))
    let wanted = try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.client.utf8))[0].toDERBytes()
    #expect(try await response.body.bytes(limit: 10_000) == wanted)
    await site.stop()
  }

  @Test func `identities that are none are refused`() async throws {
    let handler = TestHandler()
    let good = TestCertificates.serverIdentity
    let cases: [(TLSIdentity, String)] = [
      (
        TLSIdentity(certificateChain: Array("x".utf8), privateKey: good.privateKey),
        "the certificate is not PEM"
      ),
      (
        TLSIdentity(certificateChain: good.certificateChain, privateKey: Array("x".utf8)),
        "the private key is not PEM"
      ),
      (
        TLSIdentity(
          certificateChain: good.certificateChain, privateKey: TestCertificates.namedIdentity.privateKey),
        "the certificate and the private key do not fit"
      ),
    ]
    for (identity, reason) in cases {
      let error = await #expect(throws: TLSConfigurationError.self) {
        _ = try await HTTPServer.start(
          on: TestSite.loops, host: "127.0.0.1", port: 0, identity: identity, handler: handler)
      }
      #expect(error?.reason == reason)
    }
  }

  @Test func `requests that HTTP does not allow are not sent`() async throws {
    let client = try HTTPClient(
      host: "127.0.0.1", port: 1, security: .plain(.http1), on: TestSite.loops)
    let cases: [(HTTPClientRequest, String)] = [
      (.init(method: "", target: "/"), #"the method """#),
      (.init(method: "GET /", target: "/"), #"the method "GET /""#),
      (.init(method: "GET", target: ""), #"the target """#),
      (.init(method: "GET", target: "/a b"), #"the target "/a b""#),
      (.init(method: "GET", target: "/\r\nx: y"), #"the target "/\r\nx: y""#),
      (.init(method: "GET", target: "/", headers: [("A", "b")]), #"the header field "A""#),
      (.init(method: "GET", target: "/", headers: [("a", "b\r\nc: d")]), #"the header field "a""#),
      (.init(method: "GET", target: "/", headers: [(":path", "/")]), #"the header field ":path""#),
    ]
    for (request, reason) in cases {
      await #expect(throws: HTTPClientError.invalidRequest(reason)) { try await client.send(request) }
    }
  }

  @Test(arguments: Way.allCases)
  func `a server that is gone is named, and one that is back is found`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    #expect(try await client.get("/status?200").status == 200)
    let port = site.server.port
    await site.stop()
    let error = await #expect(throws: HTTPClientError.self) { try await client.get("/echo") }
    #expect(error.map { "\($0)".hasPrefix("cannot connect to 127.0.0.1:\(port): ") } == true)
    let again = try await HTTPServer.start(
      on: TestSite.loops, host: "127.0.0.1", port: port,
      identity: way.isSecure ? TestCertificates.serverIdentity : nil, handler: TestHandler())
    #expect(try await client.get("/status?200").status == 200)
    client.close()
    await #expect(throws: HTTPClientError.closed) { try await client.get("/echo") }
    await again.stop()
  }

  @Test(arguments: Way.allCases)
  func `an answer that does not come in time ends the call`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    await #expect(throws: HTTPClientError.timedOut("no answer from 127.0.0.1:\(site.server.port)")) {
      try await client.send(
        HTTPClientRequest(method: "GET", target: "/wait", headTimeout: .milliseconds(50)))
    }
    #expect(try await client.get("/status?200").status == 200)
    await site.stop()
  }

  @Test func `letting go of an answer ends its call`() async throws {
    let site = try await TestSite(.http2Plain)
    let client = try site.client()
    _ = try await client.send(HTTPClientRequest(method: "GET", target: "/fed")).status
    await until("the stream is cancelled") { site.handler.all.first?.isCancelled == true }
    await site.stop()
  }

  @Test func `calls above the bound of connections are refused`() async throws {
    let site = try await TestSite(.http1Plain)
    var limits = HTTPClientLimits()
    limits.connections = 2
    let client = try site.client(limits: limits)
    let first = try await client.send(HTTPClientRequest(method: "GET", target: "/fed"))
    let second = try await client.send(HTTPClientRequest(method: "GET", target: "/fed"))
    await #expect(throws: HTTPClientError.tooManyCalls) { try await client.get("/echo") }
    first.body.cancel()
    second.body.cancel()
    await site.stop()
  }
}
