import CLMDB
import Glibc

/// Rewrites sparse stretches of `versions`, so that few rows do not hold many pages. The flush thread's.
///
/// LMDB leaves pages a quarter full when rows between others are removed: after a compaction the file would be four
/// times as large as what it holds. A pass walks the tree up to the compacted revision a run of leaves at a time;
/// where their rows would fit into `densePart` of the pages, they are removed and put again, page after page.
struct Packer {
  /// Runs that need more than this part of their pages stay as they are.
  private static let densePart = 0.75
  /// A pass is due when so large a part of the tree's rows (one in so many) was removed.
  static let dueShare: Int64 = 3

  /// LMDB's page and node headers, and the entry of a node in the page's table.
  private static let pageHeaderBytes = 16
  private static let nodeHeaderBytes = 8
  private static let nodeEntryBytes = 2

  private let state: StoreState
  private let environment: Environment
  /// Where the pass under way goes on; nil when there is none.
  private var next: Bytes?
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(_ state: StoreState, _ environment: Environment) {
    self.state = state
    self.environment = environment
  }

  var isRunning: Bool { next != nil }

  mutating func begin() { if next == nil { next = [0] } }

  /// Packs one run in one transaction, or skips it; false when the pass is over.
  mutating func step(through revision: Int64) throws(StoreError) -> Bool {
    guard let start = next else { return false }
    let database = environment.databases.versions
    let transaction = try WriteTransaction(environment)
    var run = try Run(
      transaction.pointer, database, from: start, through: revision,
      pages: state.configuration.packingStepPages,
      pageSize: environment.pageSize)
    let capacity = environment.pageSize - Self.pageHeaderBytes
    let needed = run.pagesNeeded(capacity: capacity)
    if run.pages >= needed + 2, Double(needed) < Self.densePart * Double(run.pages) {
      try run.rewrite(transaction, database, capacity: capacity)
      try transaction.commit()
    }
    next = run.isLast ? nil : run.successor
    return next != nil
  }

  /// The rows of neighbouring leaves, copied.
  private struct Run: ~Copyable {
    private struct Row {
      var offset: Int
      var keyLength: Int
      var dataLength: Int

      /// What it takes in a page.
      var nodeBytes: Int { Packer.nodeBytes(keyLength, dataLength) }
    }

    private let memory: UnsafeMutableRawPointer
    private var rows: [Row] = []
    private(set) var pages = 0
    /// The walk has come to its end.
    private(set) var isLast = false

    /// A place right after the last row.
    var successor: Bytes { rows.last.map { Bytes(key($0)) + [0] } ?? [] }

    init(
      _ transaction: OpaquePointer, _ database: MDB_dbi, from start: Bytes, through revision: Int64,
      pages limit: Int,
      pageSize: Int
    ) throws(StoreError) {
      // The rows of a page take less room than the page.
      memory = .allocate(byteCount: (limit + 1) * pageSize, alignment: 8)
      var opened: OpaquePointer?
      try check(mdb_cursor_open(transaction, database, &opened), "opening a cursor")
      defer { mdb_cursor_close(opened) }
      var key = MDB_val()
      var data = MDB_val()
      var code = try start.withRawBytes { (start) throws(StoreError) -> Int32 in
        key = MDB_val(start)
        return mdb_cursor_get(opened, &key, &data, MDB_SET_RANGE)
      }
      var position = 0
      var page: UInt = 0
      while true {
        if code == MDB_NOTFOUND {
          isLast = true
          return
        }
        try check(code, "walking the versions")
        guard let place = VersionKey.decode(key.bytes), data.mv_size < pageSize else {
          throw Compactor.corrupt
        }
        if place.main > revision {
          isLast = true
          return
        }
        // Nothing was changed in this transaction: every page still lies in the map.
        let itsPage = UInt(bitPattern: data.mv_data) / UInt(pageSize)
        if itsPage != page {
          if pages == limit { return }
          page = itsPage
          pages += 1
        }
        let row = Row(offset: position, keyLength: key.mv_size, dataLength: data.mv_size)
        memcpy(memory + position, key.mv_data, row.keyLength)
        memcpy(memory + position + row.keyLength, data.mv_data, row.dataLength)
        position += row.keyLength + row.dataLength
        rows.append(row)
        code = mdb_cursor_get(opened, &key, &data, MDB_NEXT)
      }
    }

