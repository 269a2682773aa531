import HTTP
import NIOCore
import Testing
import WireSupport

/// What `HTTPServer` makes of HTTP/2 clients that no library would be: the bounds are those of the gRPC server, whose tests
/// look at more of them.
@Suite struct HTTP2WireTests {
  private typealias Raw = RawClient

  /// What a client does too much of, and what it is told.
  struct Flood: Sendable, CustomTestStringConvertible {
    var text: String
    var bytes: [UInt8]
    var testDescription: String { text }
  }

  private static let ping = Raw.frame(6, 0, 0, [UInt8](repeating: 1, count: 8))

  private static func flood(_ text: String, _ count: UInt32, _ make: (UInt32) -> [UInt8]) -> Flood {
    var bytes = Raw.preface
    for index in 0..<count { bytes += make(index) }
    return Flood(text: text, bytes: bytes)
  }

  static let floods = [
    flood("too_many_pings", 10) { _ in ping },
    flood("too many stream resets", 1_500) {
      Raw.get("/wait", $0 * 2 + 1) + Raw.frame(3, 0, $0 * 2 + 1, [0, 0, 0, 8])
    },
    flood("too many invalid frames", 1_500) { Raw.frame(1, 4, $0 * 2 + 1, Raw.field(":method", "GET")) },
    flood("too many frames without content", 15_000) { _ in Raw.frame(2, 0, 1, [0, 0, 0, 3, 7]) },
  ]

  @Test(arguments: floods)
  func `a flood of frames is told to calm down`(flood: Flood) async throws {
    let site = try await TestSite(.http2Plain)
    let raw = try await RawClient(port: site.server.port)
    raw.send(flood.bytes)
    await raw.closed()
    #expect(raw.goAway?.code == 11)
    #expect(raw.goAway?.text == flood.text)
    await until("the connection is forgotten") { site.server.connectionCount == 0 }
    #expect(try await site.client().get("/status?200") == (200, "body"))
    await site.stop()
  }

  @Test func `pings among answers are no flood`() async throws {
    let site = try await TestSite(.http2Plain)
    let raw = try await RawClient(port: site.server.port)
    raw.send(Raw.preface)
    for index in 0..<20 as Range<UInt32> {
      raw.send(Raw.get("/status?200", index * 2 + 1) + Self.ping)
      await until("answer \(index) is whole") {
        raw.frames.contains { $0.type == 0 && $0.stream == index * 2 + 1 && $0.flags & 1 == 1 }
      }
    }
    await until("every ping is answered") { raw.frames.count { $0.type == 6 && $0.flags == 1 } == 20 }
    #expect(raw.goAway == nil)
    await raw.close()
    await site.stop()
  }

  @Test func `a client is told how many streams it may open, and held to it`() async throws {
    var limits = HTTPServerLimits()
    limits.connection.concurrentStreams = 5
    let site = try await TestSite(.http2Plain, limits: limits)
    let raw = try await RawClient(port: site.server.port)
    raw.send(Raw.preface)
    await until("the limit is known") { raw.frames.contains { $0.type == 4 && $0.flags == 0 } }
    let settings = try #require(raw.frames.first { $0.type == 4 && $0.flags == 0 })
    let entries = stride(from: 0, to: settings.payload.count, by: 6).map {
      Array(settings.payload[$0..<min($0 + 6, settings.payload.count)])
    }
    #expect(entries.contains([0, 3, 0, 0, 0, 5]))
    raw.send(Raw.frame(4, 1, 0))
    for index in 0..<8 as Range<UInt32> { raw.send(Raw.get("/fed", index * 2 + 1)) }
    await until("the streams above the bound are refused") {
      raw.isClosed || raw.frames.count { $0.type == 3 && $0.payload == [0, 0, 0, 7] } == 3
    }
    #expect(site.handler.all.count <= 5)
    await raw.close()
    await until("the others are cancelled") { site.handler.all.allSatisfy { $0.isCancelled } }
    await site.stop()
  }

  @Test func `a reset stream ends its handler and no other`() async throws {
    let site = try await TestSite(.http2Plain)
    let raw = try await RawClient(port: site.server.port)
    raw.send(Raw.preface + Raw.get("/fed", 1))
    await until("the first stream is there") { site.handler.all.count == 1 }
    raw.send(Raw.get("/fed", 3))
    await until("both streams are there") { site.server.streamCount == 2 }
    raw.send(Raw.frame(3, 0, 1, [0, 0, 0, 8]))
    await until("the first is cancelled") { site.handler.all[0].isCancelled }
    #expect(!site.handler.all[1].isCancelled)
    site.handler.all[1].feed("on")
    await until("the second goes on") {
      raw.frames.contains { $0.type == 0 && $0.stream == 3 && $0.payload == Array("on".utf8) }
    }
    await raw.close()
    await site.stop()
  }

  @Test func `a stream whose window is closed is pulled no further, and others go on`() async throws {
    let site = try await TestSite(.http2Plain)
    let raw = try await RawClient(port: site.server.port)
    // Windows are 65,535 bytes; only the connection's is made larger.
    raw.send(Raw.preface + Raw.frame(8, 0, 0, [0, 0xF0, 0, 0]) + Raw.get("/endless", 1))
    await until("the window is used up") {
      raw.frames.filter { $0.type == 0 && $0.stream == 1 }.reduce(0) { $0 + $1.payload.count } == 65_535
    }
    let stream = try #require(site.handler.all.first)
    // What has been sent, what waits on the stream, what waits for the loop, and a piece of each.
    let bound = 65_535 + (64 << 10) + (32 << 10) + (64 << 10)
    raw.send(Raw.get("/status?200", 3))
    await until("another is answered") { raw.frames.contains { $0.type == 0 && $0.stream == 3 } }
    #expect(stream.pulls << 10 <= bound)
    raw.send(Raw.frame(8, 0, 1, [0, 0, 0xFF, 0]))
    await until("it goes on") {
      raw.frames.filter { $0.type == 0 && $0.stream == 1 }.reduce(0) { $0 + $1.payload.count } == 130_815
    }
    #expect(stream.pulls << 10 <= bound + 65_280)
    await raw.close()
    await until("the stream is cancelled") { stream.isCancelled }
    await site.stop()
  }

  @Test func `no bytes bring the server down`() async throws {
    let site = try await TestSite(.http2Plain)
    let seed = UInt64.random(in: 0 ... .max)
    var random = Randomness(state: seed)
    for _ in 0..<100 {
      let raw = try await RawClient(port: site.server.port)
      var bytes = Raw.preface
      for _ in 0..<20 {
        let targets = ["/fed", "/endless", "/echo", "/broken", "/large?1", "/wait", "/status?200"]
        let id = UInt32.random(in: 0..<16, using: &random)
        if Bool.random(using: &random) {
          bytes += Raw.get(targets.randomElement(using: &random) ?? "/", id)
        }
        let payload = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        bytes += Raw.frame(
          UInt8.random(in: 0..<12, using: &random), UInt8.random(in: 0...255, using: &random), id, payload)
      }
      raw.send(bytes)
      if Bool.random(using: &random) { await Task.yield() }
      await raw.close()
    }
    await until("the connections are forgotten, seed \(seed)") { site.server.connectionCount == 0 }
    await until("no stream is left, seed \(seed)") { site.server.streamCount == 0 }
    #expect(try await site.client().get("/status?200") == (200, "body"))
    await site.stop()
  }
}

/// SplitMix64.
private struct Randomness: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
