internal import GRPC
internal import Glibc
internal import NIOCore
internal import NIOPosix

/// One run of the load generator, from the first connection to the report.
public enum Benchmark {
  /// Why a run could not begin; the description is for the user.
  public struct CannotStart: Error, CustomStringConvertible, Hashable {
    /// The reason, and what to do about it.
    public var description: String
  }

  /// Carries the run out and returns when it is over. Shows progress if asked to and standard error is
  /// a terminal. Throws `Configuration.Invalid` or `CannotStart`; failures of requests are in the report.
  public static func run(_ configuration: Configuration, showsProgress: Bool = false) throws -> Report {
    try configuration.validate()
    if let server = configuration.serverProcess, ProcessUsage.read(process: server) == nil {
      throw CannotStart(description: "there is no process \(server) (--server-pid)")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
    defer { try? group.syncShutdownGracefully() }
    let workload = Workload(configuration)
    let terminal = showsProgress ? Terminal() : nil
    if configuration.endpoints.isEmpty {
      let member = try EmbeddedMember(directory: configuration.directory)
      defer { member.close() }
      let eventLoop = group.next()
      let node = member.node
      let target = try eventLoop.submit {
        NIOLoopBound(
          EmbeddedTarget(
            node: node, clients: configuration.clients, workload: workload, eventLoop: eventLoop),
          eventLoop: eventLoop)
      }.wait()
      defer { try? eventLoop.submit { target.value.close() }.wait() }
      return try measure(
        [target], eventLoops: [eventLoop], workload, configuration, version: nil, terminal: terminal)
    }
    let eventLoops = Array(group.makeIterator())
    let dialer = Dialer(configuration: configuration)
    let version = try dialer.serverVersion(on: eventLoops[0])
    func load<Driven: Target>(_ make: @escaping @Sendable (Dialer.Share) -> Driven) throws -> Report {
      let targets = try dialer.connect(eventLoops, make: make)
      defer {
        for (target, eventLoop) in zip(targets, eventLoops) {
          try? eventLoop.submit { target.value.close() }.wait()
        }
      }
      try prepare(targets, eventLoops: eventLoops)
      return try measure(
        targets, eventLoops: eventLoops, workload, configuration, version: version, terminal: terminal)
    }
    let ledger = DeliveryLedger(loops: configuration.loops)
    switch configuration.workload {
    case .put, .range, .txn, .fill:
      return try load {
        GRPCTarget(connections: $0.connections, clients: $0.clients, workload: workload)
      }
    case .watch: return try load { FanOutTarget($0, configuration, workload, ledger) }
    case .watchLatency: return try load { WatchLatencyTarget($0, configuration, workload) }
    case .watchGet: return try load { WatchGetTarget($0, configuration, workload) }
    case .leaseKeepAlive:
      return try load { LeaseTarget($0, secondsToLive: configuration.secondsToLive) }
    case .list: return try load { ListTarget($0, configuration, workload) }
    case .kubernetes: return try load { KubernetesTarget($0, configuration, dialer, ledger) }
    }
  }

  /// Waits until every loop has what it needs before the first request. Throws `CannotStart`.
  private static func prepare<Driven: Target>(
    _ targets: [NIOLoopBound<Driven>], eventLoops: [any EventLoop]
  ) throws {
    let prepared = zip(targets, eventLoops).map { target, eventLoop in
      eventLoop.flatSubmit { target.value.prepare() }
    }
    try EventLoopFuture.andAllSucceed(prepared, on: eventLoops[0]).wait()
  }

  private static func measure<Driven: Target>(
    _ targets: [NIOLoopBound<Driven>], eventLoops: [any EventLoop], _ workload: Workload,
    _ configuration: Configuration, version: String?, terminal: Terminal?
  ) throws -> Report {
    let state = RunState()
    let before = usage(configuration)
    let start = NIODeadline.now()
    let results = zip(targets, eventLoops).enumerated().map { number, pair in
      let (target, eventLoop) = pair
      return eventLoop.flatSubmit {
        LoadLoop(
          target: target.value, workload: workload, configuration: configuration, state: state,
          eventLoop: eventLoop,
          share: .init(first: number, stride: eventLoops.count, end: configuration.totalOperations),
          start: start
        ).run()
      }
    }
    let all = EventLoopFuture.whenAllSucceed(results, on: eventLoops[0])
    all.whenComplete { _ in state.end() }
    let watch = watch(state, configuration, start: start, terminal: terminal)
    let after = usage(configuration)
    var tally = Tally()
    var end = start
    for result in try all.wait() {
      tally.add(result.tally)
      end = max(end, result.end)
    }
    return Report(
      configuration: configuration, serverVersion: version,
      elapsedSeconds: Double((end - start).nanoseconds) / 1e9, tally: tally,
      process: UsageDifference(from: before.process, to: after.process),
      server: before.server.flatMap { before in
        after.server.map { UsageDifference(from: before, to: $0) }
      },
      isInterrupted: watch.isInterrupted, isStalled: watch.isStalled)
  }

  private static func usage(_ configuration: Configuration) -> (process: ProcessUsage, server: ProcessUsage?)
  {
    (.ofThisProcess(), configuration.serverProcess.flatMap { ProcessUsage.read(process: $0) })
  }

  /// Waits for the end of the run on this thread: shows progress, takes Ctrl-C, and gives a run up in which
  /// nothing is answered any more.
  private static func watch(
    _ state: RunState, _ configuration: Configuration, start: NIODeadline, terminal: Terminal?
  ) -> (isInterrupted: Bool, isStalled: Bool) {
    let progress = Progress(
      total: configuration.totalOperations, durationSeconds: configuration.durationSeconds)
    let stall = TimeAmount.nanoseconds(Int64(configuration.stallSeconds * 1e9))
    var isInterrupted = false
    var isStalled = false
    var lastProgressed = 0
    var lastChange = start
    var shown: (at: NIODeadline, answered: Int) = (start, 0)
    while !state.isEnded {
      usleep(10_000)
      let now = NIODeadline.now()
      let answered = state.answered
      let progressed = answered + state.deliveredCount
      if progressed != lastProgressed {
        lastProgressed = progressed
        lastChange = now
      } else if now - lastChange > stall + longestPause(configuration) {
        isStalled = true
        state.abandon()
      }
      if Interrupt.isRequested, !isInterrupted {
        isInterrupted = true
        state.stop()
      }
      if let terminal, now - shown.at >= .milliseconds(200) {
        let seconds = Double((now - shown.at).nanoseconds) / 1e9
        terminal.show(
          progress.line(
            answered: answered, elapsedSeconds: Double((now - start).nanoseconds) / 1e9,
            perSecond: Double(answered - shown.answered) / seconds, width: terminal.width))
        shown = (now, answered)
      }
    }
    terminal?.clear()
    return (isInterrupted, isStalled)
  }

  /// How long the generator itself may send nothing.
  private static func longestPause(_ configuration: Configuration) -> TimeAmount {
    configuration.requestsPerSecond.map { .nanoseconds(Int64(1e9 / $0)) } ?? .zero
  }
}

extension Report {
  init(
    configuration: Configuration, serverVersion: String?, elapsedSeconds: Double, tally: Tally,
    process: UsageDifference, server: UsageDifference?, isInterrupted: Bool, isStalled: Bool
  ) {
    self.configuration = configuration
    self.serverVersion = serverVersion
    self.elapsedSeconds = elapsedSeconds
    succeeded = tally.succeeded
    failed = tally.failed
    unanswered = tally.unanswered
    clientsLost = tally.clientsLost
    keysWritten = tally.keysWritten
    keysRead = tally.keysRead
    emptyReads = tally.emptyReads
    latency = tally.latencies.summary
    events = tally.events
    requests = tally.requests.map {
      Requests(name: $0.key, count: Int($0.value.count), latency: $0.value.summary)
    }
    .sorted { $0.name < $1.name }
    failures = tally.failures.map { status, count in
      Failure(code: status.code.standardName, message: status.message, count: count)
    }.sorted { ($1.count, $0.code, $0.message) < ($0.count, $1.code, $1.message) }
    self.process = process
    self.server = server
    self.isInterrupted = isInterrupted
    self.isStalled = isStalled
  }
}
