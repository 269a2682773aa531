public import Logging
public import MVCC
import Raft
import Synchronization
import WAL

/// One member of a cluster: threads around the pure cores.
///
/// A request becomes a log entry (`propose`), is committed by the raft stage, made durable by the log stage,
/// applied to the store by the apply stage, and answered. Reads wait for a barrier if they must be
/// linearizable, then read the store on the caller's own thread or on the reader pool.
public final class Node: Sendable {
  /// The member's store. Only reads from outside.
  public let store: Store
  /// What the member counts.
  public let metrics: NodeMetrics
  /// The member's watches.
  public let watches: WatchHub
  /// This member's id.
  public let memberID: UInt64
  /// The cluster's id.
  public let clusterID: UInt64
  /// The backend quota in bytes (etcd: `--quota-backend-bytes`); 0 means none.
  public let quotaBytes: Int64

  private let configuration: NodeConfiguration
  private let pipeline: Pipeline
  private let raftLoop: RaftLoop
  private let readers: ReaderPool
  let leases: LeaseManager
  let leaderCalls: LeaderCalls
  private let founding: Cluster
  private let supplies: Supplies
  private let transport: (any PeerTransport)?
  /// Members that are reached although the store does not know them yet, while it is still new here.
  private let guides: [Member]
  /// Nil once the node is stopped.
  private let running: Mutex<Running?>
  private let nextRequestID: Atomic<UInt64>
  private let maximumRequestBytes: Int
  private let isRaisingAlarm = Atomic(false)
  let spool: SpoolFolder
  private let publication = Atomic(Publication.due)
  private let clock: any NodeClock
  private let automaticCompactor: Mutex<AutomaticCompactor?>
  private let log: NodeLog

  /// Whether the cluster has this member's name and client URLs.
  private enum Publication: UInt8, AtomicRepresentable {
    case due, underWay, done
  }

  /// What a stop ends and lets go of: the log's files close with its writer.
  private struct Running {
    var timers: [any NodeTimer]
    var writer: LogWriter
    var preparation: any Executor
  }

