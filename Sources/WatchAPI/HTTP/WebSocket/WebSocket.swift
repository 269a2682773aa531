public import NIOCore
import Synchronization

/// Messages over a connection that was taken over for a WebSocket (RFC 6455). One task receives; others may send.
public final class WebSocket: Sendable {
  /// Which side of the connection this is.
  public enum Role: Sendable {
    /// Has asked for the WebSocket, and masks what it sends.
    case client
    /// Has answered.
    case server
  }

  /// A message.
  public enum Message: Sendable, Hashable {
    /// Text, whose bytes are UTF-8 as the peer has it; they are not checked.
    case text(ByteBuffer)
    /// Bytes.
    case binary(ByteBuffer)
  }

  private let stream: any ByteDuplex
  private let role: Role
  private let messageBytes: Int
  /// The receiving task's alone, which takes it out while it uses it.
  private let decoder: Mutex<WebSocketDecoder>
  private let hasClosed = Mutex(false)

  /// A WebSocket whose handshake is done.
  /// - Parameter messageBytes: of one message that the peer sends, at most.
  public init(_ stream: any ByteDuplex, _ role: Role, messageBytes: Int = 1 << 20) {
    self.stream = stream
    self.role = role
    self.messageBytes = messageBytes
    decoder = Mutex(WebSocketDecoder(expectsMask: role == .server, payloadBytes: messageBytes))
  }

  /// The next message; nil once the peer has closed. Pings are answered on the way.
  /// - Throws: `WebSocketError`, which the peer has been told, or what the connection has ended with.
  public func receive() async throws -> Message? {
    var kind: WebSocketFrame.Opcode?
    var message = ByteBuffer()
    while let frame = try await frame() {
      switch frame.opcode {
      case .ping: try await send(WebSocketFrame(.pong, frame.payload))
      case .pong: break
      case .close:
        await close()
        return nil
      case .text, .binary, .continuation:
        guard (frame.opcode == .continuation) == (kind != nil) else {
          throw await refuse(WebSocketError(code: 1002, reason: "fragments of messages are mixed"))
        }
        let isFirst = kind == nil
        kind = kind ?? frame.opcode
        guard message.readableBytes + frame.payload.readableBytes <= messageBytes else {
          throw await refuse(
            WebSocketError(code: 1009, reason: "a message has more than \(messageBytes) bytes"))
        }
        if isFirst { message = frame.payload } else { message.writeImmutableBuffer(frame.payload) }
        if frame.isFinal { return kind == .text ? .text(message) : .binary(message) }
      }
    }
    return nil
  }

  private func frame() async throws -> WebSocketFrame? {
    while true {
      do throws(WebSocketError) {
        let frame = try decoder.withLock { decoder throws(WebSocketError) in try decoder.next() }
        if let frame { return frame }
      } catch {
        throw await refuse(error)
      }
      guard let bytes = try await stream.read() else { return nil }
      decoder.withLock { $0.push(bytes) }
    }
  }

  private func refuse(_ error: WebSocketError) async -> WebSocketError {
    await close(code: error.code, reason: error.reason)
    return error
  }

  /// Sends a message of bytes.
  public func send(_ bytes: ByteBuffer) async throws { try await send(WebSocketFrame(.binary, bytes)) }

  private func send(_ frame: WebSocketFrame) async throws {
    let mask = role == .client ? UInt32.random(in: 0...UInt32.max) : nil
    try await stream.write(frame.encoded(mask: mask))
  }

  /// Tells the peer that nothing more comes, and ends the connection. Does so once.
  public func close(code: UInt16 = 1000, reason: String = "") async {
    let isFirst = hasClosed.withLock { hasClosed in
      defer { hasClosed = true }
      return !hasClosed
    }
    guard isFirst else { return }
    var payload = ByteBuffer(integer: code)
    payload.writeString(String(decoding: reason.utf8.prefix(120), as: UTF8.self))
    try? await send(WebSocketFrame(.close, payload))
    stream.close()
  }
}
