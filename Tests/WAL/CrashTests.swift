import Testing

@testable import WAL

/// Seeded runs against a disk that forgets what was not synced.
struct CrashTests {
  /// Several lives of one log, each ended by a crash: after an operation, or within one.
  @Test(arguments: 0..<400 as Range<UInt64>)
  func keepsWhatWasDurable(seed: UInt64) throws {
    var model = LogModel(seed: seed)
    var disk = SimulatedFileSystem()
    for life in 0..<5 {
      var random = SeededRandom(seed << 8 | UInt64(life))
      // Some starts are themselves cut short, wherever it may hurt.
      if random.next(3) == 0 {
        disk.faults.operationsLeft = random.next(60)
        _ = try? model.open(disk)
        disk = disk.crashed(&random)
      }
      let (log, replayed) = try model.open(disk)
      let complaint = model.complaint(replayed)
      #expect(complaint == nil, "seed \(seed), life \(life)")
      if complaint != nil { return }
      model.adopt(replayed)
      #expect(log.lastIndex == model.written.last { $0.index > 0 }?.index ?? 0, "seed \(seed), life \(life)")
      let unread = try ReaderModel(model).complaint(log.reader, &random)
      #expect(unread == nil, "seed \(seed), life \(life)")
      let operations = random.next(60)
      let powerFails = random.next(2) == 0
      if powerFails { disk.faults.operationsLeft = random.next(100) }
      do {
        for _ in 0..<operations {
          try model.step(log)
          guard !powerFails && random.next(4) == 0 else { continue }
          let complaint = try ReaderModel(model).complaint(log.reader, &random)
          #expect(complaint == nil, "seed \(seed), life \(life)")
        }
      } catch {
        guard powerFails else { throw error }
      }
      // A killed process loses nothing; a loss of power loses what was not synced.
      disk = random.next(4) == 0 ? disk.restarted() : disk.crashed(&random)
    }
  }

  /// Every image of one torn batch: each combination of its sectors.
  @Test func anyCombinationOfSectorsOfABatchIsATornTail() throws {
    var model = LogModel(seed: 7)
    model.configuration.segmentBytes = 16384
    let disk = SimulatedFileSystem()
    let (log, _) = try model.open(disk)
    try model.append(records(1...3, of: 300), to: log)
    try log.sync()
    let before = disk.bytes(segmentPath(1))!
    try model.append(records(4...9, of: 500), to: log)
    let after = disk.bytes(segmentPath(1))!
    let sectors = (0..<after.count / 512).filter {
      before[$0 * 512..<$0 * 512 + 512] != after[$0 * 512..<$0 * 512 + 512]
    }
    #expect(sectors.count == 7)
    for kept in 0..<1 << sectors.count {
      var image = before
      for (bit, sector) in sectors.enumerated() where kept & 1 << bit != 0 {
        image.replaceSubrange(
          sector * 512..<sector * 512 + 512, with: after[sector * 512..<sector * 512 + 512])
      }
      let crashed = SimulatedFileSystem()
      crashed.setBytes(segmentPath(1), image)
      let (reopened, replayed) = try model.open(crashed)
      #expect(Array(replayed.prefix(3)) == Array(model.written.prefix(3)), "sectors \(kept)")
      #expect(replayed == Array(model.written.prefix(replayed.count)), "sectors \(kept)")
      let isWhole = kept == (1 << sectors.count) - 1
      #expect((replayed.count == 9) == isWhole, "sectors \(kept)")
      #expect((reopened.recovery.tornTail != nil) == (kept != 0 && !isWhole), "sectors \(kept)")
      // What the torn batch left must not reappear behind a shorter one.
      try reopened.append(records(20...20, of: 1))
      try reopened.sync()
      let (_, again) = try model.open(crashed.restarted())
      #expect(again.count == replayed.count + 1 && again.last?.index == 20, "sectors \(kept)")
    }
  }
}

func segmentPath(_ sequence: UInt64) -> String {
  SegmentNames(directory: LogModel.directory).segment(sequence)
}

func records(_ indexes: ClosedRange<UInt64>, of count: Int) -> [LogRecord] {
  indexes.map { index in
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(index) | 1) }
    return LogRecord(kind: entryKind, term: 1, index: index, payload: payload)
  }
}
