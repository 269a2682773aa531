import GRPC
import HTTP
import NIOCore
import NIOPosix
import Testing
import WireSupport

/// How connections live and end: keep-alive, shutdown, going away.
@Suite struct ConnectionTests {
  private typealias Raw = RawClient

  @Test func pingsAreAnswered() async throws {
    let server = try await TestServer()
    let raw = try await RawClient(server)
    raw.send(Raw.preface + Raw.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]))
    await until("the ping is answered") {
      raw.frames.contains(Raw.Frame(type: 6, flags: 1, stream: 0, payload: [1, 2, 3, 4, 5, 6, 7, 8]))
    }
    await raw.close()
    try await server.close()
  }

  @Test func pingsBetweenAnswersAreNoStrikes() async throws {
    let server = try await TestServer()
    let raw = try await RawClient(server)
    raw.send(Raw.preface)
    for index in 0..<20 as Range<UInt32> {
      raw.send(
        Raw.frame(6, 0, 0, [UInt8](repeating: UInt8(index), count: 8))
          + Raw.call("/test.Test/Echo", index * 2 + 1)
          + Raw.frame(0, 1, index * 2 + 1, [0, 0, 0, 0, 0]))
      await until("the call is answered") {
        raw.frames.contains { $0.stream == index * 2 + 1 && $0.flags & 1 == 1 }
      }
    }
    #expect(raw.goAway == nil)
    await raw.close()
    try await server.close()
  }

  @Test func theServerPingsIdleClientsAndLeavesDeadOnes() async throws {
    var limits = ServerLimits()
    limits.connection.keepAliveInterval = .milliseconds(30)
    limits.connection.keepAliveTimeout = .seconds(2)
    let server = try await TestServer(limits: limits)
    let client = try await server.connect()
    let dead = try await RawClient(server)
    dead.send(Raw.preface)
    await until("the client that does not answer is closed") { dead.isClosed }
    #expect(dead.frames.contains { $0.type == 6 && $0.flags == 0 })
    #expect(try await client.unary("/test.Test/Echo", "alive") == "alive")
    await client.close()
    await dead.close()
    try await server.close()
  }

  @Test func aGracefulCloseLetsCallsEnd() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let idle = try await server.connect()
    let call = try await client.open("/test.Test/Bidirectional")
    try await call.on { $0.send(ByteBuffer(string: "before")) }
    await until("the call has begun") { call.texts == ["before"] }
    let closing = server.listener.close(deadline: .now() + .seconds(30))
    await until("the idle connection is closed") { server.listener.connectionCount == 1 }
    // No new calls, but the old one goes on.
    let loop = client.connection.eventLoop
    while try await loop.submit({ client.connection.isOpen }).get() { await Task.yield() }
    #expect(await client.failure("/test.Test/Echo").code == .unavailable)
    try await call.on {
      $0.send(ByteBuffer(string: "after"))
      $0.halfClose()
    }
    await until("the call ends") { call.status != nil }
    #expect(call.status == .ok)
    #expect(call.texts == ["before", "after"])
    try await closing.get()
    #expect(server.listener.connectionCount == 0)
    await idle.close()
  }

  @Test func theDeadlineOfACloseEndsCalls() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let call = try await client.open("/test.Test/Hang")
    await until("the call has begun") { server.log.count("hang") == 1 }
    try await server.listener.close(deadline: .now() + .milliseconds(50)).get()
    await until("both sides learn") {
      call.status?.code == .unavailable && server.log.count("cancelled") == 1
    }
  }

  @Test func aClientCloseLetsItsCallsEnd() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let loop = client.connection.eventLoop
    let closed = loop.makePromise(of: Void.self)
    let call = try await client.open("/test.Test/Bidirectional")
    try await loop.submit {
      client.connection.onClose = { closed.succeed() }
      client.connection.close()
      call.call.send(ByteBuffer(string: "last"))
      call.call.halfClose()
    }.get()
    await until("the call ends") { call.status == .ok }
    #expect(call.texts == ["last"])
    try await closed.futureResult.get()
    #expect(await client.failure("/test.Test/Echo").code == .unavailable)
    try await server.close()
  }
}
