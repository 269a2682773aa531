import Dispatch
import Glibc
import Synchronization

@testable import MVCC
@testable import RaftKV
@testable import WatchAPI

/// A member over a real store, whose log is a queue: what is proposed is applied, unless a test says otherwise.
final class TestNode: ServedNode {
  struct Behaviour: Sendable {
    var leader: UInt64 = TestNode.id
    var isLearner = false
    /// How proposals are refused.
    var refusal: NodeError?
    /// How barriers fail.
    var barrierFailure: NodeError?
    /// Whether the readers' queue is full, by how often it was asked before.
    var refusesRead: @Sendable (Int) -> Bool = { _ in false }
    /// Proposals are applied only when this turns false.
    var isHeld = false
    var proposals = 0
    var reads = 0
    var reclaims = 0
    var members: [Member] = []
    /// What the cluster was asked to change, and how it refuses.
    var changes: [String] = []
    var changeFailure: NodeError?
    /// Where leadership was handed to.
    var transfers: [UInt64] = []
    /// What a snapshot holds, and the files that were made.
    var snapshot: [UInt8] = []
    var snapshotFailure: NodeError?
    var snapshotPaths: [String] = []
    /// How many leases each keep-alive was for.
    var keepAlives: [Int] = []
  }

  private struct Held: Sendable {
    var command: Command
    var completion: @Sendable (Result<Outcome, NodeError>) -> Void
  }

  static let id: UInt64 = 0x1234_5678_9ABC_DEF0
  static let clusterID: UInt64 = 77

  let store: Store
  let metrics = NodeMetrics()
  private let clock = ManualClock()
  private let leases: LeaseManager
  let watches: WatchHub
  private let directory: String
  private let applyQueue = DispatchQueue(label: "apply")
  private let readQueue = DispatchQueue(label: "read")
  private let state = Mutex(Behaviour())
  private let held = Mutex<[Held]>([])
  private let index = Atomic<UInt64>(0)

  /// Time that passes only when a test says so.
  private final class ManualClock: NodeClock {
    let nanoseconds = Atomic<UInt64>(1_000_000_000)

    func now() -> UInt64 { nanoseconds.load(ordering: .relaxed) }
    func schedule(every nanoseconds: UInt64, _ body: @escaping @Sendable () -> Void) -> any NodeTimer {
      preconditionFailure("nothing here is scheduled")
    }
  }

  /// Safe: because only `readQueue`, which is serial, uses the handle.
  private struct Reader: @unchecked Sendable { let handle: ReadHandle }
  private let reader: Reader

