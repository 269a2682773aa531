internal import GRPC
internal import NIOCore

/// Reads history by watching: each request opens a stream of its own, watches the whole key space from an old
/// revision, and is answered when it has come to the end of the history that was there when the run began.
final class WatchGetTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  private let share: Dialer.Share
  private let configuration: Configuration
  private let workload: Workload
  private var streams: [WatchStream?]
  private var tally = EventTally()
  private var last = NIODeadline.uptimeNanoseconds(0)
  /// The first and the last revision of this loop's history.
  private var history: ClosedRange<Int64>?

  /// Puts under way at a time while the history is written.
  private static let writers = 64

  init(_ share: Dialer.Share, _ configuration: Configuration, _ workload: Workload) {
    self.share = share
    self.configuration = configuration
    self.workload = workload
    clients = share.clients
    streams = Array(repeating: nil, count: share.clients)
  }

  func prepare() -> EventLoopFuture<Void> {
    if let from = configuration.fromRevision { return readHistory(from: Int64(from)) }
    return writeHistory()
  }

  /// Takes what is there: up to the latest change of a key.
  private func readHistory(from: Int64) -> EventLoopFuture<Void> {
    let promise = share.eventLoop.makePromise(of: Void.self)
    let watch = workload.watch(key: nil)
    var request = ListRequest(start: watch.key, end: watch.rangeEnd, limit: 1)
    request.sortsByLatestChange = true
    share.connections[0].unary("/etcdserverpb.KV/Range", request.message, timeout: .seconds(60)) { result in
      switch result {
      case .success(let answer):
        let last = ListPage(answer)?.modRevision ?? 0
        if last >= from {
          self.history = from...last
          promise.succeed()
        } else {
          promise.fail(
            Benchmark.CannotStart(description: "no key was changed since revision \(from) (--from-revision)"))
        }
      case .failure(let status):
        promise.fail(
          Benchmark.CannotStart(
            description: "cannot find the end of the history: \(status.code.standardName): \(status.message)")
        )
      }
    }
    return promise.futureResult
  }

  private func writeHistory() -> EventLoopFuture<Void> {
    let indices = stride(from: share.loop, to: configuration.backlog, by: configuration.loops)
    var rest = Array(indices)[...]
    let promise = share.eventLoop.makePromise(of: Void.self)
    var underWay = 0
    func next() {
      guard let index = rest.popFirst() else {
        if underWay == 0 { promise.succeed() }
        return
      }
      underWay += 1
      var message = ByteBuffer()
      workload.writePut(key: index % configuration.keySpace, index, into: &message)
      share.connections[index % share.connections.count].unary("/etcdserverpb.KV/Put", message) { result in
        underWay -= 1
        switch result {
        case .success(let answer):
          let revision = EtcdMessage.revision(in: answer)
          let known = self.history ?? revision...revision
          self.history = min(known.lowerBound, revision)...max(known.upperBound, revision)
          next()
        case .failure(let status):
          promise.fail(
            Benchmark.CannotStart(
              description: "cannot write the history: \(status.code.standardName): \(status.message)"))
        }
      }
    }
    for _ in 0..<Self.writers { next() }
    return promise.futureResult
  }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    let connection = share.connections[client % share.connections.count]
    guard connection.isOpen, let history else { return false }
    let stream = WatchStream(connection)
    streams[client] = stream
    tally.watchers += 1
    var seen = history.lowerBound - 1
    stream.onEvent = { _, event in
      if event.modRevision <= seen { self.tally.outOfOrder += 1 }
      seen = event.modRevision
      self.tally.delivered += 1
    }
    stream.onResponse = { response in
      if response.eventCount > 0 { self.last = .now() }
      if response.isCanceled {
        self.finish(client, .failure(GRPCStatus(.cancelled, response.cancelReason)))
      } else if seen >= history.upperBound {
        self.finish(client, .success(keys: 0))
      }
    }
    stream.onEnd = { self.finish(client, .failure($0)) }
    var request = workload.watch(key: nil)
    request.startRevision = history.lowerBound
    stream.create(request)
    return true
  }

  var deliveries: (count: Int, last: NIODeadline) { (tally.delivered, last) }

  func collect(into tally: inout Tally) { tally.events = self.tally }

  func close() {
    onAnswer = nil
    for stream in streams { stream?.close() }
    for connection in share.connections { connection.close(now: true) }
  }

  private func finish(_ client: Int, _ answer: Answer) {
    streams[client]?.close()
    streams[client] = nil
    onAnswer?(client, answer)
  }
}
