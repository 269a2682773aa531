/// Why a file of etcd's cannot be imported. The message is for the operator.
public enum ImportError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The operating system refused, or the disk failed.
  case system(path: String, reason: String)
  /// It is something else than a bbolt file.
  case notABoltFile(path: String, reason: String)
  /// The file ends before what it says it holds.
  case truncated(path: String, bytes: Int, expected: Int)
  /// A page of the file, or what is on it, is not what a bbolt file may hold.
  case damagedPage(UInt64, reason: String)
  /// A record is not what etcd writes.
  case badRecord(bucket: String, reason: String)
  /// The file was not saved over the network: nothing tells whether it is whole.
  case hashMissing(path: String)
  /// The bytes are not those that were saved.
  case hashMismatch(expected: String, found: String)
  /// The content is whole, but beyond what this store takes.
  case unsupported(String)

  /// One message for the operator.
  public var description: String {
    switch self {
    case .system(let path, let reason): "cannot read \(path): \(reason)"
    case .notABoltFile(let path, let reason): "\(path) is not a snapshot of etcd: \(reason)"
    case .truncated(let path, let bytes, let expected):
      "\(path) is cut off: it has \(bytes) bytes of \(expected)"
    case .damagedPage(let page, let reason): "page \(page) of the snapshot is damaged: \(reason)"
    case .badRecord(let bucket, let reason): "the snapshot's bucket \"\(bucket)\" is damaged: \(reason)"
    case .hashMissing(let path):
      "\(path): snapshot missing hash but --skip-hash-check=false (a file copied from a data directory has none)"
    case .hashMismatch(let expected, let found): "expected sha256 \(expected), got \(found)"
    case .unsupported(let what): what
    }
  }
}
