import Glibc
import Testing

@testable import MVCC

/// A folder for folders of stores.
final class StoreFolders: Sendable {
  let path: String
  var store: String { path + "/db" }

  init() {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/mvcc-folders-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      String(cString: mkdtemp(buffer.baseAddress!)!)
    }
  }

  /// What lies in the folder, sorted.
  var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  deinit {
    for name in names {
      unlink(path + "/" + name)
      try? Folders.remove(path + "/" + name)
    }
    rmdir(path)
  }
}

extension Store {
  /// The hash of all content at a revision.
  func contentHash(_ revision: Int64) throws(StoreError) -> UInt32 {
    let handle = try makeReadHandle()
    var hash = try ContentHash(self, revision: revision)
    while try !hash.step(handle) {}
    return hash.value
  }
}

@Suite struct CheckpointBuilderTests {
  private let folders = StoreFolders()

  /// Versions of random keys, and what the same would be in the reference model's terms: keys by revision.
  private func randomVersions(
    seed: UInt64, count: Int, knowsPrevious: Bool
  ) -> (versions: [SnapshotVersion], states: [Int64: [Bytes: KeyValue]]) {
    var random = SeededGenerator(seed: seed)
    var keys: [Bytes: KeyValue] = [:]
    var newest: [Bytes: Revision] = [:]
    var versions: [SnapshotVersion] = []
    var states: [Int64: [Bytes: KeyValue]] = [1: [:]]
    var main: Int64 = 1
    for _ in 0..<count {
      main += 1
      var changed: Set<Bytes> = []
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let key =
          random.chance(1, in: 5)
          ? Bytes(repeating: 7, count: [480, 481, 1000].randomElement(using: &random)!)
          : Bytes("key-\(Int.random(in: 0..<30, using: &random))".utf8)
        if !changed.insert(key).inserted { continue }
        let place = Revision(main: main, sub: Int64(changed.count - 1))
        let previous = knowsPrevious ? newest[key] ?? Revision(main: 0) : nil
        if let old = keys[key], random.chance(1, in: 4) {
          versions.append(.tombstone(old.key, at: place, previous: previous))
          keys[key] = nil
        } else {
          let old = keys[key]
          let value = Bytes(repeating: UInt8(main & 255), count: Int.random(in: 0...700, using: &random))
          let added = KeyValue(
            key: key, value: value, createRevision: old?.createRevision ?? main, modRevision: main,
            version: (old?.version ?? 0) + 1, lease: Int64.random(in: 0...3, using: &random))
          keys[key] = added
          versions.append(
            SnapshotVersion(
              revision: place, key: key, value: value, createRevision: added.createRevision,
              version: added.version, lease: added.lease, previous: previous))
        }
        newest[key] = place
      }
      states[main] = keys
    }
    return (versions, states)
  }

  @Test(arguments: [false, true], 0..<4 as Range<UInt64>)
  func theStoreHoldsWhatWasAdded(knowsPrevious: Bool, seed: UInt64) throws {
    let (versions, states) = randomVersions(seed: seed, count: 400, knowsPrevious: knowsPrevious)
    let revision = versions.last!.revision.main
    var header = SnapshotHeader(position: .init(index: 77, term: 5), revision: revision)
    header.documents = ["cluster": [1, 2, 3], "empty": []]
    header.alarms = [Alarm(member: 2, kind: .corrupt), Alarm(member: 1, kind: .corrupt)]
    // The keys of lease 3 name one that is not there.
    header.leases = [
      Lease(id: 1, seconds: 60, remainingSeconds: 20, grantIndex: 9),
      Lease(id: 2, seconds: 5, grantIndex: 10),
    ]
    let configuration = Store.Configuration.small {
      $0.memtableBytes = [4096, 40_000, 1 << 20][Int(seed % 3)]
      $0.indexDeltaBytes = [0, 1000, 1 << 20][Int(seed % 3)]
      $0.flushPages = [4, 60_000][Int(seed % 2)]
    }
    let builder = try CheckpointBuilder(
      directory: folders.store, header: header, configuration: configuration)
    for version in versions { try builder.add(version) }
    #expect(folders.names == ["db.part"])
    try builder.finish()
    #expect(folders.names == ["db"])

    let store = try Store(directory: folders.store, configuration: .small())
    defer { store.close() }
    #expect(store.applied == header.position)
    #expect(store.flushed == header.position)
    #expect(store.currentRevision == revision)
    #expect(store.compactRevision == -1)
    #expect(store.alarms == header.alarms.sorted())
    #expect(store.leases == header.leases)
    #expect(try store.meta("cluster") == [1, 2, 3])
    #expect(try store.meta("empty") == [])
    let reader = try store.makeReadHandle()
    for (revision, keys) in states {
      var query = RangeQuery(range: allKeys)
      query.revision = revision
      #expect(try reader.range(query).keyValues == ReferenceModel.keyValues(in: allKeys, of: keys))
    }
    for lease in 1...3 as ClosedRange<Int64> {
      let attached = states[revision]!.values.filter { $0.lease == lease && lease < 3 }.map(\.key)
      #expect(
        try reader.keys(ofLease: lease) == attached.sorted { $0.lexicographicallyPrecedes($1) })
    }
    // It is a store like any other.
    #expect(store.apply(put("key-1", "new"), index: 78, term: 5).revision == revision + 1)
    store.rotate()
    #expect(try store.flushOldest())
    var query = RangeQuery(range: KeyRange(start: bytes("key-1")))
    query.revision = revision
    #expect(try reader.range(query).keyValues.first == states[revision]![bytes("key-1")])
  }

  /// Whether previous versions are known or looked up, the store is the same.
  @Test func previousVersionsAreFound() throws {
    var hashes: Set<[UInt32]> = []
    for knowsPrevious in [true, false] {
      let (versions, _) = randomVersions(seed: 11, count: 300, knowsPrevious: knowsPrevious)
      let revision = versions.last!.revision.main
      let builder = try CheckpointBuilder(
        directory: folders.path + "/\(knowsPrevious)", header: SnapshotHeader(revision: revision),
        configuration: .small { $0.memtableBytes = 20_000 })
      for version in versions { try builder.add(version) }
      try builder.finish()
      let store = try Store(directory: folders.path + "/\(knowsPrevious)", configuration: .small())
      defer { store.close() }
      hashes.insert(try [revision, revision - 100, 7].map { try store.contentHash($0) })
    }
    #expect(hashes.count == 1)
  }

  /// A revision past the newest version, all before it compacted: what watchers of old revisions hear is "compacted".
  @Test func aBumpedRevisionIsTheStores() throws {
    let (versions, states) = randomVersions(seed: 3, count: 50, knowsPrevious: true)
    let bumped = versions.last!.revision.main + 1_000_000
    let header = SnapshotHeader(
      position: .init(index: 1, term: 1), revision: bumped, compactRevision: bumped)
    let builder = try CheckpointBuilder(
      directory: folders.store, header: header, configuration: .small())
    for version in versions { try builder.add(version) }
    try builder.finish()
    let store = try Store(directory: folders.store, configuration: .small())
    defer { store.close() }
    let reader = try store.makeReadHandle()
    let newest = try reader.range(RangeQuery(range: allKeys))
    #expect(newest.keyValues == ReferenceModel.keyValues(in: allKeys, of: states[51]!))
    #expect(throws: StoreError.compacted) { try reader.resolve(bumped - 1) }
    #expect(throws: StoreError.compacted) { try reader.changes(from: 5, through: bumped) { _ in true } }
    let hash = try store.contentHash(bumped)
    // What the compaction hides goes, and nothing else.
    while try store.maintain(now: 0) != .idle {}
    #expect(store.physicalRevision == bumped)
    #expect(store.removedVersions > 0)
    #expect(try store.contentHash(bumped) == hash)
    #expect(try reader.range(RangeQuery(range: allKeys)) == newest)
    #expect(store.apply(put("a", "b"), index: 2, term: 1).revision == bumped + 1)
  }

  @Test func whatCannotBeIsRefused() throws {
    func refused(_ header: SnapshotHeader) -> Bool {
      do throws(StoreError) {
        _ = try CheckpointBuilder(directory: folders.store, header: header, configuration: .small())
        return false
      } catch {
        if case .corrupt = error { return true }
        return false
      }
    }
    #expect(refused(SnapshotHeader(revision: 0)))
    #expect(refused(SnapshotHeader(revision: .max)))
    #expect(refused(SnapshotHeader(revision: 5, compactRevision: 6)))
    #expect(refused(SnapshotHeader(documents: [String(repeating: "n", count: 401): []])))
    let lease = Lease(id: 1, seconds: 1, grantIndex: 1)
    #expect(refused(SnapshotHeader(leases: [lease, lease])))

    func version(
      _ main: Int64, _ sub: Int64 = 0, key: Bytes = [1], create: Int64 = 1, version: Int64 = 1
    ) -> SnapshotVersion {
      SnapshotVersion(
        revision: Revision(main: main, sub: sub), key: key, value: [], createRevision: create,
        version: version)
    }
    var previousNotOlder = version(5)
    previousNotOlder.previous = Revision(main: 5)
    var tombstoneWithValue = SnapshotVersion.tombstone([1], at: Revision(main: 5))
    tombstoneWithValue.value = [1]
    let builder = try CheckpointBuilder(
      directory: folders.store, header: SnapshotHeader(revision: 9), configuration: .small())
    try builder.add(version(4, 1))
    for wrong in [
      version(4, 1), version(4, 0), version(10), version(5, key: []),
      version(5, key: Bytes(repeating: 1, count: Store.maximumKeyBytes + 1)), version(5, create: 6),
      version(5, create: -1), version(5, version: -1), version(5, .max), previousNotOlder, tombstoneWithValue,
    ] {
      #expect(throws: StoreError.self) { try builder.add(wrong) }
    }
    try builder.add(version(5))
    try builder.finish()
  }

  @Test func whatIsNotFinishedLeavesNothing() throws {
    do {
      let builder = try CheckpointBuilder(
        directory: folders.store, header: SnapshotHeader(), configuration: .small())
      #expect(folders.names == ["db.part"])
      _ = builder
    }
    #expect(folders.names == [])
    // What a crash left of another one.
    mkdir(folders.path + "/db.part", 0o700)
    close(open(folders.path + "/db.part/data.mdb", O_CREAT | O_WRONLY, 0o600))
    let builder = try CheckpointBuilder(
      directory: folders.store, header: SnapshotHeader(), configuration: .small())
    try builder.finish()
    #expect(folders.names == ["db"])
    // A folder that holds something is not replaced.
    let another = try CheckpointBuilder(
      directory: folders.store, header: SnapshotHeader(), configuration: .small())
    #expect(throws: StoreError.self) { try another.finish() }
    #expect(folders.names == ["db"])
    try Store(directory: folders.store, configuration: .small()).close()
  }
}
