public import MVCC

/// A snapshot to restore, of this store or of etcd: what it says of the store as a whole, then its versions.
public struct RestorableSnapshot {
  /// Whose it is.
  public enum Origin: Sendable, Hashable {
    case raftkv
    case etcd
  }

  private enum Versions {
    case own(SnapshotReader)
    case etcd(EtcdVersions)
  }

  /// Whose it is: told by the first bytes.
  public let origin: Origin
  /// What it says of the store as a whole. The position, and the entries that granted its leases, are those of the log
  /// that it comes from; 0 from etcd.
  public let header: SnapshotHeader
  /// Its users and roles, if it comes from etcd and has any; they are a document of the header too.
  public let auth: EtcdAuth?
  private let versions: Versions

  /// Opens a file and reads its header. With `checksHash` a file of etcd's must end with the SHA-256 of its content,
  /// which is compared; one of our own has checksums all through, and needs none.
  ///
  /// Fails with `ImportError`, or with `StoreError` when it is a damaged snapshot of this store.
  public init(path: String, checksHash: Bool) throws {
    if SavedSnapshot.isOne(path: path) {
      let reader = try SnapshotReader(try SavedSnapshot(path: path))
      origin = .raftkv
      header = reader.header
      auth = nil
      versions = .own(reader)
      return
    }
    let snapshot = try EtcdSnapshot(path: path, checksHash: checksHash)
    origin = .etcd
    auth = snapshot.auth
    header = SnapshotHeader(
      revision: snapshot.revision, compactRevision: snapshot.compactRevision,
      documents: snapshot.auth.map { [EtcdAuth.documentName: $0.document] } ?? [:], alarms: snapshot.alarms,
      leases: snapshot.leases)
    versions = .etcd(try snapshot.versions())
  }

  /// The next version, in revision order; nil at the end, when the content has proven whole. Fails like `init`.
  public func next() throws -> SnapshotVersion? {
    switch versions {
    case .own(let reader): return try reader.next()
    case .etcd(let walk): return try walk.next().map(SnapshotVersion.init)
    }
  }
}

extension SnapshotVersion {
  init(_ version: EtcdVersion) {
    self.init(
      revision: Revision(main: version.main, sub: version.sub), key: Bytes(version.key),
      value: Bytes(version.value), createRevision: version.createRevision, version: version.version,
      lease: version.lease)
  }
}
