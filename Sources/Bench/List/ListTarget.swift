internal import GRPC
internal import NIOCore

/// Lists: each request reads a range of many keys, in one answer, in pages at one revision, or as a stream. What
/// comes is counted and thrown away.
final class ListTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  private let share: Dialer.Share
  private let configuration: Configuration
  private let workload: Workload
  private var calls: [ClientCall?]

  init(_ share: Dialer.Share, _ configuration: Configuration, _ workload: Workload) {
    self.share = share
    self.configuration = configuration
    self.workload = workload
    clients = share.clients
    calls = Array(repeating: nil, count: share.clients)
  }

  /// Finds out whether the server has RangeStream.
  func prepare() -> EventLoopFuture<Void> {
    guard configuration.listMode == .streamed else { return share.eventLoop.makeSucceededVoidFuture() }
    return RangeStreamProbe.hasRangeStream(share.connections[0]).flatMapThrowing { found in
      guard found else {
        throw Benchmark.CannotStart(
          description:
            "the server has no RangeStream (etcd has it from 3.7 on); use --mode unary or paginated")
      }
    }
  }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    let connection = share.connections[client % share.connections.count]
    guard connection.isOpen else { return false }
    switch configuration.listMode {
    case .unary: discard(client, connection, "/etcdserverpb.KV/Range", index)
    case .streamed: discard(client, connection, "/etcdserverpb.KV/RangeStream", index)
    case .paginated:
      let bounds = workload.listBounds(of: index)
      page(client, connection, from: bounds.start, to: bounds.end, revision: 0, keys: 0)
    }
    return true
  }

  func close() {
    onAnswer = nil
    for call in calls { call?.cancel() }
    for connection in share.connections { connection.close(now: true) }
  }

  /// One call whose answer's bytes are only counted.
  private func discard(_ client: Int, _ connection: ClientConnection, _ path: String, _ index: Int) {
    let bounds = workload.listBounds(of: index)
    let request = ListRequest(
      start: bounds.start, end: bounds.end, limit: Int64(configuration.limit),
      isSerializable: workload.isSerializable)
    let call = connection.open(path)
    calls[client] = call
    var scanner = ListScanner(isStreamed: configuration.listMode == .streamed)
    call.onBytes = { scanner.scan($0) }
    call.onFinish = { status, _ in
      self.calls[client] = nil
      if status.code != .ok {
        self.onAnswer?(client, .failure(status))
      } else if scanner.isComplete {
        self.onAnswer?(client, .success(keys: scanner.keyValues))
      } else {
        self.onAnswer?(client, .failure(GRPCStatus(.internalError, "the answer is malformed")))
      }
    }
    call.send(request.message)
    call.halfClose()
  }

  /// Reads the page that begins at `start`, and then the next one, at the revision of the first.
  private func page(
    _ client: Int, _ connection: ClientConnection, from start: ByteBuffer, to end: ByteBuffer,
    revision: Int64,
    keys: Int
  ) {
    let request = ListRequest(
      start: start, end: end, limit: Int64(configuration.limit), revision: revision,
      isSerializable: workload.isSerializable)
    connection.unary("/etcdserverpb.KV/Range", request.message) { result in
      switch result {
      case .failure(let status): self.onAnswer?(client, .failure(status))
      case .success(let message):
        guard let page = ListPage(message) else {
          self.onAnswer?(client, .failure(GRPCStatus(.internalError, "the answer is malformed")))
          return
        }
        if page.hasMore, let next = page.next {
          self.page(
            client, connection, from: next, to: end, revision: revision > 0 ? revision : page.revision,
            keys: keys + page.keyValues)
        } else {
          self.onAnswer?(client, .success(keys: keys + page.keyValues))
        }
      }
    }
  }
}

/// Whether a server has the RangeStream call.
enum RangeStreamProbe {
  static func hasRangeStream(_ connection: ClientConnection) -> EventLoopFuture<Bool> {
    let answer = connection.eventLoop.makePromise(of: Bool.self)
    let call = connection.open("/etcdserverpb.KV/RangeStream", timeout: .seconds(10))
    call.onFinish = { status, _ in
      switch status.code {
      case .ok: answer.succeed(true)
      case .unimplemented: answer.succeed(false)
      default:
        answer.fail(
          Benchmark.CannotStart(
            description: "the server does not list: \(status.code.standardName): \(status.message)"))
      }
    }
    call.send(ListRequest(start: ByteBuffer(string: "0"), end: ByteBuffer(), limit: 1).message)
    call.halfClose()
    return answer.futureResult
  }
}
