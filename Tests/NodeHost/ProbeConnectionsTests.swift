import GRPC
import NIOCore
import NIOPosix
import Objects
import Testing

@testable import Kubelet
@testable import NodeHost

private let generous = Duration.seconds(300)
private let transport = ProbeConnections(on: .singletonMultiThreadedEventLoopGroup)

private func probe(
  _ port: Int, path: String = "/", scheme: String = "HTTP", headers: [(String, String)] = []
) -> HTTPProbe {
  HTTPProbe(
    [
      "path": .string(path), "scheme": .string(scheme),
      "httpHeaders": .array(headers.map { ["name": .string($0.0), "value": .string($0.1)] }),
    ], port: port)
}

private func answer(_ status: String, _ fields: String = "", body: String = "") -> String {
  "HTTP/1.1 \(status)\r\n\(fields)content-length: \(body.utf8.count)\r\n\r\n\(body)"
}

private func failure(
  _ body: () async throws(ProbeTransportError) -> Void
) async -> String {
  do throws(ProbeTransportError) {
    try await body()
    return ""
  } catch {
    return error.message
  }
}

@Suite struct ProbeConnectionsTests {
  @Test func `a request is what the kubelet's is`() async throws {
    let server = try await ScriptedServer.start { _ in answer("200 OK", body: "fine") }
    let wanted = probe(server.port, path: "/a b?c=d\r\nX: y", headers: [("X-One", "1"), ("Host", "web")])
    let (status, body) = try await transport.http(wanted, host: "127.0.0.1", timeout: generous)
    #expect(status == 200)
    #expect(body == "fine")
    #expect(
      server.requests == [
        "GET /a%20b?c=d%0D%0AX:%20y HTTP/1.1\r\nX-One: 1\r\nHost: web\r\n"
          + "User-Agent: kube-probe/1.36\r\nAccept: */*\r\nConnection: close\r\n\r\n"
      ])
    await server.stop()
  }

  @Test func `status and body of a failure come as they are, the body's beginning only`() async throws {
    let long = String(repeating: "x", count: 100_000)
    let server = try await ScriptedServer.start { _ in answer("500 No", body: long) }
    let (status, body) = try await transport.http(
      probe(server.port), host: "127.0.0.1", timeout: generous)
    #expect(status == 500)
    #expect(body == String(repeating: "x", count: 10 * 1024))
    await server.stop()
  }

  @Test func `redirects are followed within the host`() async throws {
    let server = try await ScriptedServer.start { request in
      request.hasPrefix("GET /old ")
        ? answer("302 Found", "location: new?x=1\r\n") : answer("200 OK", body: "there")
    }
    let (status, body) = try await transport.http(
      probe(server.port, path: "/old"), host: "127.0.0.1", timeout: generous)
    #expect(status == 200)
    #expect(body == "there")
    #expect(
      server.requests.map { $0.prefix { $0 != "\r\n" } } == ["GET /old HTTP/1.1", "GET /new?x=1 HTTP/1.1"])
    await server.stop()
  }

  @Test func `a redirect to another host is the answer`() async throws {
    let server = try await ScriptedServer.start { _ in
      answer("301 Moved", "location: http://elsewhere.invalid/\r\n")
    }
    let (status, _) = try await transport.http(probe(server.port), host: "127.0.0.1", timeout: generous)
    #expect(status == 301)
    await server.stop()
  }

  @Test func `redirects have an end`() async throws {
    let server = try await ScriptedServer.start { _ in answer("302 Found", "location: /again\r\n") }
    let port = server.port
    let message = await failure { () throws(ProbeTransportError) in
      _ = try await transport.http(probe(port), host: "127.0.0.1", timeout: generous)
    }
    #expect(message == "Get \"http://127.0.0.1:\(port)/again\": stopped after 10 redirects")
    #expect(server.requests.count == 10)
    await server.stop()
  }

  @Test func `any certificate will do`() async throws {
    let server = try await ScriptedServer.start(tls: SelfSigned.server()) { _ in
      answer("204 Nothing")
    }
    let (status, _) = try await transport.http(
      probe(server.port, scheme: "HTTPS"), host: "127.0.0.1", timeout: generous)
    #expect(status == 204)
    await server.stop()
  }

  @Test func `failures are told as the kubelet tells them`() async throws {
    let port = try await ScriptedServer.closedPort()
    let refused = await failure { () throws(ProbeTransportError) in
      _ = try await transport.http(probe(port, path: "/x"), host: "127.0.0.1", timeout: generous)
    }
    #expect(
      refused == "Get \"http://127.0.0.1:\(port)/x\": dial tcp 127.0.0.1:\(port): connect: connection refused"
    )
    let connection = await failure { () throws(ProbeTransportError) in
      try await transport.connect(host: "127.0.0.1", port: port, timeout: generous)
    }
    #expect(connection == "dial tcp 127.0.0.1:\(port): connect: connection refused")

    let silent = try await ScriptedServer.start { _ in nil }
    let late = await failure { () throws(ProbeTransportError) in
      _ = try await transport.http(probe(silent.port), host: "127.0.0.1", timeout: .milliseconds(1))
    }
    #expect(late.hasPrefix("Get \"http://127.0.0.1:\(silent.port)/\": "))
    #expect(late.hasSuffix("(Client.Timeout exceeded while awaiting headers)"))
    await silent.stop()

    let rude = try await ScriptedServer.start { _ in "" }
    let ended = await failure { () throws(ProbeTransportError) in
      _ = try await transport.http(probe(rude.port), host: "127.0.0.1", timeout: generous)
    }
    #expect(ended == "Get \"http://127.0.0.1:\(rude.port)/\": EOF")
    let plain = await failure { () throws(ProbeTransportError) in
      _ = try await transport.http(
        probe(rude.port, scheme: "HTTPS"), host: "127.0.0.1", timeout: .milliseconds(5))
    }
    #expect(plain.hasPrefix("Get \"https://127.0.0.1:\(rude.port)/\": "))
    await rude.stop()
  }

  @Test func `a connection is all that a TCP probe asks for`() async throws {
    let server = try await ScriptedServer.start { _ in nil }
    try await transport.connect(host: "localhost", port: server.port, timeout: generous)
    #expect(server.requests.isEmpty)
    await server.stop()
  }

  @Test func `a probe that nobody waits for any more ends`() async throws {
    let server = try await ScriptedServer.start { _ in nil }
    let port = server.port
    let task = Task {
      await failure { () throws(ProbeTransportError) in
        _ = try await transport.http(probe(port), host: "127.0.0.1", timeout: generous)
      }
    }
    task.cancel()
    #expect(await task.value == "Get \"http://127.0.0.1:\(port)/\": context canceled")
    await server.stop()
  }

  @Test func `the gRPC health service is asked for a service`() async throws {
    var router = Router()
    router.add(
      "/grpc.health.v1.Health/Check",
      .unary { call, request in
        switch String(decoding: request.readableBytesView.dropFirst(2), as: UTF8.self) {
        case "": call.respond(ByteBuffer(bytes: [0x08, 1]))
        case "ill": call.respond(ByteBuffer(bytes: [0x08, 2]))
        case "odd": call.respond(ByteBuffer())
        default: call.finish(GRPCStatus(.notFound, "unknown service"))
        }
      })
    let listener = try await Listener.bind(
      group: .singletonMultiThreadedEventLoopGroup, host: "127.0.0.1", port: 0, router: router,
      http: { _, loop in loop.makeFailedFuture(GRPCStatus(.unavailable, "no HTTP")) }
    ).get()
    let port = listener.port
    func ask(_ service: String) async throws(ProbeTransportError) -> Bool {
      try await transport.grpcHealth(host: "127.0.0.1", port: port, service: service, timeout: generous)
    }
    #expect(try await ask("") == true)
    #expect(try await ask("ill") == false)
    let odd = await failure { () throws(ProbeTransportError) in _ = try await ask("odd") }
    #expect(odd == "service unhealthy (responded with \"UNKNOWN\")")
    let absent = await failure { () throws(ProbeTransportError) in _ = try await ask("absent") }
    #expect(absent == "error: health rpc failed: rpc error: code = notFound desc = unknown service")
    try await listener.close(deadline: NIODeadline.now()).get()
  }

  @Test(arguments: [
    ("/b", "http://h:80/b"), ("b", "http://h:80/a/b"), ("?x", "http://h:80/a/x?x"), ("", "http://h:80/a/x?q"),
    ("https://h/y#z", "https://h:443/y"), ("//o:81", "http://o:81/"),
    ("http://u@[::1]:8/p", "http://[::1]:8/p"),
    ("ftp://h/", nil), ("http://h:99999/", nil), ("http:///", nil),
  ])
  func `a location is read from where it was found`(location: String, url: String?) {
    let here = ProbeURL(usesTLS: false, host: "h", port: 80, path: "/a/x?q")
    #expect(here.following(location)?.description == url)
  }

  @Test(
    arguments: [
      ([], HealthMessage.Status.unknown), ([8, 1], .serving), ([0x12, 1, 65, 8, 2], .notServing),
      ([8, 3], .serviceUnknown),
      ([8], nil), ([0x12, 9], nil), ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], nil),
    ] as [([UInt8], HealthMessage.Status?)])
  func `a health answer is read, whatever it is`(bytes: [UInt8], status: HealthMessage.Status?) {
    #expect(HealthMessage.status(of: bytes) == status)
  }

  @Test func `a long service name has a long length`() {
    let bytes = HealthMessage.request(service: String(repeating: "s", count: 300))
    #expect(bytes.prefix(3) == [0x0A, 0xAC, 0x02])
    #expect(bytes.count == 303)
  }
}
