/// The follower's side of replication.
extension Raft {
  /// What can be told of a message without knowing the state. Terms and indexes stay far from overflowing.
  func validate(_ message: Message) throws(RaftError) {
    guard message.to == configuration.id else { throw .wrongRecipient }
    let limit: UInt64 = 1 << 62
    func require(_ condition: Bool) throws(RaftError) { if !condition { throw .malformedMessage } }
    try require(
      message.from != 0 && message.from != configuration.id && message.term > 0 && message.term < limit)
    switch message.body {
    case .preVote(let index, let lastTerm), .requestVote(let index, let lastTerm, _):
      try require(index < limit && lastTerm < message.term)
    case .append(let index, let previousTerm, let commit, let entries):
      try require(index < limit && commit < limit && previousTerm <= message.term)
      var last = (index: index, term: previousTerm)
      for entry in entries {
        try require(entry.index == last.index + 1 && entry.term >= last.term)
        last = (entry.index, entry.term)
      }
      try require(last.term <= message.term)
    case .appendResponse(let index): try require(index < limit)
    case .appendRejected(let index, let hintIndex, let hintTerm):
      try require(index < limit && hintIndex < limit && hintTerm < limit)
    case .heartbeat(let commit, _): try require(commit < limit)
    case .entriesLost(let index): try require(index < limit)
    case .readIndexResponse(_, let index): try require(index < limit)
    case .snapshot(let snapshot):
      try require(snapshot.index > 0 && snapshot.index < limit && snapshot.term <= message.term)
      try require(!snapshot.membership.voters.isEmpty && !snapshot.membership.members.contains(0))
    case .preVoteResponse(_, let commit, _), .voteResponse(_, let commit, _): try require(commit < limit)
    case .heartbeatResponse, .readIndex, .timeoutNow: break
    }
  }

  /// The leader of this term speaks.
  private mutating func hear(_ member: MemberID) throws(RaftError) {
    guard role != .leader else { throw .malformedMessage }
    if role != .follower { becomeFollower(term, leader: member) }
    guard leader == 0 || leader == member else { throw .malformedMessage }
    electionElapsed = 0
    leader = member
  }

  mutating func handleAppend(
    _ from: MemberID, _ previousIndex: LogIndex, _ previousTerm: Term, _ commit: LogIndex, _ entries: [Entry]
  ) throws(RaftError) {
    try hear(from)
    if previousIndex < log.committed {
      sendWhenDurable(.appendResponse(index: log.committed), to: from)
      return
    }
    // As if it had been lost: the leader comes back with it after a heartbeat.
    if log.unappliedCommittedBytes > configuration.maximumPendingBytes { return }
    if isRecovering && term == recoveryTerm && previousIndex > log.lastIndex {
      send(.entriesLost(lastIndex: log.lastIndex), to: from)
      return
    }
    guard log.term(at: previousIndex) == previousTerm else {
      let hint = log.conflict(below: previousIndex, term: previousTerm)
      send(
        .appendRejected(previousIndex: previousIndex, hintIndex: hint.index, hintTerm: hint.term), to: from)
      return
    }
    var known = 0
    while known < entries.count && log.term(at: entries[known].index) == entries[known].term { known += 1 }
    if known < entries.count {
      let conflict = entries[known].index
      guard conflict > log.committed else { throw .conflictsWithCommitted(index: conflict) }
      if conflict <= log.lastIndex { log.truncate(from: conflict) }
      for entry in entries[known...] { log.append(entry) }
    }
    let last = previousIndex + LogIndex(entries.count)
    self.commit(through: min(commit, last))
    sendWhenDurable(.appendResponse(index: last), to: from)
  }

  mutating func handleHeartbeat(_ from: MemberID, _ commit: LogIndex, _ round: UInt64) throws(RaftError) {
    try hear(from)
    guard commit <= log.lastIndex || isRecovering else { throw .lostEntries(through: commit) }
    self.commit(through: min(commit, log.lastIndex))
    if isRecovering && term == recoveryTerm { send(.entriesLost(lastIndex: log.lastIndex), to: from) }
    send(.heartbeatResponse(round: round), to: from)
  }

  /// The member is whole: see `isRecovering`.
  mutating func endRecovery() {
    guard isRecovering, term > recoveryTerm, log.term(at: log.committed) == term, log.stable >= log.committed
    else { return }
    isRecovering = false
    output.isRecovered = true
  }

  mutating func handleSnapshot(_ from: MemberID, _ snapshot: Snapshot) {
    guard (try? hear(from)) != nil else { return }
    if snapshot.index > log.committed {
      if log.term(at: snapshot.index) == snapshot.term {
        commit(through: snapshot.index)
      } else {
        log.restore(snapshot)
        firstStoredIndex = snapshot.index + 1
        unwrittenSnapshot = snapshot
        install(snapshot.membership)
      }
    }
    sendWhenDurable(.appendResponse(index: log.committed), to: from)
  }
}
