import NIOCore

/// Takes messages out of a stream of bytes: each is a flag byte, four bytes of length and the message (gRPC over HTTP/2:
/// Length-Prefixed-Message). Chunks may be cut anywhere.
struct MessageReader {
  private enum State {
    /// Some bytes of the prefix, as a big-endian number.
    case prefix(bytes: Int, value: UInt64)
    case body(length: Int)
  }

  private static let prefixBytes = 5
  /// A buffer begins with at most this much: a length alone, without the bytes, claims no memory.
  private static let firstAllocation = 64 << 10

  private var state = State.prefix(bytes: 0, value: 0)
  private var body = ByteBuffer()
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  /// Bytes held of a message that is not whole.
  var partialBytes: Int { body.readableBytes }

  /// Memory held for it.
  var allocatedBytes: Int { body.capacity }

  /// Whether the stream may end here.
  var isBetweenMessages: Bool {
    if case .prefix(0, _) = state { true } else { false }
  }

  /// The next message that `bytes` complete, which are then moved past it; nil when they are used up.
  mutating func next(_ bytes: inout UnsafeRawBufferPointer, _ allocator: ByteBufferAllocator)
    throws(GRPCStatus) -> ByteBuffer?
  {
    if case .prefix(0, _) = state, bytes.count >= Self.prefixBytes {
      let length = Int(bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self).bigEndian)
      try check(flag: bytes[0], length: length)
      if bytes.count - Self.prefixBytes >= length {
        // The usual case: the message lies whole in this chunk.
        var message = allocator.buffer(capacity: length)
        message.writeBytes(
          UnsafeRawBufferPointer(rebasing: bytes[Self.prefixBytes..<Self.prefixBytes + length]))
        bytes = UnsafeRawBufferPointer(rebasing: bytes[(Self.prefixBytes + length)...])
        return message
      }
      bytes = UnsafeRawBufferPointer(rebasing: bytes[Self.prefixBytes...])
      begin(length, allocator)
    }
    while case .prefix(var count, var value) = state {
      guard let byte = bytes.first else { return nil }
      bytes = UnsafeRawBufferPointer(rebasing: bytes[1...])
      value = value << 8 | UInt64(byte)
      count += 1
      state = .prefix(bytes: count, value: value)
      if count == Self.prefixBytes {
        let length = Int(value & 0xFFFF_FFFF)
        try check(flag: UInt8(truncatingIfNeeded: value >> 32), length: length)
        begin(length, allocator)
      }
    }
    guard case .body(let length) = state else { return nil }
    let count = min(length - body.readableBytes, bytes.count)
    body.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
    guard body.readableBytes == length else { return nil }
    defer {
      body = ByteBuffer()
      state = .prefix(bytes: 0, value: 0)
    }
    return body
  }

  private mutating func begin(_ length: Int, _ allocator: ByteBufferAllocator) {
    body = allocator.buffer(capacity: min(length, Self.firstAllocation))
    state = .body(length: length)
  }

  /// The errors that gRPC servers give.
  private func check(flag: UInt8, length: Int) throws(GRPCStatus) {
    switch flag {
    case 0: break
    case 1: throw GRPCStatus(.internalError, "grpc: compressed flag set with identity or empty encoding")
    default: throw GRPCStatus(.internalError, "grpc: received unexpected payload format \(flag)")
    }
    if length > limit {
      throw GRPCStatus(.resourceExhausted, "grpc: received message larger than max (\(length) vs. \(limit))")
    }
  }
}
