import RaftKV

/// One machine's monotonic clock: virtual time at a rate of its own, which may change.
///
/// Safe: because one thread at a time runs a world.
final class MachineClock: @unchecked Sendable {
  private unowned let world: World
  /// What it showed at first.
  let start: Nanoseconds
  /// The reading at `since`.
  private var reading: Nanoseconds
  private var since: Nanoseconds
  /// How much faster than virtual time it goes, in parts per million; negative when slower.
  private(set) var driftPartsPerMillion: Int

  init(_ world: World, start: Nanoseconds, driftPartsPerMillion: Int) {
    self.world = world
    self.start = start
    reading = start
    since = world.now
    self.driftPartsPerMillion = driftPartsPerMillion
  }

  var now: Nanoseconds { reading + elapsed(world.now - since) }

  /// What the clock shows of a length of virtual time.
  private func elapsed(_ time: Nanoseconds) -> Nanoseconds {
    UInt64(Int64(time) + Int64(time) * Int64(driftPartsPerMillion) / 1_000_000)
  }

  /// How much virtual time passes while the clock shows so much.
  func virtualTime(of shown: Nanoseconds) -> Nanoseconds {
    UInt64(Double(shown) * 1e6 / Double(1_000_000 + driftPartsPerMillion))
  }

  /// What the clock showed at a time of which it can still be said.
  func reading(at time: Nanoseconds) -> Nanoseconds {
    let ago = elapsed(world.now - min(time, world.now))
    return now > ago ? now - ago : 0
  }

  func drift(_ partsPerMillion: Int) {
    reading = now
    since = world.now
    driftPartsPerMillion = partsPerMillion
  }
}

/// What a member sees of its machine's clock.
struct MemberClock: NodeClock {
  let process: Process

  func now() -> UInt64 { process.machine.clock.now }

  func schedule(every nanoseconds: UInt64, _ body: @escaping @Sendable () -> Void) -> any NodeTimer {
    let timer = MemberTimer(process, nanoseconds, body)
    timer.schedule()
    return timer
  }
}

/// Safe: because one thread at a time runs a world.
private final class MemberTimer: NodeTimer, @unchecked Sendable {
  private let process: Process
  private let interval: Nanoseconds
  private var body: (@Sendable () -> Void)?

  init(_ process: Process, _ interval: Nanoseconds, _ body: @escaping @Sendable () -> Void) {
    self.process = process
    self.interval = interval
    self.body = body
  }

  func schedule() {
    process.after(process.machine.clock.virtualTime(of: interval)) { [self] in
      guard let body else { return }
      body()
      schedule()
    }
  }

  func cancel() { body = nil }
}
