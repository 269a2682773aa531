import DequeModule
import MVCC
import Raft
import Synchronization

/// The raft stage: owns the consensus core, feeds it, and carries out what it says.
///
/// Safe: because only the raft stage's handler touches the mutable state.
final class RaftLoop: @unchecked Sendable {
  private var raft: Raft
  private let pipeline: Pipeline
  private let clock: any NodeClock
  private let limits: NodeLimits
  private let published: Mutex<NodeStatus>

  /// Proposals that wait for their entry to be applied, by request id. Never iterated.
  private var proposals: [UInt64: (bytes: Int, completion: ProposalCompletion)] = [:]
  /// The same in the order they came, to find those that waited too long.
  private var proposalDeadlines = Deque<(deadline: UInt64, requestID: UInt64)>()
  /// Reads whose index is being asked for, by context.
  private var reads: [UInt64: [ReadCompletion]] = [:]
  private var readDeadlines = Deque<(deadline: UInt64, context: UInt64)>()
  private var nextContext: UInt64 = 1
  /// What came while no leader was known: asked again when there is one, unless its time is over by then.
  private var parkedProposals = Deque<(data: [UInt8], requestID: UInt64)>()
  private var parkedReads = Deque<UInt64>()
  /// The term that this member leads; 0 when it does not.
  private var leadingTerm: Term = 0
  /// Set by the last message that brings anything about: what comes behind it is refused.
  private var isStopping = false

  init(
    raft: Raft, clusterID: UInt64, memberID: UInt64, pipeline: Pipeline, clock: any NodeClock,
    limits: NodeLimits
  ) {
    self.raft = raft
    self.pipeline = pipeline
    self.clock = clock
    self.limits = limits
    published = Mutex(
      NodeStatus(
        clusterID: clusterID, memberID: memberID, leader: 0, term: 0, committedIndex: 0, appliedIndex: 0,
        isLearner: false))
  }

  /// What the member knew after the last batch. Any thread.
  var status: NodeStatus { published.withLock { $0 } }

  func handle(_ batch: [RaftInput]) {
    var data: [[UInt8]] = []
    var requestIDs: [UInt64] = []
    var newReads: [ReadCompletion] = []
    var deadline: UInt64?
    func deadlineOfNow() -> UInt64 {
      if let deadline { return deadline }
      let value = clock.now() &+ UInt64(limits.requestTimeoutMilliseconds) * 1_000_000
      deadline = value
      return value
    }
    for input in batch {
      switch input {
      case .propose(let proposal):
        data.append(proposal.data)
        requestIDs.append(proposal.requestID)
        proposals[proposal.requestID] = (proposal.data.count, proposal.completion)
        proposalDeadlines.append((deadlineOfNow(), proposal.requestID))
      case .read(let completion): newReads.append(completion)
      case .persisted(let number): raft.persisted(through: number)
      case .applied(let index): raft.applied(through: index)
      case .tick: tick()
      case .start: break
      case .stop: isStopping = true
      }
    }
    if isStopping || pipeline.health.hasFailed.load(ordering: .acquiring) {
      fail(newReads, .stopped)
      return failAll(.stopped)
    }
    if !data.isEmpty { propose(data, requestIDs) }
    if !newReads.isEmpty { read(newReads, deadline: deadlineOfNow()) }
    while let ready = raft.takeReady() { carryOut(ready) }
    dropSpentDeadlines()
    publishIndexes()
  }

  private func propose(_ data: [[UInt8]], _ requestIDs: [UInt64]) {
    do throws(ProposeError) {
      _ = try raft.propose(data)
    } catch .notLeader(leader: 0) {
      parkedProposals.append(contentsOf: zip(data, requestIDs).map { (data: $0, requestID: $1) })
    } catch {
      for requestID in requestIDs { fail(requestID, NodeError(error)) }
    }
  }

  private func read(_ completions: [ReadCompletion], deadline: UInt64) {
    let context = nextContext
    nextContext += 1
    reads[context] = completions
    readDeadlines.append((deadline, context))
    askForIndex(context)
  }

  private func askForIndex(_ context: UInt64) {
    do throws(ReadIndexError) {
      try raft.readIndex(context: context)
    } catch .noLeader {
      parkedReads.append(context)
    } catch {
      if let completions = reads.removeValue(forKey: context) { fail(completions, NodeError(error)) }
    }
  }