  /// Opens the data directory (founding a cluster if it is new) and starts the member.
  ///
  /// `onFailure` is told, once, when the member cannot go on: the process should end then. It runs on a thread of
  /// the node, which it must not `stop` from there.
  public init(
    _ configuration: NodeConfiguration, environment: Environment, decoder: @escaping CommandDecoder,
    logger: Logger,
    onFailure: @escaping @Sendable (String) -> Void
  ) throws {
    let limits = configuration.limits
    let clock = environment.clock
    let transport = environment.transport
    let inbox = PeerInbox(limits: limits)
    let log = NodeLog(logger)
    let preparation = environment.makeExecutor(StageName.preparation)
    let opened: DataDirectory
    let core: Raft
    let handles: [ThreadOwned<ReadHandle>]
    let watchHandle: ThreadOwned<ReadHandle>
    do {
      opened = try DataDirectory.open(
        configuration, fileSystem: environment.fileSystem, seed: environment.seed, preparation: preparation,
        peers: transport, log: log)
      core = try Self.makeCore(configuration, opened, seed: environment.seed)
      handles = try (0..<max(1, limits.readerThreads)).map { _ in
        ThreadOwned(try opened.store.makeReadHandle())
      }
      watchHandle = ThreadOwned(try opened.store.makeReadHandle())
      let identity = opened.identity
      try transport?.start(
        PeerIdentity(clusterID: identity.cluster.id, memberID: identity.memberID), receiver: inbox)
    } catch {
      transport?.stop()
      preparation.stop()
      throw error
    }
    // From here on nothing fails: the threads that start now would stay behind.
    let metrics = NodeMetrics()
    let pipeline = Pipeline(
      raft: Stage(
        executor: environment.makeExecutor(StageName.raft),
        capacity: limits.pendingProposals + limits.pendingReads),
      log: Stage(executor: environment.makeExecutor(StageName.log), capacity: .max),
      apply: Stage(executor: environment.makeExecutor(StageName.apply), capacity: .max),
      flush: Stage(executor: environment.makeExecutor(StageName.flush), capacity: .max),
      health: Health(onFailure: onFailure), metrics: metrics, peers: Peers(transport: transport, inbox: inbox)
    )
    let spool = SpoolFolder(dataDirectory: configuration.dataDirectory)
    spool.clear()
    let suppliesExecutor = environment.makeExecutor(StageName.supplies)
    let supplies = Supplies(
      executor: suppliesExecutor, store: opened.store, reader: opened.log.reader, folder: spool,
      transport: transport, clock: clock, log: log)
    let snapshots = SnapshotReceiver(
      executor: suppliesExecutor, store: opened.store, configuration: configuration, folder: spool,
      identity: PeerIdentity(
        clusterID: opened.identity.cluster.id, memberID: opened.identity.memberID), log: log)

    self.configuration = configuration
    self.pipeline = pipeline
    self.metrics = metrics
    self.log = log
    self.clock = clock
    store = opened.store
    memberID = opened.identity.memberID
    clusterID = opened.identity.cluster.id
    founding = opened.identity.cluster
    guides = opened.identity.joins?.members ?? []
    self.supplies = supplies
    self.spool = spool
    self.transport = transport
    quotaBytes = configuration.quotaBytes ?? 0
    nextRequestID = Atomic(opened.identity.memberID << 48 | environment.seed >> 16)
    maximumRequestBytes = min(
      configuration.maximumRequestBytes, DataDirectory.maximumEntryBytes - Envelope.minimumBytes)
    let (store, founding) = (opened.store, opened.identity.cluster)
    let cluster: @Sendable () -> Cluster = { Self.cluster(store, founding) }
    raftLoop = RaftLoop(
      raft: core, clusterID: clusterID, memberID: memberID, configuration: configuration, pipeline: pipeline,
      clock: clock, seed: environment.seed, supplies: supplies, snapshots: snapshots, log: log,
      cluster: cluster)
    leaderCalls = LeaderCalls(
      memberID: memberID, transport: transport, clock: clock, limits: limits,
      isOver: { pipeline.health.isOver })
    let writer = LogWriter(
      log: opened.log, identity: opened.identity, hardState: opened.restored.hardState,
      lacksEntries: opened.restored.lacksEntries, pipeline: pipeline,
      clock: clock, limits: limits, nodeLog: log)
    let flusher = Flusher(
      store: store, snapshots: snapshots, pipeline: pipeline, clock: clock, limits: limits, log: log)
    let readers = ReaderPool(
      executors: handles.indices.map { environment.makeExecutor("reader-\($0)") }, handles: handles,
      capacity: limits.pendingReaderWork)
    self.readers = readers
    let watches = WatchHub(
      store: store, handle: watchHandle, executor: environment.makeExecutor(StageName.watch), clock: clock,
      limits: limits, seed: environment.seed, read: { readers.run($0) })
    self.watches = watches
    leases = LeaseManager(store: store, clock: clock, limits: limits, metrics: metrics)
    let (memberID, guides) = (self.memberID, self.guides)
    let clusterChanged: @Sendable (Cluster) -> Void = { cluster in
      Self.follow(cluster, as: memberID, guides: guides, pipeline.peers)
    }
    let applier = Applier(
      store: store, founding: founding, leases: leases, pipeline: pipeline, watches: watches,
      decoder: decoder, clock: clock, limits: limits, clusterChanged: clusterChanged,
      onApply: environment.onApply)

    let raftLoop = self.raftLoop
    pipeline.raft.attach { raftLoop.handle($0) }
    pipeline.log.attach { writer.handle($0) }
    pipeline.apply.attach { applier.handle($0) }
    pipeline.flush.attach { flusher.handle($0) }
    supplies.attach { pipeline.raft.submit($0) }
    snapshots.attach { pipeline.raft.submit($0) }
    store.onFlushNeeded = { pipeline.flush.submit(.flush) }
    let compactions = configuration.automaticCompaction.map {
      AutomaticCompactor($0, now: clock.now(), revision: opened.store.currentRevision)
    }
    automaticCompactor = Mutex(compactions)

    let tick = UInt64(configuration.heartbeatMilliseconds) * 1_000_000
    let leaderCalls = self.leaderCalls
    running = Mutex(Running(timers: [], writer: writer, preparation: preparation))
    let timer = clock.schedule(every: tick) { [weak self] in
      pipeline.raft.submit(.tick)
      pipeline.log.nudge(.tick)
      pipeline.apply.nudge(.tick)
      pipeline.flush.nudge(.tick)
      watches.tick()
      leaderCalls.tick()
      self?.compactIfDue()
      self?.publishIfDue()
    }
    running.withLock { $0?.timers.append(timer) }
    leases.attach { [weak self] command, term, completion in
      guard let self else { return completion(.failure(.stopped)) }
      self.submit(.lease, command.document, leaderTerm: term, isBounded: false, completion: completion)
    }
    leaderCalls.attach(leader: { raftLoop.status.leader }) { [weak self] request, completion in
      guard let self else { return completion(.failure(.stopped)) }
      self.answerAsLeader(request, completion: completion)
    }
    inbox.attach(
      PeerInbox.Handlers(
        pipeline: pipeline,
        answer: { [weak self] bytes, answer in self?.answerPeer(bytes, answer) },
        beginSnapshot: { snapshots.begin($0, from: $1, appliedIndex: raftLoop.status.appliedIndex) },
        lost: { _ in }, cluster: { cluster().document }))
    clusterChanged(cluster())
    pipeline.raft.submit(.start)
    pipeline.log.submit(.release(upTo: store.flushed.index))
    publishWhenCaughtUp()
  }

