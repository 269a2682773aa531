import GRPC
import HTTP
import NIOCore
import Testing
import WireSupport

/// Clients that mean harm, or are broken: each is sent away, and the server goes on.
@Suite struct AbuseTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    /// The error code of the GOAWAY; nil when the connection just closes.
    var code: UInt8?
    var text: String?
    var testDescription: String { name }
  }

  private typealias Raw = RawClient

  private static func hello(_ rest: [UInt8]) -> [UInt8] { Raw.preface + rest }

  /// The preface and many frames.
  private static func flood(_ first: [UInt8] = [], count: UInt32, _ make: (UInt32) -> [UInt8]) -> [UInt8] {
    var bytes = Raw.preface + first
    for index in 0..<count { bytes += make(index) }
    return bytes
  }

  private static let openBlock = Raw.frame(1, 0, 1, Raw.callFields("/x"))
  private static let large = Raw.field("a", String(repeating: "b", count: 900))

  static let cases: [Case] = malformed + floods + notHTTP2

  private static let malformed: [Case] = [
    Case(name: "preface with a wrong end", bytes: Array("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".utf8), code: 1),
    Case(
      name: "no SETTINGS first",
      bytes: Array(Raw.preface.prefix(24)) + Raw.frame(6, 0, 0, [UInt8](repeating: 0, count: 8)), code: 1),
    Case(name: "frame over the maximum size", bytes: hello([0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1]), code: 6),
    Case(name: "DATA on an idle stream", bytes: hello(Raw.frame(0, 0, 1, [1, 2, 3])), code: 1),
    Case(name: "DATA on stream 0", bytes: hello(Raw.frame(0, 0, 0, [1])), code: 1),
    Case(name: "HEADERS on stream 0", bytes: hello(Raw.frame(1, 4, 0, Raw.callFields("/x"))), code: 1),
    Case(name: "HEADERS on an even stream", bytes: hello(Raw.call("/x", 2)), code: 1),
    Case(name: "PING of a wrong length", bytes: hello(Raw.frame(6, 0, 0, [1])), code: 6),
    Case(name: "SETTINGS of a wrong length", bytes: hello(Raw.frame(4, 0, 0, [1])), code: 6),
    Case(
      name: "WINDOW_UPDATE beyond the maximum", bytes: hello(Raw.frame(8, 0, 0, [0x7F, 255, 255, 255])),
      code: 3),
    Case(
      name: "header block that is not HPACK",
      bytes: hello(Raw.frame(1, 4, 1, [UInt8](repeating: 0xFF, count: 7))),
      code: 9),
    Case(
      name: "CONTINUATION without HEADERS", bytes: hello(Raw.frame(9, 4, 1, Raw.callFields("/x"))), code: 1),
    Case(name: "a frame inside a header block", bytes: hello(openBlock + Raw.frame(0, 0, 1, [1])), code: 1),
  ]

  private static let floods: [Case] = [
    Case(
      name: "endless CONTINUATION", bytes: flood(openBlock, count: 200) { _ in Raw.frame(9, 0, 1, large) },
      code: 11),
    Case(
      name: "endless empty CONTINUATION", bytes: flood(openBlock, count: 20_000) { _ in Raw.frame(9, 0, 1) },
      code: 11),
    Case(
      name: "rapid resets",
      bytes: flood(count: 1_500) {
        Raw.call("/test.Test/Hang", $0 * 2 + 1) + Raw.frame(3, 0, $0 * 2 + 1, [0, 0, 0, 8])
      },
      code: 11, text: "too many stream resets"),
    Case(
      name: "provoked resets",
      bytes: flood(count: 1_500) { Raw.frame(1, 4, $0 * 2 + 1, Raw.field(":method", "POST")) },
      code: 11, text: "too many invalid frames"),
    Case(
      name: "empty DATA without end",
      bytes: flood(Raw.call("/test.Test/Sum", 1), count: 15_000) { _ in Raw.frame(0, 0, 1) }, code: 11,
      text: "too many frames without content"),
    Case(name: "SETTINGS without end", bytes: flood(count: 15_000) { _ in Raw.frame(4, 0, 0) }, code: 11),
    Case(
      name: "PRIORITY without end", bytes: flood(count: 15_000) { _ in Raw.frame(2, 0, 1, [0, 0, 0, 3, 7]) },
      code: 11,
      text: "too many frames without content"),
    Case(
      name: "pings without pause",
      bytes: flood(count: 10) { _ in Raw.frame(6, 0, 0, [UInt8](repeating: 1, count: 8)) },
      code: 11, text: "too_many_pings"),
  ]

  private static let notHTTP2: [Case] = [
    Case(name: "garbage", bytes: [UInt8](repeating: 0xAB, count: 5_000)),
    Case(
      name: "a TLS hello", bytes: [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3] + [UInt8](repeating: 0, count: 500)),
    Case(
      name: "HTTP/1.1 header without end",
      bytes: Array("GET / HTTP/1.1\r\nhost: x\r\na: ".utf8) + [UInt8](repeating: 0x61, count: 200_000)),
  ]

  @Test(arguments: cases)
  func isSentAway(test: Case) async throws {
    let server = try await TestServer()
    let raw = try await RawClient(server)
    raw.send(test.bytes)
    await until("the server closes") { raw.isClosed }
    if let code = test.code {
      #expect(raw.goAway?.code == code)
      if let text = test.text { #expect(raw.goAway?.text == text) }
    }
    await raw.close()
    try await server.stillServes()
    await until("the server forgets the connection") { server.listener.connectionCount == 0 }
    try await server.close()
  }

  @Test func connectionsThatEndAnywhere() async throws {
    let server = try await TestServer()
    let bytes =
      Raw.preface + Raw.call("/test.Test/Bidirectional", 1) + Raw.frame(0, 0, 1, [0, 0, 0, 0, 3, 1, 2, 3])
      + Raw.call("/test.Test/Hang", 3) + Raw.frame(0, 1, 1, [0, 0, 0, 0, 0])
    for count in stride(from: 0, through: bytes.count, by: 3) {
      let raw = try await RawClient(server)
      raw.send(Array(bytes.prefix(count)))
      await raw.close()
    }
    await until("the server forgets the connections") { server.listener.connectionCount == 0 }
    try await server.stillServes()
    #expect(server.log.count("hang") >= 1)
    try await server.close()
  }

  @Test func randomBytesAfterThePreface() async throws {
    let server = try await TestServer()
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed)
    for _ in 0..<100 {
      let raw = try await RawClient(server)
      var bytes = Raw.preface
      for _ in 0..<20 {
        let payload = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) {
          bytes += Raw.call("/test.Test/Bidirectional", UInt32.random(in: 0..<10, using: &random))
        }
        bytes += Raw.frame(
          UInt8.random(in: 0..<12, using: &random), UInt8.random(in: 0...255, using: &random),
          UInt32.random(in: 0..<10, using: &random), payload)
      }
      raw.send(bytes)
      await raw.close()
    }
    await until("the server forgets the connections, seed \(seed)") { server.listener.connectionCount == 0 }
    try await server.stillServes()
    try await server.close()
  }

  @Test func slowClientsAreNotWaitedForLong() async throws {
    var limits = ServerLimits()
    limits.connection.handshakeTimeout = .milliseconds(500)
    limits.httpIdleTimeout = .milliseconds(500)
    let server = try await TestServer(limits: limits)
    let begun: [[UInt8]] = [
      [], Array("PRI".utf8), Array(Raw.preface.prefix(24)),
      Raw.preface + Raw.frame(1, 0, 1, Raw.callFields("/x")),
      Array("GET".utf8), Array("GET / HTTP/1.1\r\nho".utf8),
      Array("POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc".utf8),
      Array("GET /idle HTTP/1.1\r\nhost: x\r\n\r\n".utf8),
    ]
    let clients = try await begun.asyncMap { bytes in
      let raw = try await RawClient(server)
      raw.send(bytes)
      return raw
    }
    await until("all are closed") { clients.allSatisfy { $0.isClosed } }
    for raw in clients { await raw.close() }
    try await server.stillServes()
    try await server.close()
  }

  @Test func connectionsBeyondTheLimitAreClosed() async throws {
    var limits = ServerLimits()
    limits.connections = 3
    let server = try await TestServer(limits: limits)
    let clients = try await (0..<3).asyncMap { _ in try await server.connect() }
    let raw = try await RawClient(server)
    await until("the fourth is closed") { raw.isClosed }
    for client in clients { #expect(try await client.unary("/test.Test/Echo", "x") == "x") }
    await clients[0].close()
    await until("there is room again") { server.listener.connectionCount == 2 }
    try await server.stillServes()
    for client in clients { await client.close() }
    try await server.close()
  }

  @Test func streamsBeyondTheLimitAreRefused() async throws {
    var limits = ServerLimits()
    limits.connection.concurrentStreams = 5
    let server = try await TestServer(limits: limits)
    // Our client keeps to the limit: calls wait for their turn.
    let client = try await server.connect()
    let hanging = try await (0..<5).asyncMap { _ in try await client.open("/test.Test/Hang") }
    let waiting = try await client.open("/test.Test/Bidirectional")
    try await waiting.on {
      $0.send(ByteBuffer(string: "x"))
      $0.halfClose()
    }
    await until("five hang") { server.log.count("hang") == 5 }
    #expect(waiting.messages.isEmpty)
    try await hanging[0].on { $0.cancel() }
    await until("the waiting call is served") { waiting.status == .ok }
    await client.close()
    // One that does not is refused.
    let raw = try await RawClient(server)
    raw.send(Raw.preface)
    await until("the limit is known") { raw.frames.contains { $0.type == 4 } }
    raw.send(Raw.frame(4, 1, 0))
    for index in 0..<8 as Range<UInt32> { raw.send(Raw.call("/test.Test/Hang", index * 2 + 1)) }
    await until("some are refused") {
      raw.isClosed || raw.frames.count { $0.type == 3 && $0.payload == [0, 0, 0, 7] } == 3
    }
    await raw.close()
    try await server.close()
  }

  @Test func answersThatNobodyReadsStopTheReading() async throws {
    var limits = ServerLimits()
    limits.connection.queuedFrames = 100
    let server = try await TestServer(limits: limits)
    let raw = try await RawClient(server, reads: false)
    raw.send(Raw.preface)
    // Each of these is answered, until the server's socket is full, and then the server stops reading, so that
    // this side's socket fills as well.
    var stream: UInt32 = 1
    let deadline = ContinuousClock.now + .seconds(120)
    while !raw.isStuck && ContinuousClock.now < deadline {
      var bytes: [UInt8] = []
      for _ in 0..<200 {
        bytes += Raw.call("/no.Such/Method\(String(repeating: "x", count: 200))", stream, end: true)
        stream += 2
      }
      raw.send(bytes)
      await Task.yield()
    }
    #expect(raw.isStuck)
    try await server.stillServes()
    await raw.close()
    await until("the server forgets the connection") { server.listener.connectionCount == 0 }
    try await server.close()
  }
}
