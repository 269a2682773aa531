import CLMDB
import Glibc

/// LMDB's answer as the module's error; `.corrupt` when the file itself is to blame.
func lmdbError(_ code: Int32, _ action: String) -> StoreError {
  let reason = String(cString: mdb_strerror(code))
  switch code {
  case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_INCOMPATIBLE:
    return .corrupt("\(action): \(reason)")
  case MDB_MAP_FULL:
    return .storage("\(action): the checkpoint has reached the size of its map (mapBytes)")
  case MDB_READERS_FULL:
    return .storage("\(action): more threads read than maximumReaders allows")
  default:
    return .storage("\(action): \(reason)")
  }
}

@inline(__always)
func check(_ code: Int32, _ action: @autoclosure () -> String) throws(StoreError) {
  if code != MDB_SUCCESS { throw lmdbError(code, action()) }
}

/// The databases of the checkpoint.
struct Databases {
  /// Keys (their first 480 bytes) → newest version.
  var current: MDB_dbi = 0
  /// What follows the first 480 bytes of long keys, by node and chunk.
  var longKeys: MDB_dbi = 0
  /// (run, block) → index changes of a flush that are not in `current` yet.
  var runs: MDB_dbi = 0
  /// (main, sub[, chunk]) → version.
  var versions: MDB_dbi = 0
  /// Name → document.
  var meta: MDB_dbi = 0
  /// Lease → its times.
  var leases: MDB_dbi = 0
  /// Lease and key attached to it → nothing.
  var leaseKeys: MDB_dbi = 0
}

/// The open checkpoint file.
///
/// It ends by `close`, at once, or by `retire`, when nobody reads it any more.
///
/// Safe: because LMDB's environment may be used by any thread; the mutable members are set while opening, and the
/// list of sessions, and the end, are guarded by `sessions`.
final class Environment: @unchecked Sendable {
  let pointer: OpaquePointer
  private(set) var pageSize = 4096
  private(set) var databases = Databases()
  private let sessions = Monitor(Sessions())

  private struct Sessions {
    var open: [ObjectIdentifier: Unmanaged<ReadSession>] = [:]
    var isRetired = false
    var isClosed = false

    mutating func close(_ pointer: OpaquePointer) {
      if isClosed { return }
      isClosed = true
      mdb_env_close(pointer)
    }
  }

  init(path: String, configuration: Store.Configuration) throws(StoreError) {
    try NewDatabase.createIfMissing(in: path)
    var created: OpaquePointer?
    try check(mdb_env_create(&created), "creating an LMDB environment")
    let environment = created!
    pointer = environment
    // LMDB ends the process after this: its pages contradict each other, and it cannot go on.
    mdb_env_set_assert(environment) { _, message in
      let reason = message.map { String(cString: $0) } ?? "unknown"
      let report =
        "the checkpoint is damaged (LMDB: \(reason)); restore it from a snapshot or from the other members\n"
      _ = write(STDERR_FILENO, report, report.utf8.count)
    }
    do throws(StoreError) {
      try check(mdb_env_set_maxdbs(environment, 16), "setting the number of databases")
      try check(
        mdb_env_set_maxreaders(environment, UInt32(clamping: configuration.maximumReaders + 2)),
        "setting the number of readers")
      try check(mdb_env_set_mapsize(environment, configuration.mapBytes), "setting the size of the map")
      try Self.reserveReaderTable(path: path, readers: configuration.maximumReaders + 2)
      // NORDAHEAD: reads are random, and read-ahead would evict what other reads need. NOMEMINIT: rows are
      // written whole. Neither WRITEMAP nor NOSYNC: the checkpoint must survive a power loss as it stands.
      let flags = UInt32(MDB_NOTLS | MDB_NORDAHEAD | MDB_NOMEMINIT)
      let opened = mdb_env_open(environment, path, flags, 0o600)
      if opened == MDB_INVALID || opened == MDB_VERSION_MISMATCH || opened == MDB_CORRUPTED {
        throw StoreError.corrupt(
          "\(path)/data.mdb is not a checkpoint that this version can read (\(String(cString: mdb_strerror(opened)))); "
            + "choose another data folder, or move this one away and restore a snapshot")
      }
      if opened != MDB_SUCCESS {
        throw StoreError.storage(
          "cannot open \(path)/data.mdb: \(String(cString: mdb_strerror(opened))); "
            + "check the folder's owner, permissions and free space")
      }
      var statistics = MDB_stat()
      try check(mdb_env_stat(environment, &statistics), "reading the checkpoint's page size")
      pageSize = Int(statistics.ms_psize)
      try requireWholeFile(path: path)
      try openDatabases()
    } catch {
      mdb_env_close(environment)
      throw error
    }
  }