  private static func cluster(_ store: Store, _ founding: Cluster) -> Cluster {
    guard let document = try? store.meta(Cluster.documentName), let cluster = Cluster(document: document)
    else {
      return founding
    }
    return cluster
  }

  /// Tells the transport who the others are. Until this member finds itself among them it also keeps to those that it
  /// was told of: the ones in its store are of an earlier time.
  private static func follow(
    _ cluster: Cluster, as memberID: UInt64, guides: [Member], _ peers: Peers
  ) {
    var addresses: [UInt64: [String]] = [:]
    if cluster.member(memberID) == nil {
      for member in guides { addresses[member.id] = member.peerURLs }
    }
    for member in cluster.members { addresses[member.id] = member.peerURLs }
    addresses[memberID] = nil
    peers.count.store(addresses.count, ordering: .relaxed)
    let others = addresses.keys.sorted().map { PeerAddress(id: $0, urls: addresses[$0] ?? []) }
    peers.transport?.setPeers(others, removed: cluster.removed)
  }

  private static func makeCore(
    _ configuration: NodeConfiguration, _ opened: DataDirectory, seed: UInt64
  ) throws(StartError) -> Raft {
    var core = Configuration(id: opened.identity.memberID)
    core.preVote = configuration.preVote
    core.maximumTailBytes = configuration.limits.logTailMemoryBytes
    core.electionTicks = max(
      core.heartbeatTicks + 1,
      configuration.electionMilliseconds / max(1, configuration.heartbeatMilliseconds))
    do throws(RaftError) {
      return try Raft(core, restored: opened.restored, seed: seed)
    } catch {
      throw StartError(
        "the log in \(configuration.dataDirectory) contradicts itself or the checkpoint: \(error); restore a backup"
      )
    }
  }

  // MARK: requests

  /// Replicates and applies one request, whose bytes are copied. `growth` tells how many bytes it may add to
  /// the store; a request that adds none goes on when space has run out.
  ///
  /// `completion` runs on a thread of the node, or at once when the request is refused: it must only hand the
  /// outcome on.
  public func propose(
    _ kind: RequestKind, _ request: UnsafeRawBufferPointer, growth: Int,
    completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    if request.count > maximumRequestBytes {
      return completion(.failure(.requestTooLarge))
    }
    if growth > 0, !makeSureOfSpace(for: growth) { return completion(.failure(.noSpace)) }
    submit(.request(kind), request, completion: completion)
  }

  /// Proposes a document of the node's own.
  func submit(
    _ kind: EntryKind, lease: Int64 = 0, _ document: [UInt8], leaderTerm: Term? = nil, isBounded: Bool = true,
    completion: @escaping ProposalCompletion
  ) {
    document.withUnsafeBytes { bytes in
      submit(
        kind, lease: lease, bytes, leaderTerm: leaderTerm, isBounded: isBounded, completion: completion)
    }
  }

  /// What is not `isBounded` is bounded by who asks for it, and not refused for what clients have under way.
  private func submit(
    _ kind: EntryKind, lease: Int64 = 0, _ request: UnsafeRawBufferPointer, leaderTerm: Term? = nil,
    isBounded: Bool = true, completion: @escaping ProposalCompletion
  ) {
    let requestID = makeRequestID()
    if pipeline.health.isOver { return completion(.failure(.stopped)) }
    let data = Envelope.encode(kind, requestID: requestID, lease: lease, request: request)
    let limits = configuration.limits
    let pending = metrics.proposalsPending.wrappingAdd(1, ordering: .relaxed).newValue
    let bytes = metrics.proposalBytesPending.wrappingAdd(data.count, ordering: .relaxed).newValue
    let proposal = RaftInput.propose(
      Proposal(data: data, requestID: requestID, leaderTerm: leaderTerm, completion: completion))
    let isAccepted =
      isBounded
      ? pending <= limits.pendingProposals && bytes <= limits.pendingProposalBytes
        && pipeline.raft.offer(proposal)
      : pipeline.raft.submit(proposal)
    if !isAccepted {
      metrics.proposalEnded(bytes: data.count)
      metrics.proposalsFailed.wrappingAdd(1, ordering: .relaxed)
      completion(.failure(pipeline.health.isOver ? .stopped : .tooManyRequests))
    }
  }

