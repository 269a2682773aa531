import DequeModule
import MVCC
import Raft
import Synchronization

/// The raft stage: owns the consensus core, feeds it, and carries out what it says.
///
/// Safe: because only the raft stage's handler touches the mutable state.
final class RaftLoop: @unchecked Sendable {
  var raft: Raft
  let pipeline: Pipeline
  let clock: any NodeClock
  let limits: NodeLimits
  let log: NodeLog
  let configuration: NodeConfiguration
  /// Brings members what storage has: entries for those that lag, and snapshots.
  let supplies: Supplies
  let snapshots: SnapshotReceiver
  /// The cluster as of what is applied.
  let cluster: @Sendable () -> Cluster
  private let published: Mutex<NodeStatus>

  /// Proposals of this member's clients.
  var proposals = PendingProposals()
  private var reads: PendingReads
  /// What came while no leader was known, or while leadership was handed over: proposed again when there is one,
  /// unless its time is over by then.
  private var parkedProposals = Deque<Draft>()
  /// Changes of the members that wait until those before them are applied.
  var parkedChanges = Deque<ParkedChange>()
  var transfers: [Transfer] = []
  private(set) var soft: SoftState
  /// The term that this member leads; 0 when it does not.
  private var leadingTerm: Term = 0
  /// When a leader was last lost.
  private var leaderLostAt: UInt64?
  private var ticks = 0
  /// A snapshot that the log is making durable: then the store takes it over.
  private var snapshotBeingWritten: (write: UInt64, snapshot: Snapshot)?
  /// This member has belonged to the cluster.
  private var isMember: Bool
  /// Ticks until a removed member stops: it has yet to tell the others what it knows.
  private var ticksUntilRemoved: Int?
  private var complainedAt: UInt64 = 0
  /// Set by the last message that brings anything about: what comes behind it is refused.
  private var isStopping = false

  /// A follower that got no answer to a read asks again after so many ticks.
  private static let readRetryTicks = 5

  init(
    raft: Raft, clusterID: UInt64, memberID: UInt64, configuration: NodeConfiguration, pipeline: Pipeline,
    clock: any NodeClock, seed: UInt64, supplies: Supplies, snapshots: SnapshotReceiver, log: NodeLog,
    cluster: @escaping @Sendable () -> Cluster
  ) {
    self.raft = raft
    soft = raft.softState
    self.pipeline = pipeline
    self.clock = clock
    self.configuration = configuration
    limits = configuration.limits
    self.supplies = supplies
    self.snapshots = snapshots
    self.log = log
    self.cluster = cluster
    reads = PendingReads(seed: seed)
    let membership = raft.membership
    isMember = membership.members.contains(memberID)
    published = Mutex(
      NodeStatus(
        clusterID: clusterID, memberID: memberID, leader: 0, term: 0, committedIndex: 0, appliedIndex: 0,
        isLearner: isMember && !membership.isVoter(memberID)))
  }

  var memberID: MemberID { raft.configuration.id }

  /// What the member knew after the last batch. Any thread.
  var status: NodeStatus { published.withLock { $0 } }

  // MARK: inputs

  func handle(_ batch: [RaftInput]) {
    var drafts: [Draft] = []
    var newReads: [ReadCompletion] = []
    var isSnapshotNew = false
    let now = clock.now()
    let deadline = now &+ UInt64(limits.requestTimeoutMilliseconds) * 1_000_000
    for input in batch {
      switch input {
      case .propose(let proposal):
        drafts.append(
          Draft(data: proposal.data, requestID: proposal.requestID, leaderTerm: proposal.leaderTerm))
        proposals.add(
          proposal.requestID, bytes: proposal.data.count, now: now, deadline: deadline, proposal.completion)
      case .read(let completion): newReads.append(completion)
      case .persisted(let number): persisted(through: number)
      case .applied(let index): raft.applied(through: index)
      case .tick: tick()
      case .messages(let messages, let bytes):
        pipeline.peers.inbox.taken(bytes: bytes)
        for message in messages { step(message) }
      case .forwarded(let proposals, let bytes):
        pipeline.peers.inbox.taken(bytes: bytes)
        takeForwarded(proposals)
      case .change(let request, let requestID, let completion):
        park(ParkedChange(request: request, requestID: requestID, deadline: deadline, completion: completion))
      case .transfer(let member, let completion): transfer(to: member, completion)
      case .logRead(let member, let entries, let previousTerm):
        if let previousTerm {
          raft.supply(entries, previousTerm: previousTerm, for: member)
        } else {
          raft.refuse(member)
        }
      case .snapshotSent(let member, let index): raft.snapshotFinished(for: member, index: index)
      case .snapshotReceived(let message):
        step(message)
        isSnapshotNew = true
      case .discarded(let index): raft.storageDiscarded(below: index)
      case .removed: removed()
      case .start: break
      case .stop: isStopping = true
      }
    }
    if isStopping || pipeline.health.hasFailed.load(ordering: .acquiring) {
      fail(newReads, .stopped)
      return failAll(.stopped)
    }
    if !drafts.isEmpty { propose(drafts) }
    if !newReads.isEmpty { askForIndex(reads.add(newReads, deadline: deadline)) }
    if !parkedChanges.isEmpty { proposeChanges(now: now) }
    while let ready = raft.takeReady() { carryOut(ready) }
    if isSnapshotNew && snapshotBeingWritten == nil && !raft.hasUnwrittenSnapshot { snapshots.finished() }
    dropSpentDeadlines()
    publishIndexes()
  }

