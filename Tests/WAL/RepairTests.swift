import Glibc
import Testing

@testable import WAL

/// A damaged log is opened with what is intact before the damage, and says what it knows of the rest.
struct RepairTests {
  static let markKind: UInt8 = 9

  /// An opening that repairs: the log, what was replayed of it as it was, and what it said was lost.
  struct Opening {
    var log: WriteAheadLog
    var intact: [LogRecord] = []
    var mark: LogRecord?
    var damage: LogDamage?
  }

  /// Opens the log; if it must be repaired, it goes on with the newest hard state and a mark.
  static func open(_ model: LogModel, _ disk: any FileSystem) throws(WALError) -> Opening {
    var intact: [LogRecord] = []
    var mark: LogRecord?
    var damage: LogDamage?
    let log = try WriteAheadLog.openRepairing(
      directory: LogModel.directory, fileSystem: disk, configuration: model.configuration,
      repair: { found in
        damage = found
        let state = found.newestRecords.filter { $0.kind == hardStateKind }
        return state + [LogRecord(kind: markKind, term: 0, index: 0, payload: Array("\(found)".utf8))]
      }
    ) { record in
      if record.kind == markKind { mark = record } else if damage == nil { intact.append(record) }
    }
    return Opening(log: log, intact: intact, mark: mark, damage: damage)
  }

  /// What is wrong with a report, all of whose log had been durable; nil if nothing is.
  static func complaint(_ opening: Opening, _ written: [LogRecord]) -> String? {
    let entries = written.filter { $0.index > 0 }
    let intact = opening.intact.filter { $0.index > 0 }
    // Records before the first that is replayed were released.
    let start = intact.first.map { entries.firstIndex(of: $0) ?? -1 } ?? 0
    guard start >= 0, intact == Array(entries[start..<min(start + intact.count, entries.count)]) else {
      return "what is replayed is not what was written"
    }
    guard let damage = opening.damage else {
      return start + intact.count == entries.count || intact.isEmpty ? nil : "entries are missing in silence"
    }
    if let last = intact.last, damage.lastIntactIndex != last.index {
      return "the last intact entry is wrong"
    }
    let lost = intact.isEmpty ? entries : Array(entries[(start + intact.count)...])
    if let last = damage.lastKnownIndex {
      // Where the log stood after one of its records that is not replayed, or just before the first of them.
      let known = [damage.lastIntactIndex] + lost.map(\.index)
      guard known.contains(last) else { return "the log never ended at \(last)" }
      if let term = damage.lastKnownTerm, !entries.contains(where: { $0.index == last && $0.term == term }) {
        return "the last entry's term is wrong"
      }
      if damage.isEndKnown && last != entries.last?.index ?? 0 { return "more than \(last) was in the log" }
    } else if damage.isEndKnown {
      return "an end is known that is not known"
    }
    if let first = damage.firstIndexBeyond, first <= damage.lastIntactIndex,
      !lost.contains(where: { $0.index <= first || $0.beginsAnew })
    {
      return "entries from \(first) on are not void"
    }
    for record in damage.newestRecords where !written.contains(record) {
      return "a record that was never written"
    }
    let state = opening.intact.last { $0.kind == hardStateKind }
    let newest = damage.newestRecords.first { $0.kind == hardStateKind }
    if let state, newest == nil || newest!.term < state.term { return "a newer hard state is not reported" }
    if damage.certainKinds.contains(hardStateKind),
      newest != written.last(where: { $0.kind == hardStateKind })
    {
      return "a hard state that is not the newest is called certain"
    }
    return nil
  }

