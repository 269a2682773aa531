import Glibc

/// A snapshot's file being written.
public final class SnapshotFileSink: SnapshotSink {
  private let path: String
  private var descriptor: Int32
  /// Bytes written.
  public private(set) var count: UInt64 = 0

  /// Creates the file, or empties the one that is there. Fails with `.storage`.
  public init(path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .storage("cannot create the snapshot \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends to the file.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    var position = 0
    while position < bytes.count {
      let written = Glibc.write(descriptor, bytes.baseAddress! + position, bytes.count - position)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        throw .storage("cannot write the snapshot \(path): \(String(cString: strerror(errno)))")
      }
      position += written
    }
    count += UInt64(bytes.count)
  }

  /// Makes the file's content durable and closes it; its name is durable when its folder is synced.
  /// Fails with `.storage`.
  public func finish() throws(StoreError) {
    let code = fsync(descriptor)
    let reason = errno
    close(descriptor)
    descriptor = -1
    guard code == 0 else {
      throw .storage("cannot sync the snapshot \(path): \(String(cString: strerror(reason)))")
    }
  }
}

/// A snapshot's file being read from its beginning.
public final class SnapshotFileSource: SnapshotSource {
  private let path: String
  private let descriptor: Int32

  /// Opens the file. Fails with `.storage`.
  public init(path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .storage("cannot open the snapshot \(path): \(String(cString: strerror(errno)))")
    }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { close(descriptor) }

  /// The next bytes.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw .storage("cannot read the snapshot \(path): \(String(cString: strerror(errno)))")
      }
      return count
    }
  }
}
