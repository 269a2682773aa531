import Glibc
import Synchronization
import Testing

@testable import MVCC

@Suite struct InstallTests {
  private let folders = StoreFolders()

  /// Makes `folder` a checkpoint that ends at entry `index`.
  private func checkpoint(_ folder: String, at index: UInt64) throws {
    let header = SnapshotHeader(
      position: .init(index: index, term: 1), revision: Int64(index), documents: ["name": bytes("\(index)")])
    let builder = try CheckpointBuilder(directory: folder, header: header, configuration: .small())
    try builder.add(
      SnapshotVersion(
        revision: Revision(main: Int64(index)), key: [1], value: bytes("\(index)"),
        createRevision: Int64(index), version: 1))
    try builder.finish()
  }

  private func position() throws -> UInt64 {
    let store = try Store(directory: folders.store, configuration: .small())
    defer { store.close() }
    return store.applied.index
  }

  /// What a crash may leave: folders by suffix and position, what the log expects, and what is there after the start.
  struct Crash: CustomTestStringConvertible {
    var folders: [String: UInt64]
    var expected: UInt64?
    var result: UInt64?
    var isExchanged = false
    var testDescription: String { "\(folders.sorted { $0.key < $1.key }), the log expects \(expected ?? 0)" }
  }

  @Test(arguments: [
    Crash(folders: [:]),
    Crash(folders: [:], expected: 9),
    Crash(folders: ["": 5], result: 5),
    Crash(folders: ["": 5], expected: 9, result: 5),
    // Built, and the log does not know it.
    Crash(folders: ["": 5, ".new": 9], result: 5),
    Crash(folders: ["": 5, ".new": 9], expected: 5, result: 5),
    Crash(folders: ["": 5, ".new": 9], expected: 8, result: 5),
    Crash(folders: ["": 5, ".new.part": 9], expected: 9, result: 5),
    // The log knows it.
    Crash(folders: ["": 5, ".new": 9], expected: 9, result: 9, isExchanged: true),
    // Between the renames.
    Crash(folders: [".old": 5, ".new": 9], expected: 9, result: 9, isExchanged: true),
    Crash(folders: [".old": 5, ".new": 9], expected: 5, result: 5),
    Crash(folders: [".old": 5, ".new": 9], result: 5),
    Crash(folders: [".old": 5], expected: 9, result: 5),
    // After them.
    Crash(folders: ["": 9, ".old": 5], expected: 9, result: 9),
    // A further one is built.
    Crash(folders: ["": 9, ".old": 5, ".new": 12], expected: 9, result: 9),
    Crash(folders: ["": 9, ".old": 5, ".new": 12], expected: 12, result: 12, isExchanged: true),
    // The store went on since.
    Crash(folders: ["": 20, ".new": 9], expected: 9, result: 20),
  ])
  func aStartFinishesTheExchange(crash: Crash) throws {
    for (suffix, index) in crash.folders { try checkpoint(folders.store + suffix, at: index) }
    for attempt in 0..<2 {
      let isExchanged = try Store.finishInstall(
        directory: folders.store, expecting: crash.expected.map { .init(index: $0, term: 1) },
        configuration: .small())
      #expect(isExchanged == (crash.isExchanged && attempt == 0))
      #expect(folders.names == (crash.result == nil ? [] : ["db"]))
      if let result = crash.result { #expect(try position() == result) }
    }
  }

  @Test func foldersInUseAreLeftAlone() throws {
    let store = try Store(directory: folders.store, configuration: .small())
    defer { store.close() }
    try checkpoint(Store.newFolder(for: folders.store), at: 9)
    #expect(throws: StoreError.self) {
      try Store.finishInstall(
        directory: folders.store, expecting: .init(index: 9, term: 1), configuration: .small())
    }
    #expect(folders.names == ["db", "db.new"])
  }

