import Testing

@testable import MVCC

@Suite struct RangeTests {
  private let folder = TemporaryFolder()

  /// The pages of a list add up, and each says how many keys are left, also from the cache of counts.
  @Test func pagesOfAListAddUp() throws {
    let store = try NumberedStore(folder)
    for number in 0..<1000 { store.apply(put("key-\(number + 10_000)", "\(number)")) }
    try store.flushAll()
    for number in 0..<1000 where number % 7 == 0 {
      store.apply(.delete(DeleteCommand(range: KeyRange(start: bytes("key-\(number + 10_000)")))))
    }
    let reader = try store.store.makeReadHandle()
    let revision = store.store.currentRevision
    var query = RangeQuery(range: KeyRange(start: bytes("key-"), end: .before(bytes("key."))))
    query.limit = 64
    let total = try reader.count(query.range, revision: revision)
    #expect(total == 857)
    var seen: [Bytes] = []
    while true {
      query.revision = revision
      let page = try reader.range(query)
      #expect(page.count == total - Int64(seen.count))
      seen += page.keyValues.map(\.key)
      #expect(page.more == (Int64(seen.count) < total))
      // Later writes change nothing at the pinned revision.
      store.apply(.delete(DeleteCommand(range: KeyRange(start: page.keyValues[0].key))))
      if !page.more { break }
      query.range.start = page.keyValues.last!.key + [0]
    }
    #expect(Int64(seen.count) == total)
    #expect(seen == seen.sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test func theCountCacheIsBounded() {
    var cache = CountCache()
    for number in 0..<200 as Range<Int64> {
      cache.remember(number, of: KeyRange(start: bytes("\(number)")), at: number)
    }
    let kept = (0..<200 as Range<Int64>).filter {
      cache.count(of: KeyRange(start: bytes("\($0)")), at: $0) != nil
    }
    #expect(kept == Array(200 - Int64(CountCache.capacity)..<200))
  }

  @Test func scanStopsWhenAskedAndGoesOnFromThere() throws {
    let store = try NumberedStore(folder)
    for number in 0..<100 {
      store.apply(put("key-\(number + 100)", "\(number)"))
      if number == 50 { try store.flushAll() }
    }
    let reader = try store.store.makeReadHandle()
    var range = allKeys
    var seen: [Bytes] = []
    while true {
      var page = 0
      try reader.scan(range, revision: store.store.currentRevision) { (view) throws(StoreError) -> Bool in
        seen.append(try copiedValue(view))
        range.start = Bytes(view.key) + [0]
        page += 1
        return page < 7
      }
      if page < 7 { break }
    }
    #expect(seen == (0..<100).map { bytes("\($0)") })
    #expect(throws: StoreError.futureRevision) {
      try reader.scan(allKeys, revision: 1000) { (_) throws(StoreError) -> Bool in true }
    }
  }

  @Test func oneEntryMayOutgrowManyMemtables() throws {
    let configuration = Store.Configuration.small { $0.memtableChanges = 16 }
    let store = try NumberedStore(folder, configuration)
    for number in 0..<500 { store.apply(put("key-\(number)", "\(number)")) }
    let revision = store.store.currentRevision
    var delete = DeleteCommand(range: allKeys)
    delete.wantsPrevious = true
    let outcome = store.apply(.delete(delete))
    guard case .success(.delete(let deleted, let previous)) = outcome.result else {
      Issue.record("\(outcome)")
      return
    }
    #expect(deleted == 500)
    #expect(previous.count == 500)
    #expect(outcome.revision == revision + 1)
    // Most of the entry is in the checkpoint, which says so; a crash now replays it.
    #expect(store.store.flushed.index == 500)
    store.store.close()
    let again = try NumberedStore(folder, configuration)
    #expect(again.store.currentRevision == revision)
    let reader = try again.store.makeReadHandle()
    #expect(try reader.range(RangeQuery(range: allKeys)).count == 500)
    #expect(again.apply(.delete(delete)).result == outcome.result)
    #expect(again.store.currentRevision == revision + 1)
    #expect(try reader.range(RangeQuery(range: allKeys)).count == 0)
    // A log that does not hold the entry that was begun is not the log of this checkpoint.
    again.store.close()
    let third = try NumberedStore(folder, configuration)
    if third.store.partialChanges > 0 {
      guard case .failure(.corrupt) = third.apply(put("a", "1")).result else {
        Issue.record("took another entry for the one it had begun")
        return
      }
    }
  }
}
