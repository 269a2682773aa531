import NIOCore
import Raft
import RaftKV

/// The receiving side of one snapshot. Its sink works on a thread of its own, and while that is behind nothing more is
/// taken off the socket: the sender waits.
///
/// Safe: because only the connection's event loop touches the mutable state, and only the executor the sink's.
final class SnapshotReceiver: @unchecked Sendable {
  private enum Phase {
    /// The description is expected.
    case beginning
    /// The sink is being made.
    case opening(SnapshotDescription)
    /// Bytes are expected, from this offset.
    case receiving(SnapshotDescription, offset: Int64)
    /// All bytes are there.
    case finishing
    case over
  }

  /// The sink, as the executor knows it.
  ///
  /// Safe: because only work on the executor touches it, one piece after another.
  private final class Sink: @unchecked Sendable {
    var sink: (any SnapshotSink)?
  }

  private let connection: PeerConnection
  private let member: MemberID
  private let core: TransportCore
  private let executor: any Executor
  private let box = Sink()
  private var phase = Phase.beginning
  private var waitingBytes = 0

  init(_ connection: PeerConnection, from member: MemberID, core: TransportCore, executor: any Executor) {
    self.connection = connection
    self.member = member
    self.core = core
    self.executor = executor
  }

  func received(_ frame: Frame) throws(WireError) {
    var body = frame.body
    switch (frame.kind, phase) {
    case (.snapshotBegin, .beginning):
      let description = try SnapshotFrames.decode(&body)
      phase = .opening(description)
      open(description)
    case (.snapshotChunk, .receiving(let description, let offset)):
      let start: Int64 = try body.take()
      let count = Int64(body.readableBytes)
      guard start == offset, count > 0, count <= description.byteCount - offset else {
        throw .malformed("a snapshot's bytes do not follow those before")
      }
      phase = .receiving(description, offset: offset + count)
      append(Array(body.readableBytesView))
    case (.snapshotEnd, .receiving(let description, let offset)):
      guard offset == description.byteCount else { throw .malformed("a snapshot ends too early") }
      phase = .finishing
      finish()
    default: throw .unknown("out of turn a frame of kind", frame.kind.rawValue)
    }
  }

  private func open(_ description: SnapshotDescription) {
    executor.execute { [self] in
      let sink = core.receiver?.beginSnapshot(description, from: member)
      box.sink = sink
      let offset = sink?.receivedBytes
      connection.onEventLoop { _ in self.opened(description, offset) }
    }
  }

  private func opened(_ description: SnapshotDescription, _ offset: Int64?) {
    guard case .opening = phase else { return }
    guard let offset, (0...description.byteCount).contains(offset) else {
      connection.send(.snapshotRefused)
      return connection.closeAfterWriting("the snapshot is not wanted")
    }
    phase = .receiving(description, offset: offset)
    core.log.info(
      "receiving a snapshot",
      [
        "member": hexadecimal(member), "index": "\(description.snapshot.index)",
        "bytes": "\(description.byteCount)", "from": "\(offset)",
      ])
    connection.send(.snapshotResume) { $0.put(offset) }
  }

  private func append(_ bytes: [UInt8]) {
    waitingBytes += bytes.count
    if waitingBytes >= core.limits.snapshotWaitingBytes { connection.setReading(paused: true) }
    executor.execute { [self] in
      guard let sink = box.sink else { return }
      do {
        try sink.append(bytes)
        connection.onEventLoop { _ in self.appended(bytes.count) }
      } catch {
        let reason = "\(error)"
        connection.onEventLoop { connection in
          self.core.log.warning(
            "a snapshot cannot be kept", ["member": hexadecimal(self.member), "error": reason])
          connection.close("the snapshot cannot be kept")
        }
      }
    }
  }

  private func appended(_ count: Int) {
    waitingBytes -= count
    if waitingBytes < core.limits.snapshotWaitingBytes { connection.setReading(paused: false) }
  }

  private func finish() {
    executor.execute { [self] in
      guard let sink = box.sink else { return }
      box.sink = nil
      sink.finish { isGood in
        self.connection.onEventLoop { connection in
          self.phase = .over
          connection.send(.snapshotDone) { $0.put(isGood) }
        }
      }
    }
  }

  /// The connection is over.
  func ended(_ reason: String) {
    phase = .over
    executor.execute { [box] in
      // Nil when all of it came, or none was wanted.
      box.sink?.interrupted()
      box.sink = nil
    }
  }
}
