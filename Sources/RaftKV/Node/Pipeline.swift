import MVCC
import Raft
import Synchronization

/// The stages of one member and what travels between them, always in batches:
///
/// ```
/// propose, read ─▶ raft ─▶ log ─▶ raft ─▶ apply ─▶ completions
///                                          └─▶ flush ─▶ log (release)
/// ```
struct Pipeline: Sendable {
  let raft: Stage<RaftInput>
  let log: Stage<LogInput>
  let apply: Stage<ApplyInput>
  let flush: Stage<FlushInput>
  let health: Health
  let metrics: NodeMetrics
  let peers: Peers
}

/// The other members, as the stages see them: how to speak to them, and whether there are any.
final class Peers: Sendable {
  let transport: (any PeerTransport)?
  let inbox: PeerInbox
  /// Members beside this one.
  let count = Atomic(0)

  init(transport: (any PeerTransport)?, inbox: PeerInbox) {
    self.transport = transport
    self.inbox = inbox
  }
}

/// Runs when a proposal's fate is known: on the apply thread, or on the raft thread when it failed.
typealias ProposalCompletion = @Sendable (Result<Outcome, NodeError>) -> Void
/// Runs when a linearizable read may start, or cannot.
typealias ReadCompletion = @Sendable (NodeError?) -> Void

/// A request on its way into the log.
struct Proposal: Sendable {
  /// The entry's data: an `Envelope`.
  var data: [UInt8]
  var requestID: UInt64
  /// Only this member, and only as the leader of this term, may propose it; nil when any leader may.
  var leaderTerm: Term?
  var completion: ProposalCompletion
}

enum RaftInput: Sendable {
  case tick
  case propose(Proposal)
  case read(ReadCompletion)
  /// The log holds everything up to this write, durably.
  case persisted(through: UInt64)
  case applied(LogIndex)
  /// What another member says; `bytes` as counted when it came.
  case messages([Message], bytes: Int)
  /// Proposals of another member's clients.
  case forwarded([[UInt8]], bytes: Int)
  /// A change of the members.
  case change(MembershipRequest, requestID: UInt64, completion: ProposalCompletion)
  /// Hand leadership to a voter; nil: to whoever is best.
  case transfer(to: MemberID?, completion: @Sendable (NodeError?) -> Void)
  /// Entries for a member that lags, and the term before them; nil when storage has not got them.
  case logRead(MemberID, [Entry], previousTerm: Term?)
  /// The attempt to send a snapshot ended: the member holds the state through the index, or that failed.
  case snapshotSent(MemberID, LogIndex?)
  /// A snapshot from a peer is complete, and its checkpoint is built.
  case snapshotReceived(Message)
  /// The log no longer holds the entries below an index.
  case discarded(below: LogIndex)
  /// The cluster has removed this member, a peer says.
  case removed
  /// The stages are there: a sole voter leads at once.
  case start
  /// No more requests: whoever still waits is told.
  case stop
}

enum LogInput: Sendable {
  case append(StorageWrite)
  /// Look again at what was appended and not synced.
  case sync
  /// Entries up to here are in the checkpoint.
  case release(upTo: LogIndex)
  /// The log holds again what damage had taken.
  case recovered
  case tick
}

/// A committed entry and who waits for it here, if anybody does.
struct CommittedEntry: Sendable {
  var entry: Entry
  var completion: ProposalCompletion?
}

enum ApplyInput: Sendable {
  case entries([CommittedEntry])
  /// Reads that may start once the store has applied `index`.
  case reads(index: LogIndex, [ReadCompletion])
  case tick
  /// The checkpoint of what is applied, as soon as there is room for another memtable.
  case rotate
  /// The same; tell when all that is applied by now is in the checkpoint.
  case checkpoint(@Sendable (NodeError?) -> Void)
  /// This member's leadership of a term began; or, with 0, ended.
  case leadership(term: Term)
  /// A snapshot, durably in the log, replaces the store's content.
  case install(Snapshot)
  /// The store has taken it over.
  case installed
  /// The checkpoint made room for another memtable.
  case flushed
  /// The checkpoint of everything, before a clean stop; nothing comes after it.
  case stop
}

enum FlushInput: Sendable {
  case flush
  case tick
  /// The next step of the work between checkpoints.
  case maintain
  /// Tell when everything that can go for a compaction to this revision is gone.
  case whenCompacted(revision: Int64, completion: @Sendable (NodeError?) -> Void)
  /// Tell when the entries up to here are in the checkpoint.
  case whenFlushed(LogIndex, completion: @Sendable (NodeError?) -> Void)
  /// Give back all the disk space that can be.
  case reclaim
  /// Take over the content that a snapshot brought, while the apply stage stands still.
  case install(Snapshot)
  /// From now on a failure is final: the log keeps what cannot be written.
  case stop
}

/// What went wrong for the whole member, seen by every stage.
final class Health: Sendable {
  /// The log found no space for its next segment.
  let isLogFull = Atomic(false)
  /// The last checkpoint failed, most likely for want of space.
  let isCheckpointFailing = Atomic(false)
  /// The member is being stopped: requests are refused.
  let isStopping = Atomic(false)
  /// The member cannot go on.
  let hasFailed = Atomic(false)
  private let onFailure: @Sendable (String) -> Void

  init(onFailure: @escaping @Sendable (String) -> Void) { self.onFailure = onFailure }

  /// Writes that need space are refused while there is none.
  var isDiskFull: Bool {
    isLogFull.load(ordering: .relaxed) || isCheckpointFailing.load(ordering: .relaxed)
  }

  /// Whether requests are refused for good.
  var isOver: Bool { isStopping.load(ordering: .acquiring) || hasFailed.load(ordering: .acquiring) }

  /// Reports, once, why the member cannot go on.
  func fail(_ message: String) {
    if !hasFailed.exchange(true, ordering: .acquiringAndReleasing) { onFailure(message) }
  }
}
