import MVCC
import RaftKV

/// What the services need of the member they speak for. `Node` is the one that serves; a test's own can refuse,
/// stall, or lose its leader at will.
protocol ServedNode: AnyObject, Sendable {
  var store: Store { get }
  var status: NodeStatus { get }
  var members: [Member] { get }
  var quotaBytes: Int64 { get }
  var metrics: NodeMetrics { get }
  var watches: WatchHub { get }

  func propose(
    _ kind: RequestKind, _ request: UnsafeRawBufferPointer, growth: Int,
    completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void)
  func readBarrier(completion: @escaping @Sendable (NodeError?) -> Void)
  func whenCompacted(_ revision: Int64, completion: @escaping @Sendable (NodeError?) -> Void)
  func reclaimSpace()
  func read(_ body: @escaping @Sendable (ReadHandle) -> Void) -> Bool

  func grantLease(
    id: Int64, seconds: Int64, completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void)
  func revokeLease(id: Int64, completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void)
  func keepAlive(
    _ leases: [Int64], completion: @escaping @Sendable (Result<[Int64], NodeError>) -> Void)
  func leaseTime(
    _ id: Int64, completion: @escaping @Sendable (Result<(granted: Int64, left: Int64)?, NodeError>) -> Void)
  var leaseIDs: [Int64] { get }

  func addMember(peerURLs: [String], isLearner: Bool, completion: @escaping Node.MembershipCompletion)
  func removeMember(_ id: UInt64, completion: @escaping Node.MembershipCompletion)
  func updateMember(_ id: UInt64, peerURLs: [String], completion: @escaping Node.MembershipCompletion)
  func promoteMember(_ id: UInt64, completion: @escaping Node.MembershipCompletion)
  func moveLeader(to id: UInt64?, completion: @escaping @Sendable (NodeError?) -> Void)
  func makeSnapshot(completion: @escaping @Sendable (Result<SpooledSnapshot, NodeError>) -> Void)
}

extension Node: ServedNode {}
