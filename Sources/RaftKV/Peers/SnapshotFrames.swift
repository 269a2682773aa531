import NIOCore
import RaftKV

/// How a `SnapshotDescription` is written in a `snapshotBegin` frame. Numbers are little-endian.
///
/// | field | bytes |
/// | --- | --- |
/// | term of the sender | 8 |
/// | content id | 8 |
/// | how many bytes there are | 8 |
/// | snapshot | as in `MessageCodec` |
enum SnapshotFrames {
  static func encode(_ description: SnapshotDescription, into buffer: inout ByteBuffer) {
    buffer.put(description.term)
    buffer.put(description.contentID)
    buffer.put(description.byteCount)
    MessageCodec.encode(description.snapshot, into: &buffer)
  }

  static func decode(_ buffer: inout ByteBuffer) throws(WireError) -> SnapshotDescription {
    let term: UInt64 = try buffer.take()
    let contentID: UInt64 = try buffer.take()
    let byteCount: Int64 = try buffer.take()
    guard byteCount >= 0 else { throw .malformed("a snapshot of less than no bytes") }
    let snapshot = try MessageCodec.decodeSnapshot(&buffer)
    try buffer.expectEnd()
    return SnapshotDescription(snapshot: snapshot, term: term, contentID: contentID, byteCount: byteCount)
  }
}

/// Threads for what reads and writes snapshots: it may wait for a disk.
final class SnapshotExecutors: Sendable {
  /// Reads those that are sent.
  let sources: any Executor = ThreadExecutor(name: "snapshot-read")
  /// Writes those that are received.
  let sinks: any Executor = ThreadExecutor(name: "snapshot-write")

  func stop() {
    sources.stop()
    sinks.stop()
  }
}
