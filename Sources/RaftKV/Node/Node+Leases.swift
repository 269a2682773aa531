public import MVCC

/// etcd API: service Lease.
extension Node {
  /// What a new lease may add to the store, in bytes (etcd: `leaseOverhead`).
  private static let leaseBytes = 64

  /// Grants a lease. With id 0 one is chosen; a TTL below the shortest is raised to it (etcd: 1.5 election timeouts).
  /// `completion` is as in `propose`.
  public func grantLease(
    id: Int64, seconds: Int64, completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    if !makeSureOfSpace(for: Self.leaseBytes) { return completion(.failure(.noSpace)) }
    let command = LeaseCommand.grant(
      id: id == 0 ? chooseLeaseID() : id, seconds: max(seconds, minimumLeaseSeconds))
    submit(.lease, lease: command.leaseOfEnvelope, command.document, completion: completion)
  }

  /// Revokes a lease and deletes its keys. `completion` is as in `propose`.
  public func revokeLease(
    id: Int64, completion: @escaping @Sendable (Result<Outcome, NodeError>) -> Void
  ) {
    submit(.lease, LeaseCommand.revoke(id: id).document, completion: completion)
  }

  /// Renews leases. The answer has an element for each: its TTL in seconds, or 0 when it is gone. It comes on a thread
  /// of the node, once it is linearizable and in the log as far as it must be.
  public func keepAlive(
    _ leases: [Int64], completion: @escaping @Sendable (Result<[Int64], NodeError>) -> Void
  ) {
    // Most clients ask the leader: there nothing is written down for the way.
    guard status.leader == memberID else { return askLeader(toRenew: leases, completion) }
    readBarrier { [self] error in
      if let error { return completion(.failure(error)) }
      self.leases.renew(leases) { [self] result in
        if case .failure(.noLeader) = result { return askLeader(toRenew: leases, completion) }
        completion(result)
      }
    }
  }

  private func askLeader(
    toRenew leases: [Int64], _ completion: @escaping @Sendable (Result<[Int64], NodeError>) -> Void
  ) {
    leaderCalls.call(.renew(leases)) { result in
      guard case .success(let numbers) = result, numbers.count == leases.count else {
        return completion(result.flatMap { _ in .failure(.timeout) })
      }
      completion(.success(numbers.map { Int64(bitPattern: $0) }))
    }
  }

  /// The TTL of a lease and how much of it is left, in seconds; nil when there is no such lease. As fresh as the last
  /// read barrier. Only the leader knows it; fails with `.noLeader` when there is none to ask. `completion` runs on a
  /// thread of the node, or at once, and must only hand the answer on.
  public func leaseTime(
    _ id: Int64, completion: @escaping @Sendable (Result<(granted: Int64, left: Int64)?, NodeError>) -> Void
  ) {
    leaderCalls.call(.leaseTime(id)) { result in
      completion(
        result.flatMap { numbers in
          switch numbers.count {
          case 0: .success(nil)
          case 2: .success((Int64(bitPattern: numbers[0]), Int64(bitPattern: numbers[1])))
          default: .failure(.timeout)
          }
        })
    }
  }

  /// All leases, the first to end first.
  public var leaseIDs: [Int64] { leases.ids }
}

/// The document of a lease command in the log: which one (a byte), then its numbers as varints. The id of a grant is
/// in the envelope.
extension LeaseCommand {
  var leaseOfEnvelope: Int64 {
    if case .grant(let id, _) = self { id } else { 0 }
  }

  var document: [UInt8] {
    var writer = DocumentWriter()
    func id(_ lease: LeaseReference, _ writer: inout DocumentWriter) {
      writer.varint(UInt64(bitPattern: lease.id))
      writer.varint(lease.grantIndex)
    }
    switch self {
    case .grant(_, let seconds):
      writer.varint(1)
      writer.varint(UInt64(bitPattern: seconds))
    case .revoke(let lease):
      writer.varint(2)
      writer.varint(UInt64(bitPattern: lease))
    case .expire(let leases):
      writer.varint(3)
      for lease in leases { id(lease, &writer) }
    case .checkpoint(let checkpoints):
      writer.varint(4)
      for checkpoint in checkpoints {
        id(checkpoint.lease, &writer)
        writer.varint(UInt64(bitPattern: checkpoint.remainingSeconds))
      }
    }
    return writer.bytes
  }

  /// Nil when the bytes are no such document.
  init?(document: ArraySlice<UInt8>, lease: Int64) {
    var reader = DocumentReader(document)
    func number() -> Int64? { reader.varint().map { Int64(bitPattern: $0) } }
    func reference() -> LeaseReference? {
      guard let id = number(), let index = reader.varint() else { return nil }
      return LeaseReference(id: id, grantIndex: index)
    }
    switch reader.varint() {
    case 1:
      guard let seconds = number() else { return nil }
      self = .grant(id: lease, seconds: seconds)
    case 2:
      guard let id = number() else { return nil }
      self = .revoke(id: id)
    case 3:
      var leases: [LeaseReference] = []
      while !reader.isAtEnd {
        guard let lease = reference() else { return nil }
        leases.append(lease)
      }
      self = .expire(leases)
    case 4:
      var checkpoints: [LeaseCheckpoint] = []
      while !reader.isAtEnd {
        guard let lease = reference(), let seconds = number() else { return nil }
        checkpoints.append(LeaseCheckpoint(lease: lease, remainingSeconds: seconds))
      }
      self = .checkpoint(checkpoints)
    default: return nil
    }
    if !reader.isAtEnd { return nil }
  }
}
