import MVCC
import Raft
import WAL

/// What a data directory holds, opened: the checkpoint (`db`), the log (`wal`), and who the member is.
struct DataDirectory {
  let store: Store
  let log: WriteAheadLog
  let identity: Identity
  /// What the log says after the checkpoint.
  let restored: RestoredState

  /// The most bytes of an entry that the log takes.
  static let maximumEntryBytes = 64 << 20

  /// Opens the directory. In a new one it founds a cluster, or joins the one that `peers` says is there. The log's next
  /// segments are made on `preparation`.
  static func open(
    _ configuration: NodeConfiguration, fileSystem: any FileSystem, seed: UInt64, preparation: any Executor,
    peers: (any PeerTransport)?, log: NodeLog
  ) throws -> DataDirectory {
    let directory = configuration.dataDirectory
    let logDirectory = configuration.walDirectory ?? directory + "/wal"
    try make(directory, fileSystem)
    if configuration.walDirectory != nil { try make(logDirectory, fileSystem) }
    if try fileSystem.list(directory).contains("member") {
      throw StartError(
        "\(directory) looks like a data directory of etcd, which raftkv does not read; name another with --data-dir"
      )
    }
    let store = try Store(directory: directory + "/db", configuration: configuration.store)
    let checkpoint = store.applied
    var recovery = Recovery(checkpoint: checkpoint)
    var logConfiguration = WriteAheadLog.Configuration(identity: seed)
    logConfiguration.segmentBytes = configuration.limits.logSegmentBytes
    logConfiguration.ballastBytes = configuration.limits.logBallastBytes
    logConfiguration.payloadBytesMax = maximumEntryBytes
    logConfiguration.background = { preparation.execute($0) }
    let wal = try WriteAheadLog.open(
      directory: logDirectory, fileSystem: fileSystem, configuration: logConfiguration
    ) { record in try recovery.add(record) }
    if let tail = wal.recovery.tornTail {
      log.notice("the log's last write was torn by a crash and is cut off", ["tail": "\(tail)"])
    }

    let identity: Identity
    if let known = recovery.identity {
      identity = known
    } else {
      guard checkpoint.index == 0, recovery.entries.isEmpty else {
        throw StartError(
          "\(directory) holds a checkpoint, but its log in \(logDirectory) is gone: put the log back, "
            + "or restore a backup into a new directory")
      }
      identity = try Identity.new(configuration, peers: peers)
      // The checkpoint's folder must be as durable as the log, which may lie elsewhere.
      try fileSystem.syncDirectory(directory)
      try wal.append([identity.record])
      try wal.sync()
      log.info(
        identity.joins == nil ? "a new cluster is founded" : "the member joins a cluster",
        ["member": "\(hex(identity.memberID))", "cluster": "\(hex(identity.cluster.id))"])
    }
    guard recovery.entries.isEmpty || recovery.entries[0].index == checkpoint.index + 1 else {
      throw StartError(
        "the log in \(logDirectory) begins at entry \(recovery.entries[0].index), but the checkpoint in "
          + "\(directory) ends at \(checkpoint.index): entries between them are missing; restore a backup")
    }
    let lastIndex = recovery.entries.last?.index ?? checkpoint.index
    guard wal.lastIndex <= lastIndex else {
      throw StartError(
        "the log in \(logDirectory) ends at entry \(wal.lastIndex), but entries after \(lastIndex), where the "
          + "checkpoint in \(directory) ends, are missing; restore a backup")
    }
    guard wal.lastIndex == lastIndex else {
      throw StartError(
        "the log in \(logDirectory) ends at entry \(wal.lastIndex), before the checkpoint in \(directory), which "
          + "ends at \(checkpoint.index): a part of the log is missing; restore a backup")
    }
    var cluster = identity.cluster
    if let document = try store.meta(Cluster.documentName) {
      guard let known = Cluster(document: document) else {
        throw StartError(
          "the cluster document of the checkpoint in \(directory) is malformed; restore a backup")
      }
      guard known.id == identity.cluster.id else {
        throw StartError(
          "the checkpoint in \(directory) is of cluster \(hex(known.id)), but the log in \(logDirectory) of cluster "
            + "\(hex(identity.cluster.id)): put together what belongs together")
      }
      cluster = known
    }
    if cluster.removed.contains(identity.memberID) {
      throw StartError(
        "the cluster has removed this member, \(hex(identity.memberID)); to have it join again, empty \(directory) and "
          + "add it anew")
    }
    var hardState = recovery.hardState
    hardState.commit = max(hardState.commit, checkpoint.index)
    let restored = RestoredState(
      membership: cluster.membership, hardState: hardState,
      precedingIndex: checkpoint.index, precedingTerm: checkpoint.term, entries: recovery.entries,
      applied: checkpoint.index)
    log.info(
      "the data directory is open",
      [
        "directory": "\(directory)", "checkpoint": "\(checkpoint.index)",
        "entries-to-replay": "\(recovery.entries.count)", "revision": "\(store.currentRevision)",
      ])
    return DataDirectory(store: store, log: wal, identity: identity, restored: restored)
  }

