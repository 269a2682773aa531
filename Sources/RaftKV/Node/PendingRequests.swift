import DequeModule
import Raft

/// Proposals that wait for their entry to be applied here: by request id, and in the order they came. Never iterated in
/// any other order.
struct PendingProposals {
  struct Waiting {
    var bytes: Int
    /// When it came, and when it is over, in nanoseconds of the node's clock.
    var since: UInt64
    var completion: ProposalCompletion
  }

  private var waiting: [UInt64: Waiting] = [:]
  private var deadlines = Deque<(deadline: UInt64, requestID: UInt64)>()

  var isEmpty: Bool { waiting.isEmpty }

  mutating func add(
    _ requestID: UInt64, bytes: Int, now: UInt64, deadline: UInt64, _ completion: @escaping ProposalCompletion
  ) {
    waiting[requestID] = Waiting(bytes: bytes, since: now, completion: completion)
    deadlines.append((deadline, requestID))
  }

  func contains(_ requestID: UInt64) -> Bool { waiting[requestID] != nil }

  mutating func remove(_ requestID: UInt64) -> Waiting? { waiting.removeValue(forKey: requestID) }

  /// The next one whose time is over.
  mutating func removeOverdue(now: UInt64) -> Waiting? {
    while let first = deadlines.first, first.deadline <= now {
      deadlines.removeFirst()
      if let found = waiting.removeValue(forKey: first.requestID) { return found }
    }
    return nil
  }

  /// The oldest of all.
  mutating func removeFirst() -> Waiting? {
    while let first = deadlines.popFirst() {
      if let found = waiting.removeValue(forKey: first.requestID) { return found }
    }
    return nil
  }

  /// Forgets the deadlines of what has been answered, so that the queue stays as short as what is under way.
  mutating func dropSpent() {
    while let first = deadlines.first, waiting[first.requestID] == nil { deadlines.removeFirst() }
  }
}

/// Reads whose index is being asked for, by context and in the order they came. All that came in one batch share one.
struct PendingReads {
  private var waiting: [UInt64: [ReadCompletion]] = [:]
  private var deadlines = Deque<(deadline: UInt64, context: UInt64)>()
  private var nextContext: UInt64

  /// Contexts begin anywhere, so that an answer to a question from before a restart is not taken for a later one's.
  init(seed: UInt64) { nextContext = seed }

  /// The context to ask with.
  mutating func add(_ completions: [ReadCompletion], deadline: UInt64) -> UInt64 {
    nextContext &+= 1
    waiting[nextContext] = completions
    deadlines.append((deadline, nextContext))
    return nextContext
  }

  mutating func remove(_ context: UInt64) -> [ReadCompletion]? { waiting.removeValue(forKey: context) }

  mutating func removeOverdue(now: UInt64) -> [ReadCompletion]? {
    while let first = deadlines.first, first.deadline <= now {
      deadlines.removeFirst()
      if let found = waiting.removeValue(forKey: first.context) { return found }
    }
    return nil
  }

  mutating func removeFirst() -> [ReadCompletion]? {
    while let first = deadlines.popFirst() {
      if let found = waiting.removeValue(forKey: first.context) { return found }
    }
    return nil
  }

  /// Those that wait, oldest first.
  var contexts: [UInt64] { deadlines.map(\.context).filter { waiting[$0] != nil } }

  mutating func dropSpent() {
    while let first = deadlines.first, waiting[first.context] == nil { deadlines.removeFirst() }
  }
}
