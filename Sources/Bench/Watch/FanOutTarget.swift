internal import GRPC
internal import NIOCore

/// Puts, and watchers that receive them: every watcher sees the whole key space, or one key of it.
///
/// A put's value begins with the time when it was to be sent, so that each event tells how long it took, whichever
/// loop sent the put.
final class FanOutTarget: Target {
  let clients: Int
  var onAnswer: ((_ client: Int, Answer) -> Void)?

  private let puts: GRPCTarget
  private let share: Dialer.Share
  private let configuration: Configuration
  private let workload: Workload
  private let ledger: DeliveryLedger
  private var streams: [WatchStream] = []
  private var table = WatcherTable(sharesRevisions: false)
  /// What the put under way of each client writes, and successful puts by what is written.
  private var subjects: [Int]
  private var written: [Int: Int] = [:]

  init(_ share: Dialer.Share, _ configuration: Configuration, _ workload: Workload, _ ledger: DeliveryLedger)
  {
    self.share = share
    self.configuration = configuration
    self.workload = workload
    self.ledger = ledger
    clients = share.clients
    subjects = Array(repeating: 0, count: share.clients)
    puts = GRPCTarget(connections: share.connections, clients: share.clients, workload: workload)
    // Strong, and let go of by `close`.
    puts.onAnswer = { client, answer in
      if case .success = answer { self.written[self.subjects[client], default: 0] += 1 }
      self.onAnswer?(client, answer)
    }
  }

  /// Opens one stream for each connection that has watchers, and waits until all watchers are created.
  func prepare() -> EventLoopFuture<Void> {
    let created = zip(share.numbers, share.connections).compactMap { number, connection in
      let watchers = Array(stride(from: number, to: configuration.watchers, by: configuration.connections))
      return watchers.isEmpty ? nil : open(connection, watchers)
    }
    return EventLoopFuture.andAllSucceed(created, on: share.eventLoop)
  }

  func send(_ index: Int, client: Int, due: NIODeadline) -> Bool {
    subjects[client] = configuration.watchMode == .key ? workload.keyNumber(ofPut: index) : 0
    return puts.send(index, client: client, due: due)
  }

  var deliveries: (count: Int, last: NIODeadline) { (table.tally.delivered, table.last) }

  func sendingEnded() { ledger.add(written) }

  var isDrained: Bool { ledger.total.map { table.isSatisfied(by: $0) } ?? false }

  func collect(into tally: inout Tally) {
    _ = isDrained
    tally.events = table.tally
  }

  func close() {
    onAnswer = nil
    for stream in streams { stream.close() }
    puts.close()
  }

  private func open(_ connection: ClientConnection, _ watchers: [Int]) -> EventLoopFuture<Void> {
    let stream = WatchStream(connection)
    streams.append(stream)
    let created = share.eventLoop.makePromise(of: Void.self)
    var left = watchers.count
    // The ids of a stream's watchers count from 1; the table has them in a row.
    var first = 0
    stream.onEvent = { id, event in
      guard (1...Int64(watchers.count)).contains(id) else { return }
      self.table.receive(event, watcher: first + Int(id) - 1, at: .now())
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
      self.table.lose(watchers.count)
      created.fail(WatchFailure.ended(status))
    }
    for (position, watcher) in watchers.enumerated() {
      let subject = configuration.watchMode == .key ? watcher % configuration.keySpace : 0
      let number = table.add(subject: subject)
      if position == 0 { first = number }
      var request = workload.watch(key: configuration.watchMode == .key ? subject : nil)
      request.id = Int64(position + 1)
      stream.create(request)
    }
    return created.futureResult
  }
}

/// Why watchers could not be made.
enum WatchFailure {
  static func refused(_ response: WatchResponse) -> Benchmark.CannotStart {
    Benchmark.CannotStart(description: "the server refuses to watch: \(response.cancelReason)")
  }

  static func ended(_ status: GRPCStatus) -> Benchmark.CannotStart {
    Benchmark.CannotStart(
      description: "the server ended a watch stream: \(status.code.standardName): \(status.message)")
  }
}
