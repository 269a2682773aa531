import Glibc
import Synchronization

/// A checkpoint folder that is open, and about to take the place of a running store's.
///
/// Safe: because it is made by one thread and handed over whole.
public final class PreparedCheckpoint: @unchecked Sendable {
  /// The log position that it stands for.
  public var position: Store.Position { loaded.state.position }
  /// Its revision.
  public var revision: Int64 { loaded.state.revision }

  let directory: String
  let folder: FolderLock
  let environment: Environment
  let loaded: Checkpoint
  let runs: IndexRuns
  let delta: IndexDelta
  /// A store owns the environment and the lock.
  var isInstalled = false

  init(directory: String, configuration: Store.Configuration) throws(StoreError) {
    guard Folders.exists(directory + "/data.mdb") else {
      throw .storage("there is no checkpoint in \(directory)")
    }
    self.directory = directory
    folder = try FolderLock(directory)
    environment = try Environment(path: directory, configuration: configuration)
    do throws(StoreError) {
      guard let found = try Checkpoint.read(environment, path: directory) else {
        throw .corrupt("the checkpoint in \(directory) names no format")
      }
      loaded = found
      (runs, delta) = try IndexRuns.load(environment)
    } catch {
      environment.close()
      throw error
    }
  }

  deinit {
    if isInstalled { return }
    environment.close()
    folder.release()
  }
}

/// Taking another checkpoint over in place: a member that lags too far behind the log gets a snapshot of another.
///
/// On the disk the folders change places by two renames, `db` → `db.old` and `db.new` → `db`, and the old one is removed
/// after that. Whoever calls this has said in the log, durably, that everything up to the new position comes from the
/// snapshot; with that word a start finishes what a crash interrupted (`finishInstall`).
extension Store {
  /// The folder from which a store in `directory` takes a checkpoint over: beside it.
  public static func newFolder(for directory: String) -> String { directory + ".new" }
  static func oldFolder(for directory: String) -> String { directory + ".old" }

  /// Opens the checkpoint in the store's `newFolder` for `install`. On any thread. Fails with `.storage` or `.corrupt`.
  public func prepareInstall() throws(StoreError) -> PreparedCheckpoint {
    try PreparedCheckpoint(
      directory: Store.newFolder(for: directory), configuration: state.configuration)
  }

  /// Takes over what the prepared checkpoint holds, in the place of everything: revisions, keys, leases, documents,
  /// alarms, position. What is in memtables is given up. On the apply thread, between entries, or on another while the
  /// apply thread stands still; it waits for the step that the flush thread is in, if any, and all others go on.
  ///
  /// Handles, pins and watches stay in use. A read under way ends on what it began with; the next sees the new content,
  /// and fails with `.compacted` if its revision is below the new compacted one. A `SnapshotExport` under way fails.
  ///
  /// Fails with `.storage`. If the checkpoint is not past the last applied entry, or the folders cannot be renamed,
  /// nothing is changed. If they changed places and that could not be made durable, the store accepts no more entries: the
  /// process should end.
  public func install(_ prepared: PreparedCheckpoint) throws(StoreError) {
    if let failure { throw failure }
    guard prepared.position.index > position.index else {
      throw .storage(
        "the snapshot ends at entry \(prepared.position.index), but the store is at \(position.index) already"
      )
    }
    try background.with { (background) throws(StoreError) in
      if background.discarded != nil { try Folders.remove(Store.oldFolder(for: directory)) }
      background.discarded = nil
      try exchangeFolders(prepared.directory)
      prepared.isInstalled = true
      let previous = state.environment
      replaceContent(with: prepared)
      let flusher = Flusher(
        state, prepared.environment, nextNode: prepared.loaded.nextNode, runs: prepared.runs)
      background.folder.release()
      background = Background(
        flusher: flusher,
        maintainer: Maintainer(state, flusher: flusher, progress: prepared.loaded.compaction),
        folder: prepared.folder, discarded: Store.oldFolder(for: directory))
      previous.retire()
      // Wrong until the next flush at worst.
      try? flusher.measure()
    }
  }

  private func exchangeFolders(_ new: String) throws(StoreError) {
    let old = Store.oldFolder(for: directory)
    try Folders.remove(old)
    try Folders.rename(directory, to: old)
    do throws(StoreError) {
      try Folders.rename(new, to: directory)
    } catch {
      do throws(StoreError) { try Folders.rename(old, to: directory) } catch { failure = error }
      throw error
    }
    do throws(StoreError) {
      try Folders.syncParent(of: directory)
    } catch {
      failure = error
      throw error
    }
  }

