/// Elections: timeouts, campaigns, votes, and what changes when a role does.
extension Raft {
  enum Campaign { case preElection, election, transfer }

  /// Starts an election now, as if the leader had not been heard from; ignored by a leader and a non-voter.
  public mutating func campaign() { campaign(configuration.preVote ? .preElection : .election) }

  /// A leader was heard from so recently that no other is wanted.
  var isInLease: Bool {
    configuration.checkQuorum && leader != 0 && electionElapsed < configuration.electionTicks
  }

  mutating func drawElectionTimeout() {
    electionTimeout = configuration.electionTicks + random.next(below: configuration.electionTicks)
  }

  mutating func tickElection() {
    guard isPromotable else { return }
    // A slow disk holds back this member's own vote: another election would not be faster.
    if role == .candidate, let own = position(configuration.id), progress[own].vote == nil { return }
    electionElapsed = 0
    if storageElapsed >= configuration.electionTicks && !isSoleVoter { return }
    campaign()
  }

  mutating func tickLeader() {
    if electionElapsed >= configuration.electionTicks {
      electionElapsed = 0
      transferee = 0
      if configuration.checkQuorum {
        let own = configuration.id
        guard quorum({ $0.id == own || $0.isActive }) else {
          becomeFollower(term, leader: 0)
          return
        }
        for position in progress.indices { progress[position].isActive = false }
      }
    }
    if storageElapsed >= configuration.electionTicks && !isSoleVoter {
      becomeFollower(term, leader: 0)
      return
    }
    heartbeatElapsed += 1
    if heartbeatElapsed >= configuration.heartbeatTicks {
      heartbeatElapsed = 0
      broadcastHeartbeat()
      for position in progress.indices { progress[position].isQuiet = true }
    }
  }

  mutating func campaign(_ kind: Campaign) {
    guard role != .leader, isPromotable else { return }
    switch kind {
    case .preElection: becomePreCandidate()
    case .election: becomeCandidate(isTransfer: false)
    case .transfer: becomeCandidate(isTransfer: true)
    }
  }

  private mutating func becomePreCandidate() {
    role = .preCandidate
    leader = 0
    electionElapsed = 0
    drawElectionTimeout()
    abandonReads()
    clearVotes()
    forEachOtherVoter { raft, member in
      raft.send(
        .preVote(lastIndex: raft.log.lastIndex, lastTerm: raft.log.lastTerm), to: member, term: raft.term + 1)
    }
    countVote(of: configuration.id, true)
  }

  mutating func becomeCandidate(isTransfer: Bool) {
    enter(term + 1)
    role = .candidate
    vote = configuration.id
    // The requests, like the vote for itself, wait until the term, the vote and the log they speak of are durable:
    // a grant that came back after a crash would otherwise elect a member that lost entries.
    sendWhenDurable(voteResponse(granted: true), to: configuration.id)
    forEachOtherVoter { raft, member in
      raft.sendWhenDurable(
        .requestVote(lastIndex: raft.log.lastIndex, lastTerm: raft.log.lastTerm, isTransfer: isTransfer),
        to: member)
    }
  }

  private mutating func forEachOtherVoter(_ body: (inout Raft, MemberID) -> Void) {
    for position in progress.indices where progress[position].decides {
      let member = progress[position].id
      if member != configuration.id { body(&self, member) }
    }
  }

  mutating func becomeFollower(_ newTerm: Term, leader newLeader: MemberID) {
    enter(newTerm)
    role = .follower
    leader = newLeader
  }

  private mutating func becomeLeader() {
    enter(term)
    role = .leader
    leader = configuration.id
    for position in progress.indices {
      progress[position].reset(last: log.lastIndex)
      progress[position].isActive = true
      if progress[position].id == configuration.id { progress[position].match = log.stable }
    }
    pendingChangeIndex = log.lastIndex
    log.append(Entry(term: term, index: log.lastIndex + 1))
  }

  /// Begins a role in a term, the present one or a later one.
  private mutating func enter(_ newTerm: Term) {
    if newTerm != term {
      term = newTerm
      vote = 0
      held.removeAll()
    }
    leader = 0
    electionElapsed = 0
    heartbeatElapsed = 0
    drawElectionTimeout()
    transferee = 0
    clearVotes()
    abandonReads()
  }

  private mutating func clearVotes() {
    for position in progress.indices { progress[position].vote = nil }
  }

  /// Takes an answer in the election under way.
  mutating func countVote(of member: MemberID, _ granted: Bool) {
    guard let position = position(member), progress[position].vote == nil else { return }
    progress[position].vote = granted
    switch voteResult() {
    case .pending: break
    case .lost: becomeFollower(term, leader: 0)
    case .won:
      if role == .preCandidate { becomeCandidate(isTransfer: false) } else { becomeLeader() }
    }
  }

  mutating func handleVote(
    _ message: Message, _ lastIndex: LogIndex, _ lastTerm: Term, isPreVote: Bool
  ) {
    let mayVote =
      vote == message.from || (vote == 0 && leader == 0) || (isPreVote && message.term > term)
    let isUpToDate = lastTerm > log.lastTerm || (lastTerm == log.lastTerm && lastIndex >= log.lastIndex)
    let granted = mayVote && isUpToDate && !isRecovering
    if isPreVote {
      send(preVoteResponse(granted: granted), to: message.from, term: granted ? message.term : term)
    } else if granted {
      electionElapsed = 0
      vote = message.from
      sendWhenDurable(voteResponse(granted: true), to: message.from)
    } else {
      send(voteResponse(granted: false), to: message.from)
    }
  }

  private func voteResponse(granted: Bool) -> Message.Body {
    .voteResponse(granted: granted, commit: log.committed, commitTerm: log.term(at: log.committed) ?? 0)
  }

  private func preVoteResponse(granted: Bool) -> Message.Body {
    .preVoteResponse(granted: granted, commit: log.committed, commitTerm: log.term(at: log.committed) ?? 0)
  }

  /// Another member knows that this entry is committed, which stays true whatever the term is.
  mutating func learnCommit(_ index: LogIndex, _ entryTerm: Term) {
    guard index > log.committed, entryTerm != 0, log.term(at: index) == entryTerm else { return }
    commit(through: index)
  }

  /// A message of an earlier term is ignored, but some senders would stay stuck if they did not learn the newer term.
  mutating func answerOldTerm(_ message: Message) {
    switch message.body {
    case .append, .heartbeat, .snapshot:
      // A leader that this member cannot follow, since it has seen a later term: it steps down and an election
      // follows. Without CheckQuorum and PreVote the election timeout does as much.
      if configuration.checkQuorum || configuration.preVote {
        send(.appendRejected(previousIndex: 0, hintIndex: 0, hintTerm: 0), to: message.from)
      }
    case .preVote:
      send(preVoteResponse(granted: false), to: message.from)
    default:
      break
    }
  }
}
