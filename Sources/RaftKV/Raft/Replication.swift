/// The leader's side of replication.
extension Raft {
  /// Appends a batch of payloads, none of them empty, as consecutive entries; all or none.
  public mutating func propose(_ batch: [[UInt8]]) throws(ProposeError) -> Proposal {
    try requireLeadership()
    var bytes = 0
    for data in batch {
      precondition(!data.isEmpty, "an empty entry stands for the start of a term")
      bytes += data.count + Entry.overhead
    }
    guard log.pendingBytes == 0 || log.pendingBytes + bytes <= configuration.maximumPendingBytes else {
      throw .tooManyPending
    }
    let first = log.lastIndex + 1
    var index = first
    for data in batch {
      log.append(Entry(term: term, index: index, data: data))
      index += 1
    }
    return Proposal(term: term, firstIndex: first)
  }

  /// Proposes a change of the members; it is refused while another one is under way.
  public mutating func propose(_ change: MembershipChange) throws(ProposeError) -> Proposal {
    try requireLeadership()
    guard pendingChangeIndex <= log.committed, membership.applying(change) != nil else {
      throw .changeRefused
    }
    return Proposal(term: term, firstIndex: appendChange(change))
  }

  private func requireLeadership() throws(ProposeError) {
    guard role == .leader else { throw .notLeader(leader: leader) }
    guard transferee == 0 else { throw .transferring }
  }

  private mutating func appendChange(_ change: MembershipChange) -> LogIndex {
    let index = log.lastIndex + 1
    log.append(Entry(term: term, index: index, kind: .configuration, data: change.encoded))
    pendingChangeIndex = index
    return index
  }

  /// Counts how far a quorum has come.
  mutating func maybeCommit() {
    let index = quorumValue(\.match)
    guard index > log.committed, log.term(at: index) == term else { return }
    commit(through: index)
  }

  mutating func commit(through index: LogIndex) {
    guard index > log.committed else { return }
    let first = log.committed + 1
    log.commit(through: index)
    // Members that a change removes should learn of it before nothing is sent to them any more.
    if role == .leader && log.hasConfiguration(from: first, through: index) { replicate() }
    let isChanged = takeEffect(from: first, through: index)
    endRecovery()
    guard role == .leader else { return }
    if !isPromotable {
      becomeFollower(term, leader: 0)
    } else if membership.isJoint && membership.leavesAutomatically && pendingChangeIndex <= log.committed {
      _ = appendChange(MembershipChange(steps: []))
    }
    if isChanged && role == .leader {
      // A smaller quorum may have been reached already.
      maybeCommit()
      answerReads()
    }
  }

  /// Sends each member what it may be sent now.
  mutating func replicate() {
    for position in progress.indices where progress[position].id != configuration.id {
      sendAppends(position)
    }
  }

  private mutating func sendAppends(_ position: Int) {
    while true {
      let member = progress[position].id
      let next = progress[position].next
      switch progress[position].state {
      case .snapshot: return
      case .probe: if progress[position].probeSent { return }
      case .replicate:
        let isNew = next <= log.lastIndex && hasRoom(position)
        let isNews = min(log.committed, next - 1) > progress[position].sentCommit
        if !isNew && !isNews && !progress[position].needsAppend { return }
      }
      if progress[position].awaitsLog { return }
      guard let previousTerm = log.term(at: next - 1) else {
        if progress[position].state == .replicate && progress[position].needsAppend {
          // Something may have been lost, and there is nothing to find out with: start from what is known.
          progress[position].become(.probe)
          continue
        }
        fetch(position, member: member, from: next)
        return
      }
      let (entries, bytes) =
        hasRoom(position)
        ? log.slice(from: next, through: log.lastIndex, bytes: configuration.maximumMessageBytes) : ([], 0)
      transmit(position, previousTerm: previousTerm, entries: entries, bytes: bytes)
    }
  }

  private func hasRoom(_ position: Int) -> Bool {
    progress[position].inflights.count < configuration.maximumInflightMessages
      && progress[position].inflights.bytes < configuration.maximumInflightBytes
  }

  private mutating func transmit(_ position: Int, previousTerm: Term, entries: [Entry], bytes: Int) {
    let next = progress[position].next
    let last = next - 1 + LogIndex(entries.count)
    send(
      .append(previousIndex: next - 1, previousTerm: previousTerm, commit: log.committed, entries: entries),
      to: progress[position].id)
    progress[position].needsAppend = false
    progress[position].sentCommit = max(progress[position].sentCommit, min(log.committed, last))
    if progress[position].state == .probe {
      progress[position].probeSent = true
    } else if !entries.isEmpty {
      progress[position].next = last + 1
      progress[position].inflights.add(last: last, bytes: bytes)
    }
  }

  /// The entries a member needs are not in memory: storage has them, or only a snapshot helps.
  private mutating func fetch(_ position: Int, member: MemberID, from next: LogIndex) {
    guard progress[position].isActive, hasRoom(position) else { return }
    if next >= firstStoredIndex {
      progress[position].awaitsLog = true
      output.logReads.append(
        LogRead(
          member: member, from: next, through: log.precedingIndex,
          maximumBytes: configuration.maximumMessageBytes))
    } else {
      progress[position].become(.snapshot)
      output.snapshotsNeeded.append(member)
    }
  }

