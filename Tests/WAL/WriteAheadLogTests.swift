import Glibc
import Testing

@testable import WAL

/// Writing, syncing, releasing, and what happens when the disk refuses.
struct WriteAheadLogTests {
  var model = LogModel(seed: 21)

  init() {
    model.configuration.segmentBytes = 4096
    model.configuration.ballastBytes = 8192
  }

  @Test func anAppendIsOneWrite() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    let before = disk.writeCount
    try log.append(records(1...5, of: 300))
    #expect(disk.writeCount == before + 1)
    // One that starts a new segment too.
    try log.append(records(6...12, of: 300))
    #expect(disk.writeCount == before + 2 && log.segments.count == 2)
    #expect(log.lastIndex == 12)
    try log.append([])
    #expect(disk.writeCount == before + 2)
    let used = 72 + 5 * 344 + 72 + 7 * 344
    #expect(log.byteCount == used && log.allocatedBytes == 8192)
  }

  @Test func payloadsOfEverySizeComeBack() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    let sizes = [0, 1, 7, 8, 9, 63, 511, 512, 4096, 100_000, 5 << 20, 3]
    let written = sizes.enumerated().map { position, size in
      LogRecord(
        kind: UInt8(1 + position), term: UInt64.max - UInt64(position), index: UInt64(position) << 50,
        payload: [UInt8](repeating: UInt8(position), count: size))
    }
    for record in written { try log.append([record]) }
    try log.sync()
    #expect(try model.open(disk.restarted()).1 == written)
  }

  @Test func carriedRecordsStartEverySegment() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    var states: [LogRecord] = []
    for index in 1...40 as ClosedRange<UInt64> {
      let state = LogRecord(kind: hardStateKind, term: index, index: 0, payload: [UInt8(index)])
      if index % 7 == 0 {
        log.carriedRecords = [state]
        states.append(state)
        try log.append([state])
      }
      try log.append(records(index...index, of: 1000))
    }
    try log.release(upTo: 39)
    let (reopened, replayed) = try model.open(disk.restarted())
    #expect(replayed.last { $0.kind == hardStateKind } == states.last)
    #expect(replayed.last?.index == 40 && replayed.count < 8)
    #expect(reopened.precedingIndex + 1 == replayed.first { $0.index > 0 }?.index)
    #expect(reopened.precedingIndex == log.precedingIndex)
  }

  @Test func releaseKeepsWhatIsNewer() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    for index in 1...30 as ClosedRange<UInt64> { try log.append(records(index...index, of: 900)) }
    for index in [0, 3, 4, 11, 29, 30] as [UInt64] {
      try log.release(upTo: index)
      #expect(log.precedingIndex <= index)
      let (_, replayed) = try model.open(disk.restarted())
      #expect(replayed.map(\.index) == Array(log.precedingIndex + 1...30))
    }
    #expect(log.segments.count == 1)
  }

  @Test func overwrittenEntriesComeInWriteOrder() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...6, of: 500))
    try log.append(records(4...5, of: 501))
    try log.sync()
    #expect(log.lastIndex == 5)
    let (reopened, replayed) = try model.open(disk.restarted())
    #expect(replayed.map(\.index) == [1, 2, 3, 4, 5, 6, 4, 5] && reopened.lastIndex == 5)
    // What holds an overwritten index 6 goes only with it.
    try reopened.append(records(6...9, of: 900))
    try reopened.release(upTo: 5)
    #expect(reopened.precedingIndex == 0)
  }

  @Test(arguments: [FileOperation.write, .sync]) func aFailedWriteIsFatal(operation: FileOperation) throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...1, of: 10))
    try log.sync()
    disk.faults.failing = [.init(operation: operation, suffix: ".wal", code: EIO)]
    let expected = WALError.fatal(FileError(code: EIO, operation: operation, path: segmentPath(1)))
    #expect(throws: expected) {
      try log.append(records(2...2, of: 10))
      try log.sync()
    }
    disk.faults = .init()
    #expect(throws: expected) { try log.append(records(3...3, of: 10)) }
    #expect(throws: expected) { try log.sync() }
    #expect(throws: expected) { try log.seal() }
    #expect(throws: expected) { try log.release(upTo: 1) }
  }

  @Test func aFullDiskRefusesBeforeAnythingIsWritten() throws {
    let disk = SimulatedFileSystem()
    disk.faults.capacityBytes = 8192 + 2 * 4096
    let (log, _) = try model.open(disk)
    var index: UInt64 = 0
    var refusal: WALError?
    while refusal == nil {
      do {
        try log.append(records(index + 1...index + 1, of: 700))
        index += 1
      } catch {
        refusal = error
      }
    }
    guard case .noSpace(let error) = refusal else {
      Issue.record("unexpected: \(refusal!)")
      return
    }
    #expect(error.isOutOfSpace && log.lastIndex == index && log.segments.count == 2)
    #expect(throws: WALError.noSpace(error)) { try log.append(records(index + 1...index + 1, of: 700)) }
    // What fits in the segment is still taken, and what was taken is kept.
    try log.append(records(index + 1...index + 1, of: 1))
    try log.sync()
    #expect(try model.open(disk.restarted()).1.map(\.index) == Array(1...index + 1))
    // The reserve pays for going on, though others take every byte that anyone lets go of.
    disk.faults.capacityBytes = 0
    try log.releaseBallast()
    try log.append(records(index + 2...index + 2, of: 700))
    try log.sync()
    #expect(!log.restoreBallast())
    #expect(try model.open(disk.restarted()).1.map(\.index) == Array(1...index + 2))
    disk.faults = .init()
    #expect(log.restoreBallast())
    #expect(disk.bytes(LogModel.directory + "/ballast")?.count == 8192)
  }

  @Test func aFullDiskAtTheStartIsNamed() {
    let disk = SimulatedFileSystem()
    disk.faults.capacityBytes = 100
    do {
      _ = try model.open(disk)
      Issue.record("opened")
    } catch {
      #expect(
        error
          == .noSpace(
            FileError(code: ENOSPC, operation: .preallocate, path: LogModel.directory + "/first.tmp")))
    }
  }

  @Test func releasingTheBallastTwiceIsFine() throws {
    let (log, _) = try model.open(SimulatedFileSystem())
    try log.releaseBallast()
    try log.releaseBallast()
  }

  @Test func tooLargeARecordIsRefused() throws {
    var model = model
    model.configuration.payloadBytesMax = 100
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    #expect(throws: WALError.recordTooLarge(bytes: 101, limit: 100)) {
      try log.append(records(1...1, of: 100) + records(2...2, of: 101))
    }
    #expect(log.lastIndex == 0)
    try log.append(records(1...1, of: 100))
    #expect(log.lastIndex == 1)
  }

  @Test func theNextSegmentIsPreparedInTheBackground() throws {
    let jobs = Jobs()
    var model = model
    model.configuration.background = { jobs.add($0) }
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...3, of: 1000))
    #expect(jobs.count == 1 && disk.bytes(segmentPath(2)) == nil)
    jobs.runAll()
    #expect(disk.bytes(segmentPath(2)) == [UInt8](repeating: 0, count: 4096))
    try log.append(records(4...6, of: 1000))
    #expect(log.segments.count == 2)
    // One that runs too late, after the log has made the segment itself, must leave it alone.
    try log.append(records(7...9, of: 1000))
    try log.sync()
    jobs.runAll()
    #expect(try model.open(disk.restarted()).1.map(\.index) == Array(1...9))
  }

  @Test func theLogStaysLockedWhileASegmentIsPrepared() throws {
    let jobs = Jobs()
    var model = model
    model.configuration.background = { jobs.add($0) }
    let disk = SimulatedFileSystem()
    do {
      let (log, _) = try model.open(disk)
      try log.append(records(1...3, of: 1000))
      try log.sync()
    }
    #expect(throws: WALError.locked(directory: LogModel.directory)) { try model.open(disk) }
    jobs.runAll()
    #expect(try model.open(disk).1.count == 3)
  }

  @Test func sealingTwiceWritesOnce() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...1, of: 10))
    try log.seal()
    let bytes = log.byteCount
    try log.seal()
    #expect(log.byteCount == bytes)
    #expect(try model.open(disk.restarted()).1.count == 1)
  }
}