  /// Gives LMDB's table of readers all its disk space. LMDB maps it sparse: on a full disk the first touch of a page
  /// would end the process by a bus error.
  private static func reserveReaderTable(path: String, readers: Int) throws(StoreError) {
    let file = path + "/lock.mdb"
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .storage(
        "cannot open \(file): \(String(cString: strerror(errno))); check the folder's owner and permissions")
    }
    defer { Glibc.close(descriptor) }
    // One slot is a cache line; the table's own header takes less than a page.
    let bytes = (readers * 64 / 4096 + 2) * 4096
    let code = posix_fallocate(descriptor, 0, bytes)
    guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
      throw .storage("cannot reserve \(bytes) bytes for \(file): \(String(cString: strerror(code)))")
    }
  }

  private func openDatabases() throws(StoreError) {
    let transaction = try WriteTransaction(self)
    databases.current = try transaction.open("current")
    databases.longKeys = try transaction.open("longkeys")
    databases.runs = try transaction.open("runs")
    databases.versions = try transaction.open("versions")
    databases.meta = try transaction.open("meta")
    databases.leases = try transaction.open("leases")
    databases.leaseKeys = try transaction.open("leasekeys")
    try transaction.commit()
  }

  /// A file cut short would end the process by a bus error at the first read past its end. Pages that were
  /// allocated and freed again in one transaction may lawfully never have been written: then every page past
  /// the end is in the list of free ones.
  private func requireWholeFile(path: String) throws(StoreError) {
    var descriptor: mdb_filehandle_t = -1
    try check(mdb_env_get_fd(pointer, &descriptor), "finding the checkpoint's file")
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .storage("cannot examine \(path)/data.mdb: \(String(cString: strerror(errno)))")
    }
    let length = Int(status.st_size)
    let pages = pageCount
    if length >= pages * pageSize { return }
    let missing = StoreError.corrupt(
      "\(path)/data.mdb is cut short: \(length) of \(pages * pageSize) bytes; restore it from a snapshot or from the other members"
    )
    // Zeros in place of the missing pages let the list of free pages be read without a bus error.
    guard ftruncate(descriptor, pages * pageSize) == 0 else { throw missing }
    var free = Set<Int>()
    do throws(StoreError) {
      let transaction = try ReadSession(self, counted: false)
      try transaction.forEachFreePage { page in if page >= length / self.pageSize { free.insert(page) } }
    } catch {
      ftruncate(descriptor, off_t(length))
      throw missing
    }
    if free.count < pages - length / pageSize {
      ftruncate(descriptor, off_t(length))
      throw missing
    }
  }

  /// Pages of the file up to the last one in use.
  var pageCount: Int {
    var information = MDB_envinfo()
    mdb_env_info(pointer, &information)
    return Int(information.me_last_pgno) + 1
  }

  /// Closes the file. Sessions still around fail from now on; none may be in use.
  func close() {
    sessions.with { sessions in
      for session in sessions.open.values { session._withUnsafeGuaranteedRef { $0.invalidate() } }
      sessions.open.removeAll()
      sessions.close(pointer)
    }
  }

  /// Closes the file as soon as no session is in use: those that are not end now, the others with their call.
  func retire() {
    sessions.with { sessions in
      sessions.isRetired = true
      for (id, session) in sessions.open {
        session._withUnsafeGuaranteedRef { session in
          guard session.retire() else { return }
          session.invalidate()
          sessions.open[id] = nil
        }
      }
      if sessions.open.isEmpty { sessions.close(pointer) }
    }
  }

  /// Whether the file is closed.
  var isClosed: Bool { sessions.with { $0.isClosed } }

  /// Begins the transaction of a session that is known here from now on.
  func register(_ session: ReadSession) throws(StoreError) -> OpaquePointer {
    try sessions.with { (sessions) throws(StoreError) -> OpaquePointer in
      if sessions.isRetired || sessions.isClosed { throw .storage("the checkpoint is closed") }
      let transaction = try beginReading()
      mdb_txn_reset(transaction)
      sessions.open[ObjectIdentifier(session)] = Unmanaged.passUnretained(session)
      return transaction
    }
  }

  /// Begins a read transaction.
  func beginReading() throws(StoreError) -> OpaquePointer {
    var begun: OpaquePointer?
    try check(mdb_txn_begin(pointer, nil, UInt32(MDB_RDONLY), &begun), "beginning a read transaction")
    return begun!
  }

  func unregister(_ session: ReadSession) {
    sessions.with { sessions in
      sessions.open[ObjectIdentifier(session)] = nil
      session.invalidate()
      if sessions.isRetired && sessions.open.isEmpty { sessions.close(pointer) }
    }
  }
}

