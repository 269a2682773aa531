import Glibc
import Raft

/// The folder of snapshots on their way in or out. Nothing in it outlives a start.
final class SpoolFolder: Sendable {
  let directory: String

  init(dataDirectory: String) { directory = dataDirectory + "/snapshots" }

  /// Removes what an earlier run left.
  func clear() {
    guard let listing = opendir(directory) else { return }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    closedir(listing)
    for name in names { remove(directory + "/" + name) }
  }

  /// The path of a file in it; makes the folder if it is not there.
  func path(_ name: String) throws(StartError) -> String {
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw Self.failure("create", directory) }
    return directory + "/" + name
  }

  func remove(_ path: String) { unlink(path) }

  static func failure(_ action: String, _ path: String) -> StartError {
    StartError("cannot \(action) \(path): \(String(cString: strerror(errno)))")
  }
}

/// A spooled file being sent.
final class SpoolSource: SnapshotSource {
  private let descriptor: Int32
  private let path: String

  init(path: String) throws(StartError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw SpoolFolder.failure("open", path) }
  }

  deinit { Glibc.close(descriptor) }

  static func size(of path: String) throws(StartError) -> Int64 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SpoolFolder.failure("look at", path) }
    return Int64(status.st_size)
  }

  func read(at offset: Int64, maximumBytes: Int) throws -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: maximumBytes) { buffer, count in
      while count < maximumBytes {
        let read = pread(
          descriptor, buffer.baseAddress! + count, maximumBytes - count, off_t(offset) + off_t(count))
        if read < 0 && errno == EINTR { continue }
        failed = read < 0
        if read <= 0 { return }
        count += read
      }
    }
    if failed { throw SpoolFolder.failure("read", path) }
    return bytes
  }

  func close() {}
}

/// A spooled file being received.
///
/// Safe: because one attempt uses it at a time.
final class SpoolFile: @unchecked Sendable {
  let path: String
  private let descriptor: Int32
  private(set) var byteCount: Int64 = 0

  init(path: String) throws(StartError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw SpoolFolder.failure("create", path) }
  }

  deinit { close(descriptor) }

  func append(_ bytes: [UInt8]) throws(StartError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        pwrite(descriptor, buffer.baseAddress! + written, bytes.count - written, off_t(byteCount))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SpoolFolder.failure("write to", path) }
      written += count
      byteCount += Int64(count)
    }
  }
}
