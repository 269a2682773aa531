internal import GRPC
internal import NIOCore

/// Each client watches a key of its own; a request is a put of that key, and it is answered when both the put's answer
/// and its event are here.
final class WatchLatencyTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  /// A request under way.
  private struct Pending {
    var stamp: UInt64
    var isPut = false
    var isSeen = false
  }

  private let share: Dialer.Share
  private let configuration: Configuration
  private let workload: Workload
  private var streams: [WatchStream] = []
  private var table = WatcherTable(sharesRevisions: false)
  private var pending: [Pending?]

  init(_ share: Dialer.Share, _ configuration: Configuration, _ workload: Workload) {
    self.share = share
    self.configuration = configuration
    self.workload = workload
    clients = share.clients
    pending = Array(repeating: nil, count: share.clients)
  }

  func prepare() -> EventLoopFuture<Void> {
    let created = share.connections.indices.map { number in
      open(number, Array(stride(from: number, to: clients, by: share.connections.count)))
    }
    return EventLoopFuture.andAllSucceed(created, on: share.eventLoop)
  }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    let connection = share.connections[client % share.connections.count]
    guard connection.isOpen else { return false }
    var message = ByteBuffer()
    workload.writePut(key: key(of: client), index, into: &message)
    workload.stamp(due, putIn: &message)
    pending[client] = Pending(stamp: due.uptimeNanoseconds)
    connection.unary("/etcdserverpb.KV/Put", message) { result in
      switch result {
      case .success:
        self.pending[client]?.isPut = true
        self.finish(client)
      case .failure(let status):
        self.pending[client] = nil
        self.onAnswer?(client, .failure(status))
      }
    }
    return true
  }

  var deliveries: (count: Int, last: NIODeadline) { (table.tally.delivered, table.last) }

  func collect(into tally: inout Tally) { tally.events = table.tally }

  func close() {
    onAnswer = nil
    for stream in streams { stream.close() }
    for connection in share.connections { connection.close(now: true) }
  }

  /// Keys of different loops differ.
  private func key(of client: Int) -> Int { client * configuration.loops + share.loop }

  private func finish(_ client: Int) {
    guard let request = pending[client], request.isPut, request.isSeen else { return }
    pending[client] = nil
    onAnswer?(client, .success(keys: 0))
  }

  private func open(_ number: Int, _ members: [Int]) -> EventLoopFuture<Void> {
    let stream = WatchStream(share.connections[number])
    streams.append(stream)
    let created = share.eventLoop.makePromise(of: Void.self)
    var left = members.count
    guard left > 0 else { return share.eventLoop.makeSucceededVoidFuture() }
    let numbers = members.map { table.add(subject: key(of: $0)) }
    stream.onEvent = { id, event in
      guard (1...Int64(members.count)).contains(id) else { return }
      let (client, watcher) = (members[Int(id) - 1], numbers[Int(id) - 1])
      self.table.receive(event, watcher: watcher, at: .now())
      if let stamp = event.stamp, self.pending[client]?.stamp == stamp {
        self.pending[client]?.isSeen = true
        self.finish(client)
      }
    }
    stream.onResponse = { response in
      if response.isCanceled {
        self.table.lose(1)
        created.fail(WatchFailure.refused(response))
      } else if response.isCreated {
        left -= 1
        if left == 0 { created.succeed() }
      }
    }
    stream.onEnd = { status in
      created.fail(WatchFailure.ended(status))
      self.table.lose(members.count)
      // Nobody will see the events that these clients wait for.
      for client in members where self.pending[client] != nil {
        self.pending[client] = nil
        self.onAnswer?(client, .failure(status))
      }
    }
    for (position, client) in members.enumerated() {
      var request = workload.watch(key: key(of: client))
      request.id = Int64(position + 1)
      stream.create(request)
    }
    return created.futureResult
  }
}
