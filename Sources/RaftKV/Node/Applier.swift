import DequeModule
import MVCC
import Raft
import Synchronization

/// The apply stage: the only writer of the store's state. Committed entries become changes, in order, and who
/// waits for them gets an answer.
///
/// While no memtable has room because checkpoints fail, entries wait here and the stage goes on: it must answer reads
/// of what is applied, and who waits too long. How many can wait is bounded by what the core hands out before it
/// is told that they are applied.
///
/// Safe: because only the apply stage's handler touches the mutable state.
final class Applier: @unchecked Sendable {
  private let store: Store
  private let pipeline: Pipeline
  private let watches: WatchHub
  private let decoder: CommandDecoder
  private let clock: any NodeClock
  private let idleNanoseconds: UInt64
  private let timeoutNanoseconds: UInt64
  private let founding: Cluster
  private let leases: LeaseManager
  private let clusterChanged: @Sendable (Cluster) -> Void
  private let onApply: (@Sendable (Entry, Command?, Outcome?) -> Void)?

  private var appliedIndex: LogIndex
  /// Entries that wait for a flush.
  private var waitingEntries = Deque<CommittedEntry>()
  private var waitingReads = Deque<(index: LogIndex, completions: [ReadCompletion])>()
  /// When entries began to wait.
  private var waitingSince: UInt64 = 0
  /// The term that this member leads, until an entry of it is applied; else 0.
  private var termToLead: Term = 0
  /// Somebody waits for the checkpoint of what is applied.
  private var isRotationWanted = false
  /// A snapshot's content is being taken over: nothing is applied meanwhile.
  private var isInstalling = false
  /// No entry is applied any more.
  private var isOver = false
  private var lastChange: UInt64

  init(
    store: Store, founding: Cluster, leases: LeaseManager, pipeline: Pipeline, watches: WatchHub,
    decoder: @escaping CommandDecoder, clock: any NodeClock, limits: NodeLimits,
    clusterChanged: @escaping @Sendable (Cluster) -> Void,
    onApply: (@Sendable (Entry, Command?, Outcome?) -> Void)? = nil
  ) {
    self.onApply = onApply
    self.leases = leases
    self.clusterChanged = clusterChanged
    self.watches = watches
    self.founding = founding
    self.store = store
    self.pipeline = pipeline
    self.decoder = decoder
    self.clock = clock
    idleNanoseconds = UInt64(limits.idleFlushMilliseconds) * 1_000_000
    timeoutNanoseconds = UInt64(limits.requestTimeoutMilliseconds) * 1_000_000
    appliedIndex = store.applied.index
    lastChange = clock.now()
  }

  func handle(_ batch: [ApplyInput]) {
    let before = appliedIndex
    var isTick = false
    for input in batch {
      switch input {
      case .entries(let entries): take(entries)
      case .reads(let index, let completions): waitingReads.append((index, completions))
      case .tick:
        rotateIfIdle()
        answerOverdue()
        isTick = true
      case .rotate: isRotationWanted = true
      case .checkpoint(let completion):
        isRotationWanted = true
        let flush = FlushInput.whenFlushed(appliedIndex, completion: completion)
        if !pipeline.flush.submit(flush) { completion(.stopped) }
      case .leadership(let term):
        leases.leadershipChanged(term: 0)
        termToLead = term
      case .install(let snapshot): install(snapshot)
      case .installed: installed()
      case .flushed: break
      case .stop:
        applyWaiting()
        if waitingEntries.isEmpty && !isOver && !isInstalling { store.rotate() }
        isOver = true
      }
      applyWaiting()
      takeLead()
      answerReads()
    }
    if isRotationWanted, !isOver, !isInstalling, !store.isFlushBehind {
      isRotationWanted = false
      store.rotate()
    }
    if isOver || pipeline.health.hasFailed.load(ordering: .acquiring) { answerAll(.stopped) }
    if appliedIndex > before {
      lastChange = clock.now()
      watches.changed()
      pipeline.raft.submit(.applied(appliedIndex))
    }
    // Under load no tick may get in.
    if !isOver, isTick || appliedIndex > before { leases.poll() }
  }

  /// What this member leads counts once an entry of its term is applied: before, renewals that the former leader has
  /// answered may still be on their way here.
  private func takeLead() {
    guard termToLead != 0, store.applied.term >= termToLead else { return }
    leases.leadershipChanged(term: termToLead)
    termToLead = 0
  }

