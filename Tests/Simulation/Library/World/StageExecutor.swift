import DequeModule
import RaftKV

/// Runs the work of one stage of one process in order, each piece after a delay drawn from the seed.
///
/// Safe: because one thread at a time runs a world.
final class StageExecutor: Executor, @unchecked Sendable {
  let name: String
  private let process: Process
  private let pace: Pace
  private var work = Deque<@Sendable () -> Void>()
  private var isScheduled = false

  /// How long a stage's next piece of work may take to begin.
  enum Pace {
    /// A thread that waits for nothing.
    case quick
    /// A thread that waits for the disk of the log.
    case disk
    /// A thread that takes its time.
    case slow
  }

  init(name: String, process: Process) {
    self.name = name
    self.process = process
    switch name {
    case StageName.raft, StageName.apply, StageName.watch: pace = .quick
    case StageName.log: pace = .disk
    default: pace = .slow
    }
  }

  func execute(_ work: @escaping @Sendable () -> Void) {
    guard process.isAlive else { return }
    self.work.append(work)
    schedule()
  }

  private func schedule() {
    if isScheduled || work.isEmpty { return }
    isScheduled = true
    process.after(process.machine.delay(pace)) { [self] in
      isScheduled = false
      runOne()
      schedule()
    }
  }

  /// Runs the next piece; false when there is none.
  @discardableResult
  func runOne() -> Bool {
    guard process.isAlive, let next = work.popFirst() else { return false }
    process.note(.stage, UInt64(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) })) { name }
    let reads = process.machine.disk.readCount
    next()
    if name == StageName.supplies, process.machine.disk.readCount > reads {
      process.world.probes.count(.logReadForSlowFollower)
    }
    return true
  }

  /// An orderly end: the process finishes all it has to do, at once.
  func stop() { process.finishWork() }

  /// The process is gone.
  func discard() { work = [] }
}
