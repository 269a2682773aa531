/// A file of allocated but unused disk space beside the log: on a full disk, giving it up pays for the writes that
/// free space again, such as deletes and compaction.
extension WriteAheadLog {
  /// Gives the reserve up: it becomes the log's next segment as it is, so that nobody else on the disk can take the
  /// space first. Nothing happens if it is not there.
  public func releaseBallast() throws(WALError) {
    do {
      try preparer.adopt(names.ballast, as: lastSequence + 1)
    } catch {
      throw .file(error)
    }
  }

  /// Makes the reserve if it is not there; returns whether it is there now. Not having it is no failure: a disk
  /// may be full for others' sake.
  @discardableResult
  public func restoreBallast() -> Bool {
    if configuration.ballastBytes == 0 { return false }
    do {
      let file = try fileSystem.open(names.ballast, .readWriteOrCreate)
      try file.preallocate(configuration.ballastBytes)
      try file.sync()
      return true
    } catch {
      try? fileSystem.remove(names.ballast)
      return false
    }
  }
}
