import Synchronization

/// Writes what a store's checkpoint holds as a snapshot, a bounded step at a time. It stands for the log position of
/// the checkpoint when it began, and holds that and no more: the logical content, the same on every member, whatever
/// compaction has or has not removed by then.
///
/// Between two steps nothing is held but a pin, so the store is flushed and compacted meanwhile, and within a step LMDB's
/// transaction ends before anything goes to the sink. It is used by one thread at a time, any.
public final class SnapshotExport {
  /// What one step takes at most, before the last version: bytes …
  private static let stepBytes = 1 << 20
  /// … and versions looked at.
  static let stepVersions = 4096

  /// Blocks that wait for the end of a step.
  private final class PendingSink: SnapshotSink {
    var bytes: Bytes = []

    func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) { self.bytes.append(contentsOf: bytes) }
  }

  /// What the snapshot says of the store as a whole.
  public let header: SnapshotHeader
  /// What it amounts to, once it is complete.
  public private(set) var summary: SnapshotSummary?

  /// For tests, which take many small steps.
  var stepVersions = SnapshotExport.stepVersions

  private let state: StoreState
  private let handle: ReadHandle
  private let environment: Environment
  private let pin: ReadPin
  private let sink: any SnapshotSink
  private let pending = PendingSink()
  private let writer: SnapshotWriter
  private var next = Revision(main: 0)
  private var value = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  /// Begins a snapshot. Nothing is written before the first step. Fails with `.corrupt` or `.storage`.
  public init(_ store: Store, to sink: any SnapshotSink) throws(StoreError) {
    state = store.state
    handle = try store.makeReadHandle()
    while true {
      let (found, below) = try Self.readHeader(handle, path: store.directory)
      do throws(StoreError) {
        pin = try ReadPin(
          found.compactRevision, state.retention,
          waitNanoseconds: state.configuration.snapshotWaitMilliseconds * 1_000_000)
      } catch {
        // Compacted further in between.
        if error == .compacted { continue }
        throw error
      }
      header = found
      environment = below
      break
    }
    self.sink = sink
    writer = try SnapshotWriter(header, to: pending)
  }

  deinit { value.deallocate() }

  private static func readHeader(
    _ handle: ReadHandle, path: String
  ) throws(StoreError) -> (SnapshotHeader, Environment) {
    handle.begin()
    defer { handle.end() }
    try handle.openCheckpoint()
    guard let checkpoint = try Checkpoint.read(handle.session, path: path) else {
      throw .corrupt("the checkpoint in \(path) names no format")
    }
    let state = checkpoint.state
    let header = SnapshotHeader(
      position: state.position, revision: state.revision, compactRevision: state.compactRevision,
      documents: checkpoint.documents, alarms: checkpoint.alarms,
      leases: checkpoint.leases.sorted { $0.id < $1.id })
    return (header, handle.session.environment)
  }

  /// Writes some more; true when that was all.
  ///
  /// Fails with `.compacted` when a compaction could wait no longer (begin another snapshot), with `.storage` when the
  /// sink refuses, or the store's content was replaced meanwhile, and with `.corrupt`. The snapshot is of no use then.
  public func step() throws(StoreError) -> Bool {
    if summary != nil { return true }
    let isLast = try gather()
    if isLast { summary = try writer.finish() }
    try pending.bytes.withRawBytes { (bytes) throws(StoreError) in
      if bytes.count > 0 { try sink.write(bytes) }
    }
    pending.bytes.removeAll(keepingCapacity: pending.bytes.count <= 2 * Self.stepBytes)
    return isLast
  }

  /// Takes the next versions; true when there are no more.
  private func gather() throws(StoreError) -> Bool {
    handle.begin()
    defer { handle.end() }
    try handle.openCheckpoint()
    guard handle.session.environment === environment else {
      throw .storage("the store's content was replaced while a snapshot of it was taken")
    }
    if state.retention.floor.load(ordering: .acquiring) > pin.revision { throw .compacted }
    let cursor = handle.changeCursor
    var isThere = try cursor.seek(next.main, sub: next.sub)
    var bytes = 0
    var versions = 0
    while isThere {
      // What comes after the position is of an entry that was flushed in part, or of later ones.
      if cursor.main > header.revision { return true }
      next = Revision(main: cursor.main, sub: cursor.sub)
      if bytes >= Self.stepBytes || versions >= stepVersions { return false }
      versions += 1
      if let previous = try previousIfKept(cursor) {
        let record = cursor.record
        let content = try readValue(cursor)
        bytes += cursor.key.count + content.count
        try writer.add(
          next, key: cursor.key, value: content, createRevision: record.createRevision,
          version: record.version, lease: record.lease, previous: previous)
      }
      isThere = try cursor.next()
    }
    return true
  }

  /// The version before the cursor's among those of the snapshot, `Revision(main: 0)` for none; nil when the cursor's is
  /// hidden at the compacted revision, and no part of the snapshot.
  private func previousIfKept(_ cursor: VersionCursor) throws(StoreError) -> Revision? {
    let compacted = header.compactRevision
    let record = cursor.record
    let isTombstone = record.version == 0
    if cursor.main > compacted {
      let previous = Revision(main: record.previousMain, sub: record.previousSub)
      if previous.main > compacted { return previous }
      // The newest at the compacted revision: there, unless it is a tombstone from before, which every creation follows.
      let isCreation = !isTombstone && record.version == 1
      return isCreation && previous.main < compacted ? Revision(main: 0) : previous
    }
    // A tombstone at the compacted revision stays (as in etcd since 3.5.16).
    if isTombstone && cursor.main < compacted { return nil }
    guard let newest = try handle.find(cursor.key, before: Bound(through: compacted)),
      newest.main == cursor.main, newest.sub == cursor.sub
    else { return nil }
    return Revision(main: 0)
  }

  /// The value of the cursor's version, until the next call.
  private func readValue(_ cursor: VersionCursor) throws(StoreError) -> UnsafeRawBufferPointer {
    let record = cursor.record
    if record.version == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
    if value.count < record.valueLength {
      value.deallocate()
      value = .allocate(byteCount: record.valueLength, alignment: 16)
    }
    try handle.versions.copyValue(
      main: cursor.main, sub: cursor.sub, key: cursor.key, to: value.baseAddress!, length: record.valueLength)
    return UnsafeRawBufferPointer(rebasing: value[..<record.valueLength])
  }
}

extension Store {
  /// Writes what the checkpoint holds as a snapshot to a file, which is durable then, and returns what it stands for.
  /// On any thread; others go on meanwhile. Fails as `SnapshotExport.step` does.
  public func writeSnapshot(
    to path: String
  ) throws(StoreError) -> (header: SnapshotHeader, summary: SnapshotSummary) {
    let file = try SnapshotFileSink(path: path)
    let export = try SnapshotExport(self, to: file)
    while true {
      if try export.step(), let summary = export.summary {
        try file.finish()
        return (export.header, summary)
      }
    }
  }
}
