import Checksum
import Glibc
import MVCC

/// The bytes of a snapshot of this store in a file, without what a transfer adds: zeros up to a whole sector, and the
/// SHA-256 of all before it (etcd API: Maintenance.Snapshot).
final class SavedSnapshot: SnapshotSource {
  private static let sectorBytes = 512

  private let path: String
  private let descriptor: Int32
  /// Where the snapshot, or the zeros after it, end.
  let byteCount: Int
  private var offset = 0

  /// Whether a file begins like a snapshot of ours. False when it cannot be read.
  static func isOne(path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { start in
      pread(descriptor, start.baseAddress, 8, 0) == 8
        && SnapshotReader.isSnapshot(UnsafeRawBufferPointer(start))
    }
  }

  /// Opens a file, and finds out by its content whether a digest ends it. Damage is left to whoever reads on: what it
  /// does to the digest makes that a part of the snapshot, which then has bytes after its end.
  init(path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let failure = Self.failure(path)
      close(descriptor)
      throw failure
    }
    let size = Int(status.st_size)
    guard size % Self.sectorBytes == SHA256.digestBytes else {
      byteCount = size
      return
    }
    do throws(StoreError) {
      let content = size - SHA256.digestBytes
      let isDigest = try Self.endsWithDigest(descriptor, path: path, content: content)
      byteCount = isDigest ? content : size
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    let rest = byteCount - offset
    if rest < Self.sectorBytes, try isZero(rest) { return 0 }
    let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, rest)])
    let count = try Self.read(descriptor, path: path, at: offset, into: wanted)
    offset += count
    return count
  }

  /// Whether nothing but zeros is left: no snapshot ends with that many that belong to it.
  private func isZero(_ rest: Int) throws(StoreError) -> Bool {
    try Self.bytes(descriptor, path: path, at: offset, count: rest).allSatisfy { $0 == 0 }
  }

  private static func endsWithDigest(
    _ descriptor: Int32, path: String, content: Int
  ) throws(StoreError) -> Bool {
    var hash = SHA256()
    var offset = 0
    while offset < content {
      let chunk = try bytes(descriptor, path: path, at: offset, count: min(1 << 20, content - offset))
      if chunk.isEmpty { return false }
      hash.add(chunk)
      offset += chunk.count
    }
    return try bytes(descriptor, path: path, at: content, count: SHA256.digestBytes) == hash.digest
  }

  private static func bytes(
    _ descriptor: Int32, path: String, at offset: Int, count: Int
  ) throws(StoreError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { buffer.deallocate() }
    let filled = try read(descriptor, path: path, at: offset, into: buffer)
    return [UInt8](buffer[..<filled])
  }

  /// Fills the buffer; less only at the end of the file.
  private static func read(
    _ descriptor: Int32, path: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress! + filled, buffer.count - filled, off_t(offset + filled))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  private static func failure(_ path: String) -> StoreError {
    .storage("cannot read the snapshot \(path): \(systemMessage())")
  }
}
