import Testing

@testable import WAL

/// What a release keeps, and what it means for the log to begin anew.
struct RetentionTests {
  var model = LogModel(seed: 41)

  init() {
    model.configuration.segmentBytes = 4096
    model.configuration.ballastBytes = 0
  }

  private func reset(_ index: UInt64, term: UInt64 = 5) -> LogRecord {
    LogRecord(kind: resetKind, term: term, index: index, payload: [1, 2, 3], beginsAnew: true)
  }

  @Test func releasedSegmentsAreKeptWithinTheBound() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    for index in 1...40 as ClosedRange<UInt64> { try log.append(records(index...index, of: 900)) }
    #expect(log.segments.count == 10)
    try log.release(upTo: 40, keepingBytes: 1 << 30)
    #expect(log.segments.count == 10 && log.reader.firstIndex == 1)
    try log.release(upTo: 40, keepingBytes: 5 * 4096 + 4095)
    #expect(log.segments.count == 5 && log.allocatedBytes == 5 * 4096)
    // What may not go stays, whatever it takes.
    try log.release(upTo: log.precedingIndex + 5, keepingBytes: 0)
    #expect(log.segments.count == 4)
    let first = log.precedingIndex + 1
    #expect(try model.open(disk.restarted()).1.map(\.index) == Array(first...40))
    try log.release(upTo: 40)
    #expect(log.segments.count == 1)
  }

  @Test func theLogBeginsAnew() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...12, of: 900))
    try log.sync()
    try log.append([reset(100)])
    #expect(log.lastIndex == 100 && log.precedingIndex == 100)
    #expect(try log.reader.read(from: 5, through: 9, maximumBytes: 1000) == nil)
    // Not durable yet: what was before must be there for a start that does not find it.
    #expect(try model.open(disk.crashedKeepingNothing()).1.map(\.index) == Array(1...12))
    try log.sync()
    #expect(log.reader.firstIndex == 101 && log.reader.lastIndex == 100)
    try log.append(records(101...103, of: 10))
    try log.sync()
    let entries = try log.reader.read(from: 101, through: 200, maximumBytes: 1000)
    #expect(entries?.precedingTerm == 5 && entries?.records == records(101...103, of: 10))

    let second = disk.restarted()
    let (reopened, replayed) = try model.open(second)
    #expect(replayed.map(\.index) == Array(1...12) + [100, 101, 102, 103])
    #expect(replayed[12] == reset(100))
    #expect(reopened.lastIndex == 103 && reopened.precedingIndex == 100)
    #expect(reopened.reader.firstIndex == 101)
    #expect(try reopened.reader.read(from: 101, through: 200, maximumBytes: 1000) == entries)
    // What is void goes whatever may be kept.
    try reopened.release(upTo: 0, keepingBytes: 1 << 30)
    #expect(reopened.segments.count == 1 && reopened.precedingIndex == 100)
    let (again, left) = try model.open(second.restarted())
    #expect(left.map(\.index) == [100, 101, 102, 103] && again.precedingIndex == 100)
  }

  /// A snapshot may take the place of entries that conflict with it.
  @Test func theLogBeginsAnewAtALowerIndex() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...12, of: 300))
    try log.append([reset(4)] + records(5...6, of: 20))
    try log.sync()
    for log in [log, try model.open(disk.restarted()).0] {
      #expect(log.lastIndex == 6 && log.precedingIndex == 4 && log.reader.firstIndex == 5)
      let entries = try log.reader.read(from: 5, through: 12, maximumBytes: 1000)
      #expect(entries?.precedingTerm == 5 && entries?.records == records(5...6, of: 20))
    }
    try log.release(upTo: 0)
    #expect(log.segments.count == 1)
  }

  /// Until the state that it stands for is safe elsewhere, a start must find it.
  @Test func theRecordThatBeginsTheLogAnewIsKeptUntilItsIndexIsReleased() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append([reset(50)])
    for index in 51...70 as ClosedRange<UInt64> { try log.append(records(index...index, of: 900)) }
    try log.release(upTo: 49)
    #expect(try model.open(disk.restarted()).1.first == reset(50))
    try log.release(upTo: 60)
    #expect(log.precedingIndex > 50 && log.precedingIndex <= 60)
    #expect(try model.open(disk.restarted()).1.map(\.index) == Array(log.precedingIndex + 1...70))
  }

  /// Only a segment with which the log begins anew needs the newer format.
  @Test func olderProgramsReadWhatTheyCan() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    func version(_ sequence: UInt64) -> UInt8? { disk.bytes(segmentPath(sequence))?[8] }
    try log.append(records(1...5, of: 900))
    try log.append([reset(9)])
    try log.append(records(10...14, of: 900))
    #expect((2...4).map(version) == [1, 2, 1])
  }
}
