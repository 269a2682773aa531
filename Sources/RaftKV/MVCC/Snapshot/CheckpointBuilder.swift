import Glibc

/// Makes a new checkpoint folder of a header and versions in revision order: of a snapshot, or of what another store
/// held. What follows from them (the index, previous versions that are not known, which keys are attached to leases)
/// it finds itself. Memory is bounded by a memtable and the index's delta, whatever the number of keys.
///
/// The folder appears whole and durable with `finish`, or not at all. A builder that goes away without it leaves
/// nothing; what a crash leaves of one, the next one for the same folder removes.
///
/// It is used by one thread at a time.
public final class CheckpointBuilder {
  /// A memtable may take so many versions: the more, the fewer times the index is written.
  private static let memtableVersions = 500_000
  /// Keys of leases, and leases, that one transaction writes.
  private static let rowsPerTransaction = 20_000

  private let directory: String
  private let part: String
  private let header: SnapshotHeader
  private let leases: Set<Int64>
  private let store: Store
  private var last = Revision(main: 0, sub: -1)
  /// Some of the versions are of no use to any read: compaction has to look for them.
  private var holdsCompacted = false
  private var isOver = false

  /// Begins a folder `directory`, which must not be there, or be empty; its parent must be there. Of `configuration`
  /// it takes the size of the map and of memtables, and the delta's.
  ///
  /// Fails with `.storage`, or with `.corrupt` when the header contradicts itself.
  public init(
    directory: String, header: SnapshotHeader, configuration: Store.Configuration = .init()
  ) throws(StoreError) {
    try CheckpointBuilder.check(header)
    self.directory = directory
    self.header = header
    leases = Set(header.leases.map(\.id))
    part = directory + ".part"
    try Folders.remove(part)
    var configuration = configuration
    configuration.memtableChanges = max(configuration.memtableChanges, CheckpointBuilder.memtableVersions)
    configuration.immutableMemtables = 1
    store = try Store(directory: part, configuration: configuration)
  }

  deinit {
    if isOver { return }
    store.close()
    try? Folders.remove(part)
  }

  private static func check(_ header: SnapshotHeader) throws(StoreError) {
    guard header.revision >= 1, header.revision < .max, header.compactRevision >= -1,
      header.compactRevision <= header.revision
    else {
      throw .corrupt(
        "a store cannot be at revision \(header.revision), compacted to \(header.compactRevision)")
    }
    for name in header.documents.keys where name.utf8.count > Checkpoint.maximumNameBytes {
      throw .corrupt("the name of a document is longer than \(Checkpoint.maximumNameBytes) bytes")
    }
    guard Set(header.leases.map(\.id)).count == header.leases.count else {
      throw .corrupt("there are two leases of one id")
    }
  }

  /// Adds a version, newer than all before it and no newer than the header's revision.
  ///
  /// Fails with `.corrupt` when it cannot be, with `.storage` when the disk refuses; the builder is of no use then.
  public func add(_ version: SnapshotVersion) throws(StoreError) {
    try check(version)
    let place = version.revision
    try version.key.withRawBytes { (key) throws(StoreError) in
      let needed = Memtable.bytesNeeded(keyLength: key.count, valueLength: version.value.count)
      if needed > store.active.room || store.isFull { try flush(room: needed) }
      let table = store.active
      var splice = Memtable.Splice(head: table.base)
      try withUnsafeMutablePointer(to: &splice) { (splice) throws(StoreError) in
        let links = UnsafeMutableRawPointer(splice).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        let position = table.seek(key, splice: links)
        let previous: Revision
        if let known = version.previous { previous = known } else { previous = try newest(key) }
        if place.main <= header.compactRevision {
          if previous.main != 0 || version.isTombstone && place.main < header.compactRevision {
            holdsCompacted = true
          }
        }
        // One entry of the log, as it were: where flushes cut it does not matter before `finish`.
        let fields = MemtableVersion(
          main: place.main, index: 1, createRevision: version.createRevision, version: version.version,
          lease: version.lease, previousMain: previous.main, sub: UInt32(place.sub),
          previousSub: UInt32(previous.sub), older: 0, following: 0, key: 0, valueLength: 0)
        try version.value.withRawBytes { (value) throws(StoreError) in
          table.insert(key, at: position, splice: links, value: value, fields: fields)
        }
      }
    }
    last = place
  }

  private func check(_ version: SnapshotVersion) throws(StoreError) {
    let place = version.revision
    func corrupt(_ what: String) -> StoreError { .corrupt("version \(place.main).\(place.sub) \(what)") }
    guard place > last, place.main >= 1, place.sub <= Int64(UInt32.max) else {
      throw corrupt("comes after \(last.main).\(last.sub)")
    }
    guard place.main <= header.revision else {
      throw corrupt("is of a revision after the store's, \(header.revision)")
    }
    guard !version.key.isEmpty, version.key.count <= Store.maximumKeyBytes else {
      throw corrupt("has a key of \(version.key.count) bytes; from 1 to \(Store.maximumKeyBytes) are allowed")
    }
    guard version.value.count <= Int(Int32.max) else { throw corrupt("has a value longer than 2 GiB") }
    if version.isTombstone {
      guard version.value.isEmpty else { throw corrupt("is a deletion and has a value") }
    } else {
      guard version.version > 0, version.createRevision >= 0, version.createRevision <= place.main else {
        throw corrupt("is version \(version.version) of a key created at \(version.createRevision)")
      }
    }
    if let previous = version.previous {
      guard previous.main == 0 || previous.main > 0 && previous.sub >= 0 && previous < place else {
        throw corrupt("names a previous one that is not older")
      }
    }
  }

