/// Why a message or a restored state was refused. Of a refused message at most the term it showed was taken over.
public enum RaftError: Error, Sendable, Hashable {
  /// The message is for another member.
  case wrongRecipient
  /// The message breaks the protocol's rules: the peer is at fault.
  case malformedMessage
  /// The message contradicts entries that are committed here: one of the two logs was damaged.
  case conflictsWithCommitted(index: LogIndex)
  /// The leader says that this member acknowledged entries that it does not have: they were lost.
  case lostEntries(through: LogIndex)
  /// What storage holds is not the state of a member.
  case invalidRestoredState(String)
}

/// Why a proposal was refused. Nothing was appended.
public enum ProposeError: Error, Sendable, Hashable {
  /// Another member leads; 0 when none is known.
  case notLeader(leader: MemberID)
  /// Too many bytes wait to be committed and applied (`Configuration.maximumPendingBytes`).
  case tooManyPending
  /// Leadership is being handed over.
  case transferring
  /// A membership change is under way, or this one is not possible now.
  case changeRefused
}

/// Why a read was refused.
public enum ReadIndexError: Error, Sendable, Hashable {
  /// No leader is known.
  case noLeader
  /// Too many reads wait already (`Configuration.maximumPendingReads`).
  case tooManyReads
}
