import Checksum
import Glibc

/// A bbolt database file, read by positioned reads: a file that shrinks meanwhile is an error, not a fault.
///
/// The format, all numbers little-endian: pages of one size. A page begins with its number (8 bytes), flags (2), the
/// count of its elements (2), and how many further pages it runs over (4). Pages 0 and 1 are the *meta* pages, of
/// which the valid one of the later transaction counts; it names the root bucket's first page, and how many pages
/// there are.
///
/// Safe: because nothing changes once it is open; reads name their place.
final class BoltFile: @unchecked Sendable {
  static let magic: UInt32 = 0xED0C_DAED
  /// The longest run of pages that is read, in bytes: bbolt allocates no larger values than about 2 GB, etcd takes no
  /// requests of more than some MB.
  static let runBytesMax = 1 << 30
  private static let pageBytesMin = 512
  private static let pageBytesMax = 16 << 20
  private static let metaBytes = 64
  private static let pageHeaderBytes = 16

  let path: String
  private let descriptor: Int32
  /// Without the digest that may follow.
  let byteCount: Int
  /// Whether a SHA-256 of the content follows it, as in what `etcdctl snapshot save` writes.
  let hasDigest: Bool
  let meta: BoltMeta

  /// Opens a file. Does not look at more than its meta pages.
  init(path: String) throws(ImportError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, reason: systemMessage()) }
    do throws(ImportError) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw .system(path: path, reason: systemMessage()) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw .system(path: path, reason: "it is not a regular file")
      }
      let size = Int(status.st_size)
      // etcd: the digest makes the size an odd multiple of the smallest sector.
      hasDigest = size % 512 == SHA256.digestBytes
      byteCount = hasDigest ? size - SHA256.digestBytes : size
      meta = try Self.newestMeta(descriptor, path: path, byteCount: byteCount)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    guard meta.byteCount <= byteCount else {
      throw .truncated(path: path, bytes: byteCount, expected: meta.byteCount)
    }
  }

  deinit { close(descriptor) }

  /// Whether a file has the mark of a bbolt file, intact or not. False when it cannot be read.
  static func hasMagic(path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var sizes: [Int] = [0]
    var size = pageBytesMin
    while size <= pageBytesMax {
      sizes.append(size)
      size *= 2
    }
    return sizes.contains { offset in
      guard let head = try? read(descriptor, path: path, offset: offset, count: pageHeaderBytes + 4),
        head.count == pageHeaderBytes + 4
      else { return false }
      return head.number(at: pageHeaderBytes, as: UInt32.self) == magic
    }
  }

  // MARK: reading

  /// The bytes of `count` pages from page `id` on; fewer only when the file has shrunk.
  func pages(from id: UInt64, count: Int) throws(ImportError) -> [UInt8] {
    let bytes = try Self.read(
      descriptor, path: path, offset: Int(id) * meta.pageBytes, count: count * meta.pageBytes)
    guard bytes.count == count * meta.pageBytes else {
      throw .truncated(path: path, bytes: Int(id) * meta.pageBytes + bytes.count, expected: meta.byteCount)
    }
    return bytes
  }

  /// Compares the content with the digest that follows it.
  func verifyDigest() throws(ImportError) {
    guard hasDigest else { throw .hashMissing(path: path) }
    var hash = SHA256()
    var offset = 0
    while offset < byteCount {
      let count = min(1 << 20, byteCount - offset)
      let bytes = try Self.read(descriptor, path: path, offset: offset, count: count)
      guard bytes.count == count else {
        throw .truncated(path: path, bytes: offset + bytes.count, expected: byteCount)
      }
      hash.add(bytes)
      offset += count
    }
    let expected = try Self.read(descriptor, path: path, offset: byteCount, count: SHA256.digestBytes)
    let found = hash.digest
    guard expected == found else {
      throw .hashMismatch(expected: hexadecimal(expected), found: hexadecimal(found))
    }
  }

  /// Up to `count` bytes from `offset`; fewer only at the end of the file.
  private static func read(
    _ descriptor: Int32, path: String, offset: Int, count: Int
  ) throws(ImportError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
        if got == 0 { return }
        if got < 0 {
          if errno == EINTR { continue }
          failure = errno
          return
        }
        filled += got
      }
    }
    if failure != 0 { throw .system(path: path, reason: String(cString: strerror(failure))) }
    return bytes
  }

  // MARK: meta pages

  private static func newestMeta(
    _ descriptor: Int32, path: String, byteCount: Int
  ) throws(ImportError) -> BoltMeta {
    func meta(at offset: Int) throws(ImportError) -> BoltMeta? {
      let bytes = try read(descriptor, path: path, offset: offset, count: pageHeaderBytes + metaBytes)
      guard bytes.count == pageHeaderBytes + metaBytes, offset + bytes.count <= byteCount else { return nil }
      return BoltMeta(bytes[pageHeaderBytes...])
    }
    let first = try meta(at: 0)
    var second: BoltMeta?
    if let first {
      second = try meta(at: first.pageBytes)
    } else {
      // Without the first there is no telling where the second lies: it says so itself.
      var size = pageBytesMin
      while second == nil, size <= pageBytesMax {
        second = try meta(at: size)
        if second?.pageBytes != size { second = nil }
        size *= 2
      }
    }
    let valid = [first, second].compactMap { $0 }
    guard let newest = valid.max(by: { $0.transaction < $1.transaction }) else {
      throw .notABoltFile(path: path, reason: "it has no valid meta page")
    }
    return newest
  }
}

/// What a meta page says.
struct BoltMeta: Sendable {
  /// The size of a page.
  let pageBytes: Int
  /// The first page of the root bucket.
  let root: UInt64
  /// Pages that have ever been used; the root's tree has none beyond.
  let pageCount: UInt64
  /// The transaction that wrote it.
  let transaction: UInt64

  /// The bytes of all pages.
  var byteCount: Int { Int(pageCount) * pageBytes }

  /// Reads the 64 bytes after a meta page's header: magic and version (4 each), page size, flags, root page and root
  /// sequence (8 each), the free list's page, the count of pages, the transaction, and FNV-1a (64 bits) of the 56
  /// bytes before. Nil when they are not valid.
  init?(_ source: ArraySlice<UInt8>) {
    let bytes = [UInt8](source)
    guard bytes.count == 64, bytes.number(at: 0, as: UInt32.self) == BoltFile.magic,
      bytes.number(at: 4, as: UInt32.self) == 2
    else { return nil }
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes[..<56] { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
    guard bytes.number(at: 56, as: UInt64.self) == sum else { return nil }
    pageBytes = Int(bytes.number(at: 8, as: UInt32.self))
    root = bytes.number(at: 16, as: UInt64.self)
    pageCount = bytes.number(at: 40, as: UInt64.self)
    transaction = bytes.number(at: 48, as: UInt64.self)
    // Anything else would be a file made to mislead: its checksum is right.
    guard pageBytes >= 512, pageBytes <= 16 << 20, pageBytes & (pageBytes - 1) == 0,
      pageCount >= 2, pageCount <= UInt64(Int.max / pageBytes)
    else { return nil }
  }
}

extension Array where Element == UInt8 {
  /// A little-endian number. The caller has checked that it is inside.
  @inline(__always)
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
    precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count)
    return withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
  }
}

/// What the operating system says about the last call.
func systemMessage() -> String { String(cString: strerror(errno)) }

/// Two digits a byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
}
