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

  /// The checkpoint's folder.
  static func database(_ configuration: NodeConfiguration) -> String { configuration.dataDirectory + "/db" }

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
    let names = try fileSystem.list(directory)
    if names.contains("member") {
      throw StartError(
        "\(directory) looks like a data directory of etcd, which raftkv does not read; name another with --data-dir, or "
          + "restore a snapshot of it: raftkv snapshot restore")
    }
    if names.contains(Restore.unfinishedMark) {
      throw StartError(
        "the restore of a snapshot into \(directory) did not come to its end: remove the directory and restore again"
      )
    }
    let database = database(configuration)
    try Store.takeBackInstall(directory: database)
    var store = try Store(directory: database, configuration: configuration.store)
    var checkpoint = store.applied
    var recovery = Recovery(checkpoint: checkpoint)
    var logConfiguration = WriteAheadLog.Configuration(identity: seed)
    logConfiguration.segmentBytes = configuration.limits.logSegmentBytes
    logConfiguration.ballastBytes = configuration.limits.logBallastBytes
    logConfiguration.payloadBytesMax = maximumEntryBytes
    logConfiguration.background = { preparation.execute($0) }
    let known = try store.meta(Cluster.documentName).flatMap { Cluster(document: $0) }
    let wal = try WriteAheadLog.openRepairing(
      directory: logDirectory, fileSystem: fileSystem, configuration: logConfiguration,
      repair: { damage in
        let records = try recovery.repair(damage, cluster: known)
        if records != nil {
          log.error("the log is damaged; what is lost is fetched from the other members", "\(damage)")
        }
        return records
      },
      replay: { record in try recovery.add(record) })
    if let beginning = recovery.beginning, beginning.index > checkpoint.index {
      // A snapshot is in the log, and a crash came before the store had taken it over.
      store.close()
      guard
        try Store.finishInstall(
          directory: database, expecting: beginning, configuration: configuration.store)
      else {
        throw StartError(
          "the log in \(logDirectory) goes on from a snapshot at entry \(beginning.index), which is not in "
            + "\(directory): restore a backup, or remove the member from the cluster and add it anew")
      }
      store = try Store(directory: database, configuration: configuration.store)
      checkpoint = store.applied
    }
    try Store.removeInstall(directory: database)
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
    if configuration.forcesNewCluster {
      let forced = try ForcedCluster(
        member: identity.memberID, cluster: cluster, entries: recovery.entries, lastTerm: checkpoint.term,
        hardState: hardState)
      // The entries first: a crash in between leaves what was there, or some of the others removed.
      try wal.append(forced.entries.map { LogRecord($0) } + [LogRecord(forced.hardState)])
      try wal.sync()
      recovery.entries.removeAll { $0.index > hardState.commit }
      recovery.entries += forced.entries
      hardState = forced.hardState
      recovery.lacksEntries = false
      log.notice(
        "the member goes on alone: the others are removed",
        ["member": "\(hex(identity.memberID))", "last-entry": "\(hardState.commit)"])
    }
    var restored = RestoredState(
      membership: cluster.membership, hardState: hardState,
      precedingIndex: checkpoint.index, precedingTerm: checkpoint.term, entries: recovery.entries,
      applied: checkpoint.index, firstStoredIndex: min(wal.reader.firstIndex, checkpoint.index + 1))
    restored.lacksEntries = recovery.lacksEntries
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
  static func make(_ directory: String, _ fileSystem: any FileSystem) throws(FileError) {
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
