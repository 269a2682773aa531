import CLMDB
import Synchronization

/// Settling: once the delta has grown to its bound, its rows go into `current`, in key order, and the runs go away.
/// Many flushes' changes then share the pages that they touch. It may take several transactions; until the last one
/// commits, the runs stay, and doing it again does no harm.
extension Flusher {
  /// Not while a memtable is half flushed: its first runs are not in the delta yet, and would be lost with the others.
  func settleIfDue() throws(StoreError) {
    if !unmerged.isEmpty { return }
    if runs.bytes > state.configuration.indexDeltaBytes || runs.count > IndexRuns.maximumCount {
      try settle()
    }
  }

  private func settle() throws(StoreError) {
    let delta = delta
    let keyMemory = UnsafeMutableRawPointer.allocate(byteCount: Store.maximumKeyBytes, alignment: 8)
    defer { keyMemory.deallocate() }
    var cursor = PackedRowCursor(delta.bytes, keyMemory: keyMemory)
    cursor.next()
    try withExtendedLifetime(delta) { () throws(StoreError) in
      repeat { try settleSlice(&cursor) } while cursor.isValid
    }
    runs = IndexRuns()
    // Who takes the empty delta renews LMDB's transaction after that, and finds the rows in `current`.
    state.shared.change { shared in
      shared.tables = MemtableSet(shared.tables.tables, delta: .empty, environment: environment)
    }
  }

  /// One transaction: rows from the cursor's on, as many as stay below the bound on dirty pages.
  func settleSlice(_ cursor: inout PackedRowCursor) throws(StoreError) {
    let transaction = try WriteTransaction(environment)
    let node = try writeRows(from: &cursor, transaction)
    let previousNode = nextNode
    nextNode = node
    do throws(StoreError) {
      if !cursor.isValid { try IndexRuns.clear(transaction, environment.databases) }
      try writeState(state.shared.with { $0.flushed }, transaction)
      try transaction.commit()
    } catch {
      nextNode = previousNode
      throw error
    }
  }

  /// Returns the next node of long keys. The writer's cursor ends with this call, before the commit.
  private func writeRows(
    from cursor: inout PackedRowCursor, _ transaction: borrowing WriteTransaction
  ) throws(StoreError) -> UInt64 {
    let databases = environment.databases
    let indexPages = try transaction.pages(databases.current) + transaction.pages(databases.longKeys)
    let floor = state.retention.floor.load(ordering: .acquiring)
    var rows = try KeyRowWriter(transaction, databases, nextNode: nextNode)
    var touchedRows = 0
    var rowBytes = 0
    var isFirst = true
    while cursor.isValid {
      touchedRows += 1 + cursor.key.count / KeyRows.chunkBytes
      rowBytes += CurrentRow.maximumBytes + cursor.key.count
      // A split leaves two pages half full.
      let pages = min(touchedRows * 2, indexPages) + rowBytes * 2 / environment.pageSize
      if !isFirst && pages > state.configuration.flushPages { break }
      isFirst = false
      // Nobody reads below the floor: what was deleted before it is gone, or physical compaction takes it.
      if cursor.row.version == 0 && cursor.row.main < floor {
        try rows.remove(cursor.key)
      } else {
        try rows.put(cursor.key, cursor.row)
      }
      cursor.next()
    }
    return rows.nextNode
  }
}
