import MVCC

/// A state of the store in a file that is there for whoever asked for it, and theirs to delete.
public struct SpooledSnapshot: Sendable, Hashable {
  /// Where it is.
  public var path: String
  /// How long it is.
  public var byteCount: Int64

  /// A file of that length.
  public init(path: String, byteCount: Int64) {
    self.path = path
    self.byteCount = byteCount
  }
}

/// etcd API: Maintenance.Snapshot.
extension Node {
  /// Writes all that is applied here to a new file in the data folder, step by step on the reader threads, between other
  /// reads. `completion` runs on a thread of the node, and must only hand the outcome on.
  public func makeSnapshot(
    completion: @escaping @Sendable (Result<SpooledSnapshot, NodeError>) -> Void
  ) {
    whenCheckpointed { [self] error in
      if let error { return completion(.failure(error)) }
      let isAccepted = read { [self] _ in
        do {
          // No other has this number.
          let path = try spool.path("client-\(makeRequestID())")
          goOn(try SnapshotJob(store, path: path), completion)
        } catch {
          completion(.failure(.store((error as? StoreError) ?? .storage("\(error)"))))
        }
      }
      if !isAccepted { completion(.failure(health.isOver ? .stopped : .tooManyRequests)) }
    }
  }

  private func goOn(
    _ job: SnapshotJob, _ completion: @escaping @Sendable (Result<SpooledSnapshot, NodeError>) -> Void
  ) {
    do throws(StoreError) {
      if let snapshot = try job.step() { return completion(.success(snapshot)) }
    } catch {
      spool.remove(job.path)
      return completion(.failure(.store(error)))
    }
    if !read({ [self] _ in goOn(job, completion) }) {
      spool.remove(job.path)
      completion(.failure(health.isOver ? .stopped : .tooManyRequests))
    }
  }
}

/// A snapshot being written.
///
/// Safe: because each step hands it on to the next, and nobody else has it.
private final class SnapshotJob: @unchecked Sendable {
  let path: String
  private let file: SnapshotFileSink
  private let export: SnapshotExport

  init(_ store: Store, path: String) throws(StoreError) {
    self.path = path
    file = try SnapshotFileSink(path: path)
    export = try SnapshotExport(store, to: file)
  }

  /// Writes some more; the snapshot when that was all.
  func step() throws(StoreError) -> SpooledSnapshot? {
    guard try export.step() else { return nil }
    try file.finish()
    return SpooledSnapshot(path: path, byteCount: Int64(file.count))
  }
}
