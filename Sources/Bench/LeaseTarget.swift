internal import GRPC
internal import NIOCore

/// Each client keeps a lease of its own alive; those of one connection share a stream, as the clients of one process
/// do.
final class LeaseTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  private let share: Dialer.Share
  private let secondsToLive: Int64
  private var streams: [ClientCall] = []
  private var leases: [Int64]
  private var clientOfLease: [Int64: Int] = [:]
  private var isWaiting: [Bool]

  init(_ share: Dialer.Share, secondsToLive: Int) {
    self.share = share
    self.secondsToLive = Int64(secondsToLive)
    clients = share.clients
    leases = Array(repeating: 0, count: share.clients)
    isWaiting = Array(repeating: false, count: share.clients)
  }

  /// Grants the leases and opens the streams.
  func prepare() -> EventLoopFuture<Void> {
    streams = share.connections.indices.map { open($0) }
    let granted = (0..<clients).map { client in
      let promise = share.eventLoop.makePromise(of: Void.self)
      share.connections[client % share.connections.count].unary(
        "/etcdserverpb.Lease/LeaseGrant", LeaseMessage.grant(secondsToLive: secondsToLive),
        timeout: .seconds(30)
      ) { result in
        switch result {
        case .success(let message):
          let lease = LeaseMessage.lease(in: message).id
          self.leases[client] = lease
          self.clientOfLease[lease] = client
          promise.succeed()
        case .failure(let status):
          promise.fail(
            Benchmark.CannotStart(
              description: "cannot grant a lease: \(status.code.standardName): \(status.message)"))
        }
      }
      return promise.futureResult
    }
    return EventLoopFuture.andAllSucceed(granted, on: share.eventLoop)
  }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    let number = client % share.connections.count
    guard share.connections[number].isOpen else { return false }
    isWaiting[client] = true
    streams[number].send(LeaseMessage.keepAlive(leases[client]))
    return true
  }

  func close() {
    onAnswer = nil
    for stream in streams { stream.cancel() }
    for connection in share.connections { connection.close(now: true) }
  }

  private func open(_ number: Int) -> ClientCall {
    let stream = share.connections[number].open("/etcdserverpb.Lease/LeaseKeepAlive")
    stream.onMessage = { message in
      let lease = LeaseMessage.lease(in: message)
      guard let client = self.clientOfLease[lease.id] else { return }
      self.finish(
        client,
        lease.secondsToLive > 0
          ? .success(keys: 0) : .failure(GRPCStatus(.notFound, "the lease has expired; raise --ttl")))
    }
    stream.onFinish = { status, _ in
      for client in stride(from: number, to: self.clients, by: self.share.connections.count) {
        self.finish(client, .failure(status))
      }
    }
    return stream
  }

  private func finish(_ client: Int, _ answer: Answer) {
    guard isWaiting[client] else { return }
    isWaiting[client] = false
    onAnswer?(client, answer)
  }
}

/// The messages of the Lease service.
enum LeaseMessage {
  static func grant(secondsToLive: Int64) -> ByteBuffer {
    ProtobufMessage.make { $0.add(1, secondsToLive) }.buffer
  }

  static func keepAlive(_ lease: Int64) -> ByteBuffer {
    ProtobufMessage.make { $0.add(1, lease) }.buffer
  }

  /// Out of a `LeaseGrantResponse` or a `LeaseKeepAliveResponse`, which have the same fields.
  static func lease(in message: ByteBuffer) -> (id: Int64, secondsToLive: Int64) {
    let bytes = message.readableBytesUInt8Span
    var position = 0
    var lease: (id: Int64, secondsToLive: Int64) = (0, 0)
    while let field = Protobuf.next(bytes, &position, end: bytes.count) {
      if field.number == 2 { lease.id = Int64(bitPattern: field.value) }
      if field.number == 3 { lease.secondsToLive = Int64(bitPattern: field.value) }
    }
    return lease
  }
}
