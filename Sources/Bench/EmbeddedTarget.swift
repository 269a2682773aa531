internal import GRPC
internal import MVCC
internal import NIOCore
internal import RaftKV
internal import Synchronization

/// A member in this process, driven through its node: log, engine and threads as in a server, but no network.
final class EmbeddedTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  private let node: Node
  private let eventLoop: any EventLoop
  private let workload: Workload
  private let isSerializable: Bool
  private let mailbox: Mailbox
  private var buffer = ByteBuffer()
  private var completions: [@Sendable (Result<Outcome, NodeError>) -> Void]

  init(node: Node, clients: Int, workload: Workload, eventLoop: any EventLoop) {
    self.node = node
    self.eventLoop = eventLoop
    self.clients = clients
    self.workload = workload
    isSerializable = workload.isSerializable
    let mailbox = Mailbox(eventLoop: eventLoop)
    self.mailbox = mailbox
    completions = (0..<clients).map { client in
      { result in mailbox.post(client, Self.answer(to: result)) }
    }
    // Strong, and let go of by `close`: a weak reference would make every retain of this object a slow one.
    mailbox.open { client, answer in self.onAnswer?(client, answer) }
  }

  func prepare() -> EventLoopFuture<Void> { eventLoop.makeSucceededVoidFuture() }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    switch workload.kind(of: index) {
    case .put: propose(.put, index, client)
    case .writeTransaction: propose(.transaction, index, client)
    case .range:
      let query = workload.query(of: index)
      read(client) { handle throws(StoreError) in try handle.range(query).keyValues.count }
    case .readTransaction:
      let command = TransactionCommand(
        comparisons: [], success: [.range(workload.query(of: index))], failure: [])
      read(client) { handle throws(StoreError) in
        try handle.transaction(command).0.results.reduce(0) { keys, result in
          guard case .range(let range) = result else { return keys }
          return keys + range.keyValues.count
        }
      }
    // Their validation asks for endpoints.
    case .other: return false
    }
    return true
  }

  func close() {
    onAnswer = nil
    mailbox.open(nil)
  }

  private func propose(_ kind: RequestKind, _ index: Int, _ client: Int) {
    buffer.clear()
    _ = workload.encode(index, into: &buffer)
    // Safe: the node takes what it needs of the bytes before `propose` returns.
    buffer.withUnsafeReadableBytes {
      node.propose(kind, $0, growth: $0.count, completion: completions[client])
    }
  }

  private func read(
    _ client: Int, _ body: @escaping @Sendable (ReadHandle) throws(StoreError) -> Int
  ) {
    let (node, mailbox) = (node, mailbox)
    let local: @Sendable () -> Void = {
      let isQueued = node.read { handle in
        do throws(StoreError) {
          mailbox.post(client, .success(keys: try body(handle)))
        } catch {
          mailbox.post(client, Self.failure(.store(error)))
        }
      }
      if !isQueued { mailbox.post(client, Self.failure(.tooManyRequests)) }
    }
    if isSerializable {
      local()
    } else {
      node.readBarrier { error in
        if let error { mailbox.post(client, Self.failure(error)) } else { local() }
      }
    }
  }

  private static func answer(to result: Result<Outcome, NodeError>) -> Answer {
    switch result {
    case .failure(let error): return failure(error)
    case .success(let outcome):
      switch outcome.result {
      case .success: return .success(keys: 0)
      case .failure(let error): return failure(.store(error))
      }
    }
  }

  private static func failure(_ error: NodeError) -> Answer {
    let code: GRPCStatus.Code =
      switch error {
      case .store(.noSpace), .noSpace, .tooManyRequests: .resourceExhausted
      case .store(.compacted), .store(.futureRevision): .outOfRange
      case .store(.corrupt): .dataLoss
      case .store: .unknown
      case .requestTooLarge: .invalidArgument
      case .notLeader, .badTransferee, .membership: .failedPrecondition
      case .noLeader, .stopped, .timeout, .leaderFailure, .leaderChanged, .unhealthy, .transferTimeout:
        .unavailable
      }
    return .failure(GRPCStatus(code, "\(error)"))
  }
}

/// Brings answers from the member's threads to the generator's event loop, one hop for all that wait.
/// Holds at most one answer a client.
private final class Mailbox: Sendable {
  private struct Letter {
    var client: Int
    var answer: Answer
  }

  private let eventLoop: any EventLoop
  private let letters = Mutex<[Letter]>([])
  private let receiver: NIOLoopBoundBox<((Int, Answer) -> Void)?>

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    receiver = NIOLoopBoundBox(nil, eventLoop: eventLoop)
  }

  /// Names who gets the answers, or nobody; on the event loop.
  func open(_ receiver: ((Int, Answer) -> Void)?) { self.receiver.value = receiver }

  /// From any thread.
  func post(_ client: Int, _ answer: Answer) {
    let isFirst = letters.withLock { letters in
      letters.append(Letter(client: client, answer: answer))
      return letters.count == 1
    }
    if isFirst { eventLoop.execute { self.deliver() } }
  }

  private func deliver() {
    let batch = letters.withLock { letters in
      let batch = letters
      letters = []
      letters.reserveCapacity(batch.count)
      return batch
    }
    for letter in batch { receiver.value?(letter.client, letter.answer) }
  }
}
