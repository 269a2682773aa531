import Synchronization
import Testing

@testable import MVCC
@testable import RaftKV

/// The hub in one thread, with readers that run when the test says so, against a record of what happened.
struct WatchHubTests {
  /// Writes an event as text: revision, kind, key, value; then what was there before.
  private struct TextEncoder: EventEncoder {
    func encode(
      _ change: borrowing ChangeView, wantsPrevious: Bool, to batch: EventBatch
    ) throws(StoreError) -> Int {
      let revision = change.revision
      var text = Bytes("\(revision.main).\(revision.sub)".utf8)
      if change.isDelete {
        text += Bytes("-".utf8) + Bytes(change.key)
      } else {
        text += Bytes("+".utf8) + Bytes(change.key) + Bytes("=".utf8) + (try value(change.current))
      }
      batch.reserve(text.count).copyBytes(from: text)
      if wantsPrevious, let previous = try change.previous() {
        let before = Bytes("<".utf8) + (try value(previous))
        batch.reserve(before.count).copyBytes(from: before)
      }
      return text.count
    }

    private func value(_ view: borrowing KeyValueView) throws(StoreError) -> Bytes {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(view.valueLength, 1), alignment: 1)
      defer { memory.deallocate() }
      try view.copyValue(to: memory.baseAddress!)
      return Bytes(memory[..<view.valueLength])
    }
  }

  private struct Change {
    var revision: Int64
    var key: Bytes
    var isDelete: Bool
    var text: String
    var previous: String
  }

  private final class DirectOutlet: WatchOutlet {
    func deliver(_ parcel: WatchParcel) {
      var start = 0
      while start < parcel.items.count {
        let sink = parcel.items[start].sink
        let end = parcel.items[start...].firstIndex { $0.sink !== sink } ?? parcel.items.count
        sink.receive(parcel, start..<end)
        start = end
      }
    }
  }

  /// What one stream's client got.
  private final class Client: WatchSink {
    struct Watch {
      var request: WatchRequest
      var id: Int64
      /// The first revision of interest.
      var first: Int64
      var texts: [String] = []
      var isOver = false
    }
    struct State {
      var watches: [Watch] = []
      /// Asked for and not answered.
      var asked: [WatchRequest] = []
      var unread = 0
      var progress: [(watch: Int64?, revision: Int64)] = []
      var compacted: [Int64] = []
      var refusals: [WatchRefusal] = []
      var largest = 0
    }
    let state = Mutex(State())
    private let check: @Sendable (Watch, Int64) -> Void

    /// `check` is told that a watch got everything up to a revision.
    init(check: @escaping @Sendable (Watch, Int64) -> Void) { self.check = check }

    func receive(_ parcel: WatchParcel, _ items: Range<Int>) {
      state.withLock { state in
        for item in parcel.items[items] {
          state.unread += item.bytes
          switch item.notice {
          case .created(let id, let revision):
            let request = state.asked.removeFirst()
            let first = request.startRevision == 0 ? revision + 1 : request.startRevision
            state.watches.append(Watch(request: request, id: id, first: first))
          case .refused(let refusal, _):
            state.asked.removeFirst()
            state.refusals.append(refusal)
          case .cancelled(let id, _), .failed(let id, _, _): over(id, &state)
          case .compacted(let id, _):
            state.compacted.append(id)
            over(id, &state)
          case .progress(let id, let revision):
            state.progress.append((id, revision))
            for watch in state.watches where !watch.isOver && (id == nil || id == watch.id) {
              check(watch, revision)
            }
          case .events(let events):
            guard let place = state.watches.lastIndex(where: { $0.id == events.watch && !$0.isOver }) else {
              Issue.record("events of watch \(events.watch), which is not there")
              continue
            }
            for number in parcel.selection[events.selection] {
              let bytes = parcel.batches[events.batch].bytes(of: number, withPrevious: events.wantsPrevious)
              state.watches[place].texts.append(String(decoding: bytes, as: UTF8.self))
            }
            state.largest = max(state.largest, item.bytes)
            check(state.watches[place], events.revision)
          case .resume: break
          }
        }
      }
    }

    private func over(_ id: Int64, _ state: inout State) {
      guard let place = state.watches.lastIndex(where: { $0.id == id && !$0.isOver }) else {
        Issue.record("the end of watch \(id), which is not there")
        return
      }
      state.watches[place].isOver = true
    }

    func takeUnread() -> Int {
      state.withLock { state in
        defer { state.unread = 0 }
        return state.unread
      }
    }
  }

  /// A store and its hub.
  private final class World: Sendable {
    struct Record {
      var history: [Change] = []
      var values: [Bytes: String] = [:]
      var index: UInt64 = 0
    }
    let store: Store
    let hub: WatchHub
    let machine = VirtualMachine()
    let record = Mutex(Record())
    private let directory = TestDirectory()
    private let reads = ReadQueue()
    private let reader: ThreadOwned<ReadHandle>
    private let outlet = DirectOutlet()
    /// A member that misses nothing, when there are snapshots to come.
    private let ahead: Store?

    init(_ limits: NodeLimits, memtableChanges: Int = 100_000, hasAhead: Bool = false) throws {
      var configuration = Store.Configuration()
      configuration.mapBytes = 1 << 30
      configuration.memtableBytes = 1 << 20
      configuration.memtableChanges = memtableChanges
      let store = try Store(directory: directory.path + "/db", configuration: configuration)
      let ahead =
        hasAhead ? try Store(directory: directory.path + "/ahead", configuration: configuration) : nil
      self.ahead = ahead
      ahead?.onFlushNeeded = { [weak ahead] in _ = try? ahead?.flushOldest() }
      self.store = store
      reader = ThreadOwned(try store.makeReadHandle())
      store.onFlushNeeded = { [unowned store] in _ = try? store.flushOldest() }
      let environment = machine.environment(seed: 1)
      let reads = reads
      hub = WatchHub(
        store: store, handle: ThreadOwned(try store.makeReadHandle()),
        executor: environment.makeExecutor("watch"), clock: environment.clock, limits: limits, seed: 7,
        read: { body in reads.add(body) })
      hub.attach(TextEncoder())
      hub.start()
      machine.run()
    }

    deinit { hub.stop() }

    /// Readings that wait for the test.
    private final class ReadQueue: Sendable {
      let work = Mutex<[@Sendable (ReadHandle) -> Void]>([])

      func add(_ body: @escaping @Sendable (ReadHandle) -> Void) -> Bool {
        work.withLock { work in
          if work.count >= 2 { return false }
          work.append(body)
          return true
        }
      }
    }

    /// Runs one reading that waits; false when there is none.
    func readOnce() -> Bool {
      let body = reads.work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      guard let body else { return false }
      body(reader.value)
      return true
    }

    func settle() {
      machine.run()
      while readOnce() { machine.run() }
    }

    func connect() -> (Client, WatchStream) {
      let client = Client { [unowned self] watch, revision in
        let expected = self.expected(watch, through: revision)
        #expect(watch.texts == expected, "watch \(watch.id) of \(watch.request.range), through \(revision)")
      }
      return (client, hub.open(client, on: outlet))
    }

    func expected(_ watch: Client.Watch, through revision: Int64 = .max) -> [String] {
      record.withLock { record in
        record.history.filter { change in
          change.revision >= watch.first && change.revision <= revision
            && watch.request.range.holds(change.key)
            && !(change.isDelete ? watch.request.skipsDeletes : watch.request.skipsPuts)
        }.map { watch.request.wantsPrevious ? $0.text + $0.previous : $0.text }
      }
    }

    /// With `isMissed` the store does not get it before the next snapshot.
    func apply(_ changes: [(key: String, value: String?)], isMissed: Bool = false) {
      record.withLock { record in
        let revision = (ahead ?? store).currentRevision + 1
        var sub = 0
        var operations: [MVCC.Operation] = []
        for (name, value) in changes {
          let key = Bytes(name.utf8)
          let old = record.values[key]
          if let value {
            operations.append(.put(PutCommand(key: key, value: Bytes(value.utf8))))
          } else {
            operations.append(.delete(DeleteCommand(range: KeyRange(start: key))))
            if old == nil { continue }
          }
          record.values[key] = value
          let text = value.map { "+\(name)=\($0)" } ?? "-\(name)"
          record.history.append(
            Change(
              revision: revision, key: key, isDelete: value == nil, text: "\(revision).\(sub)" + text,
              previous: old.map { "<\($0)" } ?? ""))
          sub += 1
        }
        commit(
          .transaction(TransactionCommand(comparisons: [], success: operations, failure: [])), &record,
          isMissed: isMissed)
      }
      hub.changed()
    }

    func compact(to revision: Int64, isMissed: Bool) {
      record.withLock { commit(.compact(revision: revision), &$0, isMissed: isMissed) }
    }

    private func commit(_ command: Command, _ record: inout Record, isMissed: Bool) {
      record.index += 1
      for store in isMissed ? [ahead] : [store, ahead] {
        _ = store?.apply(command, index: record.index, term: 1)
      }
    }

    /// The store gets what it missed by a snapshot.
    func install() throws {
      guard let ahead, ahead.applied.index > store.applied.index else { return }
      ahead.rotate()
      while try ahead.flushOldest() {}
      let path = directory.path + "/snapshot"
      _ = try ahead.writeSnapshot(to: path)
      _ = try CheckpointBuilder.build(
        Store.newFolder(for: directory.path + "/db"),
        from: SnapshotReader(SnapshotFileSource(path: path)), configuration: store.state.configuration)
      try store.install(store.prepareInstall())
      while try store.maintain(now: 0) != .idle {}
      hub.changed()
    }
  }

  private static func limits(_ random: inout SplitMix) -> NodeLimits {
    var limits = NodeLimits()
    limits.watchStreamBytes = 200 + random.below(4_000)
    limits.watchBatchBytes = 100 + random.below(2_000)
    limits.watchBatchChanges = 1 + random.below(20)
    limits.watchReadingBytes = 50 + random.below(1_000)
    limits.watchReadingChanges = 1 + random.below(30)
    limits.watchReadingWatchers = 1 + random.below(5)
    limits.watchGapRevisions = random.below(10)
    limits.watchReadings = 1 + random.below(3)
    return limits
  }

  private static func request(_ random: inout SplitMix, current: Int64) -> WatchRequest {
    let start = Bytes("k\(random.below(10))".utf8)
    let range =
      switch random.below(4) {
      case 0: KeyRange(start: start)
      case 1: KeyRange(start: start, end: .unbounded)
      default: KeyRange(start: start, end: .before(Bytes("k\(random.below(10))x".utf8)))
      }
    let first: Int64 =
      switch random.below(4) {
      case 0: 0
      case 1: current + Int64(random.below(20))
      default: 1 + Int64(random.below(Int(current)))
      }
    var request = WatchRequest(range: range, startRevision: first)
    request.wantsPrevious = random.below(2) == 0
    request.skipsPuts = random.below(6) == 0
    request.skipsDeletes = random.below(6) == 0
    request.id = random.below(5) == 0 ? Int64(1_000 + random.below(20)) : 0
    return request
  }

  @Test func historyIsReadInSmallPiecesWhileOthersWrite() throws {
    var limits = NodeLimits()
    limits.watchGentleChanges = 5
    limits.watchGapRevisions = 0
    let world = try World(limits)
    for number in 0..<50 { world.apply([("k\(number)", "v")]) }
    let (client, stream) = world.connect()
    let request = WatchRequest(range: KeyRange(start: [0], end: .unbounded), startRevision: 1)
    client.state.withLock { $0.asked.append(request) }
    _ = stream.create(request)
    world.machine.run()
    func readOnce() -> Int {
      #expect(world.readOnce())
      world.machine.run()
      return client.state.withLock { $0.watches.first?.texts.count ?? 0 }
    }
    #expect(readOnce() == 5)
    // Nobody writes any more; the next piece was asked for before that was known.
    world.machine.advance(milliseconds: 200)
    #expect(readOnce() == 10)
    #expect(readOnce() == 50)
  }

  /// Whatever order puts, requests, readings, flushes and slow clients come in, and however small the bounds are:
  /// each watch gets exactly its events, once and in order, and progress notices are true.
  @Test(arguments: 1...16 as ClosedRange<UInt64>)
  func everyWatchGetsItsEvents(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let world = try World(Self.limits(&random), memtableChanges: 20 + random.below(400))
    var clients: [(client: Client, stream: WatchStream)] = [world.connect(), world.connect()]
    for _ in 0..<1_500 {
      switch random.below(20) {
      case 0...7:
        var changes: [String: String?] = [:]
        let count = random.below(30) == 0 ? 40 : 1 + random.below(3)
        for _ in 0..<count {
          let size = random.below(40) == 0 ? 3_000 : random.below(60)
          let value = String(repeating: "v", count: size)
          changes["k\(random.below(10))"] = random.below(4) == 0 ? .some(nil) : .some(value)
        }
        world.apply(changes.map { ($0.key, $0.value) })
      case 8:
        let (client, stream) = clients[random.below(clients.count)]
        let request = Self.request(&random, current: world.store.currentRevision)
        client.state.withLock { $0.asked.append(request) }
        _ = stream.create(request)
      case 9 where random.below(3) == 0:
        let (client, stream) = clients[random.below(clients.count)]
        let live = client.state.withLock { $0.watches.filter { !$0.isOver } }
        if !live.isEmpty { _ = stream.cancel(live[random.below(live.count)].id) }
      case 10: _ = clients[random.below(clients.count)].stream.requestProgress()
      case 11, 12, 13:
        let (client, stream) = clients[random.below(clients.count)]
        stream.release(client.takeUnread())
      case 14: _ = world.readOnce()
      case 15 where random.below(10) == 0: world.store.rotate()
      case 16 where random.below(20) == 0:
        clients[random.below(clients.count)].stream.close()
        let place = random.below(clients.count)
        clients[place].stream.close()
        clients[place] = world.connect()
      default: world.machine.run()
      }
    }
    while true {
      world.settle()
      world.hub.submit(.advance)
      let unread = clients.map { ($0.stream, $0.client.takeUnread()) }
      if unread.allSatisfy({ $0.1 == 0 }) { break }
      for (stream, bytes) in unread { stream.release(bytes) }
    }
    for (client, stream) in clients where stream.sink != nil {
      let watches = client.state.withLock { $0.watches }
      for watch in watches where !watch.isOver {
        #expect(watch.texts == world.expected(watch), "seed \(seed): watch \(watch.id)")
      }
    }
    #expect(world.hub.metrics.slowWatchers.load(ordering: .relaxed) == 0, "seed \(seed)")
  }

  /// Snapshots take the place of the store's content, over and over, while watches are in every state they can be in:
  /// each gets all of its events, or hears that the next one is compacted.
  @Test(arguments: 101...112 as ClosedRange<UInt64>)
  func watchesGoOnAfterASnapshot(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let world = try World(Self.limits(&random), memtableChanges: 20 + random.below(400), hasAhead: true)
    var clients: [(client: Client, stream: WatchStream)] = [world.connect(), world.connect()]
    var isMissed = false
    var installs = 0
    for _ in 0..<900 {
      switch random.below(20) {
      case 0...8:
        var changes: [String: String?] = [:]
        for _ in 0..<(1 + random.below(3)) {
          let value = String(repeating: "v", count: random.below(60))
          changes["k\(random.below(10))"] = random.below(4) == 0 ? .some(nil) : .some(value)
        }
        world.apply(changes.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }, isMissed: isMissed)
      case 9:
        let (client, stream) = clients[random.below(clients.count)]
        var request = Self.request(&random, current: world.store.currentRevision)
        // What a change at the compacted revision replaced is not shown; that is another test's.
        request.wantsPrevious = false
        client.state.withLock { $0.asked.append(request) }
        _ = stream.create(request)
      case 10, 11, 12:
        let (client, stream) = clients[random.below(clients.count)]
        stream.release(client.takeUnread())
      case 13: _ = world.readOnce()
      case 14 where random.below(3) == 0: isMissed = true
      case 15 where isMissed && random.below(3) == 0:
        if random.below(3) == 0 {
          world.compact(to: max(1, world.store.currentRevision - Int64(random.below(30))), isMissed: true)
        }
        try world.install()
        installs += 1
        isMissed = false
      case 16 where random.below(10) == 0:
        let place = random.below(clients.count)
        clients[place].stream.close()
        clients[place] = world.connect()
      default: world.machine.run()
      }
    }
    try world.install()
    while true {
      world.settle()
      world.hub.submit(.advance)
      let unread = clients.map { ($0.stream, $0.client.takeUnread()) }
      if unread.allSatisfy({ $0.1 == 0 }) { break }
      for (stream, bytes) in unread { stream.release(bytes) }
    }
    #expect(installs > 2, "seed \(seed)")
    let compacted = world.store.compactRevision
    for (client, stream) in clients where stream.sink != nil {
      let (watches, ended) = client.state.withLock { ($0.watches, $0.compacted) }
      for watch in watches where !watch.isOver {
        #expect(watch.texts == world.expected(watch), "seed \(seed): watch \(watch.id)")
      }
      // Whoever heard that it is compacted had not got all up to there.
      for watch in watches where watch.isOver && ended.contains(watch.id) {
        #expect(watch.first < compacted, "seed \(seed): watch \(watch.id)")
      }
    }
    #expect(world.hub.metrics.slowWatchers.load(ordering: .relaxed) == 0, "seed \(seed)")
  }

  /// A watch that is up to date gets what a snapshot skips, as long as it is there; else it ends.
  @Test func whatASnapshotSkipsIsReadAsHistory() throws {
    for compacts in [false, true] {
      let world = try World(NodeLimits(), hasAhead: true)
      let (client, stream) = world.connect()
      for start in [0, 500] as [Int64] {
        let request = WatchRequest(range: KeyRange(start: Bytes("k".utf8)), startRevision: start)
        client.state.withLock { $0.asked.append(request) }
        _ = stream.create(request)
      }
      world.settle()
      for number in 0..<20 { world.apply([("k", "\(number)")]) }
      world.settle()
      for number in 20..<40 { world.apply([("k", "\(number)")], isMissed: true) }
      #expect(client.state.withLock { $0.watches[0].texts.count } == 20)
      if compacts { world.compact(to: 23, isMissed: true) }
      try world.install()
      world.settle()
      for number in 40..<50 { world.apply([("k", "\(number)")]) }
      world.settle()
      let (watches, compacted) = client.state.withLock { ($0.watches, $0.compacted) }
      #expect(compacted == (compacts ? [0] : []))
      #expect(watches[0].texts.count == (compacts ? 20 : 50))
      #expect(!watches[1].isOver)
    }
  }

  /// A client that does not read gets no more than its budget, and then all it missed.
  @Test func aClientThatDoesNotReadCostsItsBudget() throws {
    var limits = NodeLimits()
    limits.watchStreamBytes = 10_000
    limits.watchReadingBytes = 2_000
    let world = try World(limits)
    let (slow, slowStream) = world.connect()
    let (fast, fastStream) = world.connect()
    for (client, stream) in [(slow, slowStream), (fast, fastStream)] {
      let request = WatchRequest(range: KeyRange(start: [0], end: .unbounded), startRevision: 0)
      client.state.withLock { $0.asked.append(request) }
      _ = stream.create(request)
    }
    world.settle()
    for number in 0..<1_000 {
      world.apply([("k\(number % 10)", String(repeating: "x", count: 100))])
      world.settle()
      fastStream.release(fast.takeUnread())
    }
    world.settle()
    #expect(slow.state.withLock { $0.unread } <= 12_000)
    #expect(fast.state.withLock { $0.watches[0].texts.count } == 1_000)
    #expect(world.hub.metrics.slowWatchers.load(ordering: .relaxed) == 1)
    // Nobody says that it is up to date.
    _ = slowStream.requestProgress()
    world.settle()
    #expect(slow.state.withLock { $0.progress.isEmpty })
    while slow.state.withLock({ $0.unread }) > 0 {
      slowStream.release(slow.takeUnread())
      world.settle()
    }
    let watch = slow.state.withLock { $0.watches[0] }
    #expect(watch.texts == world.expected(watch))
    _ = slowStream.requestProgress()
    world.settle()
    #expect(slow.state.withLock { $0.progress.map(\.revision) } == [1_001])
  }

  @Test func progressComesWithTimeUnlessEventsDid() throws {
    var limits = NodeLimits()
    limits.watchProgressMilliseconds = 1_000
    let world = try World(limits)
    let (client, stream) = world.connect()
    for (key, wantsProgress) in [("a", true), ("b", true), ("c", false)] {
      var request = WatchRequest(range: KeyRange(start: Bytes(key.utf8)), startRevision: 0)
      request.wantsProgress = wantsProgress
      client.state.withLock { $0.asked.append(request) }
      _ = stream.create(request)
    }
    world.settle()
    func after(milliseconds: UInt64) -> [[Int64]] {
      world.machine.advance(milliseconds: milliseconds)
      world.hub.tick()
      world.settle()
      return client.state.withLock { state in
        defer { state.progress = [] }
        return state.progress.map { [$0.watch ?? -1, $0.revision] }.sorted { $0[0] < $1[0] }
      }
    }
    #expect(after(milliseconds: 900) == [])
    #expect(after(milliseconds: 201) == [[0, 1], [1, 1]])
    world.apply([("a", "1")])
    #expect(after(milliseconds: 1_101) == [[1, 2]])
    #expect(after(milliseconds: 1_101) == [[0, 2], [1, 2]])
  }

  @Test func whatIsCompactedEndsAWatch() throws {
    let world = try World(NodeLimits())
    let (client, stream) = world.connect()
    for number in 0..<20 { world.apply([("k", "\(number)")]) }
    world.store.rotate()
    world.store.state.compactRevision.store(11, ordering: .releasing)
    for start in [10, 11, 12] as [Int64] {
      let request = WatchRequest(range: KeyRange(start: Bytes("k".utf8)), startRevision: start)
      client.state.withLock { $0.asked.append(request) }
      _ = stream.create(request)
    }
    world.settle()
    let state = client.state.withLock { ($0.compacted, $0.watches.map(\.texts.count)) }
    #expect(state.0 == [0])
    #expect(state.1 == [0, 11, 10])
  }

  @Test func requestsThatCannotBeAreRefused() throws {
    var limits = NodeLimits()
    limits.watchers = 3
    let world = try World(limits)
    let (client, stream) = world.connect()
    let range = KeyRange(start: [98], end: .unbounded)
    for request in [
      WatchRequest(range: range, startRevision: -1),
      WatchRequest(range: KeyRange(start: [98], end: .before([97])), startRevision: 0),
      WatchRequest(range: KeyRange(start: [98], end: .before([98])), startRevision: 0),
      WatchRequest(range: range, startRevision: 0, id: 7),
      WatchRequest(range: range, startRevision: 0, id: 7),
      WatchRequest(range: range, startRevision: .max),
      WatchRequest(range: range, startRevision: 0, id: -5),
      WatchRequest(range: range, startRevision: 0),
    ] {
      client.state.withLock { $0.asked.append(request) }
      _ = stream.create(request)
    }
    world.settle()
    let (refusals, ids) = client.state.withLock { ($0.refusals, $0.watches.map(\.id)) }
    #expect(refusals == [.negativeRevision, .emptyRange, .emptyRange, .duplicateID, .tooMany])
    #expect(ids == [7, 0, -5])
    // A watch that waits for the future says nothing, and nothing is said for the stream.
    _ = stream.requestProgress()
    _ = stream.cancel(99)
    world.apply([("c", "1")])
    world.settle()
    client.state.withLock { state in
      #expect(state.progress.isEmpty)
      #expect(state.watches.map(\.texts.count) == [1, 0, 1])
    }
  }
}

extension KeyRange {
  fileprivate func holds(_ key: Bytes) -> Bool {
    switch end {
    case .single: key == start
    case .unbounded: !key.lexicographicallyPrecedes(start)
    case .before(let end): !key.lexicographicallyPrecedes(start) && key.lexicographicallyPrecedes(end)
    }
  }
}

extension SplitMix {
  fileprivate mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
}
