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
    let dialer = Dialer(configuration: configuration, workload: workload)
    let eventLoops = Array(group.makeIterator())
    let targets = try dialer.connect(eventLoops)
    defer {
      for (target, eventLoop) in zip(targets, eventLoops) {
        try? eventLoop.submit { target.value.close() }.wait()
      }
    }
    let version = try dialer.serverVersion(targets[0], on: eventLoops[0])
    return try measure(
      targets, eventLoops: eventLoops, workload, configuration, version: version, terminal: terminal)
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
    var lastAnswered = 0
    var lastChange = start
    var shown: (at: NIODeadline, answered: Int) = (start, 0)
    while !state.isEnded {
      usleep(10_000)
      let now = NIODeadline.now()
      let answered = state.answered
      if answered != lastAnswered {
        lastAnswered = answered
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
    configuration.rate.map { .nanoseconds(1_000_000_000 / Int64($0)) } ?? .zero
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
    failures = tally.failures.map { status, count in
      Failure(code: status.code.standardName, message: status.message, count: count)
    }.sorted { ($1.count, $0.code, $0.message) < ($0.count, $1.code, $1.message) }
    self.process = process
    self.server = server
    self.isInterrupted = isInterrupted
    self.isStalled = isStalled
  }
}
