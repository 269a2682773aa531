/// One member's consensus: a state machine without I/O, clock or randomness of its own. The shell hands in messages,
/// ticks, proposals and acknowledgements, then takes one `Ready` after another and carries them out.
///
/// 1. Same inputs, same outputs: nothing depends on the order of a Dictionary or Set.
/// 2. A vote, or an acknowledgement of entries, leaves this member only after all that it promises is durable. The
///    same holds for a request for votes, so that a grant never outlives the log it was given for.
/// 3. A leader counts its own log for a quorum only as far as `persisted(through:)` went; it sends entries to others
///    before that. It counts only entries of its own term (Raft paper, section 5.4.2); those before come along.
/// 4. Entries are handed out for applying only when committed and durable here.
/// 5. A membership change takes effect here when it is known to be committed, and the next one is proposed only then.
public struct Raft: Sendable {
  /// As given at start.
  public let configuration: Configuration
  /// The members, with all changes known to be committed.
  public internal(set) var membership: Membership

  var log: Log
  var term: Term
  var vote: MemberID
  var role: Role = .follower
  var leader: MemberID = 0
  /// All members, sorted by id.
  var progress: [Progress] = []
  var random: SplitMix64

  var electionElapsed = 0
  var heartbeatElapsed = 0
  var electionTimeout = 0
  /// Ticks since the storage last reported something, while a write is outstanding.
  var storageElapsed = 0

  /// The log lacks entries that this member may have acknowledged. It takes what a leader sends, but neither votes nor
  /// leads, until it holds a committed entry of a later term than it started in: whoever leads that term was elected
  /// without this member and holds all that was committed, and counts no acknowledgement that is void. So nobody
  /// wins an election, and nothing is committed, by a member that forgot (protocol-aware recovery).
  public internal(set) var isRecovering: Bool
  /// The term in which it started so.
  let recoveryTerm: Term

  var reads = PendingReads()
  /// No membership change is proposed before this is committed.
  var pendingChangeIndex: LogIndex = 0
  /// To whom leadership is being handed; 0 for nobody.
  var transferee: MemberID = 0
  /// The lowest index that storage can read back.
  var firstStoredIndex: LogIndex

  /// The last write taken, and the last one reported durable.
  var takenWrite: UInt64 = 0
  var persistedWrite: UInt64 = 0
  var writtenHardState: HardState
  var unwrittenSnapshot: Snapshot?
  /// Messages that wait for a write, oldest first. At most one of a kind to a member waits for the same write.
  var held: [(write: UInt64, message: Message)] = []

  /// What the next `Ready` carries.
  var output = Ready()
  var reportedSoftState: SoftState

  /// A member in the state that its storage restored. A sole voter starts its election at once.
  /// `seed` drives the election timeouts: it should differ from member to member.
  public init(_ configuration: Configuration, restored: RestoredState, seed: UInt64) throws(RaftError) {
    precondition(configuration.id != 0, "a member has an id")
    precondition(
      configuration.electionTicks > configuration.heartbeatTicks && configuration.heartbeatTicks > 0,
      "an election timeout spans heartbeats")
    self.configuration = configuration
    membership = restored.membership
    random = SplitMix64(seed: seed)
    log = try Log(restored: restored)
    term = restored.hardState.term
    vote = restored.hardState.vote
    writtenHardState = restored.hardState
    firstStoredIndex = restored.firstStoredIndex
    isRecovering = restored.lacksEntries
    recoveryTerm = restored.hardState.term
    reportedSoftState = SoftState(role: .follower, leader: 0, term: restored.hardState.term)
    drawElectionTimeout()
    install(membership)
    _ = takeEffect(from: log.applied + 1, through: log.committed)
    output.membership = nil
    if isSoleVoter { campaign() }
  }

  /// The members are as `Membership` says, and this member alone is its quorum.
  var isSoleVoter: Bool { membership.voters == [configuration.id] && !membership.isJoint }

  /// This member may lead.
  var isPromotable: Bool { membership.isVoter(configuration.id) && !isRecovering }

  func position(_ member: MemberID) -> Int? { progress.firstIndex { $0.id == member } }

  /// A snapshot was taken over, and no `Ready` has brought its write yet.
  public var hasUnwrittenSnapshot: Bool { unwrittenSnapshot != nil }

  // MARK: Inputs

  /// One unit of time went by.
  public mutating func tick() {
    electionElapsed += 1
    storageElapsed = log.outstandingWrites > 0 ? storageElapsed + 1 : 0
    if role == .leader {
      tickLeader()
    } else if electionElapsed >= electionTimeout || (isSoleVoter && role == .follower) {
      tickElection()
    }
  }

