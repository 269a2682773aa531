import Glibc
import Testing

@testable import MVCC

/// A snapshot in memory.
final class SnapshotMemory: SnapshotSink, SnapshotSource {
  var bytes: Bytes
  private var position = 0
  private let pieceBytes: Int

  /// Reads give at most `pieceBytes` at a time.
  init(_ bytes: Bytes = [], pieceBytes: Int = .max) {
    self.bytes = bytes
    self.pieceBytes = pieceBytes
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) { self.bytes.append(contentsOf: bytes) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    let count = min(buffer.count, bytes.count - position, pieceBytes)
    buffer.copyBytes(from: bytes[position..<position + count])
    position += count
    return count
  }
}

/// Reads a snapshot to its end.
@discardableResult
func readAll(_ bytes: Bytes, pieceBytes: Int = .max) throws(StoreError) -> [SnapshotVersion] {
  let reader = try SnapshotReader(SnapshotMemory(bytes, pieceBytes: pieceBytes))
  var versions: [SnapshotVersion] = []
  while let version = try reader.next() { versions.append(version) }
  guard let summary = reader.summary, summary.versions == UInt64(versions.count) else {
    throw .corrupt("the summary is missing, or wrong")
  }
  return versions
}

extension ModelRun {
  /// Takes a snapshot while the run goes on, builds a store of it, and compares that with one to which the log was
  /// applied up to the snapshot's position: now, and after the rest of the log.
  mutating func takeSnapshot(_ probes: inout SnapshotProbes) throws {
    let memory = SnapshotMemory()
    var export = try SnapshotExport(store, to: memory)
    export.stepVersions = Int.random(in: 1...20, using: &random)
    if store.partialChanges > 0 || export.header.position.index < store.applied.index { probes.lagging += 1 }
    let compacted = store.physicalRevision
    var steps = 0
    while true {
      do throws(StoreError) {
        if try export.step() { break }
      } catch {
        // A restart in the middle.
        guard case .storage = error else { throw error }
        memory.bytes = []
        export = try SnapshotExport(store, to: memory)
        continue
      }
      steps += 1
      for _ in 0..<Int.random(in: 0...3, using: &random) { try step() }
      if random.chance(1, in: 3) { try maintain() }
    }
    if steps > 0 { probes.interrupted += 1 }
    if store.physicalRevision > compacted { probes.compacted += 1 }

    let folders = StoreFolders()
    let reader = try SnapshotReader(SnapshotMemory(memory.bytes, pieceBytes: 1000))
    let header = reader.header
    let summary = try CheckpointBuilder.build(
      folders.store, from: reader,
      configuration: .small { $0.memtableBytes = [4096, 1 << 20].randomElement(using: &random)! })
    let copy = try Store(directory: folders.store, configuration: .small())
    defer { copy.close() }
    copy.onFlushNeeded = { [unowned copy] in _ = try? copy.flushOldest() }
    let twin = try Store(directory: folders.path + "/twin", configuration: .small())
    defer { twin.close() }
    twin.onFlushNeeded = { [unowned twin] in _ = try? twin.flushOldest() }
    try replay(through: Int(header.position.index), on: twin)
    #expect(copy.applied == twin.applied, "seed \(seed)")
    try expectSame(copy, twin)
    try expectSame(twin, twinSnapshotHash: summary)
    if header.compactRevision > 0 { probes.withCompaction += 1 }
    if !header.leases.isEmpty { probes.withLeases += 1 }

    for index in Int(header.position.index)..<log.count {
      for store in [copy, twin] {
        guard let command = log[index].command else {
          store.skip(index: UInt64(index + 1), term: log[index].term)
          continue
        }
        let outcome = store.apply(command, index: UInt64(index + 1), term: log[index].term)
        #expect(outcome.result == log[index].outcome!.result, "seed \(seed), \(command)")
        #expect(outcome.revision == log[index].outcome!.revision, "seed \(seed)")
      }
    }
    copy.rotate()
    while try copy.flushOldest() {}
    for _ in 0..<10_000 where try copy.maintain(now: 0) == .idle { break }
    #expect(copy.physicalRevision == copy.compactRevision, "seed \(seed)")
    try expectSame(copy, twin)
  }

