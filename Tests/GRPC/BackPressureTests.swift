import GRPC
import HTTP
import NIOCore
import Testing

/// Nobody makes anybody else hold more than a budget.
@Suite struct BackPressureTests {
  @Test func aLargeMessageLeavesInPartsAsTheSocketDrains() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let answer = try await client.unary("/test.Test/Large", ByteBuffer(string: "\(40 << 20)"))
    #expect(answer == ByteBuffer(repeating: 0x61, count: 40 << 20))
    #expect(server.log.all == ["bounded"])
    await client.close()
    try await server.close()
  }

  @Test func aClientThatDoesNotReadCostsNobodyElse() async throws {
    let server = try await TestServer()
    let stuck = try await server.connect()
    // A paused call consumes nothing, so that its window closes after what one message may take.
    let call = try await stuck.open("/test.Test/Large", pauses: true)
    try await call.on {
      $0.send(ByteBuffer(string: "\(100 << 20)"))
      $0.halfClose()
    }
    // Other calls of the same connection go on as well.
    for index in 0..<50 { #expect(try await stuck.unary("/test.Test/Echo", "\(index)") == "\(index)") }
    try await server.stillServes()
    #expect(server.log.all.isEmpty)
    try await call.on { $0.cancel() }
    await until("the server learns") { server.log.all == ["cancelled"] }
    await stuck.close()
    try await server.close()
  }

  @Test func aPausedCallTakesAllInTheEnd() async throws {
    var limits = ClientLimits()
    limits.connection.streamWindowBytes = 100_000
    let server = try await TestServer()
    let client = try await server.connect(limits: limits)
    let call = try await client.open("/test.Test/Large", pauses: true)
    try await call.on {
      $0.send(ByteBuffer(string: "\(3 << 20)"))
      $0.halfClose()
    }
    #expect(try await client.unary("/test.Test/Echo", "x") == "x")
    #expect(call.messages.isEmpty)
    try await call.on { $0.resume() }
    await until("the call ends") { call.status != nil }
    #expect(call.status == .ok)
    #expect(call.messages.map(\.readableBytes) == [3 << 20])
    await client.close()
    try await server.close()
  }

  @Test func aPausedCallKeepsWhatTheServerSentBeforeItsEnd() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let call = try await client.open("/test.Test/Bidirectional", pauses: true)
    try await call.on { call in
      for index in 0..<3 { call.send(ByteBuffer(string: "\(index)")) }
      call.halfClose()
    }
    // The stream is gone, the call is not.
    let loop = client.connection.eventLoop
    while try await loop.submit({ client.connection.callCount }).get() > 0 { await Task.yield() }
    #expect(call.messages.isEmpty && call.status == nil)
    try await loop.submit { call.call.resume() }.get()
    #expect(call.texts == ["0", "1", "2"])
    #expect(call.status == .ok && call.endings == 1)
    await client.close()
    try await server.close()
  }

  @Test func aServerThatPausesHoldsTheClientBack() async throws {
    let server = try await TestServer()
    let client = try await server.connect()
    let call = try await client.open("/test.Test/Slow")
    try await call.on { call in
      for _ in 0..<300 { call.send(ByteBuffer(repeating: 1, count: 10_000)) }
      #expect(!call.isWritable)
      call.halfClose()
    }
    await until("the server is paused") { server.log.count("paused") == 1 }
    // More than the stream's window can take is still on this side.
    let loop = client.connection.eventLoop
    let waiting = try await loop.submit { call.call.pendingSendBytes }.get()
    if server.log.count("received 0") == 0 { #expect(waiting >= 3_000_000 - (1 << 20) - 100_000) }
    await until("the call ends") { call.status != nil }
    #expect(call.texts == ["3000000"])
    #expect(server.log.count("received 0") == 1)
    await client.close()
    try await server.close()
  }

  @Test func aCongestedConnectionServesItsRequestsLater() async throws {
    var limits = ServerLimits()
    limits.connection.connectionSendBytes = 100_000
    let server = try await TestServer(limits: limits)
    var mine = ClientLimits()
    mine.connection.streamWindowBytes = 65_535
    let client = try await server.connect(limits: mine)
    // Each answer is longer than a window, so that most of it stays with the server while the call is paused.
    let big = ByteBuffer(repeating: 7, count: 300_000)
    var paused: [TestCall] = []
    for _ in 0..<5 {
      let call = try await client.open("/test.Test/Echo", pauses: true)
      try await call.on {
        $0.send(big)
        $0.halfClose()
      }
      paused.append(call)
    }
    let stream = try await client.open("/test.Test/Bidirectional")
    try await stream.on {
      $0.send(ByteBuffer(string: "waits"))
      $0.halfClose()
    }
    for call in paused { try await call.on { $0.resume() } }
    await until("all end") { paused.allSatisfy { $0.status == .ok } && stream.status == .ok }
    #expect(paused.allSatisfy { $0.messages == [big] })
    #expect(stream.texts == ["waits"])
    await client.close()
    try await server.close()
  }

  @Test func headersAndUnendedRequestsAreBoundedPerConnection() async throws {
    var limits = ServerLimits()
    limits.connection.heldRequestBytes = 50_000
    let server = try await TestServer(limits: limits)
    let probe = try await Probe(server)
    let long = String(repeating: "h", count: 9_000)
    let withHeaders = try await (0..<10).asyncMap { _ in
      try await probe.open(Probe.call("/test.Test/Hang", ["long": long]))
    }
    await until("those over the limit are refused") {
      withHeaders.count { $0.field("grpc-status") == "8" } == 5
    }
    await probe.close()
    let other = try await Probe(server)
    let whole = try await (0..<10).asyncMap { _ in try await other.open(Probe.call("/test.Test/Echo")) }
    for stream in whole {
      try await other.send(stream, [0, 0, 0, 0x27, 0x10] + [UInt8](repeating: 1, count: 10_000), end: false)
    }
    await until("those over the limit are refused") { whole.count { $0.field("grpc-status") == "8" } >= 5 }
    #expect(whole.count { $0.field("grpc-status") == nil } >= 4)
    await other.close()
    try await server.stillServes()
    try await server.close()
  }

  @Test func unfinishedMessagesAreBoundedPerConnection() async throws {
    var limits = ServerLimits()
    limits.connection.heldRequestBytes = 50_000
    let server = try await TestServer(limits: limits)
    let probe = try await Probe(server)
    let streams = try await (0..<10).asyncMap { _ in try await probe.open(Probe.call("/test.Test/Echo")) }
    for stream in streams {
      try await probe.send(stream, [0, 0, 0, 0x40, 0] + [UInt8](repeating: 1, count: 10_000), end: false)
    }
    await until("the streams over the limit are refused") {
      streams.count { $0.field("grpc-status") == "8" } >= 5
    }
    #expect(streams.count { $0.field("grpc-status") == nil } >= 4)
    await probe.close()
    try await server.stillServes()
    try await server.close()
  }
}

extension Sequence {
  func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
