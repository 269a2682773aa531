import HTTP
import NIOCore
import Testing
import WireSupport

@Suite struct HTTP1WireTests {
  @Test(arguments: [
    // Malformed, and therefore closed.
    ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
    ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "HTTP/1.1 400 "),
    ("nonsense\r\n\r\n", "HTTP/1.1 400 "),
    ("\u{16}\u{3}\u{1}\u{0}\u{5}hello\r\n\r\n", "HTTP/1.1 400 "),
    ("GET / HTTP/9.9\r\nhost: a\r\n\r\n", "HTTP/1.1 400 "),
    ("GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n", "HTTP/1.1 400 "),
    ("GET / HTTP/1.1\r\nhost : a\r\n\r\n", "HTTP/1.1 400 "),
    ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", "HTTP/1.1 400 "),
    ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "HTTP/1.1 400 "),
    (
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
      "HTTP/1.1 400 "
    ),
    ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 "),
    ("GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 431 "),
    (
      "GET / HTTP/1.1\r\nhost: a\r\n" + (0..<300).map { "x\($0): y\r\n" }.joined() + "\r\n",
      "HTTP/1.1 431 "
    ),
    ("POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 5000000\r\n\r\n", "HTTP/1.1 413 "),
    (
      "POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 5000000\r\nexpect: 100-continue\r\n\r\n",
      "HTTP/1.1 413 "
    ),
    // Allowed, and closed because the request says so.
    ("GET /status?200 HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK"),
    ("GET /status?200 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "HTTP/1.1 200 OK"),
    (
      "GET /status?200 HTTP/1.1\r\nhost: a\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
        + "http2-settings: AAMAAABk\r\n\r\n", "HTTP/1.1 200 OK"
    ),
    ("CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 404 "),
    (
      "POST /large?8 HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 200 OK"
    ),
  ])
  func `every request gets its answer and the connection is closed`(sent: String, begins: String) async throws
  {
    var limits = HTTPServerLimits()
    limits.connection.headerListBytes = 8 << 10
    let site = try await TestSite(.http1Plain, limits: limits)
    let client = try await RawClient(port: site.server.port)
    client.write(sent)
    await client.closed()
    #expect(client.text.hasPrefix(begins), "\(client.text.prefix(200))")
    if sent.hasPrefix("POST /large") { #expect(client.text.unicodeScalars.count > 8 << 20) }
    #expect(try await site.client().get("/status?200") == (200, "body"))
    await site.stop()
  }

  @Test func `requests sent ahead are answered in order, one at a time`() async throws {
    let site = try await TestSite(.http1Plain)
    let client = try await RawClient(port: site.server.port)
    client.write(
      "GET /fed HTTP/1.1\r\nhost: a\r\n\r\nPOST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi"
        + "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\n\r\n"
        + "GET /status?200 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    await until("the first is answered") { client.text.contains("\r\n\r\n") }
    let stream = try #require(site.handler.all.first)
    stream.feed("first")
    await until("the first has begun") { client.text.hasSuffix("5\r\nfirst\r\n") }
    stream.end()
    await client.closed()
    let bodies = client.text.components(of: "\r\n\r\n").map { $0.prefix { $0 != "H" } }
    #expect(bodies.dropFirst().map(String.init) == ["5\r\nfirst\r\n0", "", "<hi>", "<xy>", "body"])
    await site.stop()
  }

  @Test func `a client that waits to be told to send its body is told`() async throws {
    let site = try await TestSite(.http1Plain)
    let client = try await RawClient(port: site.server.port)
    client.write(
      "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n"
    )
    await until("it is told") { client.text == "HTTP/1.1 100 Continue\r\n\r\n" }
    client.write("ok")
    await client.closed()
    #expect(client.text.hasSuffix("\r\n\r\n<ok>"))
    await site.stop()
  }

  @Test func `small pieces that are ready go out as one chunk`() async throws {
    let site = try await TestSite(.http1Plain)
    let client = try await RawClient(port: site.server.port)
    client.write("GET /endless HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    await until("some has come") { client.text.utf8.count > 1 << 20 }
    await client.close()
    let stream = try #require(site.handler.all.first)
    await until("the stream is cancelled") { stream.isCancelled }
    let sizes = client.text.split(separator: "\r\n").filter { $0.count < 10 }.compactMap {
      Int($0, radix: 16)
    }
    #expect(sizes.contains { $0 > 1 << 10 })
    await site.stop()
  }

  @Test func `a connection on which nothing comes is closed`() async throws {
    var limits = HTTPServerLimits()
    limits.connection.handshakeTimeout = .milliseconds(20)
    let site = try await TestSite(.http1Plain, limits: limits)
    // Nothing at all, half a head, half a body.
    for text in ["", "GET / HT", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf"] {
      let client = try await RawClient(port: site.server.port)
      client.write(text)
      await client.closed()
      #expect(client.text == "")
    }
    await site.stop()
  }

  @Test func `a connection that is kept is closed when nothing more comes`() async throws {
    var limits = HTTPServerLimits()
    limits.idleTimeout = .milliseconds(20)
    let site = try await TestSite(.http1Plain, limits: limits)
    let client = try await RawClient(port: site.server.port)
    client.write("GET /status?200 HTTP/1.1\r\nhost: a\r\n\r\n")
    await client.closed()
    #expect(client.text.hasSuffix("body"))
    await site.stop()
  }

  @Test func `a client that takes no bytes is sent away`() async throws {
    var limits = HTTPServerLimits()
    limits.stallTimeout = .milliseconds(50)
    let site = try await TestSite(.http1Plain, limits: limits)
    let client = try site.client()
    let response = try await client.send(HTTPClientRequest(method: "GET", target: "/endless"))
    let stream = try #require(site.handler.all.first)
    await until("the stream is cancelled") { stream.isCancelled }
    response.body.cancel()
    await site.stop()
  }
}

extension String {
  /// The parts between `separator`.
  fileprivate func components(of separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}