/// The flush thread's transaction: aborted unless committed.
struct WriteTransaction: ~Copyable {
  let pointer: OpaquePointer
  private var isOpen = true

  init(_ environment: Environment) throws(StoreError) {
    var begun: OpaquePointer?
    try check(mdb_txn_begin(environment.pointer, nil, 0, &begun), "beginning a write transaction")
    pointer = begun!
  }

  deinit { if isOpen { mdb_txn_abort(pointer) } }

  /// Gives up what was changed.
  consuming func abort() {
    isOpen = false
    mdb_txn_abort(pointer)
  }

  consuming func commit() throws(StoreError) {
    isOpen = false
    // LMDB frees the transaction whether or not the commit succeeds.
    try check(mdb_txn_commit(pointer), "committing to the checkpoint")
  }

  func open(_ name: String) throws(StoreError) -> MDB_dbi {
    var database: MDB_dbi = 0
    try check(mdb_dbi_open(pointer, name, UInt32(MDB_CREATE), &database), "opening the database \(name)")
    return database
  }

  func put(
    _ database: MDB_dbi, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, flags: Int32 = 0
  ) throws(StoreError) {
    var keyValue = MDB_val(key)
    var dataValue = MDB_val(value)
    try check(mdb_put(pointer, database, &keyValue, &dataValue, UInt32(flags)), "writing to the checkpoint")
  }

  func remove(_ database: MDB_dbi, _ key: UnsafeRawBufferPointer) throws(StoreError) {
    try removeRow(pointer, database, key)
  }

  /// The row's bytes, valid until the next write.
  func get(_ database: MDB_dbi, _ key: UnsafeRawBufferPointer) throws(StoreError) -> UnsafeRawBufferPointer? {
    try lookUp(pointer, database, key)
  }

  /// Pages that hold the database's rows.
  func leafPages(_ database: MDB_dbi) throws(StoreError) -> Int {
    var statistics = MDB_stat()
    try check(mdb_stat(pointer, database, &statistics), "reading a database's size")
    return statistics.ms_leaf_pages
  }

  /// Pages that hold the database's tree.
  func pages(_ database: MDB_dbi) throws(StoreError) -> Int {
    var statistics = MDB_stat()
    try check(mdb_stat(pointer, database, &statistics), "reading a database's size")
    return statistics.ms_leaf_pages + statistics.ms_branch_pages
  }
}

/// A write transaction's cursor. It must not outlive the transaction.
struct WriteCursor: ~Copyable {
  private let pointer: OpaquePointer

  init(_ transaction: borrowing WriteTransaction, _ database: MDB_dbi) throws(StoreError) {
    var opened: OpaquePointer?
    try check(mdb_cursor_open(transaction.pointer, database, &opened), "opening a cursor")
    pointer = opened!
  }

  deinit { mdb_cursor_close(pointer) }

  @inline(__always)
  func put(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, flags: Int32 = 0
  ) throws(StoreError) {
    var keyValue = MDB_val(key)
    var dataValue = MDB_val(value)
    try check(mdb_cursor_put(pointer, &keyValue, &dataValue, UInt32(flags)), "writing to the checkpoint")
  }
}

/// Removes a row if it is there.
func removeRow(
  _ transaction: OpaquePointer, _ database: MDB_dbi, _ key: UnsafeRawBufferPointer
) throws(StoreError) {
  var keyValue = MDB_val(key)
  let code = mdb_del(transaction, database, &keyValue, nil)
  if code != MDB_NOTFOUND { try check(code, "removing from the checkpoint") }
}

extension MDB_val {
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
  }

  @inline(__always)
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mv_data, count: mv_size) }
}

@inline(__always)
func lookUp(
  _ transaction: OpaquePointer, _ database: MDB_dbi, _ key: UnsafeRawBufferPointer
) throws(StoreError) -> UnsafeRawBufferPointer? {
  if key.count == 0 { return nil }
  var keyValue = MDB_val(key)
  var dataValue = MDB_val()
  let code = mdb_get(transaction, database, &keyValue, &dataValue)
  if code == MDB_SUCCESS { return dataValue.bytes }
  if code == MDB_NOTFOUND { return nil }
  throw lmdbError(code, "reading the checkpoint")
}