    deinit { memory.deallocate() }

    private func key(_ row: Row) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: memory + row.offset, count: row.keyLength)
    }

    private func data(_ row: Row) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: memory + row.offset + row.keyLength, count: row.dataLength)
    }

    /// Pages that the rows fill when they are put one after the other.
    func pagesNeeded(capacity: Int) -> Int {
      var pages = 0
      var free = 0
      for row in rows {
        if row.nodeBytes > free {
          pages += 1
          free = capacity
        }
        free -= row.nodeBytes
      }
      return pages
    }

    /// Removes the rows and puts them again.
    ///
    /// Where a row no longer fits a page, LMDB takes the page's last row along to the next one: with two or three
    /// rows a page that would leave every page half empty. So once it is known how full the page is, a short row
    /// goes before the one that will not fit, is taken along in its place, and is removed again when the new page
    /// is so full that LMDB does not fill it up from its neighbour.
    mutating func rewrite(
      _ transaction: borrowing WriteTransaction, _ database: MDB_dbi, capacity: Int
    ) throws(StoreError) {
      for row in rows { try transaction.remove(database, key(row)) }
      var used: Int?
      var marker: Bytes?
      var previous: Row?
      var leaves = try transaction.leafPages(database)
      for row in rows {
        var mayTakeAlong = previous
        if let known = used, known + row.nodeBytes > capacity, let before = previous {
          if let old = marker { try Self.remove(old, transaction, database) }
          let added = Bytes(key(before)) + [0]
          try Self.put(added, transaction, database)
          marker = added
          mayTakeAlong = nil
          let after = try transaction.leafPages(database)
          if after > leaves {
            // Not even the marker fitted.
            leaves = after
            used = before.nodeBytes + Packer.nodeBytes(added.count, 0)
          }
        }
        try transaction.put(database, key(row), data(row))
        let after = try transaction.leafPages(database)
        if after > leaves {
          let taken = marker.map { Packer.nodeBytes($0.count, 0) } ?? 0
          used = row.nodeBytes + (mayTakeAlong?.nodeBytes ?? 0) + taken
        } else if let known = used {
          used = known + row.nodeBytes
        }
        leaves = after
        if let old = marker, let known = used, known > capacity / 2 {
          try Self.remove(old, transaction, database)
          marker = nil
          used = known - Packer.nodeBytes(old.count, 0)
        }
        previous = row
      }
      if let old = marker { try Self.remove(old, transaction, database) }
    }

    private static func put(
      _ key: Bytes, _ transaction: borrowing WriteTransaction, _ database: MDB_dbi
    ) throws(StoreError) {
      let pointer = transaction.pointer
      try key.withRawBytes { (bytes) throws(StoreError) in
        var keyValue = MDB_val(bytes)
        var data = MDB_val()
        try check(mdb_put(pointer, database, &keyValue, &data, 0), "writing to the checkpoint")
      }
    }

    private static func remove(
      _ key: Bytes, _ transaction: borrowing WriteTransaction, _ database: MDB_dbi
    ) throws(StoreError) {
      let pointer = transaction.pointer
      try key.withRawBytes { (bytes) throws(StoreError) in try removeRow(pointer, database, bytes) }
    }
  }

  private static func nodeBytes(_ keyLength: Int, _ dataLength: Int) -> Int {
    (nodeHeaderBytes + keyLength + dataLength + 1) & ~1 + nodeEntryBytes
  }
}
