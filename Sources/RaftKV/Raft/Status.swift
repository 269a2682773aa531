/// What a member knows, for people and for tests.
public struct Status: Sendable, Hashable {
  /// One member as its leader sees it.
  public struct Peer: Sendable, Hashable {
    /// How the leader sends to a member.
    public enum Mode: Sendable, Hashable { case probe, replicate, snapshot }

    /// Who.
    public var id: MemberID
    /// The highest index known to be durable there.
    public var match: LogIndex
    /// The next index to be sent.
    public var next: LogIndex
    /// How it is sent to.
    public var mode: Mode
    /// Heard from lately.
    public var isActive: Bool
  }

  /// This member.
  public var id: MemberID
  /// What it is.
  public var role: Role
  /// The leader of the term; 0 when none is known.
  public var leader: MemberID
  /// The current term.
  public var term: Term
  /// Whom it voted for in that term; 0 for nobody.
  public var vote: MemberID
  /// The highest index known to be committed.
  public var committed: LogIndex
  /// The highest index reported as applied.
  public var applied: LogIndex
  /// The highest index that is durable here.
  public var stable: LogIndex
  /// The end of the log.
  public var lastIndex: LogIndex
  /// The lowest index in memory, or one past the end.
  public var firstIndexInMemory: LogIndex
  /// The members, with what a leader knows of each; empty elsewhere.
  public var peers: [Peer]
}

extension Raft {
  /// The highest index known to be committed, and the highest reported as applied.
  public var indexes: (committed: LogIndex, applied: LogIndex) { (log.committed, log.applied) }

  /// What this member knows of leadership now.
  public var softState: SoftState { SoftState(role: role, leader: leader, term: term) }

  /// What this member knows now.
  public var status: Status {
    Status(
      id: configuration.id, role: role, leader: leader, term: term, vote: vote, committed: log.committed,
      applied: log.applied, stable: log.stable, lastIndex: log.lastIndex,
      firstIndexInMemory: log.precedingIndex + 1,
      peers: role != .leader
        ? []
        : progress.map {
          Status.Peer(
            id: $0.id, match: $0.match, next: $0.next,
            mode: $0.state == .probe ? .probe : $0.state == .replicate ? .replicate : .snapshot,
            isActive: $0.isActive)
        })
  }

  /// The entries in memory from an index on, oldest first; for inspection.
  public func entriesInMemory(from index: LogIndex) -> [Entry] {
    let from = max(index, log.precedingIndex + 1)
    return log.slice(from: from, through: log.lastIndex, bytes: .max).entries
  }
}
