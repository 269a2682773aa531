import Synchronization
import Testing

@testable import MVCC

/// Random commands against the store and the reference model, with memtables so small that they are replaced
/// and flushed everywhere, also inside entries, and with restarts that replay what was not flushed.
@Suite struct ModelTests {
  @Test(arguments: 0..<30 as Range<UInt64>)
  func storeAgreesWithTheModel(seed: UInt64) throws {
    var run = try ModelRun(seed: seed)
    for _ in 0..<200 { try run.step() }
    try run.restart()
    try run.compareEverything()
    run.close()
  }

  /// The runs above are worth little unless restarts find half-flushed entries.
  @Test func restartsInsideEntriesHappen() throws {
    var found = 0
    var sliced = 0
    var halfSettled = 0
    for seed in 1000..<1032 as Range<UInt64> {
      var run = try ModelRun(seed: seed)
      for _ in 0..<150 { try run.step() }
      run.close()
      found += run.partialRestarts
      sliced += run.slicedRestarts
      halfSettled += run.halfSettledRestarts
    }
    #expect(found > 3)
    #expect(sliced > 0)
    #expect(halfSettled > 0)
  }
}

struct LogEntry {
  var command: Command?
  var outcome: Outcome?
  var term: UInt64
}

/// One store, one model, and the log between them.
struct ModelRun {
  let seed: UInt64
  var random: SeededGenerator
  let folder = TemporaryFolder()
  var store: Store
  var reader: ReadHandle
  var model = ReferenceModel()
  var log: [LogEntry] = []
  private var term: UInt64 = 1
  private let flushes: FlushPolicy
  private(set) var partialRestarts = 0
  private(set) var slicedRestarts = 0
  private(set) var compactedTo: Int64 = -1
  private(set) var halfSettledRestarts = 0

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededGenerator(seed: seed)
    flushes = FlushPolicy(seed: seed)
    store = try ModelRun.open(folder, &random, flushes)
    reader = try store.makeReadHandle()
  }

  private static func open(
    _ folder: TemporaryFolder, _ random: inout SeededGenerator, _ flushes: FlushPolicy
  ) throws -> Store {
    var configuration = Store.Configuration.small()
    configuration.memtableChanges = [1, 2, 3, 7, 40].randomElement(using: &random)!
    configuration.memtableBytes = [4096, 8192, 1 << 20].randomElement(using: &random)!
    configuration.immutableMemtables = Int.random(in: 1...3, using: &random)
    configuration.flushPages = [0, 0, 60_000].randomElement(using: &random)!
    configuration.compactionBatchVersions = [1, 5, 1000].randomElement(using: &random)!
    configuration.compactionStepRows = [1, 4, 1000].randomElement(using: &random)!
    configuration.packingStepPages = [2, 8, 256].randomElement(using: &random)!
    configuration.reclaimReserveBytes = 0
    configuration.reclaimStepBytes = [4096, 1 << 20].randomElement(using: &random)!
    // Settled after each flush, now and then, or hardly ever.
    configuration.indexDeltaBytes = [0, 100, 1500, 1 << 20].randomElement(using: &random)!
    let store = try Store(directory: folder.path, configuration: configuration)
    flushes.limit = configuration.immutableMemtables
    flushes.waiting = 0
    // Called on the thread that applies: this is a flush in the middle of an entry.
    store.onFlushNeeded = { [unowned store] in flushes.memtableWaits(store) }
    return store
  }

  mutating func step() throws {
    if random.chance(1, in: 40) { term += 1 }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<3: try restart()
    case 3..<6:
      store.rotate()
    case 6..<10:
      try flushes.flush(store)
    case 98..<100: try maintain()
    case 10..<13:
      log.append(LogEntry(command: nil, outcome: nil, term: term))
      store.skip(index: UInt64(log.count), term: term)
    case 13..<60:
      let command = randomCommand()
      let expected = model.apply(command, index: UInt64(log.count + 1))
      log.append(LogEntry(command: command, outcome: expected, term: term))
      let outcome = store.apply(command, index: UInt64(log.count), term: term)
      expectSame(outcome, expected, command)
    default:
      try compareReads()
    }
  }

  /// Background work, perhaps not to its end.
  mutating func maintain() throws {
    for _ in 0..<[1, 3, 10, 1000].randomElement(using: &random)! {
      let step = try store.maintain(now: 0)
      if case .compacted(let revision, _) = step { compactedTo = revision }
      if step == .idle { break }
    }
  }

  mutating func restart() throws {
    // A crash may come between the transactions of a settle, or of a flush.
    if random.chance(1, in: 3) {
      if try store.flusher.settleSlices(Int.random(in: 1...2, using: &random)) { halfSettledRestarts += 1 }
    } else if random.chance(4, in: 5), let table = store.flusher.oldest() {
      for _ in 0..<Int.random(in: 1...3, using: &random) where table.flushedTo != 0 {
        try store.flusher.writeSlice(of: table)
        if table.flushedTo != 0 { slicedRestarts += 1 }
      }
    }
    store.close()
    store = try ModelRun.open(folder, &random, flushes)
    reader = try store.makeReadHandle()
    if store.partialChanges > 0 { partialRestarts += 1 }
    #expect(store.flushed == store.applied, "seed \(seed)")
    #expect(store.flushed.index <= UInt64(log.count), "seed \(seed)")
    if store.flushed.index > 0 {
      #expect(store.flushed.term == log[Int(store.flushed.index) - 1].term, "seed \(seed)")
    }
    for index in Int(store.flushed.index)..<log.count {
      let entry = log[index]
      if let command = entry.command {
        let outcome = store.apply(command, index: UInt64(index + 1), term: entry.term)
        expectSame(outcome, entry.outcome!, command)
      } else {
        store.skip(index: UInt64(index + 1), term: entry.term)
      }
    }
    #expect(store.applied.index == UInt64(log.count), "seed \(seed)")
  }

  private func expectSame(_ outcome: Outcome, _ expected: Outcome, _ command: Command) {
    #expect(outcome.revision == expected.revision, "seed \(seed), \(command)")
    #expect(outcome.result == expected.result, "seed \(seed), \(command)")
    #expect(store.currentRevision == expected.revision, "seed \(seed)")
  }

  func close() { store.close() }

  func compareEverything() throws {
    #expect(store.compactRevision == model.compactRevision)
    for revision in max(1, model.compactRevision)...model.revision {
      var query = RangeQuery(range: allKeys)
      query.revision = revision
      #expect(try reader.range(query) == model.range(query), "seed \(seed), revision \(revision)")
    }
    #expect(store.alarms == model.alarms.sorted())
    for name in ["a", "b"] { #expect(try store.meta(name) == model.documents[name]) }
    try compareLeases()
  }

  private func compareLeases() throws {
    #expect(store.leases == model.leases.values.sorted { $0.id < $1.id }, "seed \(seed)")
    for id in Self.leases {
      #expect(store.lease(id) == model.leases[id], "seed \(seed)")
      #expect(try reader.keys(ofLease: id) == model.keys(ofLease: id), "seed \(seed), lease \(id)")
    }
  }

  private mutating func compareReads() throws {
    if random.chance(1, in: 2) { return try compareLeases() }
    let query = randomQuery()
    var expected: Result<RangeResult, StoreError>
    do throws(StoreError) { expected = .success(try model.range(query)) } catch { expected = .failure(error) }
    var found: Result<RangeResult, StoreError>
    do throws(StoreError) { found = .success(try reader.range(query)) } catch { found = .failure(error) }
    #expect(found == expected, "seed \(seed), \(query)")
    let revision = Int64.random(in: max(1, model.compactRevision)...model.revision, using: &random)
    let range = randomRange()
    let keyValues = ReferenceModel.keyValues(in: range, of: model.history[revision]!)
    #expect(
      try reader.count(range, revision: revision) == Int64(keyValues.count),
      "seed \(seed), \(range) \(revision)")
    var visited: [KeyValue] = []
    try reader.scan(range, revision: revision) { (view) throws(StoreError) -> Bool in
      visited.append(
        KeyValue(
          key: Bytes(view.key), value: try copiedValue(view), createRevision: view.createRevision,
          modRevision: view.modRevision, version: view.version, lease: view.lease))
      return true
    }
    #expect(visited == keyValues, "seed \(seed), \(range) at \(revision)")
    let transaction = randomTransaction(depth: 2, writes: false)
    var copy = model
    let wanted = copy.apply(.transaction(transaction))
    do throws(StoreError) {
      let (result, at) = try reader.transaction(transaction)
      #expect(wanted.result == .success(.transaction(result)), "seed \(seed), \(transaction)")
      #expect(at == model.revision)
    } catch {
      #expect(wanted.result == .failure(error), "seed \(seed), \(transaction)")
    }
  }

  // MARK: random commands

  private mutating func randomKey() -> Bytes {
    let small = "abcdefghijklmnop".utf8.map { [$0] }
    if random.chance(1, in: 6) {
      // Long keys that share their first chunks.
      let length = [479, 480, 481, 960, 961, 1440].randomElement(using: &random)!
      return Bytes(repeating: UInt8(ascii: "e"), count: length - 1) + [
        UInt8.random(in: 100...102, using: &random)
      ]
    }
    return small.randomElement(using: &random)!
  }

  private mutating func randomRange() -> KeyRange {
    let start = randomKey()
    switch Int.random(in: 0..<6, using: &random) {
    case 0...1: return KeyRange(start: start)
    case 2: return KeyRange(start: start, end: .unbounded)
    case 3: return allKeys
    default: return KeyRange(start: start, end: .before(randomKey()))
    }
  }

  private mutating func randomValue() -> Bytes {
    let length = [0, 1, 20, 600, 1900, 2010, 2500, 7000].randomElement(using: &random)!
    let compressible = random.chance(1, in: 2)
    var random = random
    let value = Bytes(
      (0..<length).map { _ in UInt8.random(in: compressible ? 0...1 : 0...255, using: &random) })
    self.random = random
    return value
  }

  private mutating func randomPut() -> PutCommand {
    var put = PutCommand(key: randomKey(), value: randomValue())
    put.wantsPrevious = random.chance(1, in: 3)
    if random.chance(1, in: 8) { (put.ignoreValue, put.value) = (true, []) }
    put.ignoreLease = random.chance(1, in: 8)
    if random.chance(1, in: 2) { put.lease = randomLease() }
    return put
  }

  private mutating func randomDelete() -> DeleteCommand {
    var delete = DeleteCommand(range: randomRange())
    delete.wantsPrevious = random.chance(1, in: 2)
    return delete
  }

  private mutating func randomQuery() -> RangeQuery {
    var query = RangeQuery(range: randomRange())
    let revision = model.revision
    if random.chance(1, in: 2) { query.revision = Int64.random(in: 0...revision + 1, using: &random) }
    if random.chance(1, in: 2) { query.limit = Int64.random(in: 0...8, using: &random) }
    if random.chance(1, in: 10) { query.limit = [-1, .min, .max - 1, .max].randomElement(using: &random)! }
    query.order = [.none, .ascending, .descending].randomElement(using: &random)!
    query.target = [.key, .key, .version, .createRevision, .modRevision, .value].randomElement(
      using: &random)!
    query.keysOnly = random.chance(1, in: 4)
    query.countOnly = random.chance(1, in: 8)
    if random.chance(1, in: 6) { query.minModRevision = Int64.random(in: 0...revision, using: &random) }
    if random.chance(1, in: 6) { query.maxModRevision = Int64.random(in: 0...revision, using: &random) }
    if random.chance(1, in: 6) { query.minCreateRevision = Int64.random(in: 0...revision, using: &random) }
    if random.chance(1, in: 6) { query.maxCreateRevision = Int64.random(in: 0...revision, using: &random) }
    return query
  }

  private mutating func randomComparison() -> Comparison {
    let number = Int64.random(in: 0...max(3, model.revision), using: &random)
    let target: Comparison.Target =
      switch Int.random(in: 0..<6, using: &random) {
      case 0: .version(number % 4)
      case 1: .createRevision(number)
      case 2: .modRevision(random.chance(1, in: 2) ? 0 : number)
      case 3: .lease(number % 2)
      default: .value(randomValue())
      }
    return Comparison(
      range: random.chance(1, in: 3) ? randomRange() : KeyRange(start: randomKey()),
      relation: [.equal, .notEqual, .less, .greater].randomElement(using: &random)!, target: target)
  }

  private mutating func randomTransaction(depth: Int, writes: Bool) -> TransactionCommand {
    var transaction = TransactionCommand(comparisons: [], success: [], failure: [])
    for _ in 0..<Int.random(in: 0...2, using: &random) { transaction.comparisons.append(randomComparison()) }
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      transaction.success.append(randomOperation(depth: depth, writes: writes))
    }
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      transaction.failure.append(randomOperation(depth: depth, writes: writes))
    }
    return transaction
  }

  private mutating func randomOperation(depth: Int, writes: Bool) -> Operation {
    if depth > 0 && random.chance(1, in: 8) {
      return .transaction(randomTransaction(depth: depth - 1, writes: writes))
    }
    if !writes || random.chance(1, in: 4) { return .range(randomQuery()) }
    return random.chance(1, in: 4) ? .delete(randomDelete()) : .put(randomPut())
  }

  /// Ids that sort as bytes in another order than as numbers are among them.
  private static let leases: [Int64] = [1, 2, 3, .max, -1, .min]

  private mutating func randomLease() -> Int64 {
    if random.chance(1, in: 10) { return 7 }
    let known = model.leases.keys.sorted()
    if !known.isEmpty && random.chance(4, in: 5) { return known.randomElement(using: &random)! }
    return Self.leases.randomElement(using: &random)!
  }

  private mutating func randomReference() -> LeaseReference {
    let id = randomLease()
    let other = UInt64.random(in: 0...9, using: &random)
    return LeaseReference(
      id: id, grantIndex: random.chance(1, in: 8) ? other : model.leases[id]?.grantIndex ?? other)
  }

  private mutating func randomLeaseCommand() -> LeaseCommand {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<5:
      let seconds: [Int64] = [-1, 0, 1, 60, 9_000_000_000, 9_000_000_001]
      return .grant(
        id: random.chance(1, in: 20) ? 0 : Self.leases.randomElement(using: &random)!,
        seconds: seconds.randomElement(using: &random)!)
    case 5: return .revoke(id: randomLease())
    case 6...7:
      return .expire((0..<Int.random(in: 0...5, using: &random)).map { _ in randomReference() })
    default:
      return .checkpoint(
        (0..<Int.random(in: 0...3, using: &random)).map { _ in
          LeaseCheckpoint(
            lease: randomReference(), remainingSeconds: Int64.random(in: -1...100, using: &random))
        })
    }
  }

  private mutating func randomCommand() -> Command {
    if random.chance(1, in: 8) { return .lease(randomLeaseCommand()) }
    switch Int.random(in: 0..<40, using: &random) {
    case 0..<18: return .put(randomPut())
    case 18..<22: return .delete(randomDelete())
    case 22..<35: return .transaction(randomTransaction(depth: 2, writes: true))
    case 35:
      // Mostly to a revision not long ago, sometimes to one that is refused.
      let target = model.revision - Int64.random(in: -1...30, using: &random)
      return .compact(revision: random.chance(1, in: 3) ? target : max(target, model.compactRevision + 1))
    case 36: return .alarm(AlarmCommand(action: .activate, alarm: randomAlarm()))
    case 37:
      let raised = model.alarms.sorted().first ?? randomAlarm()
      return .alarm(AlarmCommand(action: .deactivate, alarm: raised))
    default:
      let name = ["a", "b"].randomElement(using: &random)!
      return .setMeta(name: name, value: random.chance(1, in: 4) ? nil : randomValue())
    }
  }

  private mutating func randomAlarm() -> Alarm {
    Alarm(
      member: UInt64.random(in: 1...2, using: &random),
      kind: random.chance(1, in: 3) ? .noSpace : .corrupt)
  }
}

/// When memtables that became immutable are flushed: at once, later, or when no more may wait.
final class FlushPolicy: Sendable {
  private struct State {
    var random: SeededGenerator
    var limit = 1
    var waiting = 0
  }
  private let state: Mutex<State>

  init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: ~seed))) }

  var limit: Int {
    get { state.withLock { $0.limit } }
    set { state.withLock { $0.limit = newValue } }
  }
  var waiting: Int {
    get { state.withLock { $0.waiting } }
    set { state.withLock { $0.waiting = newValue } }
  }

  func memtableWaits(_ store: Store) {
    let count = state.withLock { state -> Int in
      state.waiting += 1
      if state.waiting >= state.limit || state.random.chance(1, in: 2) { return 1 }
      return 0
    }
    for _ in 0..<count {
      // Going on would leave the apply waiting for ever.
      do { try flush(store) } catch { fatalError("a flush failed: \(error)") }
    }
  }

  func flush(_ store: Store) throws {
    if try store.flushOldest() { state.withLock { $0.waiting -= 1 } }
  }
}
