/// What a snapshot says of the store as a whole: everything but the versions of its keys.
public struct SnapshotHeader: Sendable, Hashable {
  /// The last log entry that the content includes.
  public var position: Store.Position
  /// The store's revision: that of the newest version or, after a bump, larger.
  public var revision: Int64
  /// The revision compacted to; -1 before the first compaction.
  public var compactRevision: Int64
  /// Named documents (`Store.meta`): the cluster's description and the like.
  public var documents: [String: Bytes]
  /// The alarms raised, in order.
  public var alarms: [Alarm]
  /// All leases, by id. Which keys are attached to them, the keys' newest versions say.
  public var leases: [Lease]

  /// The header of an empty store, unless told otherwise.
  public init(
    position: Store.Position = .init(index: 0, term: 0), revision: Int64 = 1, compactRevision: Int64 = -1,
    documents: [String: Bytes] = [:], alarms: [Alarm] = [], leases: [Lease] = []
  ) {
    self.position = position
    self.revision = revision
    self.compactRevision = compactRevision
    self.documents = documents
    self.alarms = alarms
    self.leases = leases
  }
}

/// One version of one key, or a tombstone.
public struct SnapshotVersion: Sendable, Hashable {
  /// When it was written.
  public var revision: Revision
  /// The key, 1 to `Store.maximumKeyBytes` bytes.
  public var key: Bytes
  /// The value; empty in a tombstone.
  public var value: Bytes
  /// The revision that created the key; not looked at in a tombstone.
  public var createRevision: Int64
  /// Changes since the key was created, this one included; 0 marks a tombstone.
  public var version: Int64
  /// The lease it is attached to; 0 for none.
  public var lease: Int64
  /// The version of the same key before this one among those of the snapshot; `Revision(main: 0)` when there is none,
  /// nil when that is not known: whoever builds a store of it then looks it up.
  public var previous: Revision?

  /// A version. Without `previous` it is looked up where it is needed.
  public init(
    revision: Revision, key: Bytes, value: Bytes, createRevision: Int64, version: Int64, lease: Int64 = 0,
    previous: Revision? = nil
  ) {
    self.revision = revision
    self.key = key
    self.value = value
    self.createRevision = createRevision
    self.version = version
    self.lease = lease
    self.previous = previous
  }

  /// A deletion of `key`.
  public static func tombstone(
    _ key: Bytes, at revision: Revision, previous: Revision? = nil
  ) -> SnapshotVersion {
    SnapshotVersion(
      revision: revision, key: key, value: [], createRevision: 0, version: 0, previous: previous)
  }

  /// Whether it says that the key was deleted.
  public var isTombstone: Bool { version == 0 }
}

/// What a snapshot amounts to: its trailer, which is known once all of it was read or written.
public struct SnapshotSummary: Sendable, Hashable {
  /// Versions of keys, tombstones included.
  public var versions: UInt64 = 0
  /// Bytes of their keys.
  public var keyBytes: UInt64 = 0
  /// Bytes of their values.
  public var valueBytes: UInt64 = 0
  /// Bytes of the whole content before compression.
  public var contentBytes: UInt64 = 0
  /// CRC-32C of the whole content before compression. Two members' snapshots at one position have the same.
  public var hash: UInt32 = 0

  /// Nothing.
  public init() {}
}

/// Where a snapshot's bytes go.
public protocol SnapshotSink: AnyObject {
  /// Takes the next bytes, all of them, or fails with `.storage`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError)
}

/// Where a snapshot's bytes come from.
public protocol SnapshotSource: AnyObject {
  /// Copies the next bytes to `buffer` and says how many there were: 0 at the end. Fails with `.storage`.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int
}
