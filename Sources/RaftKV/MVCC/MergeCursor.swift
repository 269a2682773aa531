/// A version that a read sees, wherever it lies.
struct VisibleVersion {
  var main: Int64
  var sub: Int64
  var createRevision: Int64
  /// 0 marks a tombstone.
  var version: Int64
  var lease: Int64
  var valueLength: Int
  /// The version in a memtable; nil when it is in the checkpoint.
  var inMemory: VersionPointer?

  var isTombstone: Bool { version == 0 }

  @inline(__always)
  init(_ pointer: VersionPointer) {
    main = pointer.pointee.main
    sub = Int64(pointer.pointee.sub)
    createRevision = pointer.pointee.createRevision
    version = pointer.pointee.version
    lease = pointer.pointee.lease
    valueLength = Int(pointer.pointee.valueLength)
    inMemory = pointer
  }

  @inline(__always)
  init(_ row: CurrentRow) {
    main = row.main
    sub = row.sub
    createRevision = row.createRevision
    version = row.version
    lease = row.lease
    valueLength = Int(row.valueLength)
  }

  init(_ record: VersionRecord, main: Int64, sub: Int64) {
    self.main = main
    self.sub = sub
    createRevision = record.createRevision
    version = record.version
    lease = record.lease
    valueLength = record.valueLength
  }
}

/// Where a range ends, borrowed from its owner for the length of a read.
enum RangeEnd {
  case before(UnsafeRawBufferPointer)
  case unbounded

  @inline(__always)
  func excludes(_ key: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .before(let end): compareBytes(key, end) >= 0
    case .unbounded: false
    }
  }
}

/// A memtable's place in a merge.
struct MemtableSource {
  let table: Unmanaged<Memtable>
  var node: ArenaOffset
}

/// Walks the keys of memtables, delta and `current` in order, and finds for each the version before `bound`.
/// Tombstones and keys without such a version are passed over. Uses the handle's sources and cursor, so there
/// is one at a time; valid within one call of the handle.
struct MergeCursor {
  private let handle: ReadHandle
  private let sources: UnsafeMutableBufferPointer<MemtableSource>
  private var delta: PackedRowCursor
  private let rows: KeyCursor
  private let end: RangeEnd
  private let bound: Bound
  // Keys are borrowed from the cursors, which therefore move on with the next call.
  private var advanceDelta = false
  private var advanceRows = false
  /// Visit deleted keys too.
  var includesTombstones = false
  private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var visible = VisibleVersion(CurrentRow())

  init(
    _ handle: ReadHandle, from start: UnsafeRawBufferPointer, to end: RangeEnd, before bound: Bound
  ) throws(StoreError) {
    self.handle = handle
    self.end = end
    self.bound = bound
    sources = handle.seekSources(start)
    delta = handle.seekDelta(start)
    rows = handle.rows
    try handle.openCheckpoint()
    try rows.seek(start)
  }

  @inline(__always)
  mutating func next() throws(StoreError) -> Bool {
    while true {
      if advanceRows {
        advanceRows = false
        try rows.next()
      }
      if advanceDelta {
        advanceDelta = false
        delta.next()
      }
      if sources.count == 0 && !delta.isValid {
        // Nothing (more) in memory: `current` alone.
        guard rows.isValid else { return false }
        key = rows.key
        advanceRows = true
        if end.excludes(key) { return false }
        if bound.isAfter(main: rows.row.main, sub: rows.row.sub) {
          visible = VisibleVersion(rows.row)
        } else {
          guard let older = try handle.walkBack(rows.row, before: bound) else { continue }
          visible = older
        }
        if visible.isTombstone && !includesTombstones { continue }
        return true
      }
      guard try nextMerged() else { return false }
      if !visible.isTombstone || includesTombstones { return true }
    }
  }

  /// One key of the merge, tombstones included; false at the end.
  private mutating func nextMerged() throws(StoreError) -> Bool {
    while true {
      var smallest = UnsafeRawBufferPointer(start: nil, count: 0)
      var isFound = false
      if rows.isValid {
        smallest = rows.key
        isFound = true
      }
      var rowsHold = isFound
      var deltaHolds = false
      if delta.isValid {
        let order = isFound ? compareBytes(delta.key, smallest) : -1
        if order <= 0 {
          smallest = delta.key
          isFound = true
          deltaHolds = true
          rowsHold = order == 0
        }
      }
      // Bit i: source i stands on the smallest key.
      var holders: UInt64 = 0
      for index in 0..<sources.count where sources[index].node != 0 {
        let candidate = sources[index].table._withUnsafeGuaranteedRef { $0.node(at: sources[index].node).key }
        let order = isFound ? compareBytes(candidate, smallest) : -1
        if order < 0 {
          smallest = candidate
          isFound = true
          holders = 1 << UInt64(index)
          rowsHold = false
          deltaHolds = false
        } else if order == 0 {
          holders |= 1 << UInt64(index)
        }
      }
      if !isFound || end.excludes(smallest) { return false }
      key = smallest
      var found: VersionPointer?
      var rest = holders
      while rest != 0 {
        let index = rest.trailingZeroBitCount
        rest &= rest - 1
        let node = sources[index].node
        sources[index].table._withUnsafeGuaranteedRef { table in
          if found == nil { found = table.newest(of: node, before: bound) }
          sources[index].node = table.next(after: node)
        }
      }
      if rowsHold { advanceRows = true }
      if deltaHolds { advanceDelta = true }
      if let found {
        visible = VisibleVersion(found)
        return true
      }
      if deltaHolds || rowsHold {
        // The delta's row is the newer one.
        let row = deltaHolds ? delta.row : rows.row
        if bound.isAfter(main: row.main, sub: row.sub) {
          visible = VisibleVersion(row)
          return true
        }
        if let older = try handle.walkBack(row, before: bound) {
          visible = older
          return true
        }
      }
      if advanceRows {
        advanceRows = false
        try rows.next()
      }
      if advanceDelta {
        advanceDelta = false
        delta.next()
      }
    }
  }
}
