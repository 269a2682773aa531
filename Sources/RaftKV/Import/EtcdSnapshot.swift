public import MVCC

/// What etcd has in a file: one saved by `etcdctl snapshot save`, or a copy of a member's `member/snap/db`.
///
/// It is read as etcd itself reads it when it restores or starts: the newest revision is that of the last row of the
/// bucket `key`, or that of a compaction that removed it; a compaction that was begun counts as done.
public struct EtcdSnapshot: Sendable {
  /// The newest revision; 1 of an empty store.
  public let revision: Int64
  /// The revision compacted to; -1 before the first compaction.
  public let compactRevision: Int64
  /// All leases, by id, without an entry that granted them: the log that had it is not taken over.
  public let leases: [Lease]
  /// The alarms raised.
  public let alarms: [Alarm]
  /// Users, roles, and whether they are asked for; nil when etcd never had any.
  public let auth: EtcdAuth?
  /// The bytes of the database, without what follows it in the file.
  public var byteCount: Int { file.meta.byteCount }

  private let file: BoltFile

  /// Whether a file has the mark of a bbolt file. False when it cannot be read.
  public static func isOne(path: String) -> Bool { BoltFile.hasMagic(path: path) }

  /// Opens a file and reads all but its versions. With `checksHash` the file must end with the SHA-256 of its content,
  /// which is compared.
  public init(path: String, checksHash: Bool) throws(ImportError) {
    file = try BoltFile(path: path)
    if checksHash { try file.verifyDigest() }
    var buckets: [String: BoltBucket] = [:]
    var cursor = BoltCursor(BoltBucket(rootOf: file))
    while let item = try cursor.next() {
      guard item.isBucket else {
        throw .damagedPage(item.page, reason: "the root has a value, and not only buckets")
      }
      buckets[String(decoding: item.key, as: UTF8.self)] = try BoltBucket(item, of: file)
    }
    guard let keys = buckets[EtcdVersion.bucket], let meta = buckets["meta"] else {
      throw .notABoltFile(path: path, reason: "the file is of another program's: it lacks etcd's buckets")
    }
    let compacted = try Self.revision("finishedCompactRev", in: meta) ?? -1
    let scheduled = try Self.revision("scheduledCompactRev", in: meta) ?? -1
    compactRevision = max(compacted, scheduled)
    var newest: Int64 = 1
    if let last = try BoltCursor.last(of: keys) {
      newest = try EtcdVersion(key: last.key, value: last.value).main
    }
    revision = max(newest, compactRevision)
    leases = try buckets["lease"].map { (bucket) throws(ImportError) in try Self.leases(bucket) } ?? []
    alarms = try buckets["alarm"].map { (bucket) throws(ImportError) in try Self.alarms(bucket) } ?? []
    auth = try EtcdAuth(
      state: buckets["auth"], users: buckets["authUsers"], roles: buckets["authRoles"])
  }

  /// All versions of all keys that the file has, in the order of their revisions.
  public func versions() throws(ImportError) -> EtcdVersions {
    guard let keys = try BoltBucket(rootOf: file).bucket(EtcdVersion.bucket) else {
      throw .badRecord(bucket: EtcdVersion.bucket, reason: "it has gone")
    }
    return EtcdVersions(keys)
  }

  // MARK: small buckets

  private static func revision(_ name: String, in meta: BoltBucket) throws(ImportError) -> Int64? {
    guard let row = try meta.value(name) else { return nil }
    guard let revision = EtcdVersion.revision(row[...]) else {
      throw .badRecord(bucket: "meta", reason: "\(name) is no revision")
    }
    return revision.main
  }

  /// `leasepb.Lease`: id, TTL and what is left of it, in seconds.
  private static func leases(_ bucket: BoltBucket) throws(ImportError) -> [Lease] {
    var leases: [Lease] = []
    var cursor = BoltCursor(bucket)
    while let item = try cursor.next() {
      var lease = Lease(id: 0, seconds: 0, grantIndex: 0)
      var reader = WireFields(item.value)
      while let field = reader.next() {
        guard case .varint(let number) = field.value else { continue }
        switch field.number {
        case 1: lease.id = Int64(bitPattern: number)
        case 2: lease.seconds = Int64(bitPattern: number)
        case 3: lease.remainingSeconds = Int64(bitPattern: number)
        default: break
        }
      }
      let name = hexadecimal([UInt8](item.key.prefix(32)))
      guard !reader.isMalformed, lease.id != 0, item.key.elementsEqual(lease.id.bigEndianBytes) else {
        throw .badRecord(bucket: "lease", reason: "the row \(name) is not of a lease of this id")
      }
      guard lease.seconds <= Lease.maximumSeconds else {
        throw .badRecord(bucket: "lease", reason: "the lease \(name) has \(lease.seconds) seconds")
      }
      // etcd, too, gives a lease the least it may have when it finds it with less.
      lease.seconds = max(lease.seconds, 1)
      if !(0...lease.seconds).contains(lease.remainingSeconds) { lease.remainingSeconds = 0 }
      leases.append(lease)
    }
    return leases.sorted { $0.id < $1.id }
  }

  /// `AlarmMember` is the key; there is no value.
  private static func alarms(_ bucket: BoltBucket) throws(ImportError) -> [Alarm] {
    var alarms: [Alarm] = []
    var cursor = BoltCursor(bucket)
    while let item = try cursor.next() {
      var (member, code): (UInt64, UInt64) = (0, 0)
      var reader = WireFields(item.key)
      while let field = reader.next() {
        guard case .varint(let number) = field.value else { continue }
        if field.number == 1 { member = number }
        if field.number == 2 { code = number }
      }
      guard !reader.isMalformed, let kind = UInt8(exactly: code).flatMap(Alarm.Kind.init(rawValue:)) else {
        throw .badRecord(bucket: "alarm", reason: "a row is not of an alarm")
      }
      alarms.append(Alarm(member: member, kind: kind))
    }
    return alarms.sorted()
  }
}

/// Walks the versions of a snapshot, in the order of their revisions. One thread at a time may use it.
public final class EtcdVersions {
  private var cursor: BoltCursor

  fileprivate init(_ keys: BoltBucket) { cursor = BoltCursor(keys) }

  /// The next version; nil at the end. Rows that stand for a revision and no key are passed over.
  public func next() throws(ImportError) -> EtcdVersion? {
    while let item = try cursor.next() {
      guard !item.isBucket else {
        throw .damagedPage(item.page, reason: "there is a bucket among the versions")
      }
      let version = try EtcdVersion(key: item.key, value: item.value)
      guard !version.isEmpty else { continue }
      guard version.key.count <= Store.maximumKeyBytes else {
        throw .unsupported(
          "revision \(version.main) has a key of \(version.key.count) bytes; this store takes keys of up to "
            + "\(Store.maximumKeyBytes) bytes: delete it and compact before the snapshot is taken")
      }
      return version
    }
    return nil
  }
}

extension Int64 {
  fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }
}
