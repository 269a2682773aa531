import Glibc
public import MVCC
import Raft
public import WAL

/// Makes the data directory of one member of a new cluster, whose content is that of a snapshot. Every member of that
/// cluster is made with the same snapshot, the same members and the same token, each under its own name.
///
/// To the new cluster the content is what came before its first log entry. It has nothing else of the old one: other ids, a
/// log of its own, no members that were removed.
public enum Restore {
  /// Is in the directory until it is complete: a start refuses a directory that has it.
  static let unfinishedMark = "RESTORING"
  /// The content is what the log's entries up to here did. All members agree on it.
  static let position = Store.Position(index: 1, term: 1)

  /// Makes the directory that `configuration` names; it must not be there, or be empty, as must be the log's.
  ///
  /// - Parameters:
  ///   - header: what the snapshot says of the store as a whole.
  ///   - bump: added to the revision. Unless it is 0, all before the new revision counts as compacted, so that whoever
  ///     still knows revisions that the snapshot lacks is told so.
  ///   - seed: a random number that tells this member's log from others.
  ///   - next: the snapshot's versions in revision order, then nil.
  /// - Throws: `StartError` with a message for the operator, or whatever `next` throws, `StoreError` or `WALError`.
  ///   What was made of the directories by then is removed.
  public static func run(
    _ configuration: NodeConfiguration, header: SnapshotHeader, bump: Int64 = 0,
    fileSystem: any FileSystem, seed: UInt64, next: () throws -> SnapshotVersion?
  ) throws {
    let directory = configuration.dataDirectory
    let logDirectory = configuration.walDirectory ?? directory + "/wal"
    let identity = try Identity.founder(configuration)
    let header = try adapted(header, to: identity, bump: bump)
    let (before, logBefore) = try (names(in: directory, fileSystem), names(in: logDirectory, fileSystem))
    guard before?.isEmpty ?? true else {
      throw StartError("data-dir \"\(directory)\" not empty or could not be read")
    }
    guard logBefore?.isEmpty ?? true else { throw StartError("wal-dir \"\(logDirectory)\" exists") }
    try DataDirectory.make(directory, fileSystem)
    do {
      let mark = directory + "/" + unfinishedMark
      _ = try fileSystem.open(mark, .createNew)
      try fileSystem.syncDirectory(directory)
      let builder = try CheckpointBuilder(
        directory: directory + "/db", header: header, configuration: configuration.store)
      while let version = try next() { try builder.add(version) }
      try builder.finish()
      try makeLog(logDirectory, identity, configuration, fileSystem, seed: seed)
      try fileSystem.remove(mark)
      try fileSystem.syncDirectory(directory)
    } catch {
      remove(directory + "/db", wholly: true)
      remove(logDirectory, wholly: logBefore == nil)
      remove(directory, wholly: before == nil)
      throw error
    }
  }

  /// What the new cluster begins with.
  private static func adapted(
    _ header: SnapshotHeader, to identity: Identity, bump: Int64
  ) throws(StartError) -> SnapshotHeader {
    var header = header
    header.position = position
    header.documents[Cluster.documentName] = identity.cluster.document
    for place in header.leases.indices { header.leases[place].grantIndex = position.index }
    guard bump != 0 else { return header }
    let (bumped, overflows) = header.revision.addingReportingOverflow(bump)
    guard bump > 0, !overflows, bumped < .max else {
      throw StartError("the revision \(header.revision) cannot be increased by \(bump)")
    }
    header.revision = bumped
    header.compactRevision = bumped
    return header
  }

  /// What is in a directory; nil when it is not there.
  private static func names(
    in directory: String, _ fileSystem: any FileSystem
  ) throws(FileError) -> [String]? {
    do throws(FileError) {
      return try fileSystem.list(directory)
    } catch  where error.isNotFound {
      return nil
    }
  }

  private static func makeLog(
    _ directory: String, _ identity: Identity, _ configuration: NodeConfiguration,
    _ fileSystem: any FileSystem,
    seed: UInt64
  ) throws {
    try DataDirectory.make(directory, fileSystem)
    var logConfiguration = WriteAheadLog.Configuration(identity: seed)
    logConfiguration.segmentBytes = configuration.limits.logSegmentBytes
    logConfiguration.ballastBytes = 0
    logConfiguration.payloadBytesMax = DataDirectory.maximumEntryBytes
    let log = try WriteAheadLog.open(
      directory: directory, fileSystem: fileSystem, configuration: logConfiguration
    ) { _ in }
    try log.append([
      identity.record,
      LogRecord(HardState(term: position.term, vote: 0, commit: position.index)),
      // Whoever joins later gets a snapshot: no entry could bring him the content.
      LogRecord(beginningAfter: position),
    ])
    try log.seal()
  }

  /// Removes what is in a folder, and the folder. What cannot be removed stays, and the mark with it, so that no start
  /// takes the directory for a member's.
  private static func remove(_ folder: String, wholly: Bool) {
    guard let names = try? PosixFileSystem().list(folder) else { return }
    for name in names where name != unfinishedMark {
      let path = folder + "/" + name
      if unlink(path) != 0 && rmdir(path) != 0 { return }
    }
    if names.contains(unfinishedMark) { unlink(folder + "/" + unfinishedMark) }
    if wholly { rmdir(folder) }
  }
}
