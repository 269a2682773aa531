public import NIOCore
import NIOPosix
import Synchronization

/// A TCP client that sends any bytes, keeps what comes, and takes that apart into HTTP/2 frames.
public final class RawClient: Sendable {
  /// One frame (RFC 9113, section 4.1).
  public struct Frame: Equatable {
    /// Such as 7 for GOAWAY.
    public var type: UInt8
    /// As the type has them.
    public var flags: UInt8
    /// 0 for the connection.
    public var stream: UInt32
    /// What follows the head.
    public var payload: [UInt8]

    /// A frame to compare with.
    public init(type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8]) {
      self.type = type
      self.flags = flags
      self.stream = stream
      self.payload = payload
    }
  }

  private struct Seen {
    var bytes = ByteBuffer()
    var isClosed = false
  }
  private let seen: Box
  private let channel: any Channel

  private final class Box: Sendable {
    let value = Mutex(Seen())
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let seen: Box
    init(_ seen: Box) { self.seen = seen }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var part = unwrapInboundIn(data)
      _ = seen.value.withLock { $0.bytes.writeBuffer(&part) }
    }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed? = event as? ChannelEvent {
        seen.value.withLock { $0.isClosed = true }
      }
    }
    func channelInactive(context: ChannelHandlerContext) {
      seen.value.withLock { $0.isClosed = true }
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }

  /// With `reads` off nothing is ever read from the socket.
  public init(port: Int, reads: Bool = true, on loops: any EventLoopGroup) async throws {
    let seen = Box()
    self.seen = seen
    channel = try await ClientBootstrap(group: loops)
      .channelOption(.autoRead, value: reads)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(seen))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  /// The server has closed its side.
  public var isClosed: Bool { seen.value.withLock { $0.isClosed } }
  /// Everything received.
  public var text: String { seen.value.withLock { String(buffer: $0.bytes) } }

  /// Frames received whole.
  public var frames: [Frame] {
    var bytes = seen.value.withLock { $0.bytes }
    var frames: [Frame] = []
    while let header = bytes.getBytes(at: bytes.readerIndex, length: 9) {
      let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
      guard bytes.readableBytes >= 9 + length else { break }
      bytes.moveReaderIndex(forwardBy: 9)
      let stream = header[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      frames.append(
        Frame(
          type: header[3], flags: header[4], stream: stream, payload: bytes.readBytes(length: length) ?? []))
    }
    return frames
  }

  /// Error code and debug text of the GOAWAY received, if any.
  public var goAway: (code: UInt8, text: String)? {
    guard let frame = frames.last(where: { $0.type == 7 }), frame.payload.count >= 8 else { return nil }
    return (frame.payload[7], String(decoding: frame.payload[8...], as: UTF8.self))
  }

  /// Sends without waiting for the socket to take it.
  public func send(_ bytes: [UInt8]) {
    channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
  }

  /// Sends until the server, or its socket, takes no more.
  public var isStuck: Bool { !channel.isWritable || isClosed }

  /// Closes both directions.
  public func close() async {
    try? await channel.close()
  }

  // MARK: frames to send

  /// What an HTTP/2 client begins with, SETTINGS included.
  public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0)

  /// One frame.
  public static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8] = [])
    -> [UInt8]
  {
    let length = payload.count
    return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
      + withUnsafeBytes(of: stream.bigEndian) { Array($0) } + payload
  }

  /// A field never indexed and not Huffman-coded (RFC 7541, 6.2.2).
  public static func field(_ name: String, _ value: String) -> [UInt8] {
    func text(_ text: String) -> [UInt8] {
      let bytes = Array(text.utf8)
      guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
      var rest = bytes.count - 127
      var length: [UInt8] = [127]
      while rest >= 128 {
        length.append(UInt8(rest & 127 | 128))
        rest >>= 7
      }
      return length + [UInt8(rest)] + bytes
    }
    return [0] + text(name) + text(value)
  }

  /// The fields of a gRPC call.
  public static func callFields(_ path: String) -> [UInt8] {
    field(":method", "POST") + field(":scheme", "http") + field(":path", path) + field(":authority", "t")
      + field("content-type", "application/grpc") + field("te", "trailers")
  }

  /// HEADERS that open a stream, with END_HEADERS.
  public static func call(_ path: String, _ stream: UInt32, end: Bool = false) -> [UInt8] {
    frame(1, end ? 5 : 4, stream, callFields(path))
  }

  /// HEADERS of a request without a body, with END_HEADERS and END_STREAM.
  public static func get(_ target: String, _ stream: UInt32) -> [UInt8] {
    let fields =
      field(":method", "GET") + field(":scheme", "https") + field(":path", target) + field(":authority", "t")
    return frame(1, 5, stream, fields)
  }
}
