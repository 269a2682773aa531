public import MVCC

/// What a log entry's request bytes are (etcd API messages); part of the log's format: never renumber.
public enum RequestKind: UInt8, Sendable {
  case put = 1
  case deleteRange = 2
  case transaction = 3
  case alarm = 4
}

/// Turns the request bytes of a log entry into a command. The wire's owner provides it; it must accept all
/// that was ever proposed.
public typealias CommandDecoder = @Sendable (RequestKind, UnsafeRawBufferPointer) throws -> Command

/// Why the node did not carry out a request.
public enum NodeError: Error, Sendable, Hashable {
  /// The store refused it.
  case store(StoreError)
  /// No leader is known (etcd: ErrNoLeader).
  case noLeader
  /// Too many requests wait already (etcd: ErrTooManyRequests).
  case tooManyRequests
  /// The entry would be larger than the configured limit (etcd: ErrRequestTooLarge).
  case requestTooLarge
  /// The local store is over its quota, or the disk is full (etcd: ErrNoSpace).
  case noSpace
  /// The node is stopping or has failed (etcd: ErrStopped).
  case stopped
  /// It may or may not have happened: leadership changed or the wait was too long (etcd: ErrTimeout).
  case timeout
}

/// One member of the cluster as `MemberList` shows it.
public struct Member: Sendable, Hashable {
  public var id: UInt64
  public var name: String
  public var peerURLs: [String]
  public var clientURLs: [String]
  public var isLearner: Bool
}

/// A snapshot of what the member knows of itself (etcd API: `StatusResponse`).
public struct NodeStatus: Sendable {
  public var clusterID: UInt64
  public var memberID: UInt64
  /// 0 when none is known.
  public var leader: UInt64
  public var term: UInt64
  public var committedIndex: UInt64
  public var appliedIndex: UInt64
  public var isLearner: Bool
}

/// One member: threads around the pure cores.
public final class Node: @unchecked Sendable {
  public var store: Store { fatalError() }
  public var status: NodeStatus { fatalError() }
  public var members: [Member] { fatalError() }
  /// The backend quota in bytes (etcd: `--quota-backend-bytes`).
  public var quotaBytes: Int64 { fatalError() }

  /// Replicates and applies one request. `completion` runs on the apply thread (or at once on refusal):
  /// it must only hand the outcome on.
  public func propose(
    _ kind: RequestKind, _ request: UnsafeRawBufferPointer,
    completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) { fatalError() }

  /// Calls back when a local read started from then on is linearizable.
  public func readBarrier(completion: @escaping @Sendable (NodeError?) -> Void) { fatalError() }

  /// Runs `body` on the bounded pool of reader threads, with that thread's handle; false when the pool's
  /// queue is full.
  public func read(_ body: @escaping @Sendable (ReadHandle) -> Void) -> Bool { fatalError() }
}
