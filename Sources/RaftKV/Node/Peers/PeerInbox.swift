import Raft
import Synchronization

/// Takes what the transport brings and hands it to the stages. What comes before the member is ready, or beyond what may
/// wait, is dropped: whoever sent it says it again.
final class PeerInbox: PeerReceiver {
  /// What the member does with what a peer brings.
  struct Handlers: Sendable {
    var pipeline: Pipeline
    var answer: @Sendable (_ request: [UInt8], _ answer: @escaping @Sendable ([UInt8]) -> Void) -> Void
    var beginSnapshot: @Sendable (SnapshotDescription, MemberID) -> (any SnapshotSink)?
    var lost: @Sendable (MemberID) -> Void
    var cluster: @Sendable () -> [UInt8]
  }

  /// A closure alone in a mutex would be wrapped once more each time it is read.
  private struct Attachment {
    var handlers: Handlers?
  }

  private let attachment = Mutex(Attachment())
  /// Bytes of entries and proposals that wait for the raft stage.
  private let waitingBytes = Atomic(0)
  private let maximumBytes: Int

  init(limits: NodeLimits) { maximumBytes = limits.pendingPeerBytes }

  private var handlers: Handlers? { attachment.withLock { $0.handlers } }

  func attach(_ handlers: Handlers) { attachment.withLock { $0.handlers = handlers } }

  /// The raft stage has taken what `PeerMail` holds.
  func taken(bytes: Int) { waitingBytes.wrappingSubtract(bytes, ordering: .relaxed) }

  private func deliver(_ bytes: Int, _ make: (Int) -> RaftInput) {
    guard let handlers else { return }
    let waiting = waitingBytes.wrappingAdd(bytes, ordering: .relaxed).newValue
    if waiting > maximumBytes || !handlers.pipeline.raft.offer(make(bytes)) { taken(bytes: bytes) }
  }

  func receive(_ messages: [Message]) {
    let bytes = messages.reduce(0) { sum, message in
      guard case .append(_, _, _, let entries) = message.body else { return sum }
      return entries.reduce(sum) { $0 + $1.size }
    }
    deliver(bytes) { .messages(messages, bytes: $0) }
  }

  func receive(proposals: [[UInt8]], from member: MemberID) {
    let bytes = proposals.reduce(0) { $0 + $1.count }
    deliver(bytes) { .forwarded(proposals, bytes: $0) }
  }

  func receive(request: [UInt8], from member: MemberID, answer: @escaping @Sendable ([UInt8]) -> Void) {
    handlers?.answer(request, answer)
  }

  func beginSnapshot(_ snapshot: SnapshotDescription, from member: MemberID) -> (any SnapshotSink)? {
    handlers?.beginSnapshot(snapshot, member)
  }

  func lost(_ member: MemberID) { handlers?.lost(member) }

  func removedFromCluster() { handlers?.pipeline.raft.submit(.removed) }

  func clusterDocument() -> [UInt8] { handlers?.cluster() ?? [] }
}
