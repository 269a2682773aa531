import Checksum
import GRPC
import Glibc
import RaftKV

/// The bytes of a snapshot as they go to a client: the file, zeros up to a whole sector, and the SHA-256 of both.
///
/// etcdctl tells by the length whether what it saved ends with a digest: 32 bytes past a multiple of 512, so the file
/// before it must end at one. A snapshot says itself where it ends; the zeros are not part of it.
///
/// Safe: because one chunk after the other is read, each by one thread that got here through the call's loop.
final class SnapshotContent: @unchecked Sendable {
  static let chunkBytes = 64 << 10
  private static let sectorBytes: Int64 = 512

  private let descriptor: Int32
  /// Held until the content is gone.
  private let slot: SnapshotSlots.Slot
  private let fileBytes: Int64
  private let totalBytes: Int64
  private var sentBytes: Int64 = 0
  private var hash = SHA256()

  /// Opens the file and takes its name away, so that nothing is left of it however this ends.
  init(_ file: SpooledSnapshot, _ slot: SnapshotSlots.Slot) throws(EtcdError) {
    descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    let failure = errno
    unlink(file.path)
    guard descriptor >= 0 else { throw Self.unreadable(failure) }
    self.slot = slot
    fileBytes = file.byteCount
    totalBytes = (file.byteCount + Self.sectorBytes - 1) / Self.sectorBytes * Self.sectorBytes
  }

  deinit { close(descriptor) }

  /// The next chunk; after the last of the content, its digest.
  func next() throws(EtcdError) -> SnapshotChunk {
    if sentBytes == totalBytes { return SnapshotChunk(remainingBytes: 0, blob: hash.digest, isDigest: true) }
    let count = Int(min(Int64(Self.chunkBytes), totalBytes - sentBytes))
    var blob = [UInt8](repeating: 0, count: count)
    let inFile = max(0, min(count, Int(fileBytes - sentBytes)))
    var read = 0
    while read < inFile {
      let result = blob.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + read, inFile - read, off_t(sentBytes) + off_t(read))
      }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { throw Self.unreadable(result < 0 ? errno : EIO) }
      read += result
    }
    hash.add(blob)
    sentBytes += Int64(count)
    return SnapshotChunk(remainingBytes: UInt64(totalBytes - sentBytes), blob: blob, isDigest: false)
  }

  private static func unreadable(_ code: Int32) -> EtcdError {
    EtcdError(.internalError, "etcdserver: the snapshot cannot be read: \(String(cString: strerror(code)))")
  }
}