  /// Makes a directory and those above it that are missing, durably: a name that a power cut takes away would take
  /// acknowledged writes with it.
  private static func make(_ directory: String, _ fileSystem: any FileSystem) throws(FileError) {
    do {
      _ = try fileSystem.list(directory)
      return
    } catch  where error.isNotFound {
    } catch {
      // It is there, and whoever uses it says what is wrong with it.
      return try fileSystem.createDirectory(directory)
    }
    let path = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    let slash = path.lastIndex(of: "/")
    let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    if parent != path { try make(parent, fileSystem) }
    try fileSystem.createDirectory(path)
    try fileSystem.syncDirectory(parent)
  }
}

/// Who the member is: written to the log when it starts for the first time, and carried from segment to segment.
struct Identity: Sendable {
  var memberID: UInt64
  /// As it was founded: what the log's first entry finds.
  var cluster: Cluster
  /// The cluster that a new member joins, as its members know it; nil for a founder, and after the first start.
  var joins: Cluster?

  /// How long a new member waits for another to say what it knows of the cluster.
  private static let questionMilliseconds = 2000

  /// The identity of a new member, from its configuration and from what the others know.
  static func new(_ configuration: NodeConfiguration, peers: (any PeerTransport)?) throws(StartError)
    -> Identity
  {
    let token = configuration.clusterToken
    let listed = configuration.initialCluster.map { listed in
      Member(
        id: Member.id(peerURLs: listed.peerURLs, clusterToken: token), name: listed.name,
        peerURLs: listed.peerURLs)
    }
    guard let own = listed.first(where: { $0.name == configuration.name }) else {
      throw StartError("--initial-cluster does not name this member, \"\(configuration.name)\"")
    }
    guard Set(listed.map(\.id)).count == listed.count else {
      throw StartError("--initial-cluster names the same peer URLs twice")
    }
    guard listed.count <= MembershipView.maximumVoters else {
      throw StartError(
        "--initial-cluster names \(listed.count) members; a cluster has at most \(MembershipView.maximumVoters)"
      )
    }
    let others = listed.filter { $0.id != own.id }
    let urls = others.flatMap(\.peerURLs)
    let known = urls.isEmpty ? nil : peers?.clusterDocument(from: urls, milliseconds: questionMilliseconds)
    let running = known.flatMap(Cluster.init(document:))
    if configuration.joinsExistingCluster { return try join(configuration, running, own, urls) }
    if !others.isEmpty && peers == nil {
      throw StartError("--initial-cluster names \(listed.count) members, but this one cannot reach any")
    }
    let identity = Identity(memberID: own.id, cluster: Cluster(founders: listed))
    if let running, running.id == identity.cluster.id {
      if running.member(own.id)?.hasStarted ?? true {
        throw StartError(
          "member \(hex(own.id)) has already been bootstrapped, but \(configuration.dataDirectory) is empty: put its "
            + "data back; or remove the member from the cluster, add it anew, and start it with "
            + "--initial-cluster-state existing")
      }
    }
    return identity
  }

