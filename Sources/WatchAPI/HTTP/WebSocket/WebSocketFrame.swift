public import NIOCore

/// One frame of a WebSocket (RFC 6455, 5.2).
public struct WebSocketFrame: Sendable, Hashable {
  /// What a frame is for; the raw values are those of the protocol.
  public enum Opcode: UInt8, Sendable {
    /// More of a message that has begun.
    case continuation = 0
    /// A message of text, or its beginning.
    case text = 1
    /// A message of bytes, or its beginning.
    case binary = 2
    /// Nothing more will be sent.
    case close = 8
    /// Asks for a pong.
    case ping = 9
    /// Answers a ping.
    case pong = 10

    var isControl: Bool { rawValue >= 8 }
  }

  /// What it is for.
  public var opcode: Opcode
  /// Whether the message ends with it.
  public var isFinal: Bool
  /// What it carries, unmasked.
  public var payload: ByteBuffer

  /// A frame.
  public init(_ opcode: Opcode, _ payload: ByteBuffer = ByteBuffer(), isFinal: Bool = true) {
    self.opcode = opcode
    self.payload = payload
    self.isFinal = isFinal
  }

  /// The frame as it is sent. A client masks with a key that nobody can foresee, a server does not.
  public func encoded(mask: UInt32? = nil) -> ByteBuffer {
    var bytes = ByteBuffer()
    let count = payload.readableBytes
    bytes.reserveCapacity(count + 14)
    bytes.writeInteger(opcode.rawValue | (isFinal ? 0x80 : 0))
    let flag: UInt8 = mask == nil ? 0 : 0x80
    switch count {
    case ..<126: bytes.writeInteger(UInt8(count) | flag)
    case ..<65_536:
      bytes.writeInteger(126 | flag)
      bytes.writeInteger(UInt16(count))
    default:
      bytes.writeInteger(127 | flag)
      bytes.writeInteger(UInt64(count))
    }
    if let mask { bytes.writeInteger(mask) }
    let start = bytes.writerIndex
    bytes.writeImmutableBuffer(payload)
    if let mask { Self.apply(mask, to: &bytes, from: start) }
    return bytes
  }

  static func apply(_ mask: UInt32, to bytes: inout ByteBuffer, from start: Int) {
    let key = withUnsafeBytes(of: mask.bigEndian) { Array($0) }
    let offset = start - bytes.readerIndex
    bytes.withUnsafeMutableReadableBytes { bytes in
      for index in offset..<bytes.count { bytes[index] ^= key[(index - offset) & 3] }
    }
  }
}

/// What a peer did that a WebSocket does not allow, or no more than this side takes.
public struct WebSocketError: Error, Sendable, Hashable {
  /// The code that the peer is told (RFC 6455, 7.4.1).
  public var code: UInt16
  /// What people read.
  public var reason: String

  /// An error.
  public init(code: UInt16, reason: String) {
    self.code = code
    self.reason = reason
  }
}

/// Takes bytes and gives frames. Pure.
public struct WebSocketDecoder: Sendable {
  private let expectsMask: Bool
  private let payloadBytes: Int
  private var bytes = ByteBuffer()

  /// - Parameters:
  ///   - expectsMask: whether the peer is a client, which must mask what it sends; a server must not.
  ///   - payloadBytes: of one frame, at most.
  public init(expectsMask: Bool, payloadBytes: Int) {
    self.expectsMask = expectsMask
    self.payloadBytes = payloadBytes
  }

  /// Takes more bytes, any number.
  public mutating func push(_ more: ByteBuffer) {
    if bytes.readableBytes == 0 { bytes = more } else { bytes.writeImmutableBuffer(more) }
  }

  /// The next whole frame; nil until more bytes come.
  public mutating func next() throws(WebSocketError) -> WebSocketFrame? {
    var reader = bytes
    guard let first = reader.readInteger(as: UInt8.self), let second = reader.readInteger(as: UInt8.self)
    else { return nil }
    // No extension was agreed on.
    guard first & 0x70 == 0, let opcode = WebSocketFrame.Opcode(rawValue: first & 15) else {
      throw WebSocketError(code: 1002, reason: "a frame of no kind that is known")
    }
    guard (second & 0x80 != 0) == expectsMask else {
      throw WebSocketError(code: 1002, reason: "a frame is masked by the wrong side")
    }
    var count = UInt64(second & 0x7F)
    if opcode.isControl, count > 125 || first & 0x80 == 0 {
      throw WebSocketError(code: 1002, reason: "a control frame is long or in fragments")
    }
    if count == 126 {
      guard let length = reader.readInteger(as: UInt16.self) else { return nil }
      count = UInt64(length)
    } else if count == 127 {
      guard let length = reader.readInteger(as: UInt64.self) else { return nil }
      count = length
    }
    guard count <= UInt64(payloadBytes) else {
      throw WebSocketError(code: 1009, reason: "a frame has more than \(payloadBytes) bytes")
    }
    var mask: UInt32?
    if expectsMask {
      guard let key = reader.readInteger(as: UInt32.self) else { return nil }
      mask = key
    }
    guard var payload = reader.readSlice(length: Int(count)) else { return nil }
    if let mask { WebSocketFrame.apply(mask, to: &payload, from: payload.readerIndex) }
    bytes = reader
    bytes.discardReadBytes()
    return WebSocketFrame(opcode, payload, isFinal: first & 0x80 != 0)
  }
}
