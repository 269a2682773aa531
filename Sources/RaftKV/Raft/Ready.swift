/// What the core wants done. The parts are independent of each other and may be done in parallel.
public struct Ready: Sendable {
  /// To be made durable; nil when there is nothing. Writes are made in the order they were taken, and reported
  /// by `persisted(through:)`. Several may be under way.
  public var write: StorageWrite?
  /// To be sent at once. Whatever must not be sent before a write is durable appears here only after
  /// `persisted(through:)` reported it.
  public var messages: [Message] = []
  /// To be applied in order, then reported by `applied(through:)`. They are committed **and** durable on this
  /// member, so that a checkpoint is never ahead of the log beside it.
  public var committed: [Entry] = []
  /// Reads whose index is now known.
  public var readStates: [ReadState] = []
  /// Contexts of reads that will not be answered, because leadership was lost; they may be asked again.
  public var abandonedReads: [UInt64] = []
  /// The role, leader or term when one of them changed.
  public var softState: SoftState?
  /// The members, when a change of them took effect.
  public var membership: Membership?
  /// The member is whole again: it holds everything that it may ever have acknowledged.
  public var isRecovered = false
  /// Entries that a slow follower needs and that are no longer in memory: answer each with
  /// `supply(_:previousTerm:for:)` or `refuse(_:)`.
  public var logReads: [LogRead] = []
  /// Members that need entries which storage no longer has: send each a snapshot, and report the end of each
  /// attempt by `snapshotFinished(for:index:)`. Nothing else is sent to them until then.
  public var snapshotsNeeded: [MemberID] = []

  var isEmpty: Bool {
    write == nil && messages.isEmpty && committed.isEmpty && readStates.isEmpty && abandonedReads.isEmpty
      && softState == nil && membership == nil && !isRecovered && logReads.isEmpty && snapshotsNeeded.isEmpty
  }
}

/// One atomic step of the durable log.
///
/// 1. The parts are written in the order hard state, snapshot, entries. Any prefix that a crash leaves is then a
///    state that can be restored: the hard state's commit index never reaches into what its own write brings.
/// 2. At most one configuration entry is in one write, and it is the last. Together with 1: a log that holds a
///    second membership change knows durably that the first one is committed.
public struct StorageWrite: Sendable {
  /// Counts up by one from write to write, from 1 at start.
  public var number: UInt64
  /// Replaces the previous hard state; nil when it did not change.
  public var hardState: HardState?
  /// Replaces the whole log and the state machine; nil nearly always.
  public var snapshot: Snapshot?
  /// To be appended. Entries of storage with the index of the first one and above are discarded first.
  public var entries: [Entry]
}

/// The answer to a read: once the entries through `index` are applied, a local read is linearizable.
public struct ReadState: Sendable, Hashable {
  /// As given to `readIndex(context:)`.
  public var context: UInt64
  /// What must be applied.
  public var index: LogIndex
}

/// What a member takes part in the cluster as.
public enum Role: Sendable, Hashable {
  /// Follows a leader, or waits for one.
  case follower
  /// Asks whether it could win an election.
  case preCandidate
  /// Asks for votes.
  case candidate
  /// Leads its term.
  case leader
}

/// What a member knows of leadership; not durable.
public struct SoftState: Sendable, Hashable {
  /// What this member is.
  public var role: Role
  /// The leader of `term`; 0 when none is known.
  public var leader: MemberID
  /// The current term.
  public var term: Term

  init(role: Role, leader: MemberID, term: Term) {
    self.role = role
    self.leader = leader
    self.term = term
  }

  /// That of a member that leads the term.
  public init(leader: MemberID, term: Term) { self.init(role: .leader, leader: leader, term: term) }
}

/// A slow follower's need of entries that only storage has.
public struct LogRead: Sendable, Hashable {
  /// For whom.
  public var member: MemberID
  /// The first entry needed. The term of the entry before it is needed too.
  public var from: LogIndex
  /// The last entry that is useful.
  public var through: LogIndex
  /// Enough bytes (`Entry.size`) for one answer; one entry is welcome whatever its size.
  public var maximumBytes: Int
}
