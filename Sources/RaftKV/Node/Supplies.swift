import MVCC
import Raft
import Synchronization

/// Brings other members what the core asks storage for: entries that are no longer in memory, and snapshots. On a thread
/// of its own, so that neither the log nor the core waits for it.
final class Supplies: Sendable {
  private struct Attachment {
    var submit: (@Sendable (RaftInput) -> Void)?
  }

  private let attachment = Mutex(Attachment())
  private let executor: any Executor

  init(executor: any Executor) { self.executor = executor }

  func attach(_ submit: @escaping @Sendable (RaftInput) -> Void) {
    attachment.withLock { $0.submit = submit }
  }

  private func submit(_ input: RaftInput) { attachment.withLock { $0.submit }?(input) }

  /// Reads entries for a member that lags.
  func read(_ read: LogRead) {
    executor.execute { [self] in submit(.logRead(read.member, [], previousTerm: nil)) }
  }

  /// Sends the checkpoint's content to a member.
  func sendSnapshot(to member: MemberID, term: Term) {
    executor.execute { [self] in submit(.snapshotSent(member, nil)) }
  }

  func stop() { executor.stop() }
}
