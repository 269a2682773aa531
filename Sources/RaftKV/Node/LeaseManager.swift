import MVCC
import Raft
import Synchronization

/// The shell around `LeaseKeeper`: the apply stage tells it what the log did and lets it look at the clock, calls ask
/// it for renewals from any thread, and what it decides is proposed.
final class LeaseManager: Sendable {
  /// Proposes a command that only the leader of a term may decide on: a later leader has given the leases more time.
  typealias Proposer = @Sendable (LeaseCommand, _ leaderTerm: Term, @escaping ProposalCompletion) -> Void

  private let keeper: Mutex<LeaseKeeper>
  /// The term in which the keeper leads; written by the apply stage, with the keeper locked.
  private let term = Atomic<Term>(0)
  /// A closure alone in a mutex would be wrapped once more each time it is read, and a call through all those
  /// wrappers would exhaust the stack.
  private struct Attachment {
    var proposer: Proposer?
  }

  private let attachment = Mutex(Attachment())
  private let store: Store
  private let clock: any NodeClock
  private let metrics: NodeMetrics

  init(store: Store, clock: any NodeClock, limits: NodeLimits, metrics: NodeMetrics) {
    self.store = store
    self.clock = clock
    self.metrics = metrics
    keeper = Mutex(LeaseKeeper(limits: limits))
  }

  /// Says how a command gets into the log. Nothing ends before.
  func attach(_ proposer: @escaping Proposer) { attachment.withLock { $0.proposer = proposer } }

  // MARK: the apply stage

  /// This member's leadership of a term began; or, with 0, ended.
  func leadershipChanged(term newTerm: UInt64) {
    let leases = newTerm != 0 ? store.leases : []
    let now = clock.now()
    keeper.withLock { keeper in
      term.store(newTerm, ordering: .relaxed)
      if newTerm != 0 { keeper.lead(leases, now: now) } else { keeper.resign() }
    }
  }

  /// A lease command was applied.
  func applied(_ command: LeaseCommand, _ result: LeaseResult) {
    switch result {
    case .granted(let lease):
      metrics.leasesGranted.wrappingAdd(1, ordering: .relaxed)
      let now = clock.now()
      keeper.withLock { $0.granted(lease, now: now) }
    case .revoked(let leases):
      metrics.leasesRevoked.wrappingAdd(UInt64(leases.count), ordering: .relaxed)
      if case .expire = command {
        metrics.leasesExpired.wrappingAdd(UInt64(leases.count), ordering: .relaxed)
      }
      keeper.withLock { $0.revoked(leases) }
    case .noted:
      if case .checkpoint(let checkpoints) = command { keeper.withLock { $0.checkpointed(checkpoints) } }
    }
  }

  /// Ends what is over.
  func poll() {
    guard let proposer = attachment.withLock({ $0.proposer }) else { return }
    let now = clock.now()
    let (work, reign, term) = keeper.withLock {
      ($0.poll(now: now), $0.reign, self.term.load(ordering: .relaxed))
    }
    for work in work {
      switch work {
      case .checkpoint(let checkpoints): proposer(.checkpoint(checkpoints), term) { _ in }
      case .expire(let leases):
        proposer(.expire(leases), term) { [weak self] result in
          guard let self else { return }
          self.keeper.withLock { $0.finished(leases, reign: reign) }
          // The next portion at once; after a failure, when time has passed.
          if case .success = result { self.poll() }
        }
      }
    }
  }

  // MARK: any thread

  /// Renews leases, after a read barrier: the answer is 0 for those that are gone, else the TTL in seconds. Fails with
  /// `.noLeader` when another member leads.
  func renew(_ ids: [Int64], completion: @escaping @Sendable (Result<[Int64], NodeError>) -> Void) {
    let now = clock.now()
    let (renewals, term) = keeper.withLock {
      ($0.isLeading ? $0.renew(ids, now: now) : nil, self.term.load(ordering: .relaxed))
    }
    guard let renewals, let proposer = attachment.withLock({ $0.proposer }) else {
      return completion(.failure(.noLeader))
    }
    let renewed = renewals.seconds.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
    metrics.leasesRenewed.wrappingAdd(UInt64(renewed), ordering: .relaxed)
    revoke(renewals.expired, term, proposer) { [self] error in
      if let error { return completion(.failure(error)) }
      takeBack(renewals.resets, term, proposer) { error in
        completion(error.map { .failure($0) } ?? .success(renewals.seconds))
      }
    }
  }

  private func revoke(
    _ expired: [LeaseReference], _ term: Term, _ proposer: Proposer,
    _ done: @escaping @Sendable (NodeError?) -> Void
  ) {
    if expired.isEmpty { return done(nil) }
    proposer(.expire(expired), term) { done($0.failure) }
  }

  private func takeBack(
    _ resets: [LeaseKeeper.Reset], _ term: Term, _ proposer: Proposer,
    _ done: @escaping @Sendable (NodeError?) -> Void
  ) {
    if resets.isEmpty { return done(nil) }
    let checkpoints = resets.map { LeaseCheckpoint(lease: $0.lease, remainingSeconds: 0) }
    proposer(.checkpoint(checkpoints), term) { [self] result in
      if case .success = result { keeper.withLock { $0.finished(resets) } }
      done(result.failure)
    }
  }

  /// The TTL and what is left of it; nil when there is no such lease. Fails with `.noLeader` when another member leads.
  func time(of id: Int64) throws(NodeError) -> (granted: Int64, left: Int64)? {
    let now = clock.now()
    let (isLeading, time) = keeper.withLock { ($0.isLeading, $0.time(of: id, now: now)) }
    if !isLeading { throw .noLeader }
    return time
  }

  /// All leases, the first to end first; by id where nothing is known of their time.
  var ids: [Int64] {
    keeper.withLock { $0.isLeading ? $0.ids : nil } ?? store.leases.map(\.id)
  }
}

extension Result where Failure == NodeError {
  fileprivate var failure: NodeError? {
    guard case .failure(let error) = self else { return nil }
    return error
  }
}