  /// Asks again for what came while there was no leader.
  private func unpark() {
    let (waitingProposals, waitingReads) = (parkedProposals, parkedReads)
    (parkedProposals, parkedReads) = ([], [])
    let live = waitingProposals.filter { proposals[$0.requestID] != nil }
    if !live.isEmpty { propose(live.map(\.data), live.map(\.requestID)) }
    for context in waitingReads where reads[context] != nil { askForIndex(context) }
  }

  private func carryOut(_ ready: Ready) {
    if let write = ready.write { pipeline.log.submit(.append(write)) }
    if !ready.committed.isEmpty {
      let entries = ready.committed.map { entry in
        CommittedEntry(entry: entry, completion: completion(of: entry))
      }
      pipeline.apply.submit(.entries(entries))
    }
    for state in ready.readStates {
      if let completions = reads.removeValue(forKey: state.context) {
        pipeline.apply.submit(.reads(index: state.index, completions))
      }
    }
    for context in ready.abandonedReads {
      if reads[context] != nil { parkedReads.append(context) }
    }
    if let state = ready.softState {
      publish(state)
      if state.leader != 0 { unpark() }
    }
  }

  private func completion(of entry: Entry) -> ProposalCompletion? {
    guard !proposals.isEmpty, entry.kind == .normal, entry.data.count >= Envelope.minimumBytes else {
      return nil
    }
    return proposals.removeValue(forKey: Envelope.requestID(entry.data))?.completion
  }

  private func fail(_ requestID: UInt64, _ error: NodeError) {
    guard let proposal = proposals.removeValue(forKey: requestID) else { return }
    pipeline.metrics.proposalEnded(bytes: proposal.bytes)
    pipeline.metrics.proposalsFailed.wrappingAdd(1, ordering: .relaxed)
    proposal.completion(.failure(error))
  }

  private func fail(_ completions: [ReadCompletion], _ error: NodeError) {
    pipeline.metrics.readsPending.wrappingSubtract(completions.count, ordering: .relaxed)
    for completion in completions { completion(error) }
  }

  private func tick() {
    raft.tick()
    let now = clock.now()
    while let first = proposalDeadlines.first, first.deadline <= now {
      proposalDeadlines.removeFirst()
      fail(first.requestID, .timeout)
    }
    while let first = readDeadlines.first, first.deadline <= now {
      readDeadlines.removeFirst()
      if let completions = reads.removeValue(forKey: first.context) { fail(completions, .timeout) }
    }
  }

  /// Forgets the deadlines of what has been answered, and what was parked with it, so that the queues stay as short
  /// as what is under way.
  private func dropSpentDeadlines() {
    while let first = proposalDeadlines.first, proposals[first.requestID] == nil {
      proposalDeadlines.removeFirst()
    }
    while let first = readDeadlines.first, reads[first.context] == nil { readDeadlines.removeFirst() }
    while let first = parkedProposals.first, proposals[first.requestID] == nil {
      parkedProposals.removeFirst()
    }
    while let first = parkedReads.first, reads[first] == nil { parkedReads.removeFirst() }
  }

  /// Answers everyone who waits, once the member cannot go on.
  private func failAll(_ error: NodeError) {
    (parkedProposals, parkedReads) = ([], [])
    while let first = proposalDeadlines.popFirst() {
      fail(first.requestID, error)
    }
    while let first = readDeadlines.popFirst() {
      if let completions = reads.removeValue(forKey: first.context) { fail(completions, error) }
    }
  }

  private func publish(_ state: SoftState) {
    let leaderChanged = published.withLock { status in
      defer {
        status.leader = state.leader
        status.term = state.term
      }
      return state.leader != 0 && state.leader != status.leader
    }
    if state.role == .leader ? leadingTerm != state.term : leadingTerm != 0 {
      if leadingTerm != 0 { pipeline.apply.submit(.leadership(false)) }
      leadingTerm = state.role == .leader ? state.term : 0
      if leadingTerm != 0 { pipeline.apply.submit(.leadership(true)) }
    }
    if leaderChanged { pipeline.metrics.leaderChanges.wrappingAdd(1, ordering: .relaxed) }
  }

  private func publishIndexes() {
    let (committed, applied) = raft.indexes
    published.withLock { status in
      status.committedIndex = committed
      status.appliedIndex = applied
    }
  }
}

extension NodeError {
  init(_ error: ProposeError) {
    switch error {
    // Proposals are not handed to another member's leader yet.
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
