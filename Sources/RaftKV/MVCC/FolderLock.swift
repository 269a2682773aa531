import Glibc
import Synchronization

/// One process per data folder: an exclusive lock on a file in it, held while the store is open. The kernel
/// lets go of it when the process ends, however it ends.
///
/// Safe: because the descriptor is behind a lock.
final class FolderLock: Sendable {
  private let directory: String
  private let descriptor: Mutex<Int32>

  /// Creates the folder (its parents must exist) and takes the lock.
  init(_ directory: String) throws(StoreError) {
    if mkdir(directory, 0o700) != 0 && errno != EEXIST {
      throw .storage("cannot create the data folder \(directory): \(String(cString: strerror(errno)))")
    }
    let path = directory + "/LOCK"
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard opened >= 0 else {
      throw .storage(
        "cannot open \(path): \(String(cString: strerror(errno))); check the folder's owner and permissions")
    }
    if flock(opened, LOCK_EX | LOCK_NB) != 0 {
      let reason = errno
      Glibc.close(opened)
      if reason == EWOULDBLOCK {
        throw .storage(
          "the data folder \(directory) is in use by another process; stop it, or choose another folder")
      }
      throw .storage("cannot lock \(path): \(String(cString: strerror(reason)))")
    }
    self.directory = directory
    descriptor = Mutex(opened)
  }

  /// Makes the names of new files in the folder durable.
  func sync() throws(StoreError) {
    let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if folder >= 0 { Glibc.close(folder) } }
    guard folder >= 0, fsync(folder) == 0 else {
      throw .storage("cannot sync the data folder \(directory): \(String(cString: strerror(errno)))")
    }
  }

  func release() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { Glibc.close(descriptor) }
      descriptor = -1
    }
  }

  deinit { release() }
}
