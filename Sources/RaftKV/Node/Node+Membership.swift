/// etcd API: service Cluster, and MoveLeader. Every function may be called on any member; `completion` runs on a thread
/// of the node, once this member too has applied the change, and must only hand the outcome on.
extension Node {
  /// What a change of the members answers: the member in question (nil of a removal) and all members after it.
  public typealias MembershipCompletion =
    @Sendable (Result<(member: Member?, members: [Member]), NodeError>) -> Void

  /// Adds a member, which is started afterwards.
  public func addMember(peerURLs: [String], isLearner: Bool, completion: @escaping MembershipCompletion) {
    completion(.failure(.stopped))
  }

  /// Removes a member, which stops when it learns so.
  public func removeMember(_ id: UInt64, completion: @escaping MembershipCompletion) {
    completion(.failure(.stopped))
  }

  /// Says where a member is reached from now on.
  public func updateMember(_ id: UInt64, peerURLs: [String], completion: @escaping MembershipCompletion) {
    completion(.failure(.stopped))
  }

  /// Makes a learner that has nearly all of the log a voter.
  public func promoteMember(_ id: UInt64, completion: @escaping MembershipCompletion) {
    completion(.failure(.stopped))
  }

  /// Hands leadership to a voter; only on the leader.
  public func moveLeader(to id: UInt64, completion: @escaping @Sendable (NodeError?) -> Void) {
    completion(.stopped)
  }
}
