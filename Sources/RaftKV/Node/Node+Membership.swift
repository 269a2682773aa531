import Raft

/// etcd API: service Cluster, and MoveLeader. Every function may be called on any member; `completion` runs on a thread
/// of the node, once this member too has applied the change, and must only hand the outcome on.
extension Node {
  /// What a change of the members answers: the member in question (nil of a removal) and all members after it.
  public typealias MembershipCompletion =
    @Sendable (Result<(member: Member?, members: [Member]), NodeError>) -> Void

  /// Adds a member, which is started afterwards.
  public func addMember(peerURLs: [String], isLearner: Bool, completion: @escaping MembershipCompletion) {
    let requestID = makeRequestID()
    let id = Member.id(peerURLs: peerURLs, nonce: requestID)
    change(.add(id: id, peerURLs: peerURLs, isLearner: isLearner), requestID, completion)
  }

  /// Removes a member, which stops when it learns so.
  public func removeMember(_ id: UInt64, completion: @escaping MembershipCompletion) {
    change(.remove(id), makeRequestID(), completion)
  }

  /// Says where a member is reached from now on.
  public func updateMember(_ id: UInt64, peerURLs: [String], completion: @escaping MembershipCompletion) {
    change(.update(id, peerURLs: peerURLs), makeRequestID(), completion)
  }

  /// Makes a learner that has nearly all of the log a voter.
  public func promoteMember(_ id: UInt64, completion: @escaping MembershipCompletion) {
    change(.promote(id), makeRequestID(), completion)
  }

  private func change(
    _ request: MembershipRequest, _ requestID: UInt64, _ completion: @escaping MembershipCompletion
  ) {
    leaderCalls.call(.change(request, requestID: requestID)) { [self] result in
      if case .failure(let error) = result { return completion(.failure(error)) }
      // What the leader has applied, this member has after a barrier.
      readBarrier { [self] _ in
        let members = members
        completion(.success((members.first { $0.id == request.memberID }, members)))
      }
    }
  }

  /// Hands leadership to a voter; only on the leader. Nil chooses the voter that has most of the log.
  public func moveLeader(to id: UInt64?, completion: @escaping @Sendable (NodeError?) -> Void) {
    if !submitTransfer(to: id, completion) { completion(.stopped) }
  }

  // MARK: what others ask of the leader

  /// A peer asks.
  func answerPeer(_ bytes: [UInt8], _ answer: @escaping @Sendable ([UInt8]) -> Void) {
    guard let request = LeaderRequest(document: bytes) else {
      return answer(LeaderAnswer(.failure(.timeout)).document)
    }
    answerAsLeader(request) { answer(LeaderAnswer($0).document) }
  }

  /// Answers as the leader; `.noLeader` or `.notLeader` when it is not.
  func answerAsLeader(_ request: LeaderRequest, completion: @escaping LeaderCalls.Completion) {
    switch request {
    case .renew(let ids):
      readBarrier { [self] error in
        if let error { return completion(.failure(error)) }
        leases.renew(ids) { completion($0.map { $0.map { UInt64(bitPattern: $0) } }) }
      }
    case .leaseTime(let id):
      readBarrier { [self] error in
        if let error { return completion(.failure(error)) }
        do throws(NodeError) {
          let time = try leases.time(of: id)
          completion(
            .success(time.map { [UInt64(bitPattern: $0.granted), UInt64(bitPattern: $0.left)] } ?? []))
        } catch {
          completion(.failure(error))
        }
      }
    case .change(let request, let requestID):
      submitChange(request, requestID) { completion($0.map { _ in [] }) }
    }
  }
}
