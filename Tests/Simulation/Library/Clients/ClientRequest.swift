import MVCC
import RaftKV

/// What a client asks.
enum ClientRequest {
  case put(Bytes, lease: Int64)
  case read(Bytes)
  /// What the member itself knows, be it old.
  case serializableRead(Bytes)
  case delete(Bytes)
  /// Write if the key still holds what this request wrote; 0: if it is not there.
  case replace(Bytes, UInt64)
  /// All keys that are registers.
  case range
  case grant(Int64)
  case keepAlive(Int64)
  case revoke(Int64)
  case compact(Int64)

  /// The registers' names begin so.
  static let registers = KeyRange(start: Bytes("k".utf8), end: .before(Bytes("l".utf8)))

  var isWrite: Bool {
    switch self {
    case .put, .delete, .replace, .compact: true
    case .read, .serializableRead, .range, .grant, .keepAlive, .revoke: false
    }
  }

  var isLease: Bool {
    switch self {
    case .grant, .keepAlive: true
    default: false
    }
  }

  var isLinearizable: Bool {
    if case .serializableRead = self { return false }
    return true
  }

  var range: KeyRange {
    switch self {
    case .read(let key), .serializableRead(let key), .put(let key, _), .delete(let key), .replace(let key, _):
      KeyRange(start: key)
    case .range, .grant, .keepAlive, .revoke, .compact: Self.registers
    }
  }

  /// What it means to the key as a register; keys that may go with a lease are none.
  func onRegister(_ operation: UInt64) -> (key: Bytes, request: RegisterHistory.Request)? {
    switch self {
    case .put(let key, 0): (key, .write(operation))
    case .delete(let key): (key, .write(0))
    case .replace(let key, let old): (key, .replace(old, operation))
    default: nil
    }
  }

  // MARK: asking a member

  /// `completion` is told the answer, at most once.
  func send(
    to node: Node, as operation: UInt64, completion: @escaping @Sendable (ClientAnswer) -> Void
  ) {
    let whenProposed: @Sendable (Result<Outcome, NodeError>) -> Void = { result in
      switch result {
      case .success(let outcome): completion(.outcome(outcome))
      case .failure(let error): completion(ClientAnswer(error))
      }
    }
    func propose(_ kind: RequestKind, _ bytes: Bytes, growth: Int) {
      bytes.withUnsafeBytes { node.propose(kind, $0, growth: growth, completion: whenProposed) }
    }
    switch self {
    case .put(let key, let lease):
      let bytes = Wire.encode(operation, [key, Wire.value(operation)], numbers: lease == 0 ? [] : [lease])
      propose(.put, bytes, growth: bytes.count)
    case .delete(let key): propose(.deleteRange, Wire.encode(operation, [key]), growth: 0)
    case .replace(let key, let old):
      let expected = old == 0 ? [] : Wire.value(old)
      let bytes = Wire.encode(operation, [key, expected, Wire.value(operation)])
      propose(.transaction, bytes, growth: bytes.count)
    case .compact(let revision):
      propose(.compaction, Wire.encode(operation, [], numbers: [revision]), growth: 0)
    case .serializableRead: read(from: node, completion)
    case .read, .range:
      node.readBarrier { error in
        if let error { return completion(ClientAnswer(error)) }
        read(from: node, completion)
      }
    case .grant(let lease):
      node.grantLease(id: lease, seconds: 1 + lease % 5, completion: whenProposed)
    case .revoke(let lease): node.revokeLease(id: lease, completion: whenProposed)
    case .keepAlive(let lease):
      node.keepAlive([lease]) { result in
        switch result {
        case .success(let seconds): completion(.renewed(seconds: seconds.first ?? 0))
        case .failure(let error): completion(ClientAnswer(error))
        }
      }
    }
  }

  private func read(from node: Node, _ completion: @escaping @Sendable (ClientAnswer) -> Void) {
    let isAccepted = node.read { handle in
      do throws(StoreError) {
        let revision = try handle.resolve(0).revision
        var query = RangeQuery(range: range)
        query.revision = revision
        completion(.read(revision: revision, try handle.range(query).keyValues))
      } catch {
        completion(.unknown)
      }
    }
    if !isAccepted { completion(.unknown) }
  }
}

/// What a client is told.
enum ClientAnswer {
  case outcome(Outcome)
  case read(revision: Int64, [KeyValue])
  case renewed(seconds: Int64)
  /// It has not happened, and never will.
  case refused
  /// It may have happened, or may happen later.
  case unknown

  init(_ error: NodeError) {
    switch error {
    case .tooManyRequests, .requestTooLarge, .noSpace: self = .refused
    default: self = .unknown
    }
  }

  var isUnknown: Bool {
    if case .unknown = self { return true }
    return false
  }

  /// For the trace.
  var revision: Int64 {
    switch self {
    case .outcome(let outcome): outcome.revision
    case .read(let revision, let found): revision &* 31 &+ Int64(found.count)
    case .renewed(let seconds): seconds
    case .refused, .unknown: -1
    }
  }
}