  /// Takes a message from another member. Messages that mean nothing now are ignored.
  public mutating func step(_ message: Message) throws(RaftError) {
    try validate(message)
    if message.term > term {
      switch message.body {
      case .preVote:
        if isInLease { return }
      case .requestVote(_, _, let isTransfer):
        if isInLease && !isTransfer { return }
        becomeFollower(message.term, leader: 0)
      case .preVoteResponse(granted: true, _, _):
        break
      case .append, .heartbeat, .snapshot:
        becomeFollower(message.term, leader: message.from)
      default:
        becomeFollower(message.term, leader: 0)
      }
    } else if message.term < term {
      answerOldTerm(message)
      return
    }

    switch message.body {
    case .preVote(let index, let lastTerm):
      handleVote(message, index, lastTerm, isPreVote: true)
    case .requestVote(let index, let lastTerm, _):
      handleVote(message, index, lastTerm, isPreVote: false)
    case .preVoteResponse(let granted, let commit, let commitTerm):
      learnCommit(commit, commitTerm)
      // A grant carries the term that would start; one for another term answers an earlier question.
      guard role == .preCandidate, !granted || message.term == term + 1 else { return }
      countVote(of: message.from, granted)
    case .voteResponse(let granted, let commit, let commitTerm):
      learnCommit(commit, commitTerm)
      if role == .candidate { countVote(of: message.from, granted) }
    case .append(let index, let previousTerm, let commit, let entries):
      try handleAppend(message.from, index, previousTerm, commit, entries)
    case .appendResponse(let index):
      try handleAppendResponse(message.from, index)
    case .appendRejected(let index, let hintIndex, let hintTerm):
      handleAppendRejected(message.from, index, hintIndex, hintTerm)
    case .entriesLost(let lastIndex):
      handleEntriesLost(message.from, lastIndex)
    case .heartbeat(let commit, let round):
      try handleHeartbeat(message.from, commit, round)
    case .heartbeatResponse(let round):
      handleHeartbeatResponse(message.from, round)
    case .readIndex(let context):
      handleReadIndex(message.from, context)
    case .readIndexResponse(let context, let index):
      guard message.from == leader else { return }
      output.readStates.append(ReadState(context: context, index: index))
    case .snapshot(let snapshot):
      handleSnapshot(message.from, snapshot)
    case .timeoutNow:
      if role != .leader { campaign(.transfer) }
    }
  }

  /// Storage made the write of that number, and all before it, durable.
  public mutating func persisted(through number: UInt64) {
    precondition(number <= takenWrite, "a write that was not handed out")
    guard number > persistedWrite else { return }
    persistedWrite = number
    storageElapsed = 0
    log.persisted(through: number)
    releaseHeld()
    endRecovery()
    if role == .leader, let own = position(configuration.id) {
      progress[own].match = log.stable
      maybeCommit()
    }
  }

  /// The state machine applied the entries through an index.
  public mutating func applied(through index: LogIndex) {
    log.applied(through: index)
    trimLog()
  }

  /// Storage no longer holds the entries below an index.
  public mutating func storageDiscarded(below index: LogIndex) {
    firstStoredIndex = max(firstStoredIndex, index)
  }

  // MARK: Outputs

  /// What is to be done now; nil when there is nothing.
  public mutating func takeReady() -> Ready? {
    if role == .leader {
      startReadRound()
      replicate()
    }
    output.write = takeWrite()
    output.committed = log.takeCommitted(bytes: configuration.maximumApplyingBytes)
    let softState = SoftState(role: role, leader: leader, term: term)
    if softState != reportedSoftState {
      reportedSoftState = softState
      output.softState = softState
    }
    guard !output.isEmpty else { return nil }
    defer { output = Ready() }
    return output
  }

  private mutating func takeWrite() -> StorageWrite? {
    guard hasUnwritten, log.outstandingWrites < configuration.maximumOutstandingWrites else { return nil }
    takenWrite += 1
    let entries = log.takeUnwritten()
    log.beginWrite(takenWrite)
    let snapshot = unwrittenSnapshot
    // The hard state is written first, so that it may speak only of entries that are there without this write.
    let commit =
      snapshot != nil
      ? writtenHardState.commit : entries.first.map { min(log.committed, $0.index - 1) } ?? log.committed
    let hardState = HardState(term: term, vote: vote, commit: commit)
    unwrittenSnapshot = nil
    let isChanged = hardState != writtenHardState
    writtenHardState = hardState
    if !hasUnwritten {
      // Entries that were truncated before they were written need no write of their own any more.
      for position in held.indices { held[position].write = min(held[position].write, takenWrite) }
    }
    return StorageWrite(
      number: takenWrite, hardState: isChanged ? hardState : nil, snapshot: snapshot, entries: entries)
  }

  /// Something must become durable. A newer commit index alone does not count: it rides along with other writes.
  var hasUnwritten: Bool {
    log.hasUnwritten || unwrittenSnapshot != nil || term != writtenHardState.term
      || vote != writtenHardState.vote
  }

  // MARK: Messages

  mutating func send(_ body: Message.Body, to member: MemberID, term: Term? = nil) {
    output.messages.append(Message(from: configuration.id, to: member, term: term ?? self.term, body: body))
  }

  /// Sends when all that is in memory now is durable.
  mutating func sendWhenDurable(_ body: Message.Body, to member: MemberID) {
    let message = Message(from: configuration.id, to: member, term: term, body: body)
    let write = hasUnwritten ? takenWrite + max(1, log.writesToCome) : takenWrite
    guard write > persistedWrite else {
      output.messages.append(message)
      return
    }
    if let last = held.lastIndex(where: { $0.write == write && $0.message.to == member }) {
      switch (held[last].message.body, body) {
      case (.appendResponse(let earlier), .appendResponse(let later)):
        held[last].message.body = .appendResponse(index: max(earlier, later))
        return
      case (let earlier, let later) where earlier == later:
        return
      default:
        break
      }
    }
    held.append((write, message))
  }

  private mutating func releaseHeld() {
    var released = 0
    while released < held.count && held[released].write <= persistedWrite { released += 1 }
    guard released > 0 else { return }
    let ready = held[..<released].map(\.message)
    held.removeFirst(released)
    for message in ready where message.term == term {
      if message.to == configuration.id {
        if role == .candidate { countVote(of: configuration.id, true) }
      } else {
        output.messages.append(message)
      }
    }
  }
}