  /// Asks the core, if this member leads, for a change of the members.
  func submitChange(
    _ request: MembershipRequest, _ requestID: UInt64, completion: @escaping ProposalCompletion
  ) {
    let input = RaftInput.change(request, requestID: requestID, completion: completion)
    if pipeline.health.isOver || !pipeline.raft.offer(input) { completion(.failure(.stopped)) }
  }

  /// Asks the core to hand over leadership; false once it is stopped.
  func submitTransfer(to id: UInt64?, _ completion: @escaping @Sendable (NodeError?) -> Void) -> Bool {
    !pipeline.health.isOver && pipeline.raft.offer(.transfer(to: id, completion: completion))
  }

  /// Calls back when a read of the local store, started from then on, is linearizable.
  public func readBarrier(completion: @escaping @Sendable (NodeError?) -> Void) {
    if pipeline.health.isOver { return completion(.stopped) }
    let pending = metrics.readsPending.wrappingAdd(1, ordering: .relaxed).newValue
    if pending > configuration.limits.pendingReads || !pipeline.raft.offer(.read(completion)) {
      metrics.readsPending.wrappingSubtract(1, ordering: .relaxed)
      completion(pipeline.health.isOver ? .stopped : .tooManyRequests)
    }
  }

  /// Runs `body` on the bounded pool of reader threads, with that thread's handle; false when too much work
  /// waits for the pool already.
  public func read(_ body: @escaping @Sendable (ReadHandle) -> Void) -> Bool { readers.run(body) }

  // MARK: compaction

  /// Calls back when everything that can go for a compaction to `revision`, which is applied, is gone from the
  /// checkpoint (etcd API: `CompactionRequest.physical`). It may take long; `completion` runs on a thread of the
  /// node, and must only hand the outcome on.
  public func whenCompacted(_ revision: Int64, completion: @escaping @Sendable (NodeError?) -> Void) {
    if pipeline.health.isOver { return completion(.stopped) }
    // Only what is in the checkpoint is compacted.
    pipeline.apply.submit(.rotate)
    if !pipeline.flush.offer(.whenCompacted(revision: revision, completion: completion)) {
      completion(.stopped)
    }
  }

  /// Calls back when all that is applied by then is in the checkpoint, as `whenCompacted` does.
  func whenCheckpointed(completion: @escaping @Sendable (NodeError?) -> Void) {
    if pipeline.health.isOver || !pipeline.apply.submit(.checkpoint(completion)) { completion(.stopped) }
  }

  /// Asks for all the disk space that can be given back, and does not wait for it (etcd API: Defragment).
  public func reclaimSpace() { pipeline.flush.submit(.reclaim) }

  private func compactIfDue() {
    let status = raftLoop.status
    let due = automaticCompactor.withLock { compactor in
      compactor?.look(
        now: clock.now(), revision: store.currentRevision, isLeader: status.leader == status.memberID)
    }
    guard let due else { return }
    log.info("starting automatic compaction", ["revision": "\(due)"])
    due.compactionDocument.withUnsafeBytes { document in
      submit(.automaticCompaction, document) { [weak self] result in
        self?.automaticCompactionEnded(due, result)
      }
    }
  }

  private func automaticCompactionEnded(_ revision: Int64, _ result: Result<Outcome, NodeError>) {
    var failure: String?
    switch result.map(\.result) {
    // Somebody else compacted as far.
    case .success(.success), .success(.failure(.compacted)):
      log.info("completed automatic compaction", ["revision": "\(revision)"])
    case .success(.failure(let error)): failure = "\(error)"
    case .failure(let error): failure = "\(error)"
    }
    if let failure { log.error("the automatic compaction to \(revision) failed; it is tried again", failure) }
    automaticCompactor.withLock { $0?.ended(revision, isDone: failure == nil, now: clock.now()) }
  }

  // MARK: leases

  /// The shortest TTL, in seconds (etcd: `minLeaseTTL`, one and a half election timeouts).
  public var minimumLeaseSeconds: Int64 {
    let heartbeat = max(1, configuration.heartbeatMilliseconds)
    let milliseconds = 3 * (configuration.electionMilliseconds / heartbeat) / 2 * heartbeat
    return Int64((milliseconds + 999) / 1000)
  }

