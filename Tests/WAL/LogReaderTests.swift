import Foundation
import Synchronization
import Testing

@testable import WAL

/// Entries are read back as they count, while the log goes on.
struct LogReaderTests {
  var model = LogModel(seed: 31)

  init() {
    model.configuration.segmentBytes = 4096
    model.configuration.ballastBytes = 0
  }

  private func indexes(_ entries: LogReader.Entries?) -> [UInt64]? { entries?.records.map(\.index) }

  @Test func onlyWhatIsDurableIsRead() throws {
    let (log, _) = try model.open(SimulatedFileSystem())
    #expect(log.reader.firstIndex == 1 && log.reader.lastIndex == 0)
    try log.append(records(1...3, of: 100))
    #expect(try log.reader.read(from: 1, through: 3, maximumBytes: 1000) == nil)
    try log.sync()
    let entries = try log.reader.read(from: 1, through: 3, maximumBytes: 1000)
    #expect(entries == LogReader.Entries(precedingTerm: 0, records: records(1...3, of: 100)))
    // An overwrite voids what it takes the place of before it is durable itself.
    try log.append(records(2...2, of: 50))
    #expect(log.reader.lastIndex == 1)
    #expect(indexes(try log.reader.read(from: 1, through: 3, maximumBytes: 1000)) == [1])
    try log.sync()
    let overwritten = try log.reader.read(from: 1, through: 3, maximumBytes: 1000)
    #expect(overwritten?.records == records(1...1, of: 100) + records(2...2, of: 50))
  }

  @Test func theBytesAskedForAreABoundButForTheFirst() throws {
    let (log, _) = try model.open(SimulatedFileSystem())
    try log.append(records(1...9, of: 60))
    try log.sync()
    for (bytes, count) in [(0, 1), (100, 1), (199, 1), (200, 2), (899, 8), (900, 9), (5000, 9)] {
      let entries = try log.reader.read(from: 1, through: 100, maximumBytes: bytes)
      #expect(entries?.records.count == count, "\(bytes) bytes")
    }
    #expect(indexes(try log.reader.read(from: 4, through: 6, maximumBytes: 5000)) == [4, 5, 6])
    #expect(try log.reader.read(from: 4, through: 3, maximumBytes: 5000) == nil)
    #expect(try log.reader.read(from: 0, through: 3, maximumBytes: 5000) == nil)
  }

  @Test func aReadCostsWhatItReturns() throws {
    var model = model
    model.configuration.segmentBytes = 4 << 20
    model.configuration.payloadBytesMax = 2 << 20
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    for index in 0..<150 as Range<UInt64> {
      try log.append(records(index * 10 + 1...index * 10 + 10, of: 2000))
      try log.sync()
    }
    // The term of a large entry does not cost reading it.
    try log.append(records(1501...1501, of: 2 << 20) + records(1502...1502, of: 10))
    try log.sync()
    let copy = disk.restarted()
    for (reader, disk) in [(log.reader, disk), (try model.open(copy).0.reader, copy)] {
      for from in [1, 31, 32, 33, 800, 1502] as [UInt64] {
        let before = disk.readBytes
        #expect(indexes(try reader.read(from: from, through: from, maximumBytes: 4096)) == [from])
        #expect(disk.readBytes - before <= 4 * 65536, "entry \(from)")
      }
    }
  }

