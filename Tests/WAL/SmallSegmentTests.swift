import Glibc
import Testing

@testable import WAL

/// A disk without space for a whole segment: a small one keeps the log going.
struct SmallSegmentTests {
  private var model = LogModel(seed: 5)

  init() {
    model.configuration.segmentBytes = 64 << 10
    model.configuration.ballastBytes = 0
  }

  @Test func aSmallSegmentIsMadeWhereAWholeOneDoesNotFit() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    // The whole first segment, and a tenth of another.
    disk.faults.capacityBytes = (64 + 6) << 10
    var index: UInt64 = 0
    var refusal: WALError?
    while refusal == nil {
      do {
        try log.append(records(index + 1...index + 1, of: 700))
        index += 1
      } catch {
        refusal = error
      }
      try #require(index < 1000)
    }
    guard case .noSpace = refusal else {
      Issue.record("unexpected: \(refusal!)")
      return
    }
    // 1024 bytes each: a header and one record of this size.
    #expect(log.segments.count == 1 + 6)
    try log.sync()
    let (reopened, replayed) = try model.open(disk.restarted())
    #expect(replayed.map(\.index) == Array(1...index))
    // With space again segments are whole.
    let before = reopened.segments.count
    try reopened.append(records(index + 1...index + 20, of: 700))
    try reopened.append(records(index + 21...index + 40, of: 700))
    #expect(reopened.segments.count == before + 1)
    #expect(disk.bytes(segmentPath(1))?.count == 64 << 10)
    #expect(disk.bytes(segmentPath(2))?.count == 1 << 10)
  }

  @Test func aBatchThatIsLargerGetsASegmentOfItsSize() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    // Not so much that the next segment is prepared.
    try log.append(records(1...40, of: 1000))
    disk.faults.capacityBytes = (64 + 40) << 10
    try log.append(records(41...70, of: 1000))
    #expect(log.segments.count == 2)
    let count = try #require(disk.bytes(segmentPath(2))?.count)
    #expect(count > 30_000 && count < 33_000)
    try log.sync()
    #expect(log.allocatedBytes == (64 << 10) + count)
    #expect(try model.open(disk.restarted()).1.map(\.index) == Array(1...70))
    // One that does not fit leaves the log as it was.
    #expect(throws: WALError.self) { try log.append(records(71...90, of: 1000)) }
    #expect(log.lastIndex == 70 && log.segments.count == 2)
    disk.faults = .init()
    try log.append(records(71...90, of: 1000))
    try log.sync()
    #expect(try model.open(disk.restarted()).1.map(\.index) == Array(1...90))
  }

  @Test func onlyAFullDiskMakesSegmentsSmall() throws {
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try log.append(records(1...40, of: 1000))
    disk.faults.failing = [.init(operation: .preallocate, suffix: ".wal", code: EIO)]
    let expected = WALError.fatal(FileError(code: EIO, operation: .preallocate, path: segmentPath(2)))
    #expect(throws: expected) { try log.append(records(41...70, of: 1000)) }
  }
}