  private func replaceContent(with prepared: PreparedCheckpoint) {
    let loaded = prepared.loaded
    let table = Store.makeMemtable(state.configuration, room: 0, origin: loaded.state)
    // First what refuses reads: one that takes the new content must not miss, unawares, what that no longer has.
    state.retention.raise(to: loaded.state.compactRevision)
    state.compactRevision.store(loaded.state.compactRevision, ordering: .releasing)
    state.physicalRevision.store(
      loaded.compaction.isComplete ? loaded.compaction.target : -1, ordering: .releasing)
    state.leases.replace(loaded.leases)
    state.documents.withLock { $0 = .init(byName: loaded.documents, alarms: loaded.alarms) }
    state.counts.withLock { $0 = CountCache() }
    state.shared.change { shared in
      shared.tables = MemtableSet([table], delta: prepared.delta, environment: prepared.environment)
      shared.flushed = loaded.state
    }
    active = table
    position = loaded.state.position
    revision = loaded.state.revision
    partialChanges = loaded.state.partialChanges
    entryIndex = 0
    entryTerm = 0
    entryRevisions = 0
    entryChanges = 0
    nextSub = 0
    state.replacements.wrappingAdd(1, ordering: .releasing)
    // Last: reads choose their revision before they take the content, so none looks for a new revision in the old one.
    state.revision.store(revision, ordering: .releasing)
  }

  // MARK: at the start

  /// Finishes, or takes back, what a crash left of an `install` in `directory`. Before a store is opened there.
  ///
  /// `expected` is the position of the last snapshot that the log records; nil when it records none. True when the
  /// checkpoint in `directory` is now of that position because its folder was exchanged here. Beyond that it is for the
  /// caller to compare the store's position with the log's.
  ///
  /// Fails with `.storage` and a message for the operator, also when another process uses the folders.
  public static func finishInstall(
    directory: String, expecting expected: Position?, configuration: Configuration = .init()
  ) throws(StoreError) -> Bool {
    let new = newFolder(for: directory)
    let old = oldFolder(for: directory)
    var locks: [FolderLock] = []
    defer { for lock in locks { lock.release() } }
    for folder in [directory, old, new, new + ".part"] where Folders.exists(folder) {
      locks.append(try FolderLock(folder))
    }
    try Folders.remove(new + ".part")
    if Folders.exists(directory) {
      // The exchange did not begin, or was complete.
      try Folders.remove(old)
      guard Folders.exists(new) else { return false }
      guard let expected, try position(of: new, configuration) == expected,
        try position(of: directory, configuration).map({ $0.index < expected.index }) ?? true
      else {
        try Folders.remove(new)
        return false
      }
      try Folders.rename(directory, to: old)
    } else if Folders.exists(old) {
      guard let expected, Folders.exists(new), try position(of: new, configuration) == expected else {
        // Nothing in the log speaks for the new one.
        try Folders.rename(old, to: directory)
        try Folders.syncParent(of: directory)
        try Folders.remove(new)
        return false
      }
    } else {
      // There was no store yet: what is new came for one that the log does not know, or the log is gone.
      guard let expected, Folders.exists(new), try position(of: new, configuration) == expected else {
        return false
      }
    }
    try Folders.rename(new, to: directory)
    try Folders.syncParent(of: directory)
    try Folders.remove(old)
    return true
  }

  /// The position of the checkpoint in a folder; nil when there is none.
  private static func position(
    of folder: String, _ configuration: Configuration
  ) throws(StoreError) -> Position? {
    guard Folders.exists(folder + "/data.mdb") else { return nil }
    let environment = try Environment(path: folder, configuration: configuration)
    defer { environment.close() }
    return try Checkpoint.read(environment, path: folder)?.state.position
  }
}

/// For a start that must open the store before it knows what the log says.
extension Store {
  /// Puts the store's folder back in its place when a crash came between the two renames of an `install`: whether the new
  /// one is to be taken over is then decided by `finishInstall`. Before a store is opened there. Fails with `.storage`.
  public static func takeBackInstall(directory: String) throws(StoreError) {
    let old = oldFolder(for: directory)
    guard !Folders.exists(directory), Folders.exists(old) else { return }
    try Folders.rename(old, to: directory)
    try Folders.syncParent(of: directory)
  }

  /// Removes a checkpoint that was built for an `install` and will not be taken over. Fails with `.storage`.
  public static func discardNewFolder(of directory: String) throws(StoreError) {
    try Folders.remove(newFolder(for: directory))
  }

  /// Removes what is left of an `install` that is complete, or will not happen: while none is under way.
  /// Fails with `.storage`.
  public static func removeInstall(directory: String) throws(StoreError) {
    for folder in [newFolder(for: directory), newFolder(for: directory) + ".part", oldFolder(for: directory)]
    {
      try Folders.remove(folder)
    }
  }
}
