import Testing

@testable import WAL

/// Damage to what had been durable is reported, never dropped.
struct CorruptionTests {
  /// A log of several segments; `lastBatch` is where its last batch starts in its last segment.
  struct Sample {
    var model = LogModel(seed: 3)
    var segments: [[UInt8]] = []
    var lastBatch = 0
    var lastBatchCount = 4

    init(sealed: Bool) throws {
      model.configuration.segmentBytes = 4096
      model.configuration.ballastBytes = 0
      let disk = SimulatedFileSystem()
      let (log, _) = try model.open(disk)
      var index: UInt64 = 1
      for batch in 0..<11 {
        let count: UInt64 = batch == 10 ? UInt64(lastBatchCount) : 1 + UInt64(batch) % 4
        lastBatch = log.segments.last!.end
        try model.append(records(index...index + count - 1, of: 220 + batch * 23), to: log)
        try log.sync()
        index += count
        #expect(batch < 10 || log.segments.last!.end > lastBatch, "the last batch must not start a segment")
      }
      if sealed { try log.seal() }
      segments = log.segments.map { Array(disk.bytes(segmentPath($0.sequence))!) }
      #expect(segments.count == 3 && lastBatch > 0)
    }

    func disk() -> SimulatedFileSystem {
      let disk = SimulatedFileSystem()
      for (position, bytes) in segments.enumerated() {
        disk.setBytes(segmentPath(UInt64(position) + 1), bytes)
      }
      return disk
    }

    /// The bytes of a segment that hold anything.
    func used(_ segment: Int) -> Range<Int> { 0..<segments[segment].lastIndex { $0 != 0 }! + 1 }

    /// What happens when it is opened: nil if damage is reported, else how many of the records are there.
    func recordsLeft() throws -> Int? {
      do {
        let (_, replayed) = try model.open(disk())
        #expect(replayed == Array(model.written.prefix(replayed.count)))
        return replayed.count
      } catch {
        switch error {
        case .corrupt, .notALog, .formatVersion: return nil
        default: throw error
        }
      }
    }
  }

  @Test(arguments: [false, true]) func everyFlippedBitIsReported(sealed: Bool) throws {
    let sample = try Sample(sealed: sealed)
    var random = SeededRandom(sealed ? 1 : 2)
    var reported = 0
    for segment in sample.segments.indices {
      for byte in sample.used(segment) {
        var damaged = sample
        damaged.segments[segment][byte] ^= 1 << random.next(8)
        let left = try damaged.recordsLeft()
        if left == nil {
          reported += 1
          continue
        }
        let whole = sample.model.written.count
        if sealed {
          // Only damage to the seal itself passes, and takes nothing with it.
          #expect(left == whole && segment == 2 && byte >= sample.used(2).upperBound - 40, "byte \(byte)")
        } else {
          #expect(left! >= whole - sample.lastBatchCount && segment == 2, "segment \(segment), byte \(byte)")
          #expect(byte >= sample.lastBatch, "byte \(byte)")
        }
      }
    }
    // Even in the last batch only a record with a blank piece of a sector can pass for a torn one.
    let total = sample.segments.indices.reduce(0) { $0 + sample.used($1).count }
    #expect(reported > total * 95 / 100, "\(reported) of \(total)")
  }

  @Test(arguments: [false, true]) func everyLostSectorIsReported(sealed: Bool) throws {
    let sample = try Sample(sealed: sealed)
    for segment in sample.segments.indices {
      for start in stride(from: 0, to: sample.used(segment).upperBound, by: 512) {
        var damaged = sample
        damaged.segments[segment].replaceSubrange(
          start..<start + 512, with: [UInt8](repeating: 0, count: 512))
        let left = try damaged.recordsLeft()
        if let left {
          #expect(left >= sample.model.written.count - sample.lastBatchCount, "sector at \(start)")
          // A seal cannot tell of its own sector.
          let first = sealed ? sample.used(2).upperBound - RecordHeader.byteCount : sample.lastBatch
          #expect(segment == 2 && start + 512 > first, "segment \(segment), sector at \(start)")
        }
      }
    }
  }

  @Test func lostEndOfAFileIsReported() throws {
    let sample = try Sample(sealed: true)
    for segment in sample.segments.indices {
      for count in [1, 63, 64, 300, 2000, 4095] {
        var damaged = sample
        damaged.segments[segment] = Array(sample.segments[segment][..<count])
        // Blank space at the end of a segment is no loss once another has followed.
        let isHarmless = segment < 2 && count >= sample.used(segment).upperBound
        let left = isHarmless ? sample.model.written.count : nil
        #expect(try damaged.recordsLeft() == left, "segment \(segment) of \(count) bytes")
      }
    }
  }

  @Test func theReportNamesPlaceAndIndexes() throws {
    var sample = try Sample(sealed: true)
    // The payload of the first record: its header still tells its index.
    sample.segments[0][100 + 64] ^= 1
    do {
      _ = try sample.model.open(sample.disk())
      Issue.record("opened")
    } catch {
      let corruption = Corruption(
        path: segmentPath(1), offset: 72, reason: "the payload of the record with index 1 is damaged",
        lastIndexBefore: 0, firstIndexAfter: 2)
      #expect(error == .corrupt(corruption))
      #expect(
        error.description
          == "\(segmentPath(1)) is corrupt at offset 72: the payload of the record with index 1 is damaged; "
          + "last intact entry before: 0; first intact entry after: 2")
    }
  }

  /// A segment whose sync had been waited for must not pass for one that a crash tore while it was started.
  @Test func lostHeaderOfAUsedSegmentIsReported() throws {
    var sample = try Sample(sealed: true)
    sample.segments[2].replaceSubrange(0..<512, with: [UInt8](repeating: 0, count: 512))
    #expect(try sample.recordsLeft() == nil)
  }

  @Test func aCopyOfARecordInsideAValueIsNotTakenForOne() throws {
    var model = LogModel(seed: 5)
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try model.append(records(1...1, of: 100), to: log)
    try log.sync()
    try model.append(records(2...2, of: 100), to: log)
    // The second record says that the first one's end, 72 + 144, was durable before it. Of another log it proves
    // nothing here.
    let copy = Array(disk.bytes(segmentPath(1))![216..<360])
    let other = LogModel(seed: 6)
    let otherDisk = SimulatedFileSystem()
    let (otherLog, _) = try other.open(otherDisk)
    let filler = [UInt8](repeating: 0, count: 40)
    try otherLog.append([LogRecord(kind: entryKind, term: 1, index: 1, payload: filler + filler + copy)])
    var image = otherDisk.bytes(segmentPath(1))!
    image.replaceSubrange(72..<112, with: filler)
    otherDisk.setBytes(segmentPath(1), image)
    let (reopened, replayed) = try other.open(otherDisk.restarted())
    #expect(replayed.isEmpty && reopened.recovery.tornTail?.offset == 72)
  }
}
