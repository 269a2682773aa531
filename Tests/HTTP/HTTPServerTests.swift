import HTTP
import NIOCore
import Testing
import WireSupport

@Suite struct HTTPServerTests {
  @Test(arguments: Way.allCases)
  func `a request is answered with what the handler says`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    let response = try await client.send(
      HTTPClientRequest(method: "PUT", target: "/echo?a=b%20c", body: Array("hello".utf8)))
    #expect(response.status == 201)
    #expect(response.header("x-method") == "PUT")
    #expect(response.header("x-target") == "/echo?a=b%20c")
    #expect(response.header("x-host") == "127.0.0.1:\(site.server.port)")
    #expect(response.header("x-certificates") == "0")
    #expect(response.header("content-length") == "7")
    #expect(response.header("x-bad") == nil)
    #expect(response.header("b") == nil)
    #expect(String(decoding: try await response.body.bytes(limit: 100), as: UTF8.self) == "<hello>")
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `large bodies go both ways`(way: Way) async throws {
    var limits = HTTPServerLimits()
    limits.bodyBytes = 20 << 20
    let site = try await TestSite(way, limits: limits)
    let client = try site.client()
    let body = (0..<(12 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
    let echo = try await client.send(HTTPClientRequest(method: "POST", target: "/echo", body: body))
    #expect(try await echo.body.bytes(limit: 20 << 20) == [0x3C] + body + [0x3E])
    let large = try await client.send(HTTPClientRequest(method: "GET", target: "/large?24"))
    let bytes = try await large.body.bytes(limit: 32 << 20)
    #expect(bytes.count == 24 << 20)
    #expect(
      (0..<24).allSatisfy { bytes[$0 << 20] == UInt8($0) && bytes[($0 << 20) + 1_048_575] == UInt8($0) })
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `what a stream gives comes as it is given`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    let response = try await client.send(HTTPClientRequest(method: "GET", target: "/fed"))
    #expect(response.header("content-type") == "text/x")
    let stream = try #require(site.handler.all.first)
    var text = ""
    for piece in ["one", "two", "three"] {
      stream.feed(piece)
      let wanted = text + piece
      while text.utf8.count < wanted.utf8.count {
        text += String(decoding: try #require(try await response.body.next()), as: UTF8.self)
      }
      #expect(text == wanted)
    }
    stream.end()
    #expect(try await response.body.next() == nil)
    #expect(try await response.body.next() == nil)
    // The connection, kept, serves the next.
    #expect(try await client.get("/large?0") == (200, ""))
    #expect(site.server.connectionCount == 1)
    #expect(!stream.isCancelled)
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `a stream is pulled no further than its client reads`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    let response = try await client.send(HTTPClientRequest(method: "GET", target: "/endless"))
    let stream = try #require(site.handler.all.first)
    // Pulling stops: what waits on the way is bounded by both sides and the sockets between them.
    var pulls = -1
    await until("pulling stops") {
      defer { pulls = stream.pulls }
      return pulls == stream.pulls && pulls > 100
    }
    #expect(pulls < 16 << 10)
    // And goes on when the client reads.
    var left = pulls * 2
    while left > 0, let bytes = try await response.body.next() { left -= bytes.count >> 10 }
    #expect(stream.pulls > pulls)
    response.body.cancel()
    await until("the stream is cancelled") { stream.isCancelled }
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `a client that goes away ends the stream and the handler's task`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    let response = try await client.send(HTTPClientRequest(method: "GET", target: "/fed"))
    let stream = try #require(site.handler.all.first)
    await until("the stream is waited for") { stream.pulls == 1 }
    response.body.cancel()
    #expect(try await response.body.next() == nil)
    await until("the stream is cancelled") { stream.isCancelled }
    let call = Task { try await client.get("/wait") }
    await until("the handler waits") { site.handler.isWaiting.isSet }
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
    await until("the handler's task is cancelled") { site.handler.sawTaskCancelled.isSet }
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `a stream that breaks does not look whole`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    let response = try await client.send(HTTPClientRequest(method: "GET", target: "/broken"))
    #expect(response.status == 200)
    await #expect(throws: HTTPClientError.self) { try await response.body.bytes(limit: 100) }
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `answers that have no body have none`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    let head = try await client.send(HTTPClientRequest(method: "HEAD", target: "/large?2"))
    #expect(head.header("content-length") == "2097152")
    #expect(try await head.body.next() == nil)
    let streamed = try await client.send(HTTPClientRequest(method: "HEAD", target: "/endless"))
    #expect(streamed.status == 200)
    #expect(try await streamed.body.next() == nil)
    #expect(site.handler.all.first?.isCancelled == true)
    for status in [204, 304] {
      let response = try await client.send(HTTPClientRequest(method: "GET", target: "/status?\(status)"))
      #expect(response.status == status)
      #expect(try await response.body.next() == nil)
    }
    #expect(try await client.get("/status?42") == (500, "body"))
    #expect(site.server.connectionCount == 1)
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `a body above the bound is answered with 413 in the server's words`(way: Way) async throws {
    var limits = HTTPServerLimits()
    limits.bodyBytes = 1_000
    let site = try await TestSite(way, limits: limits)
    let client = try site.client()
    let fits = try await client.send(
      HTTPClientRequest(method: "POST", target: "/echo", body: [UInt8](repeating: 0x61, count: 1_000)))
    #expect(try await fits.body.bytes(limit: 2_000).count == 1_002)
    let response = try await client.send(
      HTTPClientRequest(method: "POST", target: "/echo", body: [UInt8](repeating: 0x61, count: 1_001)))
    #expect(response.status == 413)
    #expect(
      String(decoding: try await response.body.bytes(limit: 100), as: UTF8.self) == "too much for /echo")
    #expect(try await client.get("/status?200").status == 200)
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `a flood of header fields is refused`(way: Way) async throws {
    var limits = HTTPServerLimits()
    limits.connection.headerListBytes = 8 << 10
    let site = try await TestSite(way, limits: limits)
    let client = try site.client()
    let fields = (0..<200).map { (name: "x-\($0)", value: String(repeating: "v", count: 100)) }
    do {
      let response = try await client.send(HTTPClientRequest(method: "GET", target: "/echo", headers: fields))
      #expect(response.status == 431)
    } catch {
      // HTTP/2 resets the stream or ends the connection, and HTTP/1.1 may close before the answer is read.
      #expect(error is HTTPClientError)
    }
    #expect(try await site.client().get("/status?200").status == 200)
    await site.stop()
  }

  @Test(arguments: Way.allCases)
  func `stopping ends streams and lets answers under way end`(way: Way) async throws {
    let site = try await TestSite(way)
    let client = try site.client()
    let streamed = try await client.send(HTTPClientRequest(method: "GET", target: "/fed"))
    site.handler.all.first?.feed("last")
    let large = try await client.send(HTTPClientRequest(method: "GET", target: "/large?8"))
    async let stopped: Void = site.server.stop(grace: .seconds(60))
    #expect(String(decoding: try await streamed.body.bytes(limit: 100), as: UTF8.self) == "last")
    #expect(try await large.body.bytes(limit: 8 << 20).count == 8 << 20)
    await stopped
    #expect(site.server.connectionCount == 0)
    await #expect(throws: HTTPClientError.self) { try await client.get("/echo") }
  }

  @Test func `stopping waits no longer than it is told to`() async throws {
    let site = try await TestSite(.http2Plain)
    let client = try site.client()
    let call = Task { try await client.get("/wait") }
    await until("the handler waits") { site.handler.isWaiting.isSet }
    await site.server.stop(grace: .milliseconds(10))
    await #expect(throws: HTTPClientError.self) { try await call.value }
    await until("the handler's task is cancelled") { site.handler.sawTaskCancelled.isSet }
  }

  @Test func `ten thousand streams on one connection end with it`() async throws {
    let site = try await TestSite(.http2Plain)
    let client = try site.client()
    let count = 10_000
    let bodies = try await withThrowingTaskGroup(of: HTTPClientBody.self) { group in
      for _ in 0..<count {
        group.addTask { try await client.send(HTTPClientRequest(method: "GET", target: "/fed")).body }
      }
      var bodies: [HTTPClientBody] = []
      for try await body in group { bodies.append(body) }
      return bodies
    }
    #expect(site.server.connectionCount == 1)
    #expect(site.server.streamCount == count)
    for stream in site.handler.all { stream.feed("event") }
    for body in bodies { #expect(try await body.next() == Array("event".utf8)) }
    client.close()
    await until("all are cancelled") { site.handler.all.allSatisfy(\.isCancelled) }
    await until("none is left") { site.server.streamCount == 0 }
    await site.stop()
  }

  @Test func `connections above the bound are closed on arrival`() async throws {
    var limits = HTTPServerLimits()
    limits.connections = 2
    let site = try await TestSite(.http1Plain, limits: limits)
    let first = try await RawClient(port: site.server.port)
    let second = try await RawClient(port: site.server.port)
    await until("both are in") { site.server.connectionCount == 2 }
    let third = try await RawClient(port: site.server.port)
    await third.closed()
    #expect(!first.isClosed && !second.isClosed)
    await first.close()
    await second.close()
    await site.stop()
  }
}