  /// After a repair the log is one like others: it opens plainly, and goes on.
  static func checkRepaired(_ model: LogModel, _ opening: Opening, _ disk: SimulatedFileSystem) throws {
    let next = opening.log.lastIndex + 1
    try opening.log.append(records(next...next + 1, of: 50))
    try opening.log.sync()
    if opening.damage != nil {
      let entries = try opening.log.reader.read(from: next + 1, through: next + 1, maximumBytes: 0)
      #expect(entries?.records == records(next + 1...next + 1, of: 50))
    }
    let after = disk.crashedKeepingNothing()
    let replayed = try RepairTests.open(model, after).intact
    #expect(
      replayed.filter { $0.index > 0 && !$0.beginsAnew }.suffix(2) == records(next...next + 1, of: 50)[...])
    if opening.damage != nil {
      #expect(Array(replayed.prefix(opening.intact.count)) == opening.intact)
      #expect(try model.open(after.restarted()).1.contains { $0.kind == markKind })
    }
  }

  @Test(arguments: [false, true]) func everyFlippedBitIsRepaired(sealed: Bool) throws {
    let sample = try CorruptionTests.Sample(sealed: sealed)
    var random = SeededRandom(sealed ? 11 : 12)
    var exact = 0
    var repaired = 0
    for segment in sample.segments.indices {
      for byte in sample.used(segment) where random.next(4) == 0 {
        var damaged = sample
        damaged.segments[segment][byte] ^= 1 << random.next(8)
        let isReported = try damaged.recordsLeft() == nil
        let disk = damaged.disk()
        let opening = try RepairTests.open(sample.model, disk)
        let complaint = RepairTests.complaint(opening, sample.model.written)
        #expect(isReported == (opening.damage != nil), "segment \(segment), byte \(byte)")
        if isReported {
          #expect(complaint == nil, "segment \(segment), byte \(byte)")
          repaired += 1
          let last = sample.model.written.last!.index
          if opening.damage!.lastKnownIndex == last && opening.damage!.isEndKnown { exact += 1 }
          if segment < 2 { #expect(opening.damage!.lastKnownIndex == last && opening.damage!.isEndKnown) }
        }
        try RepairTests.checkRepaired(sample.model, opening, disk)
      }
    }
    // Only damage to the very last records leaves the end unknown.
    #expect(exact > repaired * 8 / 10, "\(exact) of \(repaired)")
  }

  /// Logs with overwrites, snapshots and releases, damaged in all the ways that disks and people know.
  @Test(arguments: 0..<400 as Range<UInt64>) func neverClaimsMoreThanIsKnown(seed: UInt64) throws {
    var model = LogModel(seed: seed)
    var random = SeededRandom(seed &+ 7777)
    let disk = SimulatedFileSystem()
    do {
      let (log, _) = try model.open(disk)
      for _ in 0..<20 + random.next(60) { try model.step(log) }
      if random.next(2) == 0 { try log.seal() } else { try log.sync() }
      model.durableCount = model.written.count
    }
    let image = disk.restarted()
    for _ in 0..<1 + random.next(3) { try damage(image, &random) }
    let before = image.restarted()
    let opening: Opening
    do {
      opening = try RepairTests.open(model, image)
    } catch {
      // Nothing of it is left that tells whose log it was.
      let paths = try image.list(LogModel.directory).filter { $0.hasSuffix(".wal") }
      let isLost = try paths.allSatisfy { name in
        let file = try image.open(LogModel.directory + "/" + name, .readOnly)
        if case .header = try SegmentReader(file: file, seed: 0).segmentHeader() { return false }
        return true
      }
      #expect(isLost, "seed \(seed): \(error)")
      return
    }
    let complaint = RepairTests.complaint(opening, model.written)
    // What only seems to be torn is nothing that a log can tell: see `LogRecovery`.
    if opening.log.recovery.tornTail == nil { #expect(complaint == nil, "seed \(seed)") }
    if opening.damage != nil {
      // A plain start reports the same, or at least something.
      #expect(throws: WALError.self, "seed \(seed)") { try model.open(before) }
    }
    try RepairTests.checkRepaired(model, opening, image)
  }

  private func damage(_ disk: SimulatedFileSystem, _ random: inout SeededRandom) throws {
    let names = try disk.list(LogModel.directory).filter { $0.hasSuffix(".wal") }.sorted()
    let chosen = random.next(names.count)
    // A file that was prepared and never used is nothing to lose.
    let isLast = names[(chosen + 1)...].allSatisfy { name in
      disk.bytes(LogModel.directory + "/" + name)!.allSatisfy { $0 == 0 }
    }
    let path = LogModel.directory + "/" + names[chosen]
    var bytes = disk.bytes(path)!
    let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
    guard used > 1 else { return }
    switch random.next(8) {
    case 0..<4: bytes[random.next(used)] ^= 1 << random.next(8)
    case 4, 5:
      // A sector that is lost, or that holds something else.
      let start = random.next(used) / 512 * 512
      // Blank space at the end of the log looks as if it had never been written.
      let isBlank = !isLast && random.next(2) == 0
      for position in start..<min(start + 512, bytes.count) {
        bytes[position] = isBlank ? 0 : UInt8(random.next(256))
      }
    case 6: bytes.removeLast(bytes.count - 1 - random.next(used - 1))
    default:
      // That the newest of all is gone, nothing tells.
      return isLast ? () : try disk.remove(path)
    }
    disk.setBytes(path, bytes)
  }

  @Test(arguments: 0..<60) func aCrashInARepairLosesNoKnowledge(operations: Int) throws {
    let sample = try CorruptionTests.Sample(sealed: true)
    for (segment, byte) in [(0, 100), (0, 20), (1, 200), (1, 40), (2, 90)] {
      var damaged = sample
      damaged.segments[segment][byte] ^= 1
      for seed in 0..<4 as Range<UInt64> {
        var random = SeededRandom(seed << 8 | UInt64(operations))
        var disk = damaged.disk()
        let expected = try RepairTests.open(sample.model, damaged.disk()).damage
        disk.faults.operationsLeft = operations
        do {
          _ = try RepairTests.open(sample.model, disk)
        } catch {
          guard case .file = error else { throw error }
        }
        disk = random.next(3) == 0 ? disk.restarted() : disk.crashed(&random)
        // A plain start finds the damage, or the log with its mark.
        do {
          let (_, replayed) = try sample.model.open(disk)
          #expect(replayed.contains { $0.kind == RepairTests.markKind })
        } catch {
          #expect(error == expected?.cause)
        }
        let opening = try RepairTests.open(sample.model, disk.restarted())
        if opening.damage == nil {
          #expect(opening.mark != nil && opening.intact.last?.kind == entryKind || segment == 0)
          #expect(opening.mark?.payload == expected.map { Array("\($0)".utf8) })
        } else {
          #expect(opening.damage == expected)
        }
      }
    }
  }

  @Test func aRefusalChangesNothing() throws {
    var sample = try CorruptionTests.Sample(sealed: true)
    sample.segments[1][300] ^= 1
    let disk = sample.disk()
    var cause: WALError?
    do {
      _ = try WriteAheadLog.openRepairing(
        directory: LogModel.directory, fileSystem: disk, configuration: sample.model.configuration,
        repair: { damage in
          cause = damage.cause
          return nil
        }, replay: { _ in })
      Issue.record("opened")
    } catch {
      #expect(error == cause)
    }
    for (position, bytes) in sample.segments.enumerated() {
      #expect(disk.bytes(segmentPath(UInt64(position) + 1)) == bytes)
    }
    struct Refusal: Error {}
    do {
      _ = try WriteAheadLog.openRepairing(
        directory: LogModel.directory, fileSystem: disk.restarted(),
        configuration: sample.model.configuration,
        repair: { _ in throw Refusal() }, replay: { _ in })
      Issue.record("opened")
    } catch {
      guard case .rejected = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  /// A later hard state, and what a damaged record's own header says, are known although they come after the damage.
  @Test func whatLiesBeyondTheDamageIsReported() throws {
    var model = LogModel(seed: 51)
    model.configuration.segmentBytes = 65536
    model.configuration.ballastBytes = 0
    let disk = SimulatedFileSystem()
    let states = (1...3 as ClosedRange<UInt64>).map {
      LogRecord(kind: hardStateKind, term: $0, index: 0, payload: [UInt8($0)])
    }
    do {
      let (log, _) = try model.open(disk)
      try log.append([states[0]] + records(1...4, of: 100) + [states[1]])
      try log.sync()
      try log.append(records(3...6, of: 104) + [states[2]])
      try log.sync()
    }
    let bytes = disk.bytes(segmentPath(1))!
    // 72 bytes of header, 48 of a hard state, 144 of an entry.
    func opened(flipping byte: Int) throws -> Opening {
      let image = SimulatedFileSystem()
      var damaged = bytes
      damaged[byte] ^= 1
      image.setBytes(segmentPath(1), damaged)
      return try RepairTests.open(model, image)
    }
    let second = 72 + 48 + 144
    var damage = try #require(opened(flipping: second + 60).damage)
    #expect(damage.lastIntactIndex == 1 && damage.lastKnownIndex == 6 && damage.isEndKnown)
    #expect(damage.lastKnownTerm == 1 && damage.firstIndexBeyond == 2 && damage.recordsBeyond == 8)
    #expect(damage.newestRecords == [states[2]])
    #expect(
      damage.description
        == "\(segmentPath(1)) is corrupt at offset \(second): the payload of the record with index 2 is damaged; "
        + "last intact entry before: 1; first intact entry after: 3; entries after 1 up to 6 are lost")
    // The overwrite of entry 3 is damaged: entries 3 and 4 as they were before may not count.
    let overwrite = 72 + 48 + 4 * 144 + 48
    damage = try #require(opened(flipping: overwrite + 10).damage)
    #expect(damage.lastIntactIndex == 4 && damage.firstIndexBeyond == 4 && damage.lastKnownIndex == 6)
    #expect(damage.certainKinds == [hardStateKind])
    // Of the very last record the header is left, and tells that no entry is lost.
    damage = try #require(opened(flipping: overwrite + 4 * 144 + 41).damage)
    #expect(damage.lastIntactIndex == 6 && damage.lastKnownIndex == 6 && damage.isEndKnown)
    #expect(
      damage.newestRecords == [states[1]] && damage.certainKinds == [] && damage.firstIndexBeyond == nil)
    // Without its header nobody knows what it was.
    damage = try #require(opened(flipping: overwrite + 4 * 144 + 33).damage)
    #expect(damage.lastIntactIndex == 6 && damage.lastKnownIndex == nil && !damage.isEndKnown)
  }

  @Test func theRepairedLogMayBeginAnew() throws {
    var sample = try CorruptionTests.Sample(sealed: true)
    sample.segments[0].replaceSubrange(0..<512, with: [UInt8](repeating: 0, count: 512))
    let disk = sample.disk()
    let reset = LogRecord(kind: resetKind, term: 3, index: 7, payload: [], beginsAnew: true)
    var damage: LogDamage?
    let log = try WriteAheadLog.openRepairing(
      directory: LogModel.directory, fileSystem: disk, configuration: sample.model.configuration,
      repair: { found in
        damage = found
        return [reset]
      }, replay: { _ in })
    #expect(damage?.lastIntactIndex == 0 && damage?.lastKnownIndex == sample.model.written.last?.index)
    #expect(log.recovery.damage == damage && log.lastIndex == 7 && log.precedingIndex == 7)
    #expect(log.metadata == [1, 2, 3] && log.identity == sample.model.configuration.identity)
    try log.append(records(8...9, of: 10))
    try log.sync()
    #expect(log.reader.firstIndex == 8)
    let (reopened, replayed) = try sample.model.open(disk.restarted())
    #expect(replayed == [reset] + records(8...9, of: 10) && reopened.precedingIndex == 7)
    // The damaged segments are gone.
    #expect((1...3).allSatisfy { disk.bytes(segmentPath($0)) == nil })
  }

  @Test func whatARepairPutOutOfUseStaysSo() throws {
    var sample = try CorruptionTests.Sample(sealed: true)
    sample.segments[0][1000] ^= 1
    let disk = sample.disk()
    // The old segments cannot be removed for now.
    disk.faults.failing = [2, 3].map {
      .init(operation: .remove, suffix: segmentPath($0), code: EACCES)
    }
    let opening = try RepairTests.open(sample.model, disk)
    #expect(opening.log.segments.map(\.sequence) == [1, 4])
    for index in 0..<9 as Range<UInt64> {
      let next = opening.log.lastIndex + 1
      try opening.log.append(records(next...next, of: 900 + Int(index)))
    }
    try opening.log.sync()
    #expect(disk.bytes(segmentPath(3)) != nil)
    let all = opening.intact.map(\.index) + Array(opening.damage!.lastIntactIndex + 1...opening.log.lastIndex)
    #expect(try sample.model.open(disk.crashedKeepingNothing()).1.filter { $0.index > 0 }.map(\.index) == all)
    // Nor does it matter which of them remain, or that the segments before have been released.
    try opening.log.release(upTo: opening.damage!.lastIntactIndex)
    #expect(
      opening.log.segments[0].sequence == 4 && opening.log.precedingIndex == opening.damage!.lastIntactIndex)
    let left = disk.restarted()
    let (reopened, replayed) = try sample.model.open(left)
    #expect(replayed.first { $0.index > 0 }?.index == opening.damage!.lastIntactIndex + 1)
    #expect(reopened.lastIndex == opening.log.lastIndex)
    #expect(left.bytes(segmentPath(2)) == nil && left.bytes(segmentPath(3)) == nil)
  }

  @Test func whatIsNoDamageIsNotRepaired() throws {
    let sample = try CorruptionTests.Sample(sealed: true)
    func failure(_ change: (inout CorruptionTests.Sample) -> Void) -> WALError? {
      var changed = sample
      change(&changed)
      do {
        _ = try RepairTests.open(sample.model, changed.disk())
        return nil
      } catch {
        return error
      }
    }
    // A newer format: its checksum is another's business.
    let newer = failure { sample in
      sample.segments[1][8] = 7
      sample.segments[1][60] ^= 0xFF
    }
    #expect(newer == .formatVersion(path: segmentPath(2), found: 7, supported: 2))
    // Of another log.
    var other = LogModel(seed: 4)
    other.configuration.segmentBytes = 4096
    let disk = SimulatedFileSystem()
    _ = try other.open(disk)
    let foreign = failure { $0.segments[0] = disk.bytes(segmentPath(1))! }
    #expect(foreign == .foreignSegment(path: segmentPath(1)))
    // Nothing that tells whose it is.
    let lost = failure { sample in
      for segment in sample.segments.indices { sample.segments[segment][30] ^= 1 }
    }
    #expect(
      lost == .corrupt(Corruption(path: segmentPath(1), offset: 0, reason: "the segment's header is damaged"))
    )
    // A number that only the version's damage explains is damage.
    #expect(failure { $0.segments[1][8] ^= 8 } == nil)
  }
}
