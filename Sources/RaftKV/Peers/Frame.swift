import CChecksum
import NIOCore

/// What a frame holds.
enum FrameKind: UInt8, Sendable {
  /// One of Raft's messages (`MessageCodec`).
  case message = 1
  /// Proposals for the leader: n × bytes.
  case proposals = 2
  /// A question: number 8, then the request.
  case ask = 3
  /// Its answer, on the same connection: number 8, then the answer.
  case answer = 4
  /// The dialler's clock 8, to be sent back.
  case ping = 5
  /// What a ping held.
  case pong = 6
  /// The accepting side lives; nothing.
  case alive = 7
  /// What a snapshot is (`SnapshotFrames`).
  case snapshotBegin = 8
  /// The sender may begin at this offset 8.
  case snapshotResume = 9
  /// The receiver does not want it; nothing.
  case snapshotRefused = 10
  /// Offset 8, then bytes.
  case snapshotChunk = 11
  /// All bytes have been sent; nothing.
  case snapshotEnd = 12
  /// Whether the receiver has all of it and verified it: flag.
  case snapshotDone = 13
  /// The cluster's document.
  case document = 14
}

/// One message of a connection after its greeting. Numbers are little-endian.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 4 | length of the body, in bytes |
/// | 4 | 1 | kind |
/// | 5 | 3 | 0 |
/// | 8 | 4 | CRC-32C of the bytes before it and of the body |
/// | 12 | | body |
struct Frame {
  static let headBytes = 12

  var kind: FrameKind
  var body: ByteBuffer

  /// Appends a frame whose body `write` makes.
  static func append(
    _ kind: FrameKind, to buffer: inout ByteBuffer, body write: (inout ByteBuffer) -> Void = { _ in }
  ) {
    let start = buffer.writerIndex
    buffer.writeRepeatingByte(0, count: headBytes)
    write(&buffer)
    let bodyBytes = buffer.writerIndex - start - headBytes
    buffer.setInteger(UInt32(bodyBytes), at: start, endianness: .little)
    buffer.setInteger(kind.rawValue, at: start + 4)
    let checksum = checksum(in: buffer, at: start, bodyBytes: bodyBytes)
    buffer.setInteger(checksum, at: start + 8, endianness: .little)
  }

  /// Takes the next frame off; nil when it is not all there yet.
  static func read(_ buffer: inout ByteBuffer, maximumBodyBytes: Int) throws(WireError) -> Frame? {
    let start = buffer.readerIndex
    guard let bodyBytes = buffer.getInteger(at: start, endianness: .little, as: UInt32.self).map(Int.init)
    else { return nil }
    // A length is believed only this far: it may be that of anything.
    guard bodyBytes <= maximumBodyBytes else { throw .tooLong(bodyBytes) }
    guard buffer.readableBytes >= headBytes + bodyBytes else { return nil }
    guard
      let expected = buffer.getInteger(at: start + 8, endianness: .little, as: UInt32.self),
      expected == checksum(in: buffer, at: start, bodyBytes: bodyBytes)
    else { throw .checksum }
    guard let number = buffer.getInteger(at: start + 4, as: UInt8.self),
      let kind = FrameKind(rawValue: number)
    else { throw .unknown("frame kind", buffer.getInteger(at: start + 4) ?? 0) }
    buffer.moveReaderIndex(forwardBy: headBytes)
    guard let body = buffer.readSlice(length: bodyBytes) else { throw .truncated }
    return Frame(kind: kind, body: body)
  }

  private static func checksum(in buffer: ByteBuffer, at start: Int, bodyBytes: Int) -> UInt32 {
    buffer.withUnsafeReadableBytes { bytes in
      let frame = UnsafeRawBufferPointer(rebasing: bytes[(start - buffer.readerIndex)...])
      let head = checksum_crc32c(0, frame.baseAddress, 8)
      return checksum_crc32c(head, frame.baseAddress.map { $0 + headBytes }, bodyBytes)
    }
  }
}

extension ByteBuffer {
  /// CRC-32C of the first `count` readable bytes.
  func checksum(first count: Int) -> UInt32 {
    withUnsafeReadableBytes { checksum_crc32c(0, $0.baseAddress, min(count, $0.count)) }
  }
}
