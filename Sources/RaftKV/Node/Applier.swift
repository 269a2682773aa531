import DequeModule
import MVCC
import Raft
import Synchronization

/// The apply stage: the only writer of the store's state. Committed entries become changes, in order, and who
/// waits for them gets an answer.
///
/// Safe: because only the apply stage's handler touches the mutable state.
final class Applier: @unchecked Sendable {
  private let store: Store
  private let pipeline: Pipeline
  private let decoder: CommandDecoder
  private let clock: any NodeClock
  private let idleNanoseconds: UInt64
  private let founding: Cluster

  private var appliedIndex: LogIndex
  private var waitingReads = Deque<(index: LogIndex, completions: [ReadCompletion])>()
  private var lastChange: UInt64

  init(
    store: Store, founding: Cluster, pipeline: Pipeline, decoder: @escaping CommandDecoder, clock: any NodeClock,
    limits: NodeLimits
  ) {
    self.founding = founding
    self.store = store
    self.pipeline = pipeline
    self.decoder = decoder
    self.clock = clock
    idleNanoseconds = UInt64(limits.idleFlushMilliseconds) * 1_000_000
    appliedIndex = store.applied.index
    lastChange = clock.now()
  }

  func handle(_ batch: [ApplyInput]) {
    let before = appliedIndex
    for input in batch {
      guard !pipeline.health.hasFailed.load(ordering: .acquiring) else { return }
      switch input {
      case .entries(let entries): for entry in entries { apply(entry) }
      case .reads(let index, let completions): waitingReads.append((index, completions))
      case .tick: rotateIfIdle()
      case .rotate: store.rotate()
      }
      answerReads()
    }
    if appliedIndex > before {
      lastChange = clock.now()
      pipeline.raft.submit(.applied(appliedIndex))
    }
  }

  private func apply(_ committed: CommittedEntry) {
    let entry = committed.entry
    if entry.index <= appliedIndex { return }
    precondition(entry.index == appliedIndex + 1, "entry \(entry.index) follows \(appliedIndex)")
    guard entry.kind == .normal, !entry.data.isEmpty else {
      store.skip(index: entry.index, term: entry.term)
      appliedIndex = entry.index
      return
    }
    let command: Command
    do {
      command = try decode(entry)
    } catch {
      pipeline.health.fail("log entry \(entry.index) cannot be understood: \(error)")
      return
    }
    let outcome = store.apply(command, index: entry.index, term: entry.term)
    switch outcome.result {
    case .failure(.corrupt(let what)):
      pipeline.health.fail("the store is corrupt: \(what)")
      return
    case .failure(.storage(let what)):
      pipeline.health.fail("the store cannot be read: \(what)")
      return
    case .success, .failure: break
    }
    appliedIndex = entry.index
    pipeline.metrics.proposalsApplied.wrappingAdd(1, ordering: .relaxed)
    if let completion = committed.completion {
      pipeline.metrics.proposalEnded(bytes: entry.data.count)
      completion(.success(outcome))
    }
  }

  private func decode(_ entry: Entry) throws -> Command {
    guard let envelope = Envelope(entry.data) else {
      throw StartError("it is not of this version's format")
    }
    return try entry.data.withUnsafeBytes { data in
      let request = UnsafeRawBufferPointer(rebasing: data[envelope.requestOffset...])
      switch envelope.kind {
      case .memberAttributes: return try attributesCommand(request)
      case .raiseAlarm: return try alarmCommand(request)
      case .request(let kind): return try decoder(kind, request)
      }
    }
  }

  /// The cluster document with one member's name and client URLs taken over.
  private func attributesCommand(_ request: UnsafeRawBufferPointer) throws -> Command {
    var reader = DocumentReader([UInt8](request)[...])
    guard let member = Member(&reader) else { throw StartError("its member attributes are malformed") }
    var cluster = founding
    if let document = try store.meta(Cluster.documentName) {
      guard let stored = Cluster(document: document) else {
        throw StartError("the cluster document is malformed")
      }
      cluster = stored
    }
    cluster.update(attributesOf: member)
    return .setMeta(name: Cluster.documentName, value: cluster.document)
  }

  private func alarmCommand(_ request: UnsafeRawBufferPointer) throws -> Command {
    guard let alarm = Alarm(document: [UInt8](request)) else {
      throw StartError("its alarm is malformed")
    }
    return .alarm(AlarmCommand(action: .activate, alarm: alarm))
  }

  private func answerReads() {
    while let first = waitingReads.first, first.index <= appliedIndex {
      waitingReads.removeFirst()
      pipeline.metrics.readsPending.wrappingSubtract(first.completions.count, ordering: .relaxed)
      for completion in first.completions { completion(nil) }
    }
  }

  /// A memtable that nobody writes to is checkpointed: its memory comes back, and a restart has nothing to do.
  private func rotateIfIdle() {
    guard clock.now() &- lastChange >= idleNanoseconds else { return }
    if store.flushed.index < appliedIndex { store.rotate() }
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
      let kind = Kind(rawValue: UInt8(truncatingIfNeeded: rawKind))
    else { return nil }
    self.init(member: member, kind: kind)
  }
}
