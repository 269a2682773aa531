/// A member of the cluster; 0 stands for "none" and is never a member.
public typealias MemberID = UInt64
/// An election period. Terms only grow; below 2^62.
public typealias Term = UInt64
/// A place in the log. The first entry has index 1; 0 is the place before it.
public typealias LogIndex = UInt64

/// One entry of the replicated log. Index and term together name it: two logs that hold the same pair are equal
/// up to it.
public struct Entry: Sendable, Hashable {
  /// What the bytes of an entry are; part of the log's format, never renumber.
  public enum Kind: UInt8, Sendable, Hashable {
    /// Bytes of the application. Empty bytes are the entry that a new leader starts its term with.
    case normal = 0
    /// A `MembershipChange`.
    case configuration = 1
  }

  /// The term of the leader that created it.
  public var term: Term
  /// Its place in the log.
  public var index: LogIndex
  /// What `data` is.
  public var kind: Kind
  /// The payload.
  public var data: [UInt8]

  /// An entry with these fields.
  public init(term: Term, index: LogIndex, kind: Kind = .normal, data: [UInt8] = []) {
    self.term = term
    self.index = index
    self.kind = kind
    self.data = data
  }

  /// What an entry counts for against a bound in bytes: its payload and its own fields, so that empty entries
  /// are not free.
  public var size: Int { data.count + Entry.overhead }

  static let overhead = 32
}

/// What a member must remember beside its log.
public struct HardState: Sendable, Hashable {
  /// The newest term seen.
  public var term: Term
  /// Whom this member voted for in `term`; 0 for nobody.
  public var vote: MemberID
  /// An index known to be committed. It may lag behind what the member knew when it stopped.
  public var commit: LogIndex

  /// A hard state with these fields; the default is that of a member that has seen nothing.
  public init(term: Term = 0, vote: MemberID = 0, commit: LogIndex = 0) {
    self.term = term
    self.vote = vote
    self.commit = commit
  }
}
