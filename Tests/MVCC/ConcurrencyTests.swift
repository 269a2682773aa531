import Glibc
import Synchronization
import Testing

@testable import MVCC

@Suite struct ConcurrencyTests {
  /// Every entry writes its revision to the same keys, so whatever a reader sees at a revision is that number
  /// everywhere, while memtables are replaced and flushed under it.
  @Test func readersSeeWholeEntriesOnly() throws {
    let folder = TemporaryFolder()
    let store = try Store(
      directory: folder.path,
      configuration: .small {
        $0.memtableChanges = 97
        $0.flushPages = 40
        $0.indexDeltaBytes = 1000
      })
    let keys = (0..<8).map { Bytes("key-\($0)".utf8) } + [Bytes(repeating: 1, count: 700)]
    let entries: UInt64 = 4000
    let isDone = Atomic(false)
    let reads = Atomic(0)
    let failures = Mutex<[String]>([])

    let waiting = Monitor(0)
    store.onFlushNeeded = { waiting.change { $0 += 1 } }
    let flusher = TestThread {
      while !isDone.load(ordering: .acquiring) {
        let work = waiting.wait(until: { $0 > 0 }) { count -> Int in
          defer { count = 0 }
          return count
        }
        _ = work
        do { while try store.flushOldest() {} } catch { failures.withLock { $0.append("\(error)") } }
      }
    }
    let readers = (0..<3).map { number in
      TestThread {
        do {
          var random = SeededGenerator(seed: UInt64(number))
          let handle = try store.makeReadHandle()
          while !isDone.load(ordering: .acquiring) {
            let current = try handle.resolve(0).revision
            if current < 2 { continue }
            let revision = random.chance(1, in: 2) ? current : Int64.random(in: 2...current, using: &random)
            var query = RangeQuery(range: allKeys)
            query.revision = revision
            let result = try handle.range(query)
            let expected = Bytes("\(revision)".utf8)
            if result.keyValues.count != keys.count
              || !result.keyValues.allSatisfy({ $0.value == expected && $0.modRevision == revision })
            {
              failures.withLock { $0.append("at \(revision) of \(current): \(result.keyValues)") }
              return
            }
            let key = keys.randomElement(using: &random)!
            query.range = KeyRange(start: key)
            if try handle.range(query).keyValues.first?.value != expected {
              failures.withLock { $0.append("key \(key) at \(revision) of \(current)") }
              return
            }
            reads.add(1, ordering: .relaxed)
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
    }
    for index in 1...entries {
      let value = Bytes("\(index + 1)".utf8)
      let operations = keys.map { Operation.put(PutCommand(key: $0, value: value)) }
      let outcome = store.apply(
        .transaction(TransactionCommand(comparisons: [], success: operations, failure: [])), index: index,
        term: 1)
      #expect(outcome.revision == Int64(index + 1))
      if case .failure(let error) = outcome.result { Issue.record(error) }
    }
    // On a busy machine the readers may start late.
    while reads.load(ordering: .relaxed) < 50 && failures.withLock({ $0.isEmpty }) { sched_yield() }
    isDone.store(true, ordering: .releasing)
    waiting.change { $0 += 1 }
    for thread in readers + [flusher] { thread.join() }
    #expect(failures.withLock { $0.prefix(3) } == [])
    store.close()
  }

  /// `apply` waits when too many memtables wait, and goes on when one is flushed.
  @Test func applyWaitsForTheFlush() throws {
    let folder = TemporaryFolder()
    let store = try Store(
      directory: folder.path,
      configuration: .small {
        $0.memtableChanges = 10
        $0.immutableMemtables = 1
      })
    let applied = Atomic<UInt64>(0)
    let writer = TestThread {
      for index in 1...100 as ClosedRange<UInt64> {
        _ = store.apply(put("key-\(index)", "value"), index: index, term: 1)
        applied.store(index, ordering: .releasing)
      }
    }
    while applied.load(ordering: .acquiring) < 20 { sched_yield() }
    #expect(applied.load(ordering: .acquiring) == 20)
    while applied.load(ordering: .acquiring) < 100 {
      #expect(throws: Never.self) { try store.flushOldest() }
      sched_yield()
    }
    writer.join()
    #expect(store.applied.index == 100)
    #expect(try store.makeReadHandle().count(allKeys, revision: 101) == 100)
    store.close()
  }
}
