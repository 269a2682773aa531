import CLMDB
import Synchronization

/// One reader's place in LMDB: a read transaction and its cursors, made once and renewed for each call.
/// Used by one thread at a time, between `enter` and `leave`; only `invalidate` comes from another, when the store
/// closes, or when it has taken another checkpoint over and this one is not in use.
final class ReadSession {
  private static let isInUse: UInt8 = 1
  private static let isRetired: UInt8 = 2

  let environment: Environment
  private let use = Atomic<UInt8>(0)
  private var transaction: OpaquePointer?
  @exclusivity(unchecked) private var isRenewed = false
  private let counted: Bool
  private var cursors:
    (current: OpaquePointer?, longKeys: OpaquePointer?, versions: OpaquePointer?, changes: OpaquePointer?)
  private var cursorsRenewed: (current: Bool, longKeys: Bool, versions: Bool, changes: Bool) =
    (false, false, false, false)

  /// `counted` sessions are known to the environment, which ends them when it closes.
  init(_ environment: Environment, counted: Bool = true) throws(StoreError) {
    self.environment = environment
    self.counted = counted
    cursors = (nil, nil, nil, nil)
    if counted {
      transaction = try environment.register(self)
    } else {
      transaction = try environment.beginReading()
      isRenewed = true
    }
  }

  deinit {
    if counted { environment.unregister(self) } else { invalidate() }
  }

  /// Begins a call; false when the checkpoint is retired: the session is of no use any more.
  @inline(__always)
  func enter() -> Bool {
    use.compareExchange(expected: 0, desired: Self.isInUse, ordering: .acquiring).exchanged
  }

  /// Ends a call.
  @inline(__always)
  func leave() {
    if !use.compareExchange(expected: Self.isInUse, desired: 0, ordering: .releasing).exchanged { end() }
  }

  /// The checkpoint was retired while the session was in use.
  private func end() { environment.unregister(self) }

  /// Lets no further call begin; true when none is under way.
  func retire() -> Bool {
    use.bitwiseOr(Self.isRetired, ordering: .acquiringAndReleasing).oldValue & Self.isInUse == 0
  }

  /// Ends the transaction for good.
  func invalidate() {
    for cursor in [cursors.current, cursors.longKeys, cursors.versions, cursors.changes] {
      if let cursor { mdb_cursor_close(cursor) }
    }
    cursors = (nil, nil, nil, nil)
    if let transaction { mdb_txn_abort(transaction) }
    transaction = nil
  }

  /// Takes the newest state of the checkpoint, unless this call holds one already.
  @inline(__always)
  func renew() throws(StoreError) {
    if isRenewed { return }
    guard let transaction else { throw .storage("the store is closed") }
    try check(mdb_txn_renew(transaction), "renewing a read transaction")
    isRenewed = true
  }

  /// Lets go of the state, so that its pages may be used again.
  @inline(__always)
  func reset() {
    guard isRenewed, let transaction else { return }
    mdb_txn_reset(transaction)
    isRenewed = false
    cursorsRenewed = (false, false, false, false)
  }

  var handle: OpaquePointer { transaction! }
  var databases: Databases { environment.databases }

  func currentCursor() throws(StoreError) -> OpaquePointer {
    try cursor(&cursors.current, &cursorsRenewed.current, environment.databases.current)
  }
  func longKeysCursor() throws(StoreError) -> OpaquePointer {
    try cursor(&cursors.longKeys, &cursorsRenewed.longKeys, environment.databases.longKeys)
  }
  func versionsCursor() throws(StoreError) -> OpaquePointer {
    try cursor(&cursors.versions, &cursorsRenewed.versions, environment.databases.versions)
  }
  /// A second place in `versions`, for a walk during which values are looked up.
  func changesCursor() throws(StoreError) -> OpaquePointer {
    try cursor(&cursors.changes, &cursorsRenewed.changes, environment.databases.versions)
  }

  private func cursor(
    _ cursor: inout OpaquePointer?, _ renewed: inout Bool, _ database: MDB_dbi
  ) throws(StoreError) -> OpaquePointer {
    try renew()
    if let open = cursor {
      if !renewed { try check(mdb_cursor_renew(handle, open), "renewing a cursor") }
      renewed = true
      return open
    }
    try check(mdb_cursor_open(handle, database, &cursor), "opening a cursor")
    renewed = true
    return cursor!
  }

  /// Rows of a database.
  func rows(_ database: MDB_dbi) throws(StoreError) -> Int {
    try renew()
    var statistics = MDB_stat()
    try check(mdb_stat(handle, database, &statistics), "reading a database's size")
    return statistics.ms_entries
  }

  /// Pages that hold a database's tree.
  func pages(_ database: MDB_dbi) throws(StoreError) -> Int {
    try renew()
    var statistics = MDB_stat()
    try check(mdb_stat(handle, database, &statistics), "reading a database's size")
    return statistics.ms_leaf_pages + statistics.ms_branch_pages
  }

  // MARK: free pages

  /// Free pages, by the records of LMDB's own list (database 0): each is the id of
  /// the transaction that freed them, a count, then page numbers.
  func freePageCount() throws(StoreError) -> Int {
    var total = 0
    try forEachFreeRecord { _, record in total += record.load(as: Int.self) }
    return total
  }

  /// Pages that transactions before `bound` freed.
  func forEachFreePage(before bound: UInt64 = .max, _ body: (Int) -> Void) throws(StoreError) {
    try forEachFreeRecord { transaction, record in
      if transaction >= bound { return }
      let count = min(record.load(as: Int.self), record.count / 8 - 1)
      for index in 0..<max(count, 0) { body(record.load(fromByteOffset: 8 + 8 * index, as: Int.self)) }
    }
  }

  private func forEachFreeRecord(
    _ body: (_ transaction: UInt64, _ record: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    try renew()
    var opened: OpaquePointer?
    try check(mdb_cursor_open(handle, 0, &opened), "reading the list of free pages")
    defer { mdb_cursor_close(opened) }
    var key = MDB_val()
    var data = MDB_val()
    var code = mdb_cursor_get(opened, &key, &data, MDB_FIRST)
    while code == MDB_SUCCESS {
      if key.mv_size == 8 && data.mv_size >= 8 { body(key.bytes.loadUnaligned(as: UInt64.self), data.bytes) }
      code = mdb_cursor_get(opened, &key, &data, MDB_NEXT)
    }
    if code != MDB_NOTFOUND { throw lmdbError(code, "reading the list of free pages") }
  }
}
