import GRPC
import HTTP
import NIOCore
import NIOPosix
import Testing

/// Calls of every kind, by our client on our server.
@Suite struct CallTests {
  @Test func unaryCallsOfAllSizes() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    for count in [0, 1, 100, 16_379, 16_380, 65_536, 1 << 20, 2 << 20] {
      var message = ByteBuffer()
      for number in 0..<UInt64(count / 8) { message.writeInteger(number &* 0x9E37_79B9_7F4A_7C15) }
      message.writeRepeatingByte(5, count: count % 8)
      #expect(try await client.unary("/test.Test/Echo", message) == message, "\(count) bytes")
    }
    await client.close()
    try await server.close()
  }

  @Test func manyCallsAtOnceFromOtherThreads() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<2_000 {
        group.addTask { try await client.unary("/test.Test/Offload", "call \(index)") == "call \(index)" }
      }
      for try await isRight in group { #expect(isRight) }
    }
    await client.close()
    try await server.close()
  }

  @Test(arguments: [
    GRPCStatus(.outOfRange, "etcdserver: mvcc: required revision has been compacted"),
    GRPCStatus(.notFound, ""),
    GRPCStatus(.internalError, "100% żółw\nnew line"), GRPCStatus(.unauthenticated, "x"),
  ])
  func statusesArriveAsSent(status: GRPCStatus) async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    #expect(await client.failure("/test.Test/Fail", "\(status.code.rawValue) \(status.message)") == status)
    let call = try await client.open("/test.Test/Fail")
    try await call.on {
      $0.send(ByteBuffer(string: "\(status.code.rawValue) \(status.message)"))
      $0.halfClose()
    }
    await until("the call ends") { call.status != nil }
    #expect(call.status == status)
    #expect(call.trailers["extra"] == "trailer")
    #expect(call.endings == 1)
    await client.close()
    try await server.close()
  }

  @Test func unknownMethodsAreNamed() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    #expect(
      await client.failure("/test.Test/None")
        == GRPCStatus(.unimplemented, "unknown method None for service test.Test"))
    #expect(
      await client.failure("/no.Service/None") == GRPCStatus(.unimplemented, "unknown service no.Service"))
    #expect(await client.failure("/none") == GRPCStatus(.unimplemented, "malformed method name: \"/none\""))
    await client.close()
    try await server.close()
  }

  @Test func metadataGoesBothWays() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    var metadata = Metadata()
    metadata.add("key", "value of key")
    metadata.add("other", String(repeating: "o", count: 10_000))
    #expect(try await client.unary("/test.Test/Metadata", "", metadata: metadata) == "value of key")
    #expect(try await client.unary("/test.Test/Metadata", "") == "none")
    let call = try await client.open("/test.Test/Metadata")
    try await call.on {
      $0.send(ByteBuffer())
      $0.halfClose()
    }
    await until("the call ends") { call.status != nil }
    #expect(call.call.headers["seen-path"] == "/test.Test/Metadata")
    var wrong = Metadata()
    wrong.add("key", "new\nline")
    await #expect(throws: GRPCStatus.self) {
      try await client.unary("/test.Test/Metadata", "", metadata: wrong)
    }
    await client.close()
    try await server.close()
  }

  @Test func streamsInAllDirections() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let echo = try await client.open("/test.Test/Bidirectional")
    for index in 0..<500 { try await echo.on { $0.send(ByteBuffer(string: "message \(index)")) } }
    await until("all are echoed") { echo.messages.count == 500 }
    #expect(echo.texts == (0..<500).map { "message \($0)" })
    #expect(echo.status == nil)
    try await echo.on { $0.halfClose() }
    await until("the call ends") { echo.status != nil }
    #expect(echo.status == .ok)

    let sum = try await client.open("/test.Test/Sum")
    try await sum.on { call in
      for _ in 0..<100 { call.send(ByteBuffer(repeating: 1, count: 1_000)) }
      call.halfClose()
    }
    await until("the call ends") { sum.status != nil }
    #expect(sum.texts == ["100000"])
    #expect(server.log.count("cancelled") == 0)
    await client.close()
    try await server.close()
  }

  @Test func deadlinesEndCallsOnBothSides() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let call = try await client.open("/test.Test/Hang", timeout: .milliseconds(50))
    await until("the call ends") { call.status != nil }
    #expect(call.status == GRPCStatus(.deadlineExceeded, "context deadline exceeded"))
    await until("the server learns") { server.log.count("cancelled") == 1 }
    #expect(try await client.unary("/test.Test/Echo", "x", timeout: .seconds(60)) == "x")
    await client.close()
    try await server.close()
  }

  @Test func cancellationReachesTheServerOnce() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let call = try await client.open("/test.Test/Hang")
    await until("the call has begun") { server.log.count("hang") == 1 }
    try await call.on { $0.cancel() }
    #expect(call.status?.code == .cancelled)
    await until("the server learns") { server.log.count("cancelled") == 1 }
    try await server.stillServes()
    #expect(server.log.count("cancelled") == 1)
    #expect(call.endings == 1)
    await client.close()
    try await server.close()
  }

  @Test func aLostConnectionEndsItsCalls() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let calls = [try await client.open("/test.Test/Hang"), try await client.open("/test.Test/Bidirectional")]
    await until("the call has begun") { server.log.count("hang") == 1 }
    await client.close()
    await until("the client learns") {
      calls.allSatisfy { $0.status?.code == .unavailable && $0.endings == 1 }
    }
    await until("the server learns") { server.log.count("cancelled") == 2 }
    #expect(await client.failure("/test.Test/Echo").code == .unavailable)
    await until("the server forgets the connection") { server.listener.connectionCount == 0 }
    try await server.close()
  }

  @Test func aServerThatIsNotThereIsUnavailable() async throws {
    let server = try await TestServer()
    let port = server.listener.port
    try await server.close()
    await #expect(throws: GRPCStatus.self) {
      try await ClientConnection.connect(to: .hostPort("127.0.0.1", port), on: TestServer.loops.next()).get()
    }
  }

  @Test func messagesOverTheLimitAreRefused() async throws {
    var limits = ServerLimits()
    limits.messageBytes = 1_000
    let server = try await TestServer(limits: limits)
    let client = try await server.connect()
    #expect(
      await client.failure("/test.Test/Echo", String(repeating: "x", count: 1_001))
        == GRPCStatus(.resourceExhausted, "grpc: received message larger than max (1001 vs. 1000)"))
    #expect(await client.failure("/test.Test/Echo", String(repeating: "x", count: 1_000)) == .ok)
    var mine = ClientLimits()
    mine.messageBytes = 10
    let small = try await server.connect(limits: mine)
    #expect(
      await small.failure("/test.Test/Echo", "elevenchars")
        == GRPCStatus(.resourceExhausted, "grpc: received message larger than max (11 vs. 10)"))
    await client.close()
    await small.close()
    try await server.close()
  }

  @Test func wrongLengthsResetTheCall() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    #expect(await client.failure("/test.Test/Short").code == .internalError)
    #expect(await client.failure("/test.Test/Long").code == .internalError)
    #expect(try await client.unary("/test.Test/Echo", "on") == "on")
    await client.close()
    try await server.close()
  }

  @Test func servesAUnixSocket() async throws {
    let path = "/tmp/wire-\(UInt64.random(in: 0 ... .max)).sock"
    var router = Router()
    router.add("/test.Test/Echo", .unary { call, message in call.respond(message) })
    let listener = try await Listener.bind(
      group: TestServer.loops, unixSocket: path, router: router,
      http: { _, loop in loop.makeSucceededFuture(.text(200, "")) }
    ).get()
    let client = TestClient(
      connection: try await ClientConnection.connect(to: .unixSocket(path), on: TestServer.loops.next()).get()
    )
    #expect(try await client.unary("/test.Test/Echo", "local") == "local")
    await client.close()
    try await listener.close(deadline: .now()).get()
  }
}
