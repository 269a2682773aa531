import Synchronization

/// History in the order it happened, for watches.
extension ReadHandle {
  /// Visits the changes of the revisions `first` to `last` (which reads must see already) in order, until `visit`
  /// returns false. Begin again later with the revision where it stopped: nothing is held between calls.
  ///
  /// Fails with `.compacted` when some of them may be gone, with `.corrupt`, or with what `visit` throws. What is
  /// not removed yet is there whatever was compacted: whoever must not show it asks for the compact revision.
  public func changes(
    from first: Int64, through last: Int64,
    visit: (borrowing ChangeView) throws(StoreError) -> Bool
  ) throws(StoreError) {
    if first > last { return }
    begin()
    defer { end() }
    let tables = self.tables!.tables
    // The newest table that holds all of `first` and what came after; the last one when the checkpoint has a part.
    let newestWhole = tables.firstIndex { $0.origin.holdsNothing(of: first) }
    if newestWhole == nil, let oldest = tables.last {
      guard try storedChanges(from: first, through: last, before: oldest.origin.end, visit) else { return }
    }
    for place in stride(from: newestWhole ?? tables.count - 1, through: 0, by: -1) {
      let table = tables[place]
      var at = table.firstVersion(from: first)
      while at != 0 {
        let version = table.version(at: at)
        if version.pointee.main > last { return }
        let view = ChangeView(
          key: table.node(at: version.pointee.key).key, version: VisibleVersion(version),
          previous: Revision(main: version.pointee.previousMain, sub: Int64(version.pointee.previousSub)),
          inTable: place, handle: self)
        guard try visit(view) else { return }
        at = table.following(at)
      }
    }
  }

  /// The part in the checkpoint, up to `end`: what the oldest table holds may be there too. False when `visit`
  /// wants no more.
  private func storedChanges(
    from first: Int64, through last: Int64, before end: Bound,
    _ visit: (borrowing ChangeView) throws(StoreError) -> Bool
  ) throws(StoreError) -> Bool {
    try openCheckpoint()
    let floor = state.retention.floor.load(ordering: .acquiring)
    if first < floor { throw .compacted }
    let cursor = changeCursor
    var isThere = try cursor.seek(first)
    while isThere, cursor.main <= last, end.isAfter(main: cursor.main, sub: cursor.sub) {
      let record = cursor.record
      let view = ChangeView(
        key: cursor.key, version: VisibleVersion(record, main: cursor.main, sub: cursor.sub),
        previous: Revision(main: record.previousMain, sub: record.previousSub), inTable: nil, handle: self)
      guard try visit(view) else { return false }
      isThere = try cursor.next()
    }
    return true
  }

  /// What the key of a change held before the change's revision, as etcd's `prev_kv` has it: a change of the same
  /// revision is passed over. `place` is the number of the change's memtable.
  fileprivate func version(
    before change: VisibleVersion, of key: UnsafeRawBufferPointer, at previous: Revision, inTable place: Int?
  ) throws(StoreError) -> VisibleVersion? {
    var revision = previous
    if let place, let inMemory = change.inMemory {
      // From the change itself: a key that changes often has many versions that are newer.
      var at = inMemory.pointee.older
      for (number, table) in self.tables!.tables[place...].enumerated() {
        if number > 0 {
          let node = table.find(key)
          at = node == 0 ? 0 : table.newestVersion(of: node)
        }
        while at != 0 {
          let version = table.version(at: at)
          if version.pointee.main < change.main { return VisibleVersion(version) }
          revision = Revision(main: version.pointee.previousMain, sub: Int64(version.pointee.previousSub))
          at = version.pointee.older
        }
      }
    }
    if revision.main == 0 { return nil }
    try openCheckpoint()
    while revision.main != 0 {
      guard let record = try versions.header(main: revision.main, sub: revision.sub) else {
        // Compaction removes what newer versions hide.
        if revision.main <= state.retention.floor.load(ordering: .acquiring) { return nil }
        throw .corrupt("the checkpoint lacks version \(revision.main).\(revision.sub) that a newer one names")
      }
      if revision.main < change.main {
        return VisibleVersion(record, main: revision.main, sub: revision.sub)
      }
      let older = Revision(main: record.previousMain, sub: record.previousSub)
      guard older < revision else {
        throw .corrupt("version \(revision.main).\(revision.sub) names a previous one that is not older")
      }
      revision = older
    }
    return nil
  }
}

extension CheckpointState {
  /// Whether every change of `revision` comes after this state.
  fileprivate func holdsNothing(of revision: Int64) -> Bool {
    !end.isAfter(main: revision, sub: 0)
  }
}

/// One change of one key, borrowed: valid only inside the visit.
///
/// Safe: because the visit borrows it, while the handle holds the memtables and the read transaction.
public struct ChangeView: ~Copyable {
  /// The key's bytes.
  public let key: UnsafeRawBufferPointer
  private let visible: VisibleVersion
  private let previousRevision: Revision
  /// The memtable that holds the change, by number; nil when it is in the checkpoint.
  private let table: Int?
  private unowned(unsafe) let handle: ReadHandle

  fileprivate init(
    key: UnsafeRawBufferPointer, version: VisibleVersion, previous: Revision, inTable table: Int?,
    handle: ReadHandle
  ) {
    self.key = key
    visible = version
    previousRevision = previous
    self.table = table
    self.handle = handle
  }

  /// When it happened.
  public var revision: Revision { Revision(main: visible.main, sub: visible.sub) }
  /// Whether the key was deleted: then there is nothing to `current`.
  public var isDelete: Bool { visible.isTombstone }
  /// What the key holds since the change.
  public var current: KeyValueView { KeyValueView(key: key, version: visible, handle: handle) }

  /// What the key held before the change's revision; nil when it was not there, when that has been compacted away,
  /// and when the change created the key, even if the same revision had deleted it before (etcd: `isCreateEvent`).
  /// Fails with `.corrupt`.
  public func previous() throws(StoreError) -> KeyValueView? {
    if !visible.isTombstone && visible.createRevision == visible.main { return nil }
    guard
      let found = try handle.version(before: visible, of: key, at: previousRevision, inTable: table),
      !found.isTombstone
    else { return nil }
    return KeyValueView(key: key, version: found, handle: handle)
  }
}
