import Glibc
package import MVCC
package import Raft
import Synchronization
public import WAL

/// Everything a node takes from outside: files, threads, time and randomness. The simulator has its own.
public struct Environment: Sendable {
  /// Where the log lives.
  public var fileSystem: any FileSystem
  /// Monotonic time.
  public var clock: any NodeClock
  /// Makes the executor of one named stage.
  public var makeExecutor: @Sendable (_ name: String) -> any Executor
  /// Carries what members say to each other; nil for a member that is alone.
  public var transport: (any PeerTransport)?
  /// Seeds what must differ between members and starts (election timeouts, request ids).
  public var seed: UInt64
  /// Told of each entry as it is applied, with what it did, if it does anything: for a simulator's checks.
  package var onApply: (@Sendable (_ entry: Entry, _ command: Command?, _ outcome: Outcome?) -> Void)?

  /// Everything from outside, given.
  public init(
    fileSystem: any FileSystem, clock: any NodeClock,
    makeExecutor: @escaping @Sendable (_ name: String) -> any Executor,
    transport: (any PeerTransport)? = nil, seed: UInt64
  ) {
    self.fileSystem = fileSystem
    self.clock = clock
    self.makeExecutor = makeExecutor
    self.transport = transport
    self.seed = seed
  }

  /// Real files, threads, time and randomness. The stages that a request passes share a pool of threads; the
  /// others, which may take long, have a thread each.
  public static func system() -> Environment {
    let pool = LazyPool()
    return Environment(
      fileSystem: PosixFileSystem(), clock: SystemClock(),
      makeExecutor: { name in
        switch name {
        case StageName.raft: pool.workers.executor(seat: 0)
        case StageName.log: pool.workers.executor(seat: 1)
        case StageName.apply: pool.workers.executor(seat: 2)
        case StageName.watch: pool.workers.executor(seat: 3)
        default: ThreadExecutor(name: name)
        }
      }, seed: .random(in: .min ... .max))
  }
}

/// The worker pool of one node, made when the node asks for its first share: a node that cannot open its files
/// asks for none.
private final class LazyPool: Sendable {
  private let made = Mutex<WorkerPool?>(nil)

  var workers: WorkerPool {
    made.withLock { made in
      if let made { return made }
      let pool = WorkerPool(seats: 4)
      made = pool
      return pool
    }
  }
}

/// Monotonic time.
public protocol NodeClock: Sendable {
  /// Nanoseconds since some fixed point; never goes back.
  func now() -> UInt64
  /// Lets time pass on this thread.
  func pause(nanoseconds: UInt64)
  /// Calls `body` every `nanoseconds` until the returned timer is cancelled.
  func schedule(every nanoseconds: UInt64, _ body: @escaping @Sendable () -> Void) -> any NodeTimer
}

extension NodeClock {
  /// On virtual time nothing arrives during a pause.
  public func pause(nanoseconds: UInt64) {}
}

/// A repeating timer.
public protocol NodeTimer: Sendable {
  /// No call begins after this returns.
  func cancel()
}

/// The machine's monotonic clock; each timer is a thread.
public struct SystemClock: NodeClock {
  /// The clock of this machine.
  public init() {}

  /// `CLOCK_MONOTONIC`.
  public func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// `nanosleep`; a signal may cut it short.
  public func pause(nanoseconds: UInt64) {
    var interval = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&interval, nil)
  }

  /// A thread that sleeps and calls.
  public func schedule(every nanoseconds: UInt64, _ body: @escaping @Sendable () -> Void) -> any NodeTimer {
    ThreadTimer(nanoseconds: nanoseconds, body: body)
  }
}

private final class ThreadTimer: NodeTimer {
  private let isCancelled: Flag
  private let thread: JoinableThread

  private final class Flag: Sendable {
    let value = Atomic(false)
  }

  init(nanoseconds: UInt64, body: @escaping @Sendable () -> Void) {
    let flag = Flag()
    isCancelled = flag
    thread = JoinableThread(name: "tick") {
      while !flag.value.load(ordering: .acquiring) {
        var interval = timespec(
          tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        // An interrupted sleep only makes one tick come early.
        nanosleep(&interval, nil)
        if !flag.value.load(ordering: .acquiring) { body() }
      }
    }
  }

  func cancel() {
    isCancelled.value.store(true, ordering: .releasing)
    thread.join()
  }
}

/// What `Environment.makeExecutor` is asked for.
public enum StageName {
  /// The consensus core.
  public static let raft = "raft"
  /// The durable log.
  public static let log = "log"
  /// The state machine.
  public static let apply = "apply"
  /// Who watches what changed.
  public static let watch = "watch"
  /// The checkpoint.
  public static let flush = "flush"
  /// What members that lag need of this one's storage.
  public static let supplies = "supplies"
  /// The log's next segment.
  public static let preparation = "wal-prepare"
}
