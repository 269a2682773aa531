import Glibc

/// The file system of the operating system.
public struct PosixFileSystem: FileSystem {
  /// Creates the one there is.
  public init() {}

  /// `mkdir`, mode 0700.
  public func createDirectory(_ path: String) throws(FileError) {
    if mkdir(path, 0o700) == 0 { return }
    let code = errno
    var status = stat()
    if code == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
    throw FileError(code: code, operation: .createDirectory, path: path)
  }

  /// `readdir`.
  public func list(_ directory: String) throws(FileError) -> [String] {
    guard let stream = opendir(directory) else {
      throw FileError(code: errno, operation: .list, path: directory)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw FileError(code: errno, operation: .list, path: directory) }
        return names
      }
      // Safe: d_name is a null-terminated string inside the entry, which lives until the next readdir.
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  /// `open`, mode 0600, not inherited by other programs.
  public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
    let flags =
      switch mode {
      case .readOnly: O_RDONLY
      case .readWrite: O_RDWR
      case .readWriteOrCreate: O_RDWR | O_CREAT
      case .createNew: O_RDWR | O_CREAT | O_EXCL
      }
    let descriptor = try retrying(.open, path) { Glibc.open(path, flags | O_CLOEXEC, 0o600) }
    return PosixFile(descriptor: Int32(descriptor), path: path)
  }

  /// `rename`.
  public func rename(_ path: String, to target: String) throws(FileError) {
    if Glibc.rename(path, target) != 0 { throw FileError(code: errno, operation: .rename, path: path) }
  }

  /// `unlink`.
  public func remove(_ path: String) throws(FileError) {
    if unlink(path) != 0 { throw FileError(code: errno, operation: .remove, path: path) }
  }

  /// `fsync` of the directory.
  public func syncDirectory(_ path: String) throws(FileError) {
    let descriptor = try retrying(.syncDirectory, path) {
      Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    defer { close(descriptor) }
    _ = try retrying(.syncDirectory, path) { fsync(descriptor) }
  }
}

/// A file of the operating system; the descriptor lives as long as the object, so it cannot be used after close.
final class PosixFile: File {
  /// Linux's `SEEK_DATA`, which Glibc does not export to Swift.
  private static let seekData: Int32 = 3

  private let descriptor: Int32
  private let path: String

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  func read(into buffer: inout MutableRawSpan, at offset: Int) throws(FileError) -> Int {
    try buffer.withUnsafeMutableBytes { buffer throws(FileError) in
      try transfer(buffer.count, .read, path) { done, count in
        // Safe: `transfer` keeps done + count within the buffer, and calls this only if that has bytes.
        pread(descriptor, buffer.baseAddress! + done, count, offset + done)
      }
    }
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    let written = try bytes.withUnsafeBytes { bytes throws(FileError) in
      try transfer(bytes.count, .write, path) { done, count in
        // Safe: `transfer` keeps done + count within the buffer, and calls this only if that has bytes.
        pwrite(descriptor, bytes.baseAddress! + done, count, offset + done)
      }
    }
    // A write of zero bytes has no errno; a device that accepts nothing more is out of space.
    if written < bytes.byteCount { throw FileError(code: ENOSPC, operation: .write, path: path) }
  }

  func size() throws(FileError) -> Int {
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw FileError(code: errno, operation: .size, path: path) }
    return Int(status.st_size)
  }

  func nextData(from offset: Int) throws(FileError) -> Int? {
    let position = lseek(descriptor, offset, PosixFile.seekData)
    if position >= 0 { return Int(position) }
    switch errno {
    case ENXIO: return nil
    case EINVAL, EOPNOTSUPP: return offset < (try size()) ? offset : nil
    default: throw FileError(code: errno, operation: .read, path: path)
    }
  }

  func preallocate(_ count: Int) throws(FileError) {
    while true {
      switch posix_fallocate(descriptor, 0, count) {
      case 0: return
      case EINTR: continue
      case let code: throw FileError(code: code, operation: .preallocate, path: path)
      }
    }
  }

  func sync() throws(FileError) {
    _ = try retrying(.sync, path) { fdatasync(descriptor) }
  }

  /// Reading ahead leaves the file in the page cache in large pieces, and a small write would dirty a whole one.
  func forgetWhatWasRead() { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }

  func lock() throws(FileError) -> Bool {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: return false
      default: throw FileError(code: errno, operation: .lock, path: path)
      }
    }
    return true
  }
}

/// Repeats a system call until it is not interrupted by a signal.
func retrying(
  _ operation: FileOperation, _ path: String, _ call: () -> Int32
) throws(FileError) -> Int32 {
  while true {
    let result = call()
    if result >= 0 { return result }
    if errno != EINTR { throw FileError(code: errno, operation: operation, path: path) }
  }
}

/// Repeats a read or write, which the system may cut short or interrupt, until `count` bytes have passed or it
/// passes none; returns how many did.
func transfer(
  _ count: Int, _ operation: FileOperation, _ path: String,
  _ call: (_ done: Int, _ count: Int) -> Int
) throws(FileError) -> Int {
  var done = 0
  while done < count {
    let step = call(done, count - done)
    if step > 0 {
      done += step
    } else if step == 0 {
      break
    } else if errno != EINTR {
      throw FileError(code: errno, operation: operation, path: path)
    }
  }
  return done
}

extension FileError {
  /// Whether the disk, or the user's share of it, is full: then nothing is broken, and it may pass.
  public var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }

  /// Whether the named file is not there.
  public var isNotFound: Bool { code == ENOENT }
}

/// The system's words for an `errno`.
func systemMessage(_ code: Int32) -> String {
  String(cString: strerror(code))
}