  /// A proposal on its way into the log.
  private struct Draft {
    let data: [UInt8]
    let requestID: UInt64
    /// It counts only if this member leads this term.
    let leaderTerm: Term?
  }

  private func propose(_ drafts: [Draft]) {
    let drafts = withoutStale(drafts)
    if drafts.isEmpty { return }
    do throws(ProposeError) {
      _ = try raft.propose(drafts.map(\.data))
    } catch .notLeader(let leader) where leader != 0 {
      pipeline.peers.transport?.forward(drafts.map(\.data), to: leader)
    } catch .notLeader {
      parkedProposals.append(contentsOf: drafts)
    } catch .transferring {
      // The next leader is as good as elected: what only this one may decide comes too late.
      for draft in drafts where draft.leaderTerm != nil { fail(draft.requestID, .notLeader) }
      parkedProposals.append(contentsOf: drafts.lazy.filter { $0.leaderTerm == nil })
    } catch {
      for draft in drafts { fail(draft.requestID, NodeError(error)) }
    }
  }

  /// Drops what another member, or this one in another term, decided as the leader. Asked at the last moment: a message
  /// of the same batch may have ended the leadership.
  private func withoutStale(_ drafts: [Draft]) -> [Draft] {
    if drafts.allSatisfy({ $0.leaderTerm == nil }) { return drafts }
    let soft = raft.softState
    return drafts.filter { draft in
      guard let term = draft.leaderTerm, soft != SoftState(leader: memberID, term: term) else { return true }
      fail(draft.requestID, .notLeader)
      return false
    }
  }

  /// Those for which there is no leader are lost: who sent them hears nothing, as if they had been lost on their way.
  private func takeForwarded(_ data: [[UInt8]]) {
    // An empty entry, or one that is no request, would not be understood anywhere.
    let data = data.filter { Envelope($0) != nil }
    if data.isEmpty { return }
    do throws(ProposeError) {
      _ = try raft.propose(data)
    } catch .notLeader(let leader) where leader != 0 {
      pipeline.peers.transport?.forward(data, to: leader)
    } catch {
      pipeline.metrics.proposalsFailed.wrappingAdd(UInt64(data.count), ordering: .relaxed)
    }
  }

  private func askForIndex(_ context: UInt64) {
    do throws(ReadIndexError) {
      try raft.readIndex(context: context)
    } catch .noLeader {
      // Asked again when there is one.
    } catch {
      if let completions = reads.remove(context) { fail(completions, NodeError(error)) }
    }
  }

  private func askForAllIndexes() {
    for context in reads.contexts { askForIndex(context) }
  }

  /// Proposes what came while there was no leader.
  private func unpark() {
    let waiting = parkedProposals
    parkedProposals = []
    propose(waiting.filter { proposals.contains($0.requestID) })
  }

  private func step(_ message: Message) {
    do throws(RaftError) {
      try raft.step(message)
    } catch {
      switch error {
      case .lostEntries(let index):
        pipeline.health.fail(
          "entries up to \(index), which this member had acknowledged, are missing here: its data folder was replaced "
            + "or damaged; remove the member from the cluster, empty the folder and add it again")
      case .conflictsWithCommitted(let index):
        pipeline.health.fail(
          "entry \(index) is committed here and differs from the leader's: the log of one of them is damaged; "
            + "compare the members' content (endpoint hashkv), and replace the one that differs")
      case .wrongRecipient, .malformedMessage, .invalidRestoredState:
        let now = clock.now()
        guard now &- complainedAt >= 1_000_000_000 else { return }
        complainedAt = now
        log.error("a message from member \(hex(message.from)) is refused", "\(error)")
      }
    }
  }

  private func persisted(through number: UInt64) {
    // The store takes a snapshot over before it gets any entry behind it.
    if let writing = snapshotBeingWritten, writing.write <= number {
      snapshotBeingWritten = nil
      pipeline.apply.submit(.install(writing.snapshot))
    }
    raft.persisted(through: number)
  }

  // MARK: outputs

  private func carryOut(_ ready: Ready) {
    // Others make it durable while this member does.
    if !ready.messages.isEmpty { pipeline.peers.transport?.send(ready.messages) }
    if let write = ready.write {
      if let snapshot = write.snapshot { snapshotBeingWritten = (write.number, snapshot) }
      pipeline.log.submit(.append(write))
    }
    if let membership = ready.membership { follow(membership) }
    if !ready.committed.isEmpty {
      let entries = ready.committed.map { entry in
        CommittedEntry(entry: entry, completion: completion(of: entry))
      }
      pipeline.apply.submit(.entries(entries))
    }
    for state in ready.readStates {
      if let completions = reads.remove(state.context) {
        pipeline.apply.submit(.reads(index: state.index, completions))
      }
    }
    if ready.isRecovered { pipeline.log.submit(.recovered) }
    for read in ready.logReads { supplies.read(read) }
    for member in ready.snapshotsNeeded { supplies.sendSnapshot(to: member, term: soft.term) }
    // Abandoned reads are among those that are asked again.
    if let state = ready.softState { publish(state) }
  }

