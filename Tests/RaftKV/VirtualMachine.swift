import Synchronization

@testable import RaftKV

/// Executors and a clock in one thread: nothing happens unless a test says so, and always in the same order.
final class VirtualMachine: Sendable {
  private struct State {
    var now: UInt64 = 1_000_000_000
    var work: [(executor: String, run: @Sendable () -> Void)] = []
    var timers: [Int: Timer] = [:]
    var nextTimer = 0
    /// Which executor ran, in order.
    var trace: [String] = []
  }

  private struct Timer {
    var interval: UInt64
    var due: UInt64
    var body: @Sendable () -> Void
  }

  private let state = Mutex(State())

  var trace: [String] { state.withLock { $0.trace } }

  func environment(seed: UInt64) -> Environment {
    var environment = Environment.system()
    environment.clock = Clock(machine: self)
    environment.makeExecutor = { VirtualExecutor(name: $0, machine: self) }
    environment.seed = seed
    return environment
  }

  /// Runs work until there is none.
  func run() {
    while true {
      let next = state.withLock { state -> (@Sendable () -> Void)? in
        guard !state.work.isEmpty else { return nil }
        let (executor, run) = state.work.removeFirst()
        state.trace.append(executor)
        return run
      }
      guard let next else { return }
      next()
    }
  }

  /// Lets time pass, timer by timer, and runs what that brings about.
  func advance(milliseconds: UInt64) {
    let end = state.withLock { $0.now + milliseconds * 1_000_000 }
    while true {
      let due = state.withLock { state -> (@Sendable () -> Void)? in
        let first = state.timers.min { ($0.value.due, $0.key) < ($1.value.due, $1.key) }
        guard let (id, timer) = first, timer.due <= end else {
          state.now = end
          return nil
        }
        state.now = timer.due
        state.timers[id]?.due += timer.interval
        return timer.body
      }
      guard let due else { break }
      due()
      run()
    }
  }

  /// Runs `body` after the work given before it.
  func later(_ name: String, _ body: @escaping @Sendable () -> Void) { add(body, to: name) }

  fileprivate func add(_ work: @escaping @Sendable () -> Void, to executor: String) {
    state.withLock { $0.work.append((executor, work)) }
  }

  private struct VirtualExecutor: Executor {
    let name: String
    let machine: VirtualMachine

    func execute(_ work: @escaping @Sendable () -> Void) { machine.add(work, to: name) }
    func stop() { machine.run() }
  }

  private struct Clock: NodeClock {
    let machine: VirtualMachine

    func now() -> UInt64 { machine.state.withLock { $0.now } }

    func schedule(every nanoseconds: UInt64, _ body: @escaping @Sendable () -> Void) -> any NodeTimer {
      machine.state.withLock { state in
        defer { state.nextTimer += 1 }
        state.timers[state.nextTimer] = Timer(interval: nanoseconds, due: state.now + nanoseconds, body: body)
        return Cancellation(machine: machine, id: state.nextTimer)
      }
    }
  }

  private struct Cancellation: NodeTimer {
    let machine: VirtualMachine
    let id: Int

    func cancel() { machine.state.withLock { $0.timers[id] = nil } }
  }
}