  /// Where the newest version of `key` so far is; `Revision(main: 0)` when there is none.
  private func newest(_ key: UnsafeRawBufferPointer) throws(StoreError) -> Revision {
    store.reader.begin()
    defer { store.reader.end() }
    let found = try store.reader.find(key, before: Bound(main: .max, sub: 0))
    return found.map { Revision(main: $0.main, sub: $0.sub) } ?? Revision(main: 0)
  }

  private func flush(room: Int) throws(StoreError) {
    try store.replaceActive(room: room)
    while try store.flushOldest() {}
  }

  // MARK: the end

  /// Writes what is left, makes everything durable, and gives the folder its name. Fails with `.storage`.
  public func finish() throws(StoreError) {
    if !store.active.isEmpty { try flush(room: 0) }
    try writeLeaseKeys()
    try writeMeta()
    store.close()
    isOver = true
    do throws(StoreError) {
      try Folders.rename(part, to: directory)
    } catch {
      try? Folders.remove(part)
      throw error
    }
    try Folders.syncParent(of: directory)
  }

  /// Attaches each key to the lease that its newest version names. One that names a lease which is not there is
  /// attached to none.
  private func writeLeaseKeys() throws(StoreError) {
    if leases.isEmpty { return }
    var start: Bytes? = []
    while let from = start {
      start = nil
      var attached: [(lease: Int64, key: Bytes)] = []
      do {
        store.reader.begin()
        defer { store.reader.end() }
        let range = KeyRange(start: from, end: .unbounded)
        try store.reader.visitAll(range, before: Bound(main: .max, sub: 0)) {
          (key, version) throws(StoreError) -> Bool in
          if version.lease != 0, leases.contains(version.lease) {
            attached.append((version.lease, Bytes(key)))
          }
          if attached.count < CheckpointBuilder.rowsPerTransaction { return true }
          start = Bytes(key) + [0]
          return false
        }
      }
      // The rows of a lease lie together.
      let changes = attached.indices.sorted { (attached[$0].lease, $0) < (attached[$1].lease, $1) }
        .map { LeaseJournal.Change.attached(attached[$0].lease, attached[$0].key) }
      try write(changes)
    }
  }

  private func write(_ changes: some Sequence<LeaseJournal.Change>) throws(StoreError) {
    let environment = store.state.environment
    let transaction = try WriteTransaction(environment)
    for change in changes { try LeaseRows.write(change, transaction, environment.databases) }
    try transaction.commit()
  }

  /// What the folder's state is, last: until then a start would find an empty store with too many versions.
  private func writeMeta() throws(StoreError) {
    var first = 0
    while first < header.leases.count {
      let next = min(first + CheckpointBuilder.rowsPerTransaction, header.leases.count)
      try write(header.leases[first..<next].map { .set($0) })
      first = next
    }
    let environment = store.state.environment
    let meta = environment.databases.meta
    let transaction = try WriteTransaction(environment)
    for (name, value) in header.documents {
      try Checkpoint.write(Checkpoint.documentPrefix + name, value, transaction, meta)
    }
    try Checkpoint.write(
      Checkpoint.alarmsName, Checkpoint.encode(Set(header.alarms).sorted()), transaction, meta)
    if !holdsCompacted, header.compactRevision >= 0 {
      var progress = CompactionProgress()
      progress.target = header.compactRevision
      progress.next = Revision(main: header.compactRevision + 1)
      try Checkpoint.write(Checkpoint.compactionName, progress.row, transaction, meta)
    }
    try store.flusher.writeState(
      CheckpointState(
        position: header.position, revision: header.revision, compactRevision: header.compactRevision),
      transaction)
    try transaction.commit()
  }
}

extension CheckpointBuilder {
  /// Builds the folder `directory` of a whole snapshot, whose header may be replaced by another. What the snapshot
  /// amounts to is checked before the folder appears. Fails with `.corrupt` or `.storage`.
  public static func build(
    _ directory: String, from reader: SnapshotReader, header: SnapshotHeader? = nil,
    configuration: Store.Configuration = .init()
  ) throws(StoreError) -> SnapshotSummary {
    let builder = try CheckpointBuilder(
      directory: directory, header: header ?? reader.header, configuration: configuration)
    while let version = try reader.next() { try builder.add(version) }
    guard let summary = reader.summary else { throw SnapshotBlocks.damaged }
    try builder.finish()
    return summary
  }
}
