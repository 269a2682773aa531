import WAL

/// What a log's reader must give, worked out the slow way.
struct ReaderModel {
  /// The durable entries that count, and the terms of all that were before them, by index.
  private(set) var entries: [UInt64: LogRecord] = [:]
  private(set) var terms: [UInt64: UInt64] = [0: 0]
  private(set) var firstIndex: UInt64 = 1
  private(set) var lastIndex: UInt64 = 0

  init(_ model: LogModel) {
    for (position, record) in model.written.enumerated() where record.index > 0 {
      let isDurable = position < model.durableCount
      if record.beginsAnew {
        entries = [:]
        // What counts is void as soon as the record is written.
        firstIndex = record.index + 1
        lastIndex = record.index
        terms[record.index] = record.term
      } else if isDurable || record.index <= lastIndex {
        for index in record.index...max(record.index, lastIndex) { entries[index] = nil }
        lastIndex = record.index - 1
        guard isDurable else { continue }
        entries[record.index] = record
        terms[record.index] = record.term
        lastIndex = record.index
      }
    }
    // Entries that were released may be gone, and the term of the last of them with it.
    if model.releasedIndex >= firstIndex { firstIndex = min(model.releasedIndex + 2, lastIndex + 1) }
  }

  /// Asks a reader at random; what is wrong with its answers, nil if nothing is.
  func complaint(_ reader: LogReader, _ random: inout SeededRandom) throws -> String? {
    let first = reader.firstIndex
    let last = reader.lastIndex
    guard last == lastIndex else { return "the last entry is \(last), not \(lastIndex)" }
    guard first <= firstIndex && first >= 1 else { return "the first entry is \(first), not \(firstIndex)" }
    if first > 1, try reader.read(from: first - 1, through: last + 1, maximumBytes: 1000) != nil {
      return "an entry before the first is read"
    }
    if try reader.read(from: last + 1, through: last + 9, maximumBytes: 1000) != nil {
      return "an entry after the last is read"
    }
    guard first <= last else { return nil }
    for attempt in 0..<8 {
      let from = attempt == 0 ? first : first + UInt64(random.next(Int(last - first) + 1))
      let through = from + UInt64(random.next(20))
      let bytes = random.next(4) == 0 ? 0 : random.next(4000)
      guard let answer = try reader.read(from: from, through: through, maximumBytes: bytes) else {
        return "entry \(from) is not read"
      }
      guard answer.precedingTerm == terms[from - 1] else { return "the term before entry \(from) is wrong" }
      let expected = (from...min(through, last)).map { entries[$0]! }
      guard answer.records == Array(expected.prefix(answer.records.count)) else {
        return "an entry from \(from) on is wrong"
      }
      func size(_ count: Int) -> Int {
        expected.prefix(count).reduce(0) { $0 + $1.payload.count + LogReader.recordOverheadBytes }
      }
      let count = answer.records.count
      guard count > 0, count == 1 || size(count) <= bytes else { return "too much is read" }
      guard count == expected.count || size(count + 1) > bytes else { return "too little is read" }
    }
    return nil
  }
}
