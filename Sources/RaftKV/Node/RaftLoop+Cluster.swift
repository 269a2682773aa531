import DequeModule
import Raft
import Synchronization

/// A change of the members that waits for its turn.
struct ParkedChange {
  var request: MembershipRequest
  var requestID: UInt64
  var deadline: UInt64
  var completion: ProposalCompletion
}

/// Leadership on its way to another member.
struct Transfer {
  var member: MemberID
  var deadline: UInt64
  var completion: @Sendable (NodeError?) -> Void
}

/// Changes of the members, and handing over leadership: only a leader makes either.
extension RaftLoop {
  /// Links that have worked for so long count as settled (etcd: `HealthInterval`).
  private static let settledNanoseconds: UInt64 = 5_000_000_000

  // MARK: changes of the members

  func park(_ change: ParkedChange) {
    if parkedChanges.count == limits.pendingChanges { return change.completion(.failure(.tooManyRequests)) }
    parkedChanges.append(change)
  }

  /// One after the other: each is judged by what all before it have made of the cluster.
  func proposeChanges(now: UInt64) {
    while let change = parkedChanges.first {
      let status = raft.status
      guard status.role == .leader else {
        parkedChanges.removeFirst()
        change.completion(.failure(.notLeader))
        continue
      }
      if status.applied < raft.lastChangeIndex { return }
      if let refusal = view(status, now: now).refusal(of: change.request) {
        parkedChanges.removeFirst()
        change.completion(.failure(refusal))
        continue
      }
      guard propose(change, now: now) else { return }
      parkedChanges.removeFirst()
    }
  }

  /// False when its turn has not come.
  private func propose(_ change: ParkedChange, now: UInt64) -> Bool {
    let document = change.request.document
    func envelope(_ kind: EntryKind) -> [UInt8] {
      document.withUnsafeBytes { Envelope.encode(kind, requestID: change.requestID, request: $0) }
    }
    let bytes: Int
    do throws(ProposeError) {
      if let step = change.request.change {
        let proposed = MembershipChange(steps: [step], context: envelope(.membership))
        bytes = proposed.encoded.count
        _ = try raft.propose(proposed)
      } else {
        let data = envelope(.membership)
        bytes = data.count
        _ = try raft.propose([data])
      }
    } catch {
      // Something is under way that has to end first; its deadline ends the wait.
      return false
    }
    pipeline.metrics.proposalsPending.wrappingAdd(1, ordering: .relaxed)
    pipeline.metrics.proposalBytesPending.wrappingAdd(bytes, ordering: .relaxed)
    proposals.add(
      change.requestID, bytes: bytes, now: now, deadline: change.deadline, change.completion)
    return true
  }

  private func view(_ status: Status, now: UInt64) -> MembershipView {
    let cluster = cluster()
    var view = MembershipView(
      cluster: cluster, leader: memberID, match: [:], connected: [], settled: [],
      isStrict: configuration.checksReconfiguration, maximumLearners: configuration.maximumLearners)
    for peer in status.peers { view.match[peer.id] = peer.match }
    for member in cluster.members {
      guard let since = pipeline.peers.transport?.activeSince(member.id) else { continue }
      view.connected.insert(member.id)
      if now &- since >= Self.settledNanoseconds { view.settled.insert(member.id) }
    }
    return view
  }

  func dropOverdueChanges(now: UInt64) {
    while let first = parkedChanges.first, first.deadline <= now {
      parkedChanges.removeFirst()
      first.completion(.failure(.timeout))
    }
  }

  func failChanges(_ error: NodeError) {
    while let change = parkedChanges.popFirst() { change.completion(.failure(error)) }
  }

  // MARK: handing over

  /// Without a member: to the voter that has most of the log.
  func transfer(to member: MemberID?, _ completion: @escaping @Sendable (NodeError?) -> Void) {
    let status = raft.status
    guard status.role == .leader else { return completion(.notLeader) }
    let voters = raft.membership.voters
    let best = status.peers.filter { $0.id != memberID && $0.isActive && voters.contains($0.id) }
      .max { ($0.match, $1.id) < ($1.match, $0.id) }
    guard let target = member ?? best?.id else { return completion(.badTransferee) }
    if target == memberID { return completion(nil) }
    do throws(ProposeError) {
      try raft.transferLeadership(to: target)
    } catch {
      return completion(.badTransferee)
    }
    let milliseconds = UInt64(configuration.electionMilliseconds)
    transfers.append(
      Transfer(member: target, deadline: clock.now() &+ milliseconds * 1_000_000, completion: completion))
  }

  func finishTransfers(leader: MemberID) {
    if leader == 0 || leader == memberID { return }
    for transfer in transfers { transfer.completion(transfer.member == leader ? nil : .transferTimeout) }
    transfers = []
  }

  func dropOverdueTransfers(now: UInt64) {
    transfers.removeAll { transfer in
      if transfer.deadline > now { return false }
      transfer.completion(.transferTimeout)
      return true
    }
  }

  func failTransfers(_ error: NodeError) {
    for transfer in transfers { transfer.completion(error) }
    transfers = []
  }
}
