#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A log file that is open for reading. It stays what it is when it is renamed.
final class LogFile: Sendable {
  /// Tells files apart, whatever they are called.
  struct Identity: Hashable, Sendable {
    let device: UInt64
    let node: UInt64
  }

  /// Bytes that are read at once.
  static let chunkBytes = 32 << 10

  private let descriptor: CInt
  let identity: Identity

  /// Nil if there is no such file, or it is not to be read.
  init?(_ path: String) {
    // Non-blocking, as the path may be made a pipe's, which would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    identity = Self.identity(facts)
  }

  deinit { close(descriptor) }

  /// What the path stands for now.
  static func identity(of path: String) -> Identity? {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    return identity(facts)
  }

  private static func identity(_ facts: stat) -> Identity {
    Identity(device: UInt64(truncatingIfNeeded: facts.st_dev), node: UInt64(truncatingIfNeeded: facts.st_ino))
  }

  /// In bytes.
  var size: Int {
    var facts = stat()
    return fstat(descriptor, &facts) == 0 ? Int(facts.st_size) : 0
  }

  /// At most `count` bytes from `offset`; none at the end, and none if they cannot be read.
  func bytes(at offset: Int, count: Int = LogFile.chunkBytes) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let read = pread(descriptor, buffer.baseAddress, count, off_t(offset))
      filled = max(0, read)
    }
  }

  /// Where the last `lines` lines begin. Reads from the end, and no more than that takes.
  func start(ofLast lines: Int) -> Int {
    var end = size
    var found = 0
    while end > 0 {
      let start = max(0, end - Self.chunkBytes)
      let chunk = bytes(at: start, count: end - start)
      // The file was cut off meanwhile.
      guard chunk.count == end - start else { return 0 }
      for index in chunk.indices.reversed() where chunk[index] == UInt8(ascii: "\n") {
        found += 1
        if found > lines { return start + index + 1 }
      }
      end = start
    }
    return 0
  }
}