  @Test func everythingIsReplaced() throws {
    let store = try Store(
      directory: folders.store, configuration: .small { $0.memtableChanges = 5 })
    defer { store.close() }
    _ = store.apply(.lease(.grant(id: 4, seconds: 60)), index: 1, term: 1)
    _ = store.apply(.setMeta(name: "mine", value: [1]), index: 2, term: 1)
    for index in 3...12 as ClosedRange<UInt64> {
      _ = store.apply(put("k\(index)", "v"), index: index, term: 1)
    }
    let used = try store.makeReadHandle()
    let idle = try store.makeReadHandle()
    #expect(try used.count(allKeys, revision: store.currentRevision) == 10)
    #expect(try idle.count(allKeys, revision: store.currentRevision) == 10)
    let old = store.state.environment
    let pin = try store.pin(store.currentRevision)

    // Not past what is applied.
    try checkpoint(Store.newFolder(for: folders.store), at: 12)
    let late = try store.prepareInstall()
    #expect(throws: StoreError.self) { try store.install(late) }
    #expect(try used.count(allKeys, revision: store.currentRevision) == 10)
    #expect(folders.names == ["db", "db.new"])
    try Folders.remove(Store.newFolder(for: folders.store))
    #expect(throws: StoreError.self) { try store.prepareInstall() }

    try checkpoint(Store.newFolder(for: folders.store), at: 100)
    let export = try SnapshotExport(store, to: SnapshotMemory())
    try used.scan(allKeys, revision: store.currentRevision) { (view) throws(StoreError) -> Bool in
      // In the middle of a read: it ends on what it began with.
      if Bytes(view.key) == bytes("k10") {
        let prepared = try store.prepareInstall()
        #expect(prepared.position == .init(index: 100, term: 1))
        try store.install(prepared)
        #expect(!old.isClosed)
      }
      #expect(view.valueLength == 1)
      return true
    }
    #expect(old.isClosed)
    #expect(store.applied == .init(index: 100, term: 1))
    #expect(store.flushed == .init(index: 100, term: 1))
    #expect(store.currentRevision == 100)
    #expect(store.replacements == 1)
    #expect(store.leases == [])
    #expect(try store.meta("mine") == nil)
    #expect(try store.meta("name") == bytes("100"))
    for handle in [used, idle] {
      #expect(try handle.range(RangeQuery(range: allKeys)).keyValues.map(\.value) == [bytes("100")])
    }
    #expect(try used.count(allKeys, revision: 11) == 0)
    try used.scan(allKeys, revision: pin.revision, pin: pin) { (_) throws(StoreError) -> Bool in
      Issue.record("nothing was there then")
      return false
    }
    #expect(throws: StoreError.self) { try export.step() }
    #expect(folders.names == ["db", "db.old"])
    while try store.maintain(now: 0) != .idle {}
    #expect(folders.names == ["db"])
    #expect(try !store.flushOldest())

    // It goes on, and is found at the next start.
    _ = store.apply(put("next", "v"), index: 101, term: 1)
    #expect(try idle.range(RangeQuery(range: allKeys)).count == 2)
    store.rotate()
    #expect(try store.flushOldest())
    #expect(store.size > 0)
    store.close()
    let again = try Store(directory: folders.store, configuration: .small())
    #expect(again.applied.index == 101)
    #expect(again.currentRevision == 101)
    again.close()
  }

