import CChecksum

/// A SHA-256 (FIPS 180-4) of bytes that come in pieces.
///
/// etcd closes a snapshot with one, of all that comes before it (etcd API: Maintenance.Snapshot).
public struct SHA256: Sendable {
  /// The bytes of a digest.
  public static let digestBytes = 32

  private var hash = checksum_sha256()

  /// A hash of nothing yet.
  public init() { checksum_sha256_begin(&hash, 0) }

  /// One that does without the processor's own instructions.
  init(portable: Bool) { checksum_sha256_begin(&hash, portable ? 1 : 0) }

  /// Adds bytes.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    checksum_sha256_add(&hash, bytes.baseAddress, bytes.count)
  }

  /// Adds bytes.
  public mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  /// The digest of all that was added; more may be added afterwards.
  public var digest: [UInt8] {
    var last = hash
    return [UInt8](unsafeUninitializedCapacity: Self.digestBytes) { buffer, count in
      checksum_sha256_end(&last, buffer.baseAddress)
      count = Self.digestBytes
    }
  }
}