  private func replay(through index: Int, on store: Store) throws {
    for place in 0..<index {
      if let command = log[place].command {
        _ = store.apply(command, index: UInt64(place + 1), term: log[place].term)
      } else {
        store.skip(index: UInt64(place + 1), term: log[place].term)
      }
    }
  }

  private func expectSame(_ copy: Store, _ twin: Store) throws {
    #expect(copy.currentRevision == twin.currentRevision, "seed \(seed)")
    #expect(copy.compactRevision == twin.compactRevision, "seed \(seed)")
    #expect(copy.leases == twin.leases, "seed \(seed)")
    #expect(copy.alarms == twin.alarms, "seed \(seed)")
    for name in ["a", "b"] { #expect(try copy.meta(name) == twin.meta(name), "seed \(seed)") }
    let (reader, other) = (try copy.makeReadHandle(), try twin.makeReadHandle())
    for lease in copy.leases.map(\.id) {
      #expect(try reader.keys(ofLease: lease) == other.keys(ofLease: lease), "seed \(seed)")
    }
    for revision in max(1, copy.compactRevision)...copy.currentRevision {
      var query = RangeQuery(range: allKeys)
      query.revision = revision
      let range = try reader.range(query)
      #expect(try range == other.range(query), "seed \(seed), revision \(revision)")
      #expect(range == (try? model.range(query)) ?? range, "seed \(seed), revision \(revision)")
    }
    for revision in [
      max(1, copy.compactRevision), copy.currentRevision,
      (copy.currentRevision + max(1, copy.compactRevision)) / 2,
    ] {
      #expect(
        try copy.contentHash(revision) == twin.contentHash(revision), "seed \(seed), revision \(revision)")
    }
  }

  /// A snapshot of another store at the same position is the same, byte for byte.
  private func expectSame(_ twin: Store, twinSnapshotHash summary: SnapshotSummary) throws {
    twin.rotate()
    while try twin.flushOldest() {}
    let export = try SnapshotExport(twin, to: SnapshotMemory())
    while try !export.step() {}
    #expect(export.summary == summary, "seed \(seed)")
  }
}

/// The tests are worth little unless these happen.
struct SnapshotProbes {
  var lagging = 0
  var interrupted = 0
  var compacted = 0
  var withCompaction = 0
  var withLeases = 0
}

@Suite struct SnapshotTests {
  @Test(arguments: 0..<4 as Range<UInt64>)
  func aSnapshotIsTheStoreAtItsPosition(batch: UInt64) throws {
    var probes = SnapshotProbes()
    for seed in batch * 12..<(batch + 1) * 12 {
      var run = try ModelRun(seed: 5000 + seed)
      for _ in 0..<3 {
        for _ in 0..<60 { try run.step() }
        try run.takeSnapshot(&probes)
      }
      run.close()
    }
    #expect(probes.lagging > 3)
    #expect(probes.interrupted > 10)
    #expect(probes.compacted > 0)
    #expect(probes.withCompaction > 3)
    #expect(probes.withLeases > 3)
  }

  private func small() throws -> Bytes {
    let memory = SnapshotMemory()
    var header = SnapshotHeader(position: .init(index: 1000, term: 3), revision: 400, compactRevision: 2)
    header.documents = ["cluster": bytes("document")]
    header.alarms = [Alarm(member: 7, kind: .noSpace)]
    header.leases = [Lease(id: -1, seconds: 5, grantIndex: 1), Lease(id: 9, seconds: 6, grantIndex: 2)]
    let writer = try SnapshotWriter(header, to: memory)
    var random = SeededGenerator(seed: 1)
    for main in 3...40 as ClosedRange<Int64> {
      let key = bytes("key-\(main % 7)")
      let value = Bytes((0..<40).map { _ in UInt8.random(in: 0...255, using: &random) })
      try writer.add(
        SnapshotVersion(
          revision: Revision(main: main, sub: main % 3), key: key, value: value, createRevision: 3,
          version: main,
          lease: main % 2 == 0 ? 9 : 0, previous: main > 20 ? Revision(main: main - 7, sub: 1) : nil))
    }
    try writer.add(.tombstone(bytes("key-1"), at: Revision(main: 41), previous: Revision(main: 0)))
    let summary = try writer.finish()
    #expect(summary.versions == 39)
    #expect(summary.valueBytes == 38 * 40)
    return memory.bytes
  }