  @Test func entriesBeforeTheSegmentsKeptAreGone() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    for index in 1...30 as ClosedRange<UInt64> { try log.append(records(index...index, of: 900)) }
    try log.release(upTo: 20)
    // The first entry kept only lends its term: nothing says any more what was before it.
    let first = log.precedingIndex + 2
    #expect(log.reader.firstIndex == first && first > 10)
    #expect(try log.reader.read(from: first - 1, through: 30, maximumBytes: 1 << 20) == nil)
    #expect(
      indexes(try log.reader.read(from: first, through: 30, maximumBytes: 1 << 20)) == Array(first...30))
    let (reopened, _) = try model.open(disk.restarted())
    #expect(reopened.reader.firstIndex == first && reopened.reader.lastIndex == 30)
  }

  /// Between the look at the index and that at the file the segment goes.
  @Test func aSegmentThatGoesWhileItIsReadIsNoFailure() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    for index in 1...30 as ClosedRange<UInt64> { try log.append(records(index...index, of: 900)) }
    try log.sync()
    let gate = GatedFileSystem(disk)
    let reader = LogReader(
      fileSystem: gate, names: log.names, identity: log.identity, marks: try recoveredMarks(disk))
    gate.beforeOpen = { path in
      if path == segmentPath(3) {
        reader.remove(through: 3)
        try? disk.remove(path)
      }
    }
    // What was read before it went is returned; of what went first, nothing.
    let firstOfThird = try #require(try recoveredMarks(disk).marks.first { $0.sequence == 3 }?.index)
    let entries = try reader.read(from: 1, through: 30, maximumBytes: 1 << 20)
    #expect(indexes(entries) == Array(1..<firstOfThird))
    #expect(try reader.read(from: 2, through: 30, maximumBytes: 1 << 20) == nil)
    // One that is open stays readable.
    gate.beforeOpen = { _ in }
    gate.afterOpen = { path in
      reader.remove(through: reader.lastIndex)
      try? disk.remove(path)
    }
    let from = reader.firstIndex
    #expect(indexes(try reader.read(from: from, through: from, maximumBytes: 0)) == [from])
    #expect(try reader.read(from: from, through: from, maximumBytes: 0) == nil)
  }

  @Test func aFileThatIsMissingIsAnError() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    for index in 1...9 as ClosedRange<UInt64> { try log.append(records(index...index, of: 900)) }
    try log.sync()
    try disk.remove(segmentPath(2))
    #expect(throws: WALError.self) { try log.reader.read(from: 1, through: 9, maximumBytes: 1 << 20) }
  }

  private func recoveredMarks(_ disk: SimulatedFileSystem) throws -> EntryMarks {
    let copy = disk.restarted()
    return try LogRecovery(fileSystem: copy, names: SegmentNames(directory: LogModel.directory)).run { _ in }!
      .marks
  }

  @Test func everyFlippedBitOfAnEntryIsReported() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...5, of: 300))
    try log.sync()
    let bytes = disk.bytes(segmentPath(1))!
    var random = SeededRandom(9)
    for byte in 72..<72 + 5 * 344 {
      var damaged = bytes
      damaged[byte] ^= 1 << random.next(8)
      disk.setBytes(segmentPath(1), damaged)
      do {
        _ = try log.reader.read(from: 1, through: 5, maximumBytes: 1 << 20)
        Issue.record("byte \(byte)")
      } catch {
        guard case .corrupt(let corruption) = error else {
          Issue.record("byte \(byte): \(error)")
          return
        }
        #expect(corruption.offset == 72 + (byte - 72) / 344 * 344)
        #expect(corruption.lastIndexBefore == UInt64((byte - 72) / 344))
      }
    }
  }

  /// Readers on threads of their own, on a real disk, beside a log that appends, overwrites, begins anew and releases.
  @Test func readersAndTheLogDoNotDisturbEachOther() async throws {
    let directory = NSTemporaryDirectory() + "/wal-reader-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var configuration = WriteAheadLog.Configuration(identity: 77)
    configuration.segmentBytes = 64 << 10
    configuration.ballastBytes = 0
    let log = try WriteAheadLog.open(
      directory: directory, fileSystem: PosixFileSystem(), configuration: configuration
    ) { _ in }
    let reader = log.reader
    let end = End()
    try await withThrowingTaskGroup(of: Int.self) { group in
      for seed in 0..<3 as Range<UInt64> {
        group.addTask {
          var random = SeededRandom(seed)
          var count = 0
          while !end.isReached {
            await Task.yield()
            let first = reader.firstIndex
            let from = first + UInt64(random.next(40))
            guard let entries = try reader.read(from: from, through: from + 50, maximumBytes: 8000) else {
              continue
            }
            count += entries.records.count
            var term = entries.precedingTerm
            for (position, record) in entries.records.enumerated() {
              #expect(record.index == from + UInt64(position) && record.term >= term)
              #expect(record.payload == [UInt8](repeating: UInt8(record.index % 251), count: 500))
              term = record.term
            }
          }
          return count
        }
      }
      var random = SeededRandom(99)
      var next: UInt64 = 1
      for term in 1...1500 as ClosedRange<UInt64> {
        if random.next(5) == 0 { next -= min(next - 1, UInt64(random.next(5))) }
        if random.next(50) == 0 {
          next += 10
          try log.append(
            [LogRecord(kind: resetKind, term: term, index: next - 1, payload: [], beginsAnew: true)])
        }
        try log.append(
          (0..<5 as Range<UInt64>).map { offset in
            let index = next + offset
            return LogRecord(
              kind: entryKind, term: term, index: index,
              payload: [UInt8](repeating: UInt8(index % 251), count: 500))
          })
        next += 5
        if random.next(3) == 0 { try log.sync() }
        if random.next(20) == 0 { try log.release(upTo: next - 6, keepingBytes: 200 << 10) }
        if random.next(10) == 0 { await Task.yield() }
      }
      end.reach()
      for try await _ in group {}
    }
    #expect(reader.firstIndex > 1)
  }
}

/// Tells tasks to stop.
private final class End: Sendable {
  private let reached = Atomic(false)

  var isReached: Bool { reached.load(ordering: .relaxed) }

  func reach() { reached.store(true, ordering: .relaxed) }
}

/// A file system that lets a test step in when a file is opened.
private final class GatedFileSystem: FileSystem {
  private let base: SimulatedFileSystem
  private let steps = Mutex<(before: @Sendable (String) -> Void, after: @Sendable (String) -> Void)>(
    ({ _ in }, { _ in }))

  init(_ base: SimulatedFileSystem) { self.base = base }

  var beforeOpen: @Sendable (String) -> Void {
    get { steps.withLock { $0.before } }
    set { steps.withLock { $0.before = newValue } }
  }

  var afterOpen: @Sendable (String) -> Void {
    get { steps.withLock { $0.after } }
    set { steps.withLock { $0.after = newValue } }
  }

  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
    beforeOpen(path)
    let file = try base.open(path, mode)
    afterOpen(path)
    return file
  }

  func createDirectory(_ path: String) throws(FileError) { try base.createDirectory(path) }
  func list(_ directory: String) throws(FileError) -> [String] { try base.list(directory) }
  func rename(_ path: String, to target: String) throws(FileError) { try base.rename(path, to: target) }
  func remove(_ path: String) throws(FileError) { try base.remove(path) }
  func syncDirectory(_ path: String) throws(FileError) { try base.syncDirectory(path) }
}