  private func take(_ entries: [CommittedEntry]) {
    var next = 0
    if waitingEntries.isEmpty {
      while next < entries.count, mayApply {
        apply(entries[next])
        next += 1
      }
    }
    if next == entries.count { return }
    if waitingEntries.isEmpty { waitingSince = clock.now() }
    waitingEntries.append(contentsOf: entries[next...])
  }

  private func applyWaiting() {
    while !waitingEntries.isEmpty, mayApply { apply(waitingEntries.removeFirst()) }
  }

  private var mayApply: Bool {
    !isOver && !isInstalling && !pipeline.health.hasFailed.load(ordering: .acquiring)
      && !store.mustWaitForFlush
  }

  private func apply(_ committed: CommittedEntry) {
    let entry = committed.entry
    if entry.index <= appliedIndex { return }
    precondition(entry.index == appliedIndex + 1, "entry \(entry.index) follows \(appliedIndex)")
    if entry.kind == .normal && entry.data.isEmpty {
      store.skip(index: entry.index, term: entry.term)
      appliedIndex = entry.index
      onApply?(entry, nil, nil)
      return
    }
    let command: Command
    var changed: Cluster?
    do {
      if entry.kind == .configuration {
        changed = try clusterAfter(entry)
        guard let changed else {
          // Impossible, and Raft has ignored it as well.
          store.skip(index: entry.index, term: entry.term)
          appliedIndex = entry.index
          onApply?(entry, nil, nil)
          return answer(committed, .failure(.membership(.impossible)))
        }
        command = .setMeta(name: Cluster.documentName, value: changed.document)
      } else {
        command = try decode(entry, &changed)
      }
    } catch {
      pipeline.health.fail("log entry \(entry.index) cannot be understood: \(error)")
      return answer(committed, .failure(.stopped))
    }
    let outcome = store.apply(command, index: entry.index, term: entry.term)
    // A refused entry is applied too; one that the store could not carry out is not.
    guard store.applied.index == entry.index else {
      isOver = true
      if !pipeline.health.isStopping.load(ordering: .acquiring) {
        pipeline.health.fail("log entry \(entry.index) cannot be applied: \(outcome.result)")
      }
      return answer(committed, .failure(.stopped))
    }
    appliedIndex = entry.index
    onApply?(entry, command, outcome)
    pipeline.metrics.proposalsApplied.wrappingAdd(1, ordering: .relaxed)
    if case .lease(let command) = command, case .success(.lease(let result)) = outcome.result {
      leases.applied(command, result)
    }
    if let changed { clusterChanged(changed) }
    answer(committed, .success(outcome))
  }

  // MARK: a snapshot takes the place of everything

  private func install(_ snapshot: Snapshot) {
    isInstalling = true
    if !pipeline.flush.submit(.install(snapshot)) { isInstalling = false }
  }

  private func installed() {
    isInstalling = false
    appliedIndex = store.applied.index
    // What is in there already was committed before the snapshot was made.
    while let first = waitingEntries.first, first.entry.index <= appliedIndex {
      waitingEntries.removeFirst()
      answer(first, .failure(.timeout))
    }
    if let cluster = try? currentCluster() { clusterChanged(cluster) }
  }

  // MARK: the cluster

  private func currentCluster() throws -> Cluster {
    guard let document = try store.meta(Cluster.documentName) else { return founding }
    guard let cluster = Cluster(document: document) else {
      throw StartError("the cluster document is malformed")
    }
    return cluster
  }

  /// Nil when the change is not possible.
  private func clusterAfter(_ entry: Entry) throws -> Cluster? {
    var cluster = try currentCluster()
    return try cluster.apply(configuration: entry) ? cluster : nil
  }

  private func answer(_ committed: CommittedEntry, _ result: Result<Outcome, NodeError>) {
    guard let completion = committed.completion else { return }
    pipeline.metrics.proposalEnded(bytes: committed.entry.data.count)
    completion(result)
  }