  /// Content of several blocks, with a version that lies in more than two.
  private func large() throws -> (bytes: Bytes, versions: [SnapshotVersion]) {
    let memory = SnapshotMemory()
    let writer = try SnapshotWriter(SnapshotHeader(revision: 1000), to: memory)
    var versions: [SnapshotVersion] = []
    var state: UInt64 = 1
    for main in 2...9 as ClosedRange<Int64> {
      let length = main == 5 ? 2_500_000 : 200_000
      let value = Bytes(unsafeUninitializedCapacity: length) { buffer, count in
        for place in 0..<length {
          state = state &* 6_364_136_223_846_793_005 &+ 1
          buffer[place] = UInt8(truncatingIfNeeded: state >> 56)
        }
        count = length
      }
      let version = SnapshotVersion(
        revision: Revision(main: main), key: bytes("k\(main)"), value: value, createRevision: main,
        version: 1,
        previous: Revision(main: 0))
      versions.append(version)
      try writer.add(version)
    }
    _ = try writer.finish()
    return (memory.bytes, versions)
  }

  @Test func whatIsWrittenIsRead() throws {
    let reader = try SnapshotReader(SnapshotMemory(small(), pieceBytes: 1))
    #expect(reader.header.position == .init(index: 1000, term: 3))
    #expect(reader.header.leases.map(\.id) == [-1, 9])
    #expect(reader.header.documents == ["cluster": bytes("document")])
    let versions = try readAll(small())
    #expect(versions.count == 39)
    #expect(versions.last == .tombstone(bytes("key-1"), at: Revision(main: 41), previous: Revision(main: 0)))
    let (bytes, expected) = try large()
    #expect(try readAll(bytes, pieceBytes: 70_000) == expected)
    #expect(bytes.withUnsafeBytes { SnapshotReader.isSnapshot($0) })
    #expect(!Bytes("raftkv".utf8).withUnsafeBytes { SnapshotReader.isSnapshot($0) })
  }

  @Test func everyDamagedByteIsFound() throws {
    let whole = try small()
    try readAll(whole)
    for place in whole.indices {
      var damaged = whole
      damaged[place] ^= UInt8(1 << (place % 8))
      #expect(throws: StoreError.self, "byte \(place)") { try readAll(damaged) }
      #expect(throws: StoreError.self, "cut at \(place)") { try readAll(Bytes(whole[..<place])) }
    }
    #expect(throws: StoreError.self) { try readAll(whole + [0]) }
    #expect(throws: StoreError.self) { try readAll([]) }
  }

