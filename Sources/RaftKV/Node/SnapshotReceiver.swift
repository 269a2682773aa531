import MVCC
import Raft
import Synchronization

/// Receives snapshots, one at a time: spools the bytes, verifies them, builds a checkpoint of them beside the store's, and
/// hands the core the message that it waits for. What follows (the log begins anew, the store takes the checkpoint over)
/// is the stages' work; no other snapshot is taken meanwhile.
final class SnapshotReceiver: Sendable {
  private struct State {
    /// Bytes that have come so far; kept when an attempt is cut off.
    var incoming: (description: SnapshotDescription, file: SpoolFile)?
    var isReceiving = false
    /// A checkpoint is being built, or waits to be taken over.
    var isInstalling = false
    var submit: (@Sendable (RaftInput) -> Void)?
    var number = 0
  }

  private let state = Mutex(State())
  private let executor: any Executor
  private let store: Store
  private let configuration: Store.Configuration
  private let directory: String
  private let folder: SpoolFolder
  private let identity: PeerIdentity
  private let log: NodeLog

  init(
    executor: any Executor, store: Store, configuration: NodeConfiguration, folder: SpoolFolder,
    identity: PeerIdentity, log: NodeLog
  ) {
    self.executor = executor
    self.store = store
    self.configuration = configuration.store
    directory = DataDirectory.database(configuration)
    self.folder = folder
    self.identity = identity
    self.log = log
  }

  func attach(_ submit: @escaping @Sendable (RaftInput) -> Void) { state.withLock { $0.submit = submit } }

  /// Where the bytes of a peer's snapshot go; nil when it is of no use, or when one is under way.
  func begin(
    _ description: SnapshotDescription, from member: MemberID, appliedIndex: LogIndex
  ) -> (any SnapshotSink)? {
    guard description.snapshot.index > appliedIndex, description.byteCount > 0 else { return nil }
    return state.withLock { state -> (any SnapshotSink)? in
      if state.isReceiving || state.isInstalling || state.submit == nil { return nil }
      let file: SpoolFile
      if let known = state.incoming, known.description.contentID == description.contentID,
        known.description.snapshot == description.snapshot,
        known.description.byteCount == description.byteCount
      {
        file = known.file
      } else {
        if let old = state.incoming?.file.path { folder.remove(old) }
        state.incoming = nil
        do {
          state.number += 1
          file = try SpoolFile(path: folder.path("incoming-\(state.number)"))
        } catch {
          log.error("a snapshot cannot be received", "\(error)")
          return nil
        }
      }
      state.incoming = (description, file)
      state.isReceiving = true
      log.info(
        "receiving a snapshot",
        [
          "from": "\(hex(member))", "index": "\(description.snapshot.index)",
          "bytes": "\(description.byteCount)",
          "already-here": "\(file.byteCount)",
        ])
      return Sink(receiver: self, description: description, member: member, file: file)
    }
  }

  /// The store has taken the checkpoint over, or the core had no use for it.
  func finished() { state.withLock { $0.isInstalling = false } }

  // MARK: one attempt

  private func interrupted() { state.withLock { $0.isReceiving = false } }

  private func complete(
    _ description: SnapshotDescription, _ member: MemberID, _ file: SpoolFile,
    _ completion: @escaping @Sendable (Bool) -> Void
  ) {
    state.withLock { state in
      state.isReceiving = false
      state.isInstalling = true
      state.incoming = nil
    }
    executor.execute { [self] in
      defer { folder.remove(file.path) }
      do {
        let message = try build(description, member, file)
        let submit = state.withLock { $0.submit }
        submit?(.snapshotReceived(message))
        completion(true)
      } catch {
        log.error("a snapshot from member \(hex(member)) is of no use", "\(error)")
        finished()
        completion(false)
      }
    }
  }

  private func build(
    _ description: SnapshotDescription, _ member: MemberID, _ file: SpoolFile
  ) throws -> Message {
    guard file.byteCount == description.byteCount else {
      throw StartError("it has \(file.byteCount) bytes, and not \(description.byteCount)")
    }
    let reader = try SnapshotReader(SnapshotFileSource(path: file.path))
    let (header, snapshot) = (reader.header, description.snapshot)
    guard header.position == Store.Position(index: snapshot.index, term: snapshot.term),
      let cluster = header.documents[Cluster.documentName].flatMap({ Cluster(document: $0) }),
      cluster.id == identity.clusterID, cluster.membership == snapshot.membership
    else { throw StartError("it is not what its description says") }
    try Store.removeInstall(directory: directory)
    _ = try CheckpointBuilder.build(
      Store.newFolder(for: directory), from: reader, configuration: configuration)
    return Message(
      from: member, to: identity.memberID, term: description.term, body: .snapshot(snapshot))
  }

  /// Safe: because one attempt is used by one thread at a time.
  private final class Sink: SnapshotSink {
    private let receiver: SnapshotReceiver
    private let description: SnapshotDescription
    private let member: MemberID
    private let file: SpoolFile

    init(
      receiver: SnapshotReceiver, description: SnapshotDescription, member: MemberID, file: SpoolFile
    ) {
      self.receiver = receiver
      self.description = description
      self.member = member
      self.file = file
    }

    var receivedBytes: Int64 { file.byteCount }

    func append(_ bytes: [UInt8]) throws {
      guard file.byteCount + Int64(bytes.count) <= description.byteCount else {
        throw StartError("more bytes came than the snapshot has")
      }
      try file.append(bytes)
    }

    func finish(completion: @escaping @Sendable (Bool) -> Void) {
      receiver.complete(description, member, file, completion)
    }

    func interrupted() { receiver.interrupted() }
  }
}