  init(limits: NodeLimits = NodeLimits()) throws {
    var template = Array("/tmp/watchapi-tests-XXXXXX".utf8CString)
    directory = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)!) }
    var configuration = Store.Configuration()
    configuration.mapBytes = 1 << 30
    store = try Store(directory: directory, configuration: configuration)
    let reader = Reader(handle: try store.makeReadHandle())
    self.reader = reader
    let readQueue = readQueue
    watches = WatchHub(
      store: store, handle: ThreadOwned(try store.makeReadHandle()), executor: ThreadExecutor(name: "watch"),
      clock: SystemClock(), limits: limits, seed: 1,
      read: { body in
        readQueue.async { body(reader.handle) }
        return true
      })
    watches.start()
    leases = LeaseManager(store: store, clock: clock, limits: NodeLimits(), metrics: metrics)
    leases.attach { [weak self] command, _, completion in
      self?.submit(.lease(command), isHeld: false, completion)
    }
    leases.leadershipChanged(term: 1)
  }

  /// Ends what would keep the member alive.
  func stop() { watches.stop() }

  deinit {
    for name in ["data.mdb", "lock.mdb", "LOCK"] { unlink(directory + "/" + name) }
    rmdir(directory)
  }

  func configure(_ change: (inout Behaviour) -> Void) { state.withLock { change(&$0) } }
  var behaviour: Behaviour { state.withLock { $0 } }

  /// Applies what was held back, and holds nothing more.
  func release() {
    configure { $0.isHeld = false }
    for proposal in held.withLock({ held in
      defer { held = [] }
      return held
    }) {
      apply(proposal)
    }
  }

  var heldCount: Int { held.withLock { $0.count } }

  /// Lets the watches look at the clock.
  func tick() { watches.tick() }

  /// From now on history below `revision` counts as gone.
  func compact(to revision: Int64) { store.state.compactRevision.store(revision, ordering: .releasing) }

  // MARK: ServedNode

  var status: NodeStatus {
    let behaviour = behaviour
    let index = index.load(ordering: .acquiring)
    return NodeStatus(
      clusterID: Self.clusterID, memberID: Self.id, leader: behaviour.leader, term: 4, committedIndex: index,
      appliedIndex: index, isLearner: behaviour.isLearner)
  }

  var members: [Member] { behaviour.members }
  var quotaBytes: Int64 { 1 << 31 }

  func propose(
    _ kind: RequestKind, _ request: UnsafeRawBufferPointer, growth: Int,
    completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    let (refusal, isHeld) = state.withLock { state in
      state.proposals += 1
      return (state.refusal, state.isHeld)
    }
    if let refusal { return completion(.failure(refusal)) }
    let command = try! EtcdService.commandDecoder(kind, request)
    submit(command, isHeld: isHeld, completion)
  }

  private func submit(
    _ command: Command, isHeld: Bool, _ completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    let proposal = Held(command: command, completion: completion)
    if isHeld { held.withLock { $0.append(proposal) } } else { apply(proposal) }
  }

  private func apply(_ proposal: Held) {
    applyQueue.async { [self] in
      let next = index.add(1, ordering: .acquiringAndReleasing).newValue
      let outcome = store.apply(proposal.command, index: next, term: 4)
      if case .lease(let command) = proposal.command, case .success(.lease(let result)) = outcome.result {
        leases.applied(command, result)
      }
      watches.changed()
      proposal.completion(.success(outcome))
    }
  }

  // MARK: leases

  func grantLease(
    id: Int64, seconds: Int64, completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    let chosen = Int64(index.load(ordering: .relaxed)) + 1 << 40
    propose(.grant(id: id == 0 ? chosen : id, seconds: max(2, seconds)), completion)
  }

  func revokeLease(id: Int64, completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void) {
    propose(.revoke(id: id), completion)
  }

  private func propose(
    _ command: LeaseCommand, _ completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    let behaviour = behaviour
    if let refusal = behaviour.refusal { return completion(.failure(refusal)) }
    submit(.lease(command), isHeld: behaviour.isHeld, completion)
  }

  func keepAlive(
    _ ids: [Int64], completion: @escaping @Sendable (Result<[Int64], NodeError>) -> Void
  ) {
    configure { $0.keepAlives.append(ids.count) }
    readBarrier { [leases] error in
      if let error { return completion(.failure(error)) }
      leases.renew(ids, completion: completion)
    }
  }

  func leaseTime(
    _ id: Int64, completion: @escaping @Sendable (Result<(granted: Int64, left: Int64)?, NodeError>) -> Void
  ) {
    applyQueue.async { [leases] in
      do throws(NodeError) {
        completion(.success(try leases.time(of: id)))
      } catch {
        completion(.failure(error))
      }
    }
  }

  var leaseIDs: [Int64] { leases.ids }

  /// Lets time pass for leases, and what is over end.
  func advance(seconds: UInt64) {
    passUnnoticed(seconds: seconds)
    applyQueue.async { [leases] in leases.poll() }
  }

  /// Lets time pass; nobody has looked at the clock yet.
  func passUnnoticed(seconds: UInt64) {
    clock.nanoseconds.add(seconds * 1_000_000_000, ordering: .relaxed)
  }

  /// This member's leadership begins or ends.
  func lead(_ isLeader: Bool) {
    applyQueue.async { [leases] in leases.leadershipChanged(term: isLeader ? 1 : 0) }
  }

  func readBarrier(completion: @escaping @Sendable (NodeError?) -> Void) {
    let failure = behaviour.barrierFailure
    applyQueue.async { completion(failure) }
  }

  /// Flushes what is applied and compacts it, as the flush thread would.
  func whenCompacted(_ revision: Int64, completion: @escaping @Sendable (NodeError?) -> Void) {
    applyQueue.async { [store] in
      store.rotate()
      do {
        while try store.flushOldest() {}
        while store.physicalRevision < revision { _ = try store.maintain(now: 0) }
        completion(nil)
      } catch {
        completion(.stopped)
      }
    }
  }

  func reclaimSpace() { state.withLock { $0.reclaims += 1 } }

  func read(_ body: @escaping @Sendable (ReadHandle) -> Void) -> Bool {
    let isFull = state.withLock { state in
      defer { state.reads += 1 }
      return state.refusesRead(state.reads)
    }
    if isFull { return false }
    readQueue.async { [reader] in body(reader.handle) }
    return true
  }

  // MARK: the cluster

  func addMember(peerURLs: [String], isLearner: Bool, completion: @escaping Node.MembershipCompletion) {
    change("add \(peerURLs.joined(separator: ",")) \(isLearner)", completion) { members in
      let id = 100 + UInt64(members.count)
      members.append(Member(id: id, name: "", peerURLs: peerURLs, isLearner: isLearner))
      return id
    }
  }

  func removeMember(_ id: UInt64, completion: @escaping Node.MembershipCompletion) {
    change("remove \(id)", completion) { members in
      members.removeAll { $0.id == id }
      return id
    }
  }

  func updateMember(_ id: UInt64, peerURLs: [String], completion: @escaping Node.MembershipCompletion) {
    change("update \(id) \(peerURLs.joined(separator: ","))", completion) { members in
      for place in members.indices where members[place].id == id { members[place].peerURLs = peerURLs }
      return id
    }
  }

  func promoteMember(_ id: UInt64, completion: @escaping Node.MembershipCompletion) {
    change("promote \(id)", completion) { members in
      for place in members.indices where members[place].id == id { members[place].isLearner = false }
      return id
    }
  }

  private func change(
    _ name: String, _ completion: @escaping Node.MembershipCompletion,
    _ body: (inout [Member]) -> UInt64
  ) {
    let result = state.withLock { state -> Result<(member: Member?, members: [Member]), NodeError> in
      state.changes.append(name)
      if let failure = state.changeFailure { return .failure(failure) }
      let id = body(&state.members)
      return .success((state.members.first { $0.id == id }, state.members))
    }
    applyQueue.async { completion(result) }
  }

  func moveLeader(to id: UInt64?, completion: @escaping @Sendable (NodeError?) -> Void) {
    let failure = state.withLock { state in
      state.transfers.append(id ?? 0)
      return state.changeFailure
    }
    applyQueue.async { completion(failure) }
  }

  func makeSnapshot(completion: @escaping @Sendable (Result<SpooledSnapshot, NodeError>) -> Void) {
    let behaviour = behaviour
    if let failure = behaviour.snapshotFailure { return completion(.failure(failure)) }
    let path = directory + "/snapshot-\(behaviour.snapshotPaths.count)"
    configure { $0.snapshotPaths.append(path) }
    applyQueue.async {
      let file = fopen(path, "w")
      fwrite(behaviour.snapshot, 1, behaviour.snapshot.count, file)
      fclose(file)
      completion(.success(SpooledSnapshot(path: path, byteCount: Int64(behaviour.snapshot.count))))
    }
  }
}