  /// Blocks that are whole, but missing, doubled, or out of their places.
  @Test func everyMisplacedBlockIsFound() throws {
    let (whole, _) = try large()
    var blocks: [Bytes] = []
    var position = SnapshotBlocks.headBytes
    while position < whole.count {
      let length = whole[position + 12..<position + 16].enumerated().reduce(0) {
        $0 + Int($1.1) << (8 * $1.0)
      }
      let end = position + SnapshotBlocks.blockHeadBytes + length
      blocks.append(Bytes(whole[position..<end]))
      position = end
    }
    #expect(blocks.count >= 4)
    let head = Bytes(whole[..<SnapshotBlocks.headBytes])
    for place in blocks.indices {
      var others = blocks
      others.remove(at: place)
      #expect(throws: StoreError.self) {
        try readAll(others.reduce(into: head) { $0.append(contentsOf: $1) })
      }
      others = blocks
      others.insert(blocks[place], at: place)
      #expect(throws: StoreError.self) {
        try readAll(others.reduce(into: head) { $0.append(contentsOf: $1) })
      }
      if place > 0 {
        others = blocks
        others.swapAt(place, place - 1)
        #expect(throws: StoreError.self) {
          try readAll(others.reduce(into: head) { $0.append(contentsOf: $1) })
        }
      }
    }
  }

  /// Content that has every checksum right, and makes no sense.
  @Test func contentThatIsNoneIsRefused() throws {
    var random = SeededGenerator(seed: 3)
    // The content of a small snapshot, to be changed.
    let reader = try SnapshotBlockReader(SnapshotMemory(small()))
    #expect(try reader.next())
    let content = Bytes(reader.content)
    for round in 0..<3_000 {
      var changed = content
      if round % 3 == 0 {
        changed = (0..<Int.random(in: 1...200, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
      } else {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          changed[Int.random(in: 0..<min(changed.count, 200), using: &random)] = UInt8.random(
            in: 0...255, using: &random)
        }
      }
      let memory = SnapshotMemory()
      let writer = try SnapshotBlockWriter(memory)
      try changed.withRawBytes { (bytes) throws(StoreError) in try writer.append(bytes) }
      var totals = SnapshotSummary()
      totals.versions = 39
      _ = try writer.finish(totals)
      // Most are refused; what is not must still be safe to build of.
      let folders = StoreFolders()
      guard round < 60 else {
        _ = try? readAll(memory.bytes)
        continue
      }
      do throws(StoreError) {
        let reader = try SnapshotReader(SnapshotMemory(memory.bytes))
        _ = try CheckpointBuilder.build(folders.store, from: reader, configuration: .small())
      } catch {
        #expect(folders.names == [])
      }
    }
  }

  @Test func aSnapshotCanBeAFile() throws {
    let folders = StoreFolders()
    let store = try Store(directory: folders.store, configuration: .small())
    defer { store.close() }
    for index in 1...50 as ClosedRange<UInt64> {
      _ = store.apply(put("key-\(index)", "v"), index: index, term: 2)
    }
    store.rotate()
    #expect(try store.flushOldest())
    // Not in the checkpoint, and so not in the snapshot.
    _ = store.apply(put("key-1", "later"), index: 51, term: 2)
    let path = folders.path + "/snapshot"
    let (header, summary) = try store.writeSnapshot(to: path)
    #expect(header.position == .init(index: 50, term: 2))
    #expect(summary.versions == 50)
    let (found, same) = try SnapshotReader.check(path: path)
    #expect(found == header)
    #expect(same == summary)
    #expect(throws: StoreError.self) { try SnapshotFileSource(path: path + "-missing") }
    #expect(throws: StoreError.self) { try SnapshotFileSink(path: folders.path + "/no/such") }
    #expect(throws: StoreError.self) { try SnapshotReader.check(path: folders.store + "/data.mdb") }
  }

  /// Compaction waits for a snapshot as long as it may, and then the snapshot fails.
  @Test func compactionOvertakesASnapshotInTheEnd() throws {
    let folders = StoreFolders()
    let store = try Store(
      directory: folders.store,
      configuration: .small { $0.snapshotWaitMilliseconds = 1 })
    defer { store.close() }
    for index in 1...50 as ClosedRange<UInt64> { _ = store.apply(put("key", "v"), index: index, term: 1) }
    store.rotate()
    _ = try store.flushOldest()
    let export = try SnapshotExport(store, to: SnapshotMemory())
    export.stepVersions = 10
    #expect(try !export.step())
    _ = store.apply(.compact(revision: 40), index: 51, term: 1)
    store.rotate()
    _ = try store.flushOldest()
    #expect(try store.maintain(now: 5) == .waiting)
    #expect(try !export.step())
    #expect(try store.maintain(now: 2_000_000) == .worked)
    #expect(throws: StoreError.compacted) { try export.step() }
  }
}
