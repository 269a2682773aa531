import CChecksum
import MVCC

/// What a snapshot's status says of it (etcd: `etcdutl snapshot status`).
public struct SnapshotStatus: Sendable, Hashable {
  /// CRC-32C of the content: of a file of etcd's as etcd computes it, over the buckets' names, keys and values in
  /// order; of one of our own over its records.
  public var hash: UInt32 = 0
  /// The newest revision; of a file of etcd's that of the last version.
  public var revision: Int64 = 0
  /// Versions of keys; in a file of etcd's the keys of all buckets, not only those of clients.
  public var totalKeys: UInt64 = 0
  /// Bytes of the database or the snapshot, without what a transfer adds.
  public var totalBytes = 0

  /// Reads a file all through. Says nothing about a digest that follows a database of etcd's.
  ///
  /// Fails with `ImportError`, or with `StoreError` when it is a damaged snapshot of this store.
  public init(path: String) throws {
    if SavedSnapshot.isOne(path: path) {
      let file = try SavedSnapshot(path: path)
      let reader = try SnapshotReader(file)
      while try reader.next() != nil {}
      totalBytes = file.byteCount
      revision = reader.header.revision
      hash = reader.summary?.hash ?? 0
      totalKeys = reader.summary?.versions ?? 0
    } else {
      try read(BoltFile(path: path))
    }
  }

  private mutating func read(_ file: BoltFile) throws(ImportError) {
    totalBytes = file.meta.byteCount
    var buckets = BoltCursor(BoltBucket(rootOf: file))
    while let bucket = try buckets.next() {
      guard bucket.isBucket else {
        throw .damagedPage(bucket.page, reason: "the root has a value, and not only buckets")
      }
      add(bucket.key)
      var items = BoltCursor(try BoltBucket(bucket, of: file))
      while let item = try items.next() {
        add(item.key)
        if !item.isBucket { add(item.value) }
        totalKeys += 1
        if bucket.key.elementsEqual(EtcdVersion.bucket.utf8) {
          revision = try EtcdVersion(key: item.key, value: item.value).main
        }
      }
    }
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) {
    hash = bytes.withUnsafeBytes { checksum_crc32c(hash, $0.baseAddress, $0.count) }
  }
}
