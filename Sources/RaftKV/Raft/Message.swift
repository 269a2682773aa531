/// What members say to each other. Messages may be lost, duplicated and reordered at will.
public struct Message: Sendable, Hashable {
  /// Who says it.
  public var from: MemberID
  /// To whom.
  public var to: MemberID
  /// The sender's term; of a pre-vote request and its grant, the term the sender would start.
  public var term: Term
  /// What is said.
  public var body: Body

  /// A message with these fields.
  public init(from: MemberID, to: MemberID, term: Term, body: Body) {
    self.from = from
    self.to = to
    self.term = term
    self.body = body
  }

  /// What a message says.
  public enum Body: Sendable, Hashable {
    /// "Would you vote for me?" Nobody's state changes.
    case preVote(lastIndex: LogIndex, lastTerm: Term)
    /// The answer to `preVote`. Like every answer to a candidate it names the last entry that the voter knows to be
    /// committed: a candidate that holds that entry learns so. Without it a member could wait forever for the vote of
    /// one that was removed by an entry of which it does not know that it is committed.
    case preVoteResponse(granted: Bool, commit: LogIndex, commitTerm: Term)
    /// "Vote for me." A transfer was ordered by the leader, so that it counts although the leader is alive.
    case requestVote(lastIndex: LogIndex, lastTerm: Term, isTransfer: Bool)
    /// The answer to `requestVote`; a grant is durable.
    case voteResponse(granted: Bool, commit: LogIndex, commitTerm: Term)
    /// Entries that follow the entry named by `previousIndex` and `previousTerm`; none when only the place or
    /// the commit index matters.
    case append(previousIndex: LogIndex, previousTerm: Term, commit: LogIndex, entries: [Entry])
    /// The sender's log equals the leader's up to `index`, durably.
    case appendResponse(index: LogIndex)
    /// The sender's log has no entry like the append's `previousIndex`; the logs may agree at `hintIndex`, where
    /// the sender's entry has `hintTerm` (0 when unknown).
    case appendRejected(previousIndex: LogIndex, hintIndex: LogIndex, hintTerm: Term)
    /// Damage took entries from the sender's log, which ends at `lastIndex` now: what it has acknowledged after that
    /// is void. It needs a new term to be whole again.
    case entriesLost(lastIndex: LogIndex)
    /// "I lead." `commit` never exceeds what the receiver is known to hold; `round` confirms reads.
    case heartbeat(commit: LogIndex, round: UInt64)
    /// The answer to `heartbeat`, with its round.
    case heartbeatResponse(round: UInt64)
    /// A follower asks the leader for a read index; the context is the follower's.
    case readIndex(context: UInt64)
    /// The answer to `readIndex`.
    case readIndexResponse(context: UInt64, index: LogIndex)
    /// The state up to this point replaces the receiver's log. The state itself travels apart: the shell that
    /// received and verified it all hands this message in.
    case snapshot(Snapshot)
    /// "Start an election now": the leader hands over.
    case timeoutNow
  }
}

/// A point of the log whose whole state can be had without the entries before it.
public struct Snapshot: Sendable, Hashable {
  /// The last entry that the state includes.
  public var index: LogIndex
  /// That entry's term.
  public var term: Term
  /// The members as of that entry.
  public var membership: Membership

  /// A snapshot's description.
  public init(index: LogIndex, term: Term, membership: Membership) {
    self.index = index
    self.term = term
    self.membership = membership
  }
}
