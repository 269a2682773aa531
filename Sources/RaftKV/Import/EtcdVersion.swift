/// One version of a key as etcd's bucket `key` has it (etcd API: `mvccpb.KeyValue`), or a tombstone.
public struct EtcdVersion: Sendable {
  /// The revision's first part: which write.
  public var main: Int64
  /// … and its second: which change inside that.
  public var sub: Int64
  /// The key was deleted.
  public var isTombstone: Bool
  /// The key.
  public var key: ArraySlice<UInt8>
  /// The value; empty in a tombstone.
  public var value: ArraySlice<UInt8>
  /// The revision that created the key; 0 in a tombstone.
  public var createRevision: Int64
  /// Changes since the key was created, this one included; 0 in a tombstone.
  public var version: Int64
  /// The lease it is attached to; 0 for none.
  public var lease: Int64

  static let bucket = "key"
  private static let keyBytes = 17

  /// Reads an item of the bucket. Its key is the revision: main (8 bytes, big-endian), `_`, sub (8), and a `t` when the
  /// version is a tombstone; its value is a `KeyValue`, which for a tombstone has the key alone.
  init(key row: ArraySlice<UInt8>, value content: ArraySlice<UInt8>) throws(ImportError) {
    guard let (main, sub, isTombstone) = Self.revision(row) else {
      throw .badRecord(bucket: Self.bucket, reason: "\(hexadecimal([UInt8](row.prefix(32)))) is no revision")
    }
    self.main = main
    self.sub = sub
    self.isTombstone = isTombstone
    key = []
    value = []
    (createRevision, version, lease) = (0, 0, 0)
    var modRevision: Int64 = 0
    var reader = WireFields(content)
    while let field = reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): key = bytes
      case (2, .varint(let number)): createRevision = Int64(bitPattern: number)
      case (3, .varint(let number)): modRevision = Int64(bitPattern: number)
      case (4, .varint(let number)): version = Int64(bitPattern: number)
      case (5, .bytes(let bytes)): value = bytes
      case (6, .varint(let number)): lease = Int64(bitPattern: number)
      default: break
      }
    }
    func malformed(_ reason: String) -> ImportError {
      .badRecord(bucket: Self.bucket, reason: "revision \(main).\(sub) \(reason)")
    }
    if reader.isMalformed { throw malformed("is not a key-value") }
    // What `etcdutl snapshot restore --bump-revision` leaves: a revision of nothing.
    if content.isEmpty { return }
    if isTombstone {
      (value, createRevision, version, lease) = ([], 0, 0, 0)
      return
    }
    guard modRevision == main else { throw malformed("holds a key-value of revision \(modRevision)") }
    guard createRevision >= 1, createRevision <= main else {
      throw malformed("has the create revision \(createRevision)")
    }
    guard version >= 1, version <= main else { throw malformed("has the version \(version)") }
  }

  /// There is no key: the revision only counts.
  public var isEmpty: Bool { key.isEmpty }

  /// The parts of a row's key; nil when it is none.
  static func revision(_ row: ArraySlice<UInt8>) -> (main: Int64, sub: Int64, isTombstone: Bool)? {
    let bytes = [UInt8](row)
    guard bytes.count == keyBytes || bytes.count == keyBytes + 1 && bytes[keyBytes] == UInt8(ascii: "t"),
      bytes[8] == UInt8(ascii: "_")
    else { return nil }
    let main = Int64(bigEndian: bytes.number(at: 0, as: Int64.self).littleEndian)
    let sub = Int64(bigEndian: bytes.number(at: 9, as: Int64.self).littleEndian)
    guard main >= 1, main < Int64.max, sub >= 0, sub < Int64(UInt32.max) else { return nil }
    return (main, sub, bytes.count > keyBytes)
  }
}
