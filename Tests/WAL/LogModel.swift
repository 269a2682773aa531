@testable import WAL

let entryKind: UInt8 = 1
let hardStateKind: UInt8 = 2
let resetKind: UInt8 = 3

/// Writes to a log at random, remembers what it wrote, and says what a log that is opened later must hold.
struct LogModel {
  static let directory = "/data/wal"

  /// Every record, in write order; a record's term is its position here, so that each is unique.
  var written: [LogRecord] = []
  /// How much of it the log has made durable, perhaps of its own accord.
  var durableCount = 0
  var releasedIndex: UInt64 = 0
  var nextIndex: UInt64 = 1
  /// The log has begun anew after this index.
  var resetIndex: UInt64 = 0
  var random: SeededRandom
  var configuration: WriteAheadLog.Configuration

  init(seed: UInt64) {
    random = SeededRandom(seed)
    configuration = WriteAheadLog.Configuration(identity: random.next(), metadata: [1, 2, 3])
    configuration.segmentBytes = 4096 * (1 + random.next(3))
    configuration.ballastBytes = random.next(2) * 4096
  }

  mutating func batch() -> [LogRecord] {
    var records: [LogRecord] = []
    for _ in 0..<1 + random.next(5) {
      let term = UInt64(written.count + records.count)
      if random.next(10) == 0 {
        records.append(LogRecord(kind: hardStateKind, term: term, index: 0, payload: payload(24)))
        continue
      }
      if random.next(60) == 0 {
        // A snapshot may stand for more than the log has, or take the place of entries that conflict with it.
        let behind = min(nextIndex - 1, UInt64(random.next(4)))
        resetIndex = max(1, releasedIndex, resetIndex, nextIndex - 1 - behind + UInt64(random.next(2) * 20))
        nextIndex = resetIndex + 1
        records.append(
          LogRecord(kind: resetKind, term: term, index: resetIndex, payload: payload(30), beginsAnew: true))
        continue
      }
      // A new leader overwrites conflicting entries, never released ones.
      if random.next(20) == 0 {
        nextIndex = max(releasedIndex + 1, resetIndex + 1, nextIndex - min(nextIndex, 3))
      }
      let size = random.next(40) == 0 ? 6000 : random.next(700)
      records.append(LogRecord(kind: entryKind, term: term, index: nextIndex, payload: payload(size)))
      nextIndex += 1
    }
    return records
  }

  private mutating func payload(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // Zeros look like space that was never written.
    if random.next(8) == 0 { return bytes }
    for position in bytes.indices { bytes[position] = UInt8(random.next(256)) }
    return bytes
  }

  /// Opens the log; the second value is what was replayed.
  func open(_ fileSystem: any FileSystem) throws(WALError) -> (WriteAheadLog, [LogRecord]) {
    var replayed: [LogRecord] = []
    let log = try WriteAheadLog.open(
      directory: LogModel.directory, fileSystem: fileSystem, configuration: configuration
    ) { replayed.append($0) }
    log.carriedRecords = replayed.last { $0.kind == hardStateKind }.map { [$0] } ?? []
    return (log, replayed)
  }

  /// Does one thing to the log.
  mutating func step(_ log: WriteAheadLog) throws(WALError) {
    switch random.next(10) {
    case 0..<5: try append(batch(), to: log)
    case 5..<8:
      try log.sync()
      durableCount = written.count
    case 8:
      let durable = written[..<durableCount].last { $0.index > 0 }?.index ?? 0
      releasedIndex = max(releasedIndex, durable - min(durable, UInt64(random.next(5))))
      let segments = log.segments.count
      // Nothing is removed before all is durable.
      defer { if log.segments.count < segments { durableCount = written.count } }
      try log.release(upTo: releasedIndex, keepingBytes: random.next(3) * 8192)
    default:
      try log.seal()
      durableCount = written.count
    }
  }

  mutating func append(_ records: [LogRecord], to log: WriteAheadLog) throws(WALError) {
    // A failed write may have written it all; a refused one has written nothing.
    written += records
    let segment = log.lastSequence
    do {
      try log.append(records)
      // Before a segment is started the one before it is made durable.
      if log.lastSequence > segment { durableCount = written.count - records.count }
    } catch {
      if case .noSpace = error { written.removeLast(records.count) }
      throw error
    }
    if let state = records.last(where: { $0.kind == hardStateKind }) { log.carriedRecords = [state] }
  }

  /// Why `replayed` is not what the log may hold, nil if it is.
  func complaint(_ replayed: [LogRecord]) -> String? {
    let entries = replayed.filter { $0.index > 0 }
    var last = -1
    for (position, entry) in entries.enumerated() {
      guard entry.term < written.count, written[Int(entry.term)] == entry else {
        return "entry \(position) was never written"
      }
      if position > 0 {
        guard entry.term > last else { return "entry \(position) is out of order" }
        if written[last + 1..<Int(entry.term)].contains(where: { $0.index > 0 }) {
          return "an entry is missing before entry \(position)"
        }
      }
      last = Int(entry.term)
    }
    let first = entries.first.map { Int($0.term) } ?? Int.max
    let reset = written[..<durableCount].lastIndex { $0.beginsAnew } ?? 0
    for (position, record) in written[..<durableCount].enumerated()
    where record.index > releasedIndex && position >= reset {
      if position < first || position > last { return "durable entry \(record.index) is lost" }
    }
    let state = written[..<durableCount].last { $0.kind == hardStateKind }
    let found = replayed.last { $0.kind == hardStateKind }
    if let state, found == nil || found!.term < state.term { return "the hard state is lost" }
    if let found, !written.contains(found) { return "a hard state that was never written" }
    return nil
  }

  /// Goes on from what a crash left, all of which is durable now.
  mutating func adopt(_ replayed: [LogRecord]) {
    let last = replayed.map { Int($0.term) }.max() ?? -1
    written.removeLast(max(0, written.count - max(last + 1, durableCount)))
    durableCount = written.count
    nextIndex = max(releasedIndex, written.last { $0.index > 0 }?.index ?? 0) + 1
    resetIndex = written.last { $0.beginsAnew }?.index ?? 0
  }
}