  /// Every entry writes its revision to the same keys. A member gets some entries, and misses others, which come by
  /// snapshots; whatever a reader sees at a revision is that number everywhere.
  @Test func readersGoOnWhileContentIsReplaced() throws {
    let store = try Store(
      directory: folders.store,
      configuration: .small {
        $0.memtableChanges = 97
        $0.indexDeltaBytes = 1000
      })
    let ahead = try Store(
      directory: folders.path + "/ahead", configuration: .small { $0.memtableChanges = 150 })
    ahead.onFlushNeeded = { [unowned ahead] in _ = try? ahead.flushOldest() }
    let keys = (0..<6).map { Bytes("key-\($0)".utf8) } + [Bytes(repeating: 1, count: 700)]
    let isDone = Atomic(false)
    let reads = Atomic(0)
    let compactedReads = Atomic(0)
    let failures = Mutex<[String]>([])
    let background = TestThread {
      do {
        while !isDone.load(ordering: .acquiring) {
          while try store.flushOldest() {}
          _ = try store.maintain(now: 0)
          sched_yield()
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    let readers = (0..<3).map { number in
      TestThread {
        do {
          var random = SeededGenerator(seed: UInt64(number))
          let handle = try store.makeReadHandle()
          while !isDone.load(ordering: .acquiring) {
            do throws(StoreError) {
              let (current, _, pin) = try handle.resolve(0, pinned: random.chance(1, in: 3))
              if current < 2 { continue }
              let isOld = pin == nil && random.chance(1, in: 2)
              let revision = isOld ? Int64.random(in: 2...current, using: &random) : current
              var found: [Bytes] = []
              try handle.scan(allKeys, revision: revision, pin: pin) { (view) throws(StoreError) -> Bool in
                found.append(try copiedValue(view))
                return true
              }
              if found != Array(repeating: Bytes("\(revision)".utf8), count: keys.count) {
                failures.withLock {
                  $0.append(
                    "at \(revision) of \(current): \(found.map { String(decoding: $0, as: UTF8.self) })")
                }
                return
              }
              let newest = try handle.range(
                RangeQuery(range: KeyRange(start: keys.randomElement(using: &random)!)))
              if newest.keyValues.count != 1 {
                failures.withLock { $0.append("nothing at \(current)") }
                return
              }
              var last: Int64 = revision - 1
              var changes = 0
              try handle.changes(from: revision, through: current) { (change) throws(StoreError) -> Bool in
                if change.revision.main != last {
                  if change.revision.main != last + 1 { changes = -1_000_000 }
                }
                last = change.revision.main
                changes += 1
                return true
              }
              if changes != Int(current - revision + 1) * keys.count {
                failures.withLock { $0.append("\(changes) changes from \(revision) to \(current)") }
                return
              }
            } catch {
              guard error == .compacted else { throw error }
              compactedReads.add(1, ordering: .relaxed)
            }
            reads.add(1, ordering: .relaxed)
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
    }

    var random = SeededGenerator(seed: 9)
    var index: UInt64 = 0
    func apply(to stores: [Store]) {
      index += 1
      let command: Command
      if index % 50 == 0 {
        command = .compact(
          revision: max(1, ahead.currentRevision - Int64.random(in: 0...120, using: &random)))
      } else {
        let value = Bytes("\(ahead.currentRevision + 1)".utf8)
        command = .transaction(
          TransactionCommand(
            comparisons: [], success: keys.map { .put(PutCommand(key: $0, value: value)) }, failure: []))
      }
      for store in stores {
        _ = store.apply(command, index: index, term: 1)
      }
    }
    for round in 0..<12 {
      for _ in 0..<Int.random(in: 5...150, using: &random) { apply(to: [store, ahead]) }
      for _ in 0..<Int.random(in: 1...150, using: &random) { apply(to: [ahead]) }
      ahead.rotate()
      while try ahead.flushOldest() {}
      while try ahead.maintain(now: 0) != .idle {}
      let memory = SnapshotMemory()
      let export = try SnapshotExport(ahead, to: memory)
      while try !export.step() {}
      _ = try CheckpointBuilder.build(
        Store.newFolder(for: folders.store), from: SnapshotReader(memory), configuration: .small())
      try store.install(store.prepareInstall())
      #expect(store.applied == ahead.applied)
      // On a busy machine the readers may be slow.
      let before = reads.load(ordering: .relaxed)
      while reads.load(ordering: .relaxed) < before + 10 && failures.withLock({ $0.isEmpty }) {
        sched_yield()
      }
      #expect(
        try store.contentHash(store.currentRevision) == ahead.contentHash(ahead.currentRevision),
        "round \(round)")
    }
    isDone.store(true, ordering: .releasing)
    for thread in readers + [background] { thread.join() }
    #expect(failures.withLock { $0.prefix(3) } == [])
    store.close()
    ahead.close()
  }
}