  /// Finds this member among those of the running cluster by its peer URLs.
  private static func join(
    _ configuration: NodeConfiguration, _ running: Cluster?, _ own: Member, _ urls: [String]
  ) throws(StartError) -> Identity {
    if urls.isEmpty {
      throw StartError(
        "--initial-cluster-state existing needs the other members in --initial-cluster")
    }
    guard let running else {
      throw StartError(
        "cannot fetch the cluster's members from any of \(urls.joined(separator: ", ")): are they running, and are "
          + "these their peer URLs?")
    }
    guard let member = running.members.first(where: { Set($0.peerURLs) == Set(own.peerURLs) }) else {
      throw StartError(
        "the cluster \(hex(running.id)) has no member with the peer URLs \(own.peerURLs.joined(separator: ", ")): add "
          + "this member to it first (etcdctl member add)")
    }
    if member.hasStarted {
      throw StartError(
        "member \(hex(member.id)) has already been bootstrapped, but \(configuration.dataDirectory) is empty: put its "
          + "data back; or remove the member from the cluster and add it anew")
    }
    return Identity(memberID: member.id, cluster: running.founding, joins: running)
  }

  init(memberID: UInt64, cluster: Cluster, joins: Cluster? = nil) {
    self.memberID = memberID
    self.cluster = cluster
    self.joins = joins
  }

  init?(payload: [UInt8]) {
    var reader = DocumentReader(payload[...])
    guard let memberID = reader.varint(), let document = reader.bytes(),
      let cluster = Cluster(document: [UInt8](document))
    else { return nil }
    self.init(memberID: memberID, cluster: cluster)
  }

  var record: LogRecord {
    var writer = DocumentWriter()
    writer.varint(memberID)
    writer.counted(cluster.document)
    return LogRecord(kind: RecordKind.identity.rawValue, term: 0, index: 0, payload: writer.bytes)
  }
}

/// What a log record is; part of the log's format: never renumber.
enum RecordKind: UInt8 {
  case identity = 1
  case hardState = 2
  case entry = 3
  case configurationEntry = 4
}

extension LogRecord {
  init(_ entry: Entry) {
    let kind: RecordKind =
      switch entry.kind {
      case .normal: .entry
      case .configuration: .configurationEntry
      }
    self.init(kind: kind.rawValue, term: entry.term, index: entry.index, payload: entry.data)
  }

  init(_ state: HardState) {
    var writer = DocumentWriter()
    writer.varint(state.vote)
    writer.varint(state.commit)
    self.init(kind: RecordKind.hardState.rawValue, term: state.term, index: 0, payload: writer.bytes)
  }
}

/// Gathers what the log's records say, in the order they were written.
private struct Recovery {
  let checkpoint: Store.Position
  var identity: Identity?
  var hardState = HardState()
  /// Entries after the checkpoint, without gaps.
  var entries: [Entry] = []

  init(checkpoint: Store.Position) { self.checkpoint = checkpoint }

  mutating func add(_ record: LogRecord) throws {
    guard let kind = RecordKind(rawValue: record.kind) else {
      throw StartError("a record of unknown kind \(record.kind): a newer raftkv wrote this log")
    }
    switch kind {
    case .identity:
      guard let identity = Identity(payload: record.payload) else {
        throw StartError("the member's identity is malformed")
      }
      self.identity = identity
    case .hardState:
      var reader = DocumentReader(record.payload[...])
      guard let vote = reader.varint(), let commit = reader.varint() else {
        throw StartError("a hard state is malformed")
      }
      hardState = HardState(term: record.term, vote: vote, commit: commit)
    case .entry: try add(record, kind: .normal)
    case .configurationEntry: try add(record, kind: .configuration)
    }
  }

  /// An entry replaces what the log held from its index on.
  private mutating func add(_ record: LogRecord, kind: Entry.Kind) throws {
    guard record.index > checkpoint.index else { return }
    if let first = entries.first?.index, let last = entries.last?.index {
      if record.index <= last {
        entries.removeLast(record.index < first ? entries.count : Int(last - record.index + 1))
      } else if record.index > last + 1 {
        throw StartError("entry \(record.index) follows entry \(last)")
      }
    }
    entries.append(Entry(term: record.term, index: record.index, kind: kind, data: record.payload))
  }
}

/// An id as etcd prints it.
func hex(_ id: UInt64) -> String { String(id, radix: 16) }