  /// Unique over members and restarts.
  func makeRequestID() -> UInt64 { nextRequestID.wrappingAdd(1, ordering: .relaxed).newValue }

  /// An id that no other lease has had, above 0.
  func chooseLeaseID() -> Int64 {
    while true {
      let id = Int64(makeRequestID() & UInt64(Int64.max))
      if id != 0 { return id }
    }
  }

  // MARK: what it knows

  /// What goes wrong here.
  var health: Health { pipeline.health }

  /// What the member knows of the cluster now.
  public var status: NodeStatus { raftLoop.status }

  /// Whether the member cannot go on.
  public var hasFailed: Bool { pipeline.health.hasFailed.load(ordering: .acquiring) }

  /// The cluster's members, ordered by id.
  public var members: [Member] { Self.cluster(store, founding).members }

  // MARK: space

  /// Raises the alarm when there is no space for so many bytes more. A full disk concerns the others only if there are
  /// none to go on without this member: it refuses what comes to it, and stops leading by itself.
  func makeSureOfSpace(for growth: Int) -> Bool {
    let isDiskFull = pipeline.health.isDiskFull
    if !isDiskFull && (quotaBytes == 0 || store.sizeInUse + Int64(growth) <= quotaBytes) { return true }
    if !isDiskFull || pipeline.peers.count.load(ordering: .relaxed) == 0 { raiseNoSpace() }
    return false
  }

  /// Raises the NOSPACE alarm of this member, so that every member refuses writes until it is disarmed.
  private func raiseNoSpace() {
    let alarm = Alarm(member: memberID, kind: .noSpace)
    if store.alarms.contains(alarm) || isRaisingAlarm.exchange(true, ordering: .acquiringAndReleasing) {
      return
    }
    log.error("no space is left: the NOSPACE alarm is raised", "quota or disk is exhausted")
    submit(.raiseAlarm, alarm.document) { _ in self.isRaisingAlarm.store(false, ordering: .releasing) }
  }

  /// Once what the log held at the start is applied: only then is it known what the cluster knows, and the
  /// request does not have to queue behind the replay. What fails is tried again with a later tick.
  private func publishWhenCaughtUp() {
    publication.store(.underWay, ordering: .relaxed)
    readBarrier { [weak self] error in
      guard let self else { return }
      if error != nil { return publication.store(.due, ordering: .relaxed) }
      watches.start()
      publishAttributes()
    }
  }

  private func publishIfDue() {
    if publication.load(ordering: .relaxed) == .due && !pipeline.health.isOver { publishWhenCaughtUp() }
  }

  /// Tells the cluster this member's name and client URLs, if it does not know them yet.
  private func publishAttributes() {
    guard let known = members.first(where: { $0.id == memberID }) else {
      // It is being added, and this member has yet to learn so.
      return publication.store(.due, ordering: .relaxed)
    }
    var member = known
    member.name = configuration.name
    member.clientURLs = configuration.clientURLs
    if member == known { return publication.store(.done, ordering: .relaxed) }
    var writer = DocumentWriter()
    member.encode(to: &writer)
    submit(.memberAttributes, writer.bytes) { [weak self] result in
      guard let self else { return }
      if case .failure(let error) = result, error != .stopped {
        log.error("this member's name and client URLs are not published yet; it is tried again", "\(error)")
        publication.store(.due, ordering: .relaxed)
      } else {
        publication.store(.done, ordering: .relaxed)
      }
    }
  }

  // MARK: end

  /// Answers what is under way, checkpoints what is applied (so that the next start has nothing to replay) and
  /// closes the files. A checkpoint that fails is given up: the log keeps everything. Nobody may use the node or
  /// its store any more.
  public func stop() {
    let taken = running.withLock { running in
      defer { running = nil }
      return running
    }
    guard let taken else { return }
    pipeline.health.isStopping.store(true, ordering: .releasing)
    for timer in taken.timers { timer.cancel() }
    readers.stop()
    transport?.stop()
    leaderCalls.stop()
    pipeline.raft.submit(.stop)
    pipeline.raft.stop()
    supplies.stop()
    pipeline.log.stop()
    taken.preparation.stop()
    taken.writer.close()
    // The flush first: while it fails, an apply may wait for it.
    pipeline.flush.submit(.stop)
    pipeline.apply.submit(.stop)
    pipeline.apply.stop()
    pipeline.flush.stop()
    watches.stop()
    store.close()
  }
}