  private func decode(_ entry: Entry, _ changed: inout Cluster?) throws -> Command {
    guard let envelope = Envelope(entry.data) else {
      throw StartError("it is not of this version's format")
    }
    return try entry.data.withUnsafeBytes { data in
      let request = UnsafeRawBufferPointer(rebasing: data[envelope.requestOffset...])
      switch envelope.kind {
      case .memberAttributes, .membership:
        let cluster = try clusterAfter(envelope.kind, request)
        changed = cluster
        return .setMeta(name: Cluster.documentName, value: cluster.document)
      case .raiseAlarm: return try alarmCommand(request)
      case .automaticCompaction: return try compactionCommand(request)
      case .lease:
        guard let command = LeaseCommand(document: [UInt8](request)[...], lease: envelope.lease) else {
          throw StartError("its lease command is malformed")
        }
        return .lease(command)
      case .request(let kind): return try decoder(kind, request)
      }
    }
  }

  /// The cluster after an entry that leaves alone who decides.
  private func clusterAfter(_ kind: EntryKind, _ request: UnsafeRawBufferPointer) throws -> Cluster {
    var cluster = try currentCluster()
    let document = [UInt8](request)[...]
    if case .membership = kind {
      guard case .update(let id, let peerURLs)? = MembershipRequest(document: document) else {
        throw StartError("its change of a member's addresses is malformed")
      }
      cluster.apply(.update(id, peerURLs: peerURLs))
    } else {
      var reader = DocumentReader(document)
      guard let member = Member(&reader) else { throw StartError("its member attributes are malformed") }
      cluster.update(attributesOf: member)
    }
    return cluster
  }

  private func alarmCommand(_ request: UnsafeRawBufferPointer) throws -> Command {
    guard let alarm = Alarm(document: [UInt8](request)) else {
      throw StartError("its alarm is malformed")
    }
    return .alarm(AlarmCommand(action: .activate, alarm: alarm))
  }

  private func compactionCommand(_ request: UnsafeRawBufferPointer) throws -> Command {
    guard let revision = Int64(compactionDocument: [UInt8](request)) else {
      throw StartError("its compaction is malformed")
    }
    return .compact(revision: revision)
  }

  private func answerReads() {
    while let first = waitingReads.first, first.index <= appliedIndex {
      waitingReads.removeFirst()
      pipeline.metrics.readsPending.wrappingSubtract(first.completions.count, ordering: .relaxed)
      for completion in first.completions { completion(nil) }
    }
  }

  private func fail(_ completions: [ReadCompletion], _ error: NodeError) {
    pipeline.metrics.readsPending.wrappingSubtract(completions.count, ordering: .relaxed)
    for completion in completions { completion(error) }
  }

  /// Tells those who have waited for a flush too long. Their entries stay: they are committed.
  private func answerOverdue() {
    guard !waitingEntries.isEmpty, clock.now() &- waitingSince >= timeoutNanoseconds else { return }
    waitingSince = clock.now()
    answerAll(.timeout)
  }

  private func answerAll(_ error: NodeError) {
    for position in waitingEntries.indices {
      answer(waitingEntries[position], .failure(error))
      waitingEntries[position].completion = nil
    }
    while let first = waitingReads.popFirst() { fail(first.completions, error) }
  }

  /// A memtable that nobody writes to is checkpointed: its memory comes back, and a restart has nothing to do.
  private func rotateIfIdle() {
    guard !isOver, !isInstalling, clock.now() &- lastChange >= idleNanoseconds else { return }
    if store.flushed.index < appliedIndex, !store.isFlushBehind { store.rotate() }
  }
}

extension Int64 {
  /// The document of a compaction to this revision that a member decided on.
  var compactionDocument: [UInt8] {
    var writer = DocumentWriter()
    writer.varint(UInt64(self))
    return writer.bytes
  }

  init?(compactionDocument document: [UInt8]) {
    var reader = DocumentReader(document[...])
    guard let revision = reader.varint().flatMap(Int64.init(exactly:)) else { return nil }
    self = revision
  }
}

extension Alarm {
  /// The document of an alarm that a member raises of itself.
  var document: [UInt8] {
    var writer = DocumentWriter()
    writer.varint(member)
    writer.varint(UInt64(kind.rawValue))
    return writer.bytes
  }

  init?(document: [UInt8]) {
    var reader = DocumentReader(document[...])
    guard let member = reader.varint(), let rawKind = reader.varint(),
      let kind = UInt8(exactly: rawKind).flatMap(Kind.init(rawValue:))
    else { return nil }
    self.init(member: member, kind: kind)
  }
}
