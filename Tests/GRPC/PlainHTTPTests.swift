import GRPC
import HTTP
import NIOCore
import Testing
import WireSupport

/// The plain endpoints over HTTP/1.1, on the port that also serves gRPC.
@Suite struct PlainHTTPTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var request: String
    /// What the answer begins with.
    var begins: String
    var ends = ""
    var closes = false
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "GET", request: "GET /health?a=1 HTTP/1.1\r\nhost: x\r\n\r\n", begins: "HTTP/1.1 200 OK\r\n",
      ends: "\r\n\r\nGET /health [\"a\"] "),
    Case(
      name: "one byte that could begin HTTP/2",
      request: "POST /p HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody",
      begins: "HTTP/1.1 200 OK\r\n", ends: "POST /p [] body"),
    Case(
      name: "chunked body",
      request:
        "PUT /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
      begins: "HTTP/1.1 200 OK\r\n", ends: "PUT /c [] abc"),
    Case(
      name: "HEAD", request: "HEAD /h HTTP/1.1\r\nhost: x\r\n\r\n", begins: "HTTP/1.1 200 OK\r\n",
      ends: "\r\n\r\n"),
    Case(
      name: "a late answer", request: "GET /later HTTP/1.1\r\nhost: x\r\n\r\n", begins: "HTTP/1.1 200 OK\r\n",
      ends: "later"),
    Case(
      name: "a failing handler", request: "GET /fail HTTP/1.1\r\nhost: x\r\n\r\n",
      begins: "HTTP/1.1 500 Internal Server Error\r\n", ends: "internal error\n"),
    Case(
      name: "further fields", request: "POST /refused HTTP/1.1\r\nhost: x\r\n\r\n",
      begins: "HTTP/1.1 405 Method Not Allowed\r\n", ends: "allow: GET\r\n\r\nrefused"),
    Case(
      name: "HTTP/1.0", request: "GET / HTTP/1.0\r\n\r\n", begins: "HTTP/1.", ends: "GET / [] ", closes: true),
    Case(
      name: "connection: close", request: "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
      begins: "HTTP/1.1 200 OK\r\n", ends: "GET / [] ", closes: true),
    Case(
      name: "a request for another protocol, which is not offered",
      request: "GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nmore",
      begins: "HTTP/1.1 200 OK\r\n", ends: "GET / [] ", closes: true),
    Case(
      name: "CONNECT", request: "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\nmore",
      begins: "HTTP/1.1 ", ends: "CONNECT a:1 [] ", closes: true),
    Case(
      name: "pipelined, the first answered late",
      request: "GET /later HTTP/1.1\r\nhost: x\r\n\r\nGET /second HTTP/1.1\r\nhost: x\r\n\r\n",
      begins: "HTTP/1.1 200 OK\r\n", ends: "GET /second [] "),
    Case(
      name: "a body over the limit",
      request: "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000\r\n\r\n"
        + String(repeating: "b", count: 1_500),
      begins: "HTTP/1.1 413 ", closes: true),
    Case(
      name: "headers over the limit",
      request: "GET / HTTP/1.1\r\nhost: x\r\n"
        + (0..<100).map { "h\($0): \(String(repeating: "v", count: 700))\r\n" }.joined() + "\r\n",
      begins: "HTTP/1.1 431 ", closes: true),
    Case(
      name: "not HTTP", request: "HELLO\r\n\r\n", begins: "HTTP/1.1 400 Bad Request\r\n", closes: true),
  ]

  @Test(arguments: cases)
  func answers(test: Case) async throws {
    var limits = ServerLimits()
    limits.httpBodyBytes = 1_000
    let server = try await TestServer(limits: limits)
    let raw = try await RawClient(server)
    raw.send(Array(test.request.utf8))
    await until("the answer is whole") { raw.text.hasPrefix(test.begins) && raw.text.hasSuffix(test.ends) }
    #expect(raw.text.hasPrefix(test.begins))
    #expect(raw.text.hasSuffix(test.ends))
    if test.closes {
      await until("the server closes") { raw.isClosed }
    } else {
      raw.send(Array("GET /again HTTP/1.1\r\nhost: x\r\n\r\n".utf8))
      await until("the next is answered") { raw.text.hasSuffix("GET /again [] ") }
    }
    await raw.close()
    try await server.stillServes()
    try await server.close()
  }

  @Test func aGracefulCloseEndsIdleConnections() async throws {
    let server = try await TestServer()
    let raw = try await RawClient(server)
    raw.send(Array("GET /one HTTP/1.1\r\nhost: x\r\n\r\n".utf8))
    await until("the answer is whole") { raw.text.hasSuffix("GET /one [] ") }
    try await server.listener.close(deadline: .now() + .seconds(30)).get()
    await until("the connection is closed") { raw.isClosed }
    await raw.close()
  }
}
