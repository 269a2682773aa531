import CLMDB
import Glibc

/// Sees to it that a folder holds a database's file. LMDB writes the head of a new file without a sync, so that a crash
/// could leave a torn one that nobody can open. So the file is made aside, and named when it is durable: a crash before
/// that leaves the folder without one, as it was.
enum NewDatabase {
  private static let aside = "new.mdb"

  /// Makes `path`/data.mdb if it is not there. Fails with `.storage` and a message for the operator.
  static func createIfMissing(in path: String) throws(StoreError) {
    let file = path + "/data.mdb"
    guard access(file, F_OK) != 0 else { return }
    let new = path + "/" + aside
    // What a crash left of an earlier attempt.
    unlink(new)
    try writeEmpty(new, named: file)
    guard rename(new, file) == 0, sync(path) else {
      throw .storage("cannot create \(file): \(String(cString: strerror(errno)))")
    }
  }

  private static func writeEmpty(_ new: String, named file: String) throws(StoreError) {
    var created: OpaquePointer?
    try check(mdb_env_create(&created), "creating an LMDB environment")
    let environment = created!
    defer { mdb_env_close(environment) }
    // The folder is locked by its one user, who does not know this file yet.
    var code = mdb_env_open(environment, new, UInt32(MDB_NOSUBDIR | MDB_NOLOCK), 0o600)
    if code == MDB_SUCCESS { code = mdb_env_sync(environment, 1) }
    guard code == MDB_SUCCESS else {
      throw .storage(
        "cannot create \(file): \(String(cString: mdb_strerror(code))); "
          + "check the folder's owner, permissions and free space")
    }
  }

  private static func sync(_ folder: String) -> Bool {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }
}