  /// Answers a `LogRead` with entries from its `from` on, without gaps, and the term of the entry before them.
  /// An answer that is no longer wanted is ignored.
  public mutating func supply(_ entries: [Entry], previousTerm: Term, for member: MemberID) {
    guard role == .leader, let position = position(member), progress[position].awaitsLog,
      let first = entries.first, first.index == progress[position].next,
      entries[entries.count - 1].index <= log.lastIndex
    else { return }
    progress[position].awaitsLog = false
    let bytes = entries.reduce(0) { $0 + $1.size }
    transmit(position, previousTerm: previousTerm, entries: entries, bytes: bytes)
  }

  /// Answers a `LogRead` that storage cannot serve: the member will need a snapshot.
  public mutating func refuse(_ member: MemberID) {
    guard role == .leader, let position = position(member), progress[position].awaitsLog else { return }
    progress[position].become(.snapshot)
    output.snapshotsNeeded.append(member)
  }

  /// The attempt to bring a member a snapshot is over: it holds the state through `index`, or nil when that failed or
  /// is not known. Sending goes on from there; a snapshot is asked for again if it is still needed.
  public mutating func snapshotFinished(for member: MemberID, index: LogIndex?) {
    guard role == .leader, let position = position(member), progress[position].state == .snapshot else {
      return
    }
    progress[position].become(.probe)
    if let index { progress[position].next = max(progress[position].next, min(index, log.lastIndex) + 1) }
    // Not at once: the member may still be busy with it, and the answer to the next heartbeat shows that it is there.
    progress[position].probeSent = true
  }

  // MARK: Answers

  mutating func handleAppendResponse(_ member: MemberID, _ index: LogIndex) throws(RaftError) {
    guard role == .leader, let position = position(member), member != configuration.id else { return }
    guard index <= log.lastIndex else { throw .malformedMessage }
    progress[position].isActive = true
    let isNews = index > progress[position].match
    guard isNews || (progress[position].state == .probe && index == progress[position].match) else { return }
    progress[position].accepted(index)
    switch progress[position].state {
    case .probe:
      progress[position].become(.replicate)
    case .replicate:
      progress[position].inflights.free(through: index)
    case .snapshot:
      // Back to sending as soon as there is something to send it, whichever snapshot or append brought it there.
      if index + 1 >= firstStoredIndex || index >= log.precedingIndex {
        progress[position].become(.replicate)
      }
    }
    if isNews { maybeCommit() }
    if transferee == member { handOver() }
  }

  mutating func handleAppendRejected(
    _ member: MemberID, _ rejected: LogIndex, _ hintIndex: LogIndex, _ hintTerm: Term
  ) {
    guard role == .leader, let position = position(member), member != configuration.id else { return }
    progress[position].isActive = true
    let match = progress[position].match
    switch progress[position].state {
    case .snapshot:
      return
    case .replicate:
      guard rejected > match else { return }
      progress[position].become(.probe)
    case .probe:
      guard progress[position].next - 1 == rejected else { return }
      let hint = hintTerm == 0 ? hintIndex : log.conflict(below: hintIndex, term: hintTerm).index
      progress[position].next = max(min(rejected, hint + 1), match + 1)
      progress[position].probeSent = false
      progress[position].awaitsLog = false
    }
  }

  /// A member's acknowledgements are void after an index. What was committed stays so: others hold it. The member is of
  /// no use to a quorum until there is a new term.
  mutating func handleEntriesLost(_ member: MemberID, _ lastIndex: LogIndex) {
    guard role == .leader, let position = position(member), member != configuration.id else { return }
    progress[position].isActive = true
    if progress[position].match > lastIndex && progress[position].state != .snapshot {
      progress[position].match = lastIndex
      progress[position].become(.probe)
    }
    // With the others' votes this member leads a new term at once.
    let own = configuration.id
    if log.term(at: log.committed) == term, quorum({ $0.id == own || ($0.id != member && $0.isActive) }) {
      becomeCandidate(isTransfer: true)
    }
  }

  mutating func broadcastHeartbeat() {
    for position in progress.indices where progress[position].id != configuration.id {
      send(
        .heartbeat(commit: min(progress[position].match, log.committed), round: reads.round),
        to: progress[position].id)
    }
  }

  mutating func handleHeartbeatResponse(_ member: MemberID, _ round: UInt64) {
    guard role == .leader, let position = position(member), member != configuration.id else { return }
    progress[position].isActive = true
    if progress[position].isQuiet {
      // Nothing was accepted since the last tick's heartbeat, so that something may have been lost.
      progress[position].isQuiet = false
      progress[position].probeSent = false
      progress[position].needsAppend = progress[position].match < log.lastIndex
    }
    if round > progress[position].round && round <= reads.round {
      progress[position].round = round
      answerReads()
    }
  }

  mutating func trimLog() {
    log.trimTail(entries: configuration.maximumTailEntries, bytes: configuration.maximumTailBytes)
  }

  // MARK: Handing over

  /// Hands leadership to a voter as soon as it has the whole log; given up after an election timeout. Proposals are
  /// refused meanwhile.
  public mutating func transferLeadership(to member: MemberID) throws(ProposeError) {
    guard role == .leader else { throw .notLeader(leader: leader) }
    guard member != configuration.id, membership.voters.contains(member) else { throw .changeRefused }
    guard transferee != member else { return }
    transferee = member
    electionElapsed = 0
    handOver()
  }

  private mutating func handOver() {
    guard let position = position(transferee), progress[position].match == log.lastIndex else { return }
    send(.timeoutNow, to: transferee)
  }
}

/// Where the entries of a proposal stand: those that are committed there with this term are the proposed ones, those
/// with another term show that the proposal was lost.
public struct Proposal: Sendable, Hashable {
  /// The leader's term.
  public var term: Term
  /// The index of the first entry; the others follow.
  public var firstIndex: LogIndex
}
