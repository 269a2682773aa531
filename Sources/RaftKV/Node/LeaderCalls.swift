import MVCC
import Raft
import Synchronization

/// What only the leader can answer.
enum LeaderRequest: Sendable, Hashable {
  /// The TTLs of these leases, renewed.
  case renew([Int64])
  /// How much time a lease has left.
  case leaseTime(Int64)
  /// A change of the members. The request id tells one from another.
  case change(MembershipRequest, requestID: UInt64)

  /// Asking again what may have been heard does no harm.
  var isRepeatable: Bool {
    if case .change = self { false } else { true }
  }

  /// As members say it to each other: the number of the kind, then its fields.
  var document: [UInt8] {
    var writer = DocumentWriter()
    switch self {
    case .renew(let leases):
      writer.varint(1)
      writer.numbers(leases.map { UInt64(bitPattern: $0) })
    case .leaseTime(let lease):
      writer.varint(2)
      writer.varint(UInt64(bitPattern: lease))
    case .change(let request, let requestID):
      writer.varint(3)
      writer.varint(requestID)
      writer.counted(request.document)
    }
    return writer.bytes
  }

  /// Nil when the bytes are no such document.
  init?(document: [UInt8]) {
    var reader = DocumentReader(document[...])
    switch reader.varint() {
    case 1:
      guard let leases = reader.numbers() else { return nil }
      self = .renew(leases.map { Int64(bitPattern: $0) })
    case 2:
      guard let lease = reader.varint() else { return nil }
      self = .leaseTime(Int64(bitPattern: lease))
    case 3:
      guard let requestID = reader.varint(), let bytes = reader.bytes(),
        let request = MembershipRequest(document: bytes)
      else { return nil }
      self = .change(request, requestID: requestID)
    default: return nil
    }
  }
}

/// What the leader answered: numbers whose meaning follows from the request.
struct LeaderAnswer {
  var result: Result<[UInt64], NodeError>

  private static let errors: [(UInt64, NodeError)] = [
    (1, .noLeader), (2, .notLeader), (3, .timeout), (4, .stopped), (5, .tooManyRequests), (6, .unhealthy),
    (7, .leaderFailure), (8, .noSpace),
  ]
  private static let membershipErrors: UInt64 = 100

  init(_ result: Result<[UInt64], NodeError>) { self.result = result }

  var document: [UInt8] {
    var writer = DocumentWriter()
    switch result {
    case .success(let numbers):
      writer.varint(0)
      writer.numbers(numbers)
    case .failure(.membership(let error)): writer.varint(Self.membershipErrors + UInt64(error.rawValue))
    case .failure(let error): writer.varint(Self.errors.first { $0.1 == error }?.0 ?? 3)
    }
    return writer.bytes
  }

  /// Nil when the bytes are no such document.
  init?(document: [UInt8]) {
    var reader = DocumentReader(document[...])
    guard let code = reader.varint() else { return nil }
    if code == 0 {
      guard let numbers = reader.numbers() else { return nil }
      result = .success(numbers)
    } else if let error = Self.errors.first(where: { $0.0 == code })?.1 {
      result = .failure(error)
    } else if code > Self.membershipErrors, let raw = UInt8(exactly: code - Self.membershipErrors),
      let error = MembershipError(rawValue: raw)
    {
      result = .failure(.membership(error))
    } else {
      return nil
    }
  }
}

/// Takes what only the leader can answer to whoever leads: this member, or one that is asked for it. While nobody does,
/// requests wait for as long as any request may take.
final class LeaderCalls: Sendable {
  typealias Completion = @Sendable (Result<[UInt64], NodeError>) -> Void

  private struct Call {
    var request: LeaderRequest
    var deadline: UInt64
    var completion: Completion
  }

  /// How this member answers when it leads.
  private struct Attachment {
    var answer: (@Sendable (LeaderRequest, @escaping Completion) -> Void)?
    var leader: (@Sendable () -> UInt64)?
  }

  private let attachment = Mutex(Attachment())
  private let waiting = Mutex<[Call]>([])
  private let memberID: UInt64
  private let transport: (any PeerTransport)?
  private let clock: any NodeClock
  private let limits: NodeLimits
  private let isOver: @Sendable () -> Bool

  init(
    memberID: UInt64, transport: (any PeerTransport)?, clock: any NodeClock, limits: NodeLimits,
    isOver: @escaping @Sendable () -> Bool
  ) {
    self.memberID = memberID
    self.transport = transport
    self.clock = clock
    self.limits = limits
    self.isOver = isOver
  }

  func attach(
    leader: @escaping @Sendable () -> UInt64,
    answer: @escaping @Sendable (LeaderRequest, @escaping Completion) -> Void
  ) {
    attachment.withLock { $0 = Attachment(answer: answer, leader: leader) }
  }

  /// `completion` is told once, on any thread.
  func call(_ request: LeaderRequest, completion: @escaping Completion) {
    let deadline = clock.now() &+ UInt64(limits.requestTimeoutMilliseconds) * 1_000_000
    attempt(Call(request: request, deadline: deadline, completion: completion))
  }

  private func attempt(_ call: Call) {
    if isOver() { return call.completion(.failure(.stopped)) }
    let attached = attachment.withLock { $0 }
    guard let answer = attached.answer, let leader = attached.leader?(), leader != 0 else {
      return wait(call)
    }
    if leader == memberID {
      return answer(call.request) { [self] in ended(call, $0) }
    }
    let now = clock.now()
    guard let transport, call.deadline > now else { return call.completion(.failure(.timeout)) }
    let left = Int((call.deadline - now) / 1_000_000) + 1
    let milliseconds = call.request.isRepeatable ? min(left, limits.leaderCallMilliseconds) : left
    transport.ask(call.request.document, of: leader, milliseconds: milliseconds) { [self] bytes in
      if let result = bytes.flatMap(LeaderAnswer.init(document:))?.result {
        ended(call, result)
      } else if call.request.isRepeatable {
        wait(call)
      } else {
        call.completion(.failure(.leaderFailure))
      }
    }
  }

  private func ended(_ call: Call, _ result: Result<[UInt64], NodeError>) {
    switch result {
    // Somebody else leads by now.
    case .failure(.noLeader), .failure(.notLeader): wait(call)
    default: call.completion(result)
    }
  }

  private func wait(_ call: Call) {
    let isAccepted = waiting.withLock { waiting in
      if waiting.count == limits.pendingLeaderCalls { return false }
      waiting.append(call)
      return true
    }
    if !isAccepted { call.completion(.failure(.tooManyRequests)) }
  }

  /// Tries again what waits, and ends what has waited too long.
  func tick() {
    let calls = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    let now = clock.now()
    for call in calls {
      if call.deadline <= now { call.completion(.failure(.timeout)) } else { attempt(call) }
    }
  }

  func stop() {
    let calls = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for call in calls { call.completion(.failure(.stopped)) }
  }
}
