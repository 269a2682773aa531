import CChecksum
import Synchronization

/// The hash of what the store holds, as etcd means it: every version up to a revision that is not superseded at or
/// before the compacted one, and tombstones from there on (etcd API: HashKV). It depends on the log alone: values
/// are hashed as they were put, and versions that physical compaction has not removed yet do not count.
///
/// Keys in order, and the versions of each from the newest to the oldest, a bounded number a step; between two steps
/// nothing is held but a pin, which keeps compaction from removing what is still to be hashed.
public struct ContentHash: Sendable {
  /// What one step hashes, at most, before the last version: a version counts as `versionBytes` more than its value.
  static let stepBytes = 1 << 20
  static let versionBytes = 256

  /// The revision whose content is hashed.
  public let revision: Int64
  /// The revision compacted to when the hash began; -1 for none.
  public let compactRevision: Int64
  /// CRC-32C over what was hashed so far.
  public private(set) var value: UInt32 = 0

  private let pin: ReadPin
  /// The key to go on with, from its start or from this version on.
  private var key: Bytes = []
  private var resume: Revision?
  private var isDone = false

  /// Begins a hash at `revision`, 0 or less for the current one. Fails with `.futureRevision`, or `.compacted` when
  /// the revision is below the compacted one.
  public init(_ store: Store, revision: Int64) throws(StoreError) {
    while true {
      let compacted = store.compactRevision
      let current = store.currentRevision
      if revision > current { throw .futureRevision }
      if revision > 0 && revision < compacted { throw .compacted }
      do throws(StoreError) {
        pin = try store.pin(compacted)
      } catch {
        // Compacted further in between.
        if error == .compacted { continue }
        throw error
      }
      self.revision = revision > 0 ? revision : current
      compactRevision = compacted
      return
    }
  }

  /// Hashes some more; true when that was all. Fails with `.compacted` when a compaction could wait no longer.
  public mutating func step(_ handle: ReadHandle) throws(StoreError) -> Bool {
    if isDone { return true }
    var next = self
    var rest = ContentHash.stepBytes
    next.isDone = true
    try handle.visitHistory(from: key, at: resume, through: revision, pin: pin) {
      (key, version) throws(StoreError) -> HistoryStep in
      if version.isTombstone && version.main < compactRevision { return .nextKey }
      if rest <= 0 {
        next.key = Bytes(key)
        next.resume = Revision(main: version.main, sub: version.sub)
        next.isDone = false
        return .stop
      }
      rest -= ContentHash.versionBytes + version.valueLength
      try next.add(version, of: key, handle)
      // What a version at or before the compacted revision hides does not count.
      return version.main <= compactRevision ? .nextKey : .previous
    }
    self = next
    return isDone
  }

  private mutating func add(
    _ version: VisibleVersion, of key: UnsafeRawBufferPointer, _ handle: ReadHandle
  ) throws(StoreError) {
    let numbers = [
      version.main, version.sub, version.createRevision, version.version, version.lease, Int64(key.count),
      Int64(version.valueLength),
    ].map(\.littleEndian)
    numbers.withUnsafeBytes { value = checksum_crc32c(value, $0.baseAddress, $0.count) }
    value = checksum_crc32c(value, key.baseAddress, key.count)
    if version.isTombstone { return }
    let content = try handle.value(version, of: key)
    content.withUnsafeBytes { value = checksum_crc32c(value, $0.baseAddress, $0.count) }
  }
}

/// Where a walk over the history goes on after a version.
enum HistoryStep {
  /// To the same key's version before.
  case previous
  case nextKey
  case stop
}

extension ReadHandle {
  /// Visits versions through `revision`, tombstones included: keys in order from `start` on, of each as many as
  /// `visit` asks for, newest first; of `start` itself from the version `resume` on.
  func visitHistory(
    from start: Bytes, at resume: Revision?, through revision: Int64, pin: ReadPin,
    _ visit: (UnsafeRawBufferPointer, VisibleVersion) throws(StoreError) -> HistoryStep
  ) throws(StoreError) {
    try reading(revision, pin: pin) { (revision) throws(StoreError) in
      let range = KeyRange(start: start, end: .unbounded)
      try merging(range, before: Bound(through: revision), empty: ()) { (cursor) throws(StoreError) in
        cursor.includesTombstones = true
        while try cursor.next() {
          var version: VisibleVersion? = cursor.visible
          if let resume, try start.withRawBytes({ (start) in compareBytes(start, cursor.key) == 0 }) {
            version = try self.version(of: cursor.key, main: resume.main, sub: resume.sub)
          }
          walk: while let found = version {
            switch try visit(cursor.key, found) {
            case .previous: version = try previous(of: found, cursor.key)
            case .nextKey: break walk
            case .stop: return
            }
          }
        }
      }
    }
  }

  /// The version of `key` at exactly this place; nil when compaction has removed it.
  private func version(
    of key: UnsafeRawBufferPointer, main: Int64, sub: Int64
  ) throws(StoreError) -> VisibleVersion? {
    if let found = find(key, main: main, sub: sub) { return VisibleVersion(found) }
    try openCheckpoint()
    if let record = try versions.header(main: main, sub: sub) {
      return VisibleVersion(record, main: main, sub: sub)
    }
    if main <= state.retention.floor.load(ordering: .acquiring) { return nil }
    throw .corrupt("the checkpoint lacks version \(main).\(sub) that a later one names")
  }

  private func previous(
    of version: VisibleVersion, _ key: UnsafeRawBufferPointer
  ) throws(StoreError) -> VisibleVersion? {
    let before: (main: Int64, sub: Int64)
    if let pointer = version.inMemory {
      before = (pointer.pointee.previousMain, Int64(pointer.pointee.previousSub))
    } else {
      try openCheckpoint()
      guard let record = try versions.header(main: version.main, sub: version.sub) else {
        throw .corrupt("the checkpoint lacks version \(version.main).\(version.sub) that its index names")
      }
      before = (record.previousMain, record.previousSub)
    }
    if before.main == 0 { return nil }
    guard before.main < version.main || before.main == version.main && before.sub < version.sub else {
      throw .corrupt("version \(version.main).\(version.sub) names a previous one that is not older")
    }
    if let pointer = version.inMemory, let older = older(pointer) { return VisibleVersion(older) }
    return try self.version(of: key, main: before.main, sub: before.sub)
  }
}