  private func completion(of entry: Entry) -> ProposalCompletion? {
    guard !proposals.isEmpty else { return nil }
    switch entry.kind {
    case .normal:
      guard entry.data.count >= Envelope.minimumBytes else { return nil }
      return proposals.remove(Envelope.requestID(entry.data))?.completion
    case .configuration:
      guard let change = MembershipChange(decoding: entry.data), change.context.count >= Envelope.minimumBytes
      else { return nil }
      return proposals.remove(Envelope.requestID(change.context))?.completion
    }
  }

  private func follow(_ membership: Membership) {
    let isIn = membership.members.contains(memberID)
    if isIn { isMember = true }
    if isMember && !isIn { removed() }
    let isLearner = isIn && !membership.isVoter(memberID)
    published.withLock { $0.isLearner = isLearner }
  }

  /// It stops after an election timeout.
  private func removed() {
    if ticksUntilRemoved == nil { ticksUntilRemoved = raft.configuration.electionTicks }
  }

  private func publish(_ state: SoftState) {
    let before = soft
    soft = state
    if before.leader != 0 && state.leader != before.leader { leaderLostAt = clock.now() }
    let isNew = state.leader != 0 && state.leader != before.leader
    published.withLock { status in
      status.leader = state.leader
      status.term = state.term
    }
    if state.role == .leader ? leadingTerm != state.term : leadingTerm != 0 {
      if leadingTerm != 0 { pipeline.apply.submit(.leadership(term: 0)) }
      leadingTerm = state.role == .leader ? state.term : 0
      if leadingTerm != 0 { pipeline.apply.submit(.leadership(term: leadingTerm)) }
    }
    finishTransfers(leader: state.leader)
    if isNew { pipeline.metrics.leaderChanges.wrappingAdd(1, ordering: .relaxed) }
    if state.leader != 0 && (isNew || state.term != before.term) {
      unpark()
      askForAllIndexes()
    }
  }

  private func publishIndexes() {
    let (committed, applied) = raft.indexes
    published.withLock { status in
      status.committedIndex = committed
      status.appliedIndex = applied
    }
  }

  // MARK: time

  private func tick() {
    raft.tick()
    ticks += 1
    let now = clock.now()
    while let overdue = proposals.removeOverdue(now: now) {
      let lostLeader = leaderLostAt.map { $0 >= overdue.since } ?? false
      fail(overdue, lostLeader ? .leaderFailure : .timeout)
    }
    while let completions = reads.removeOverdue(now: now) { fail(completions, .timeout) }
    dropOverdueChanges(now: now)
    dropOverdueTransfers(now: now)
    if soft.leader != 0 && soft.role != .leader && ticks % Self.readRetryTicks == 0 { askForAllIndexes() }
    if soft.leader != 0 && !parkedProposals.isEmpty { unpark() }
    guard let left = ticksUntilRemoved else { return }
    ticksUntilRemoved = left - 1
    if left <= 0 {
      pipeline.health.fail(
        "the cluster has removed this member; to have it join again, empty its data folder and add it anew")
    }
  }

  /// Forgets what has been answered, so that the queues stay as short as what is under way.
  private func dropSpentDeadlines() {
    proposals.dropSpent()
    reads.dropSpent()
    while let first = parkedProposals.first, !proposals.contains(first.requestID) {
      parkedProposals.removeFirst()
    }
  }

  // MARK: ends

  private func fail(_ requestID: UInt64, _ error: NodeError) {
    if let waiting = proposals.remove(requestID) { fail(waiting, error) }
  }

  private func fail(_ waiting: PendingProposals.Waiting, _ error: NodeError) {
    pipeline.metrics.proposalEnded(bytes: waiting.bytes)
    pipeline.metrics.proposalsFailed.wrappingAdd(1, ordering: .relaxed)
    waiting.completion(.failure(error))
  }

  private func fail(_ completions: [ReadCompletion], _ error: NodeError) {
    pipeline.metrics.readsPending.wrappingSubtract(completions.count, ordering: .relaxed)
    for completion in completions { completion(error) }
  }

  /// Answers everyone who waits, once the member cannot go on.
  private func failAll(_ error: NodeError) {
    parkedProposals = []
    while let waiting = proposals.removeFirst() { fail(waiting, error) }
    while let completions = reads.removeFirst() { fail(completions, error) }
    failChanges(error)
    failTransfers(error)
  }
}

extension NodeError {
  init(_ error: ProposeError) {
    switch error {
    case .notLeader: self = .noLeader
    case .tooManyPending: self = .tooManyRequests
    case .transferring, .changeRefused: self = .timeout
    }
  }

  init(_ error: ReadIndexError) {
    switch error {
    case .noLeader: self = .noLeader
    case .tooManyReads: self = .tooManyRequests
    }
  }
}
