import MVCC
import RaftKV
import Synchronization

/// Watches a range for ever: when a member fails it, it goes on at another one behind what it has got.
///
/// Safe: because one thread at a time runs a world.
final class WatchClient: @unchecked Sendable {
  let cluster: SimulatedCluster
  let number: Int
  let range: KeyRange
  /// It takes its time between two responses.
  private let isSlow: Bool
  /// Every event before this revision has arrived; 0 before it has begun.
  private(set) var next: Int64 = 0
  /// Where the next event is looked for among all events.
  private var cursor = 0
  private var connection: Connection?

  private var world: World { cluster.world }
  private var oracle: Oracle { cluster.oracle }

  init(_ cluster: SimulatedCluster, number: Int, range: KeyRange, isSlow: Bool) {
    self.cluster = cluster
    self.number = number
    self.range = range
    self.isSlow = isSlow
  }

  /// Begins, or goes on at some member.
  func connect() {
    guard connection == nil else { return }
    guard let process = cluster.anyRunning()?.process, let node = process.node else { return retry() }
    let connection = Connection(self, process, number: number)
    self.connection = connection
    connection.open(node, WatchRequest(range: range, startRevision: next))
    if next > 0 { world.probes.count(.watchResumed) }
  }

  private func retry() {
    world.after(world.random.delay(.milliseconds(5) ... .milliseconds(500))) { [self] in connect() }
  }

  /// Leaves its member and goes to another.
  func move() {
    guard let connection else { return }
    connection.close()
    self.connection = nil
    retry()
  }

  func lost(_ process: Process) {
    guard let connection, connection.process === process else { return }
    connection.isOver = true
    self.connection = nil
    retry()
  }

  /// Whether it has got everything there is.
  var isUpToDate: Bool { next > oracle.model.revision || next > 0 && expected(through: .max) == nil }

  /// The first event that has not arrived.
  private func expected(through revision: Int64) -> Model.Event? {
    let events = oracle.model.events
    while cursor < events.count, !range.contains(events[cursor].key) || events[cursor].revision < next {
      if events[cursor].revision > revision { return nil }
      cursor += 1
    }
    guard cursor < events.count, events[cursor].revision <= revision else { return nil }
    return events[cursor]
  }

  // MARK: what arrives

  fileprivate enum Arrival {
    case begun(revision: Int64)
    case events([Model.Event], through: Int64)
    case progress(Int64)
    case compacted(Int64)
    case failed(String)
  }

  fileprivate func receive(_ arrival: Arrival, _ connection: Connection, bytes: Int) {
    guard self.connection === connection else { return }
    let who = "watch \(number) at m\(connection.process.machine.number)"
    switch arrival {
    case .begun(let revision):
      if next == 0 {
        next = revision + 1
        cursor = oracle.model.firstEvent(from: next)
      }
    case .events(let events, let end):
      if let metrics = connection.process.node?.watches.metrics,
        metrics.slowWatchers.load(ordering: .relaxed) > 0
      {
        world.probes.count(.watchFellBehind)
      }
      world.note(.watch, number, UInt64(events.count), UInt64(end)) {
        "\(events.count) events through \(end)"
      }
      for event in events {
        let expected = expected(through: .max)
        guard expected == event else {
          return world.fail("\(who): got \(event), expected \(String(describing: expected))")
        }
        cursor += 1
      }
      passed(end, who)
    case .progress(let revision): passed(revision, who)
    case .compacted(let revision):
      world.probes.count(.watchCompacted)
      if revision <= next {
        world.fail("\(who): wants \(next), which a compaction to \(revision) has left")
      }
      next = revision
      cursor = oracle.model.firstEvent(from: next)
      return move()
    case .failed(let reason): return world.fail("\(who): \(reason)")
    }
    let delay = isSlow ? world.random.delay(.milliseconds(1) ... .seconds(1)) : 0
    world.after(delay) { connection.release(bytes) }
  }

  /// Nothing up to here is still to come.
  private func passed(_ revision: Int64, _ who: String) {
    if let missing = expected(through: revision) {
      world.fail("\(who): is told that everything through \(revision) has come, but not \(missing)")
    }
    next = max(next, revision + 1)
  }
}

/// A watch stream to one process.
///
/// Safe: because one thread at a time runs a world.
private final class Connection: WatchSink, @unchecked Sendable {
  let client: WatchClient
  let process: Process
  var isOver = false
  private var stream: WatchStream?
  private var lastArrival: Nanoseconds = 0

  init(_ client: WatchClient, _ process: Process, number: Int) {
    self.client = client
    self.process = process
  }

  func open(_ node: Node, _ request: WatchRequest) {
    let stream = node.watches.open(self, on: process.outlet)
    self.stream = stream
    _ = stream.create(request)
  }

  func close() {
    isOver = true
    if process.isAlive { stream?.close() }
    stream = nil
  }

  func release(_ bytes: Int) {
    if !isOver, process.isAlive { stream?.release(bytes) }
  }

  func receive(_ parcel: WatchParcel, _ items: Range<Int>) {
    if isOver || !process.isAlive { return }
    let world = client.cluster.world
    for item in parcel.items[items] {
      guard let arrival = arrival(item.notice, parcel) else {
        release(item.bytes)
        continue
      }
      let time = max(lastArrival, world.now + world.random.delay(client.cluster.network.delay))
      lastArrival = time
      world.after(time - world.now) { [self] in
        if !isOver { client.receive(arrival, self, bytes: item.bytes) }
      }
    }
  }

  private func arrival(_ notice: WatchNotice, _ parcel: WatchParcel) -> WatchClient.Arrival? {
    switch notice {
    case .created(_, let revision): return .begun(revision: revision)
    case .events(let events):
      let batch = parcel.batches[events.batch]
      let decoded = parcel.selection[events.selection].map {
        WatchWire.decode(batch.bytes(of: $0, withPrevious: events.wantsPrevious))
      }
      return .events(decoded, through: events.revision)
    case .progress(_, let revision): return .progress(revision)
    case .compacted(_, let revision): return .compacted(revision)
    case .refused(let refusal, _): return .failed("refused: \(refusal)")
    case .failed(_, let error, _): return .failed("ended: \(error)")
    case .cancelled, .resume: return nil
    }
  }
}

/// The way of all watch streams of one process to their clients: one, so that their order is the member's own.
///
/// Safe: because it has no state.
final class ProcessOutlet: WatchOutlet {
  func deliver(_ parcel: WatchParcel) {
    var start = 0
    while start < parcel.items.count {
      let sink = parcel.items[start].sink
      let end = parcel.items[start...].firstIndex { $0.sink !== sink } ?? parcel.items.count
      sink.receive(parcel, start..<end)
      start = end
    }
  }
}
