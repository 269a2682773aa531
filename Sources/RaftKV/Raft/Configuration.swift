/// How one member behaves, and every bound it keeps.
public struct Configuration: Sendable {
  /// This member.
  public var id: MemberID
  /// Ticks without a leader after which an election starts; the actual wait is drawn anew each time from this
  /// up to twice this.
  public var electionTicks = 10
  /// Ticks between a leader's heartbeats.
  public var heartbeatTicks = 1
  /// Ask whether an election could be won before starting it, so that a member that was cut off does not depose
  /// a working leader when it returns (Raft dissertation, 9.6).
  public var preVote = true
  /// A leader that hears from no quorum for `electionTicks` steps down, and members that hear from a leader
  /// ignore candidates (Raft dissertation, 6.2).
  public var checkQuorum = true

  /// Appends sent to one member and not yet answered: how many messages, and how many bytes of entries.
  public var maximumInflightMessages = 256
  /// See `maximumInflightMessages`. One message is sent whatever its size.
  public var maximumInflightBytes = 8 << 20
  /// Bytes of entries in one append message; one entry is sent whatever its size.
  public var maximumMessageBytes = 1 << 20
  /// Bytes of entries in memory that are not applied here yet. A leader refuses proposals beyond it (one is
  /// taken whatever its size when there are none); a follower whose applying is that far behind takes no more
  /// appends until it has caught up.
  public var maximumPendingBytes = 64 << 20
  /// Bytes of committed entries handed out in `Ready.committed` and not yet reported by `applied(through:)`.
  public var maximumApplyingBytes = 16 << 20
  /// Storage writes handed out and not yet reported by `persisted(through:)`; what comes meanwhile gathers into
  /// the next write.
  public var maximumOutstandingWrites = 64
  /// Applied entries kept in memory for slow followers: how many, and how many bytes.
  public var maximumTailEntries = 10_000
  /// See `maximumTailEntries`.
  public var maximumTailBytes = 16 << 20
  /// Reads that wait for their index.
  public var maximumPendingReads = 65_536
  /// Rounds of heartbeats for reads under way at one time; reads that come meanwhile gather into the next round.
  public var maximumReadRounds = 4

  /// The defaults, for this member.
  public init(id: MemberID) { self.id = id }
}

/// What storage holds when a member starts.
public struct RestoredState: Sendable {
  /// The last one that was written.
  public var hardState: HardState
  /// The members as of `applied`.
  public var membership: Membership
  /// The index of the entry before `entries`; 0 when the log is whole.
  public var precedingIndex: LogIndex
  /// The term of the entry at `precedingIndex`.
  public var precedingTerm: Term
  /// The log after `precedingIndex`, without gaps.
  public var entries: [Entry]
  /// Up to which index the state machine's checkpoint has applied the log; not below `precedingIndex`.
  public var applied: LogIndex
  /// The lowest index that storage can still read back for a slow follower; entries below it are gone.
  /// At most `precedingIndex + 1`.
  public var firstStoredIndex: LogIndex
  /// Damage took entries from the end of the log that this member may have acknowledged: see `Raft.isRecovering`.
  public var lacksEntries = false

  /// The state of a member; by default of a new one, with an empty log.
  public init(
    membership: Membership, hardState: HardState = HardState(), precedingIndex: LogIndex = 0,
    precedingTerm: Term = 0, entries: [Entry] = [], applied: LogIndex = 0, firstStoredIndex: LogIndex? = nil
  ) {
    self.membership = membership
    self.hardState = hardState
    self.precedingIndex = precedingIndex
    self.precedingTerm = precedingTerm
    self.entries = entries
    self.applied = applied
    self.firstStoredIndex = firstStoredIndex ?? precedingIndex + 1
  }
}
