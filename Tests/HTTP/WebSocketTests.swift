import HTTP
import NIOCore
import Testing

@Suite struct WebSocketTests {
  @Test func `a server proves that it has read the key`() {
    // RFC 6455, 1.3.
    #expect(WebSocketHandshake.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  @Test func `a handshake names one of the protocols that were offered`() throws {
    let key = (0..<16).map { UInt8($0) }
    var request = [(name: "upgrade", value: "WebSocket")]
    request += WebSocketHandshake.request(protocols: ["b", "a"], key: key)
    #expect(WebSocketHandshake.protocols(request) == ["b", "a"])
    let answer = try #require(WebSocketHandshake.answer(to: request, protocol: "a"))
    #expect(answer.map(\.name) == ["sec-websocket-accept", "sec-websocket-protocol"])
    #expect(answer.last?.value == "a")
    request.removeAll { $0.name == "sec-websocket-version" }
    #expect(WebSocketHandshake.answer(to: request, protocol: nil) == nil)
  }

  // RFC 6455, 5.7.
  @Test(
    arguments: [
      (
        [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], false, WebSocketFrame(.text, ByteBuffer(string: "Hello"))
      ),
      (
        [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], true,
        WebSocketFrame(.text, ByteBuffer(string: "Hello"))
      ),
      (
        [0x01, 0x03, 0x48, 0x65, 0x6C], false,
        WebSocketFrame(.text, ByteBuffer(string: "Hel"), isFinal: false)
      ),
      (
        [0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 7, count: 256), false,
        WebSocketFrame(.binary, ByteBuffer(repeating: 7, count: 256))
      ),
      (
        [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65_536), false,
        WebSocketFrame(.binary, ByteBuffer(repeating: 7, count: 65_536))
      ),
    ] as [([UInt8], Bool, WebSocketFrame)])
  func `frames`(bytes: [UInt8], isMasked: Bool, frame: WebSocketFrame) throws {
    #expect(frame.encoded(mask: isMasked ? 0x37FA_213D : nil) == ByteBuffer(bytes: bytes))
    // Whole, and byte by byte.
    var decoder = WebSocketDecoder(expectsMask: isMasked, payloadBytes: 1 << 20)
    decoder.push(ByteBuffer(bytes: bytes + bytes.prefix(1)))
    #expect(try decoder.next() == frame)
    #expect(try decoder.next() == nil)
    for byte in bytes.dropFirst().dropLast() {
      decoder.push(ByteBuffer(integer: byte))
      #expect(try decoder.next() == nil)
    }
    decoder.push(ByteBuffer(integer: bytes[bytes.count - 1]))
    #expect(try decoder.next() == frame)
  }

  @Test(
    arguments: [
      ([0xC1, 0x00], 1002), ([0x83, 0x00], 1002), ([0x81, 0x80], 1002), ([0x09, 0x00], 1002),
      ([0x89, 0x7E], 1002), ([0x82, 0x7E, 0x10, 0x00], 1009),
      ([0x82, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009),
    ] as [([UInt8], UInt16)])
  func `what is no frame is refused`(bytes: [UInt8], code: UInt16) {
    var decoder = WebSocketDecoder(expectsMask: false, payloadBytes: 1_000)
    decoder.push(ByteBuffer(bytes: bytes))
    do {
      _ = try decoder.next()
      Issue.record("a frame")
    } catch {
      #expect(error.code == code)
    }
  }

  @Test func `messages go both ways, over a connection that was handed over`() async throws {
    let server = try await HTTPServer.start(
      on: TestSite.loops, host: "127.0.0.1", port: 0, limits: .patient, handler: EchoingSocket())
    let client = try HTTPClient(
      host: "127.0.0.1", port: server.port, security: .plain(.http1), limits: .patient, on: TestSite.loops)
    let request = HTTPClientRequest(
      method: "GET", target: "/",
      headers: WebSocketHandshake.request(protocols: [], key: [UInt8](repeating: 1, count: 16)))
    guard case .switched(_, let tunnel) = try await client.upgrade(request, to: "websocket") else {
      Issue.record("no WebSocket")
      return
    }
    let socket = WebSocket(tunnel, .client)
    try await socket.send(ByteBuffer(string: "one"))
    #expect(try await socket.receive() == .binary(ByteBuffer(string: "one")))
    // In fragments, with a ping between them.
    for frame in [
      WebSocketFrame(.text, ByteBuffer(string: "t"), isFinal: false),
      WebSocketFrame(.ping, ByteBuffer(string: "p")), WebSocketFrame(.continuation, ByteBuffer(string: "wo")),
    ] {
      try await tunnel.write(frame.encoded(mask: 5))
    }
    #expect(try await socket.receive() == .binary(ByteBuffer(string: "two")))
    // Not masked, as a client's frames must be.
    try await tunnel.write(WebSocketFrame(.binary).encoded())
    #expect(try await socket.receive() == nil)
    await server.stop()
  }
}

/// Sends every message back as bytes.
private struct EchoingSocket: HTTPExchangeHandler {
  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard let headers = WebSocketHandshake.answer(to: request.headers, protocol: nil) else {
      return .text(400, "no WebSocket\n")
    }
    return .upgrade(to: "websocket", headers: headers) { tunnel in
      let socket = WebSocket(tunnel, .server, messageBytes: 1_000)
      while let message = try? await socket.receive() {
        switch message {
        case .text(let bytes), .binary(let bytes): try? await socket.send(bytes)
        }
      }
      await socket.close()
    }
  }
}
