import DequeModule
import Glibc
import Synchronization

/// A few threads shared by stages that feed each other: a thread that hands work on and is done takes it up
/// itself, so that a lone request crosses all stages without waking anybody. Under load the stages spread over
/// the threads and run in parallel.
///
/// Work given from outside the pool wakes a thread. Work given by one of its threads wakes another one only if
/// something waits already: otherwise the giver is the next to be free. So a piece of work must not block after
/// it has given the pool more.
final class WorkerPool: Sendable {
  private struct Item {
    var seat: Int
    var work: @Sendable () -> Void
  }

  private struct State {
    var waiting = Deque<Item>()
    /// Work given and not finished, by seat.
    var outstanding: [Int]
    var seatsLeft: Int
    /// Pieces of work under way.
    var running = 0
    /// Whether a thread looks out for work without sleeping.
    var isWatched = false
    /// Whether somebody waits for a seat's work to finish.
    var isLeaving = false
    var workers: [pthread_t] = []
    var isClosed = false

    mutating func take() -> Item? {
      guard let item = waiting.popFirst() else { return nil }
      running += 1
      return item
    }
  }

  private let state: ConditionMutex<State>
  /// Counts the work given, for the thread that looks out for it.
  private let given: Counter
  private let threads: ConditionMutex<[JoinableThread]>

  /// As many threads as seats: each seat's work may run at the same time as every other's.
  init(seats: Int) {
    state = ConditionMutex(State(outstanding: Array(repeating: 0, count: seats), seatsLeft: seats))
    given = Counter()
    threads = ConditionMutex([])
    let started = (0..<seats).map { number in
      JoinableThread(name: "worker-\(number)") { [state, given] in Self.run(state, given) }
    }
    threads.withLock { $0 = started }
  }

  /// One stage's share of the pool.
  func executor(seat: Int) -> any Executor { Seat(pool: self, number: seat) }

  private struct Seat: Executor {
    let pool: WorkerPool
    let number: Int

    func execute(_ work: @escaping @Sendable () -> Void) { pool.push(work, seat: number) }
    func stop() { pool.leave(seat: number) }
  }

  private func push(_ work: @escaping @Sendable () -> Void, seat: Int) {
    let (mustWake, isLeaving) = state.withLock { state in
      let isFirst = state.waiting.isEmpty
      state.waiting.append(Item(seat: seat, work: work))
      state.outstanding[seat] += 1
      let isInside = state.workers.contains { pthread_equal($0, pthread_self()) != 0 }
      return (!state.isWatched && (!isFirst || !isInside), state.isLeaving)
    }
    given.value.wrappingAdd(1, ordering: .releasing)
    if isLeaving { state.broadcast() } else if mustWake { state.signal() }
  }

  /// Waits for the seat's work to finish; the last to leave ends the threads.
  private func leave(seat: Int) {
    let isLast = state.wait { state -> Bool? in
      state.isLeaving = true
      guard state.outstanding[seat] == 0 else { return nil }
      state.isLeaving = false
      state.seatsLeft -= 1
      if state.seatsLeft == 0 { state.isClosed = true }
      return state.isClosed
    }
    guard isLast else { return }
    state.broadcast()
    let threads = threads.withLock { $0 }
    for thread in threads { thread.join() }
  }

  private static func run(_ state: ConditionMutex<State>, _ given: Counter) {
    state.withLock { $0.workers.append(pthread_self()) }
    var watch = Watch()
    while true {
      let seen = given.value.load(ordering: .acquiring)
      let (next, mayWatch) = state.withLock { state -> (Item?, Bool) in
        let item = state.take()
        // Whoever works now takes up what comes next. And a look-out beside a sync of the log would hold up the
        // kernel's own threads that finish it.
        guard item == nil, watch.isWorthwhile, state.running == 0, !state.isWatched, !state.isClosed else {
          return (item, false)
        }
        state.isWatched = true
        return (nil, true)
      }
      if mayWatch {
        watch.untilChange(of: given, from: seen)
        let isMoreWaiting = state.withLock { state in
          state.isWatched = false
          return state.waiting.count > 1
        }
        if isMoreWaiting { state.signal() }
        continue
      }
      let item: Item?
      if let next {
        item = next
      } else {
        watch.sleeps()
        item = state.wait { state -> Item?? in
          if let item = state.take() { return .some(item) }
          return state.isClosed ? .some(nil) : nil
        }
      }
      guard let item else { return }
      item.work()
      let isLeaving = state.withLock { state in
        state.outstanding[item.seat] -= 1
        state.running -= 1
        return state.isLeaving
      }
      if isLeaving { state.broadcast() }
    }
  }

  private final class Counter: Sendable {
    let value = Atomic<UInt64>(0)
  }

  /// Looking out for work without sleeping, for as long as that pays. Waking a thread costs tens of microseconds,
  /// on a virtual machine above all, and a client that waits for each answer pays it on every request. The thread
  /// yields the processor at every look, so that whatever else can run does; and it stops looking out after a few
  /// times in vain, until work comes in quick succession again.
  private struct Watch {
    private static let nanoseconds: UInt64 = 250_000
    private static let triesInVain = 4
    /// Sleeps, each ended by work, after which it is tried again.
    private static let sleepsBeforeTrying = 64

    private var failures = 0
    private var sleepCount = 0

    var isWorthwhile: Bool { failures < Self.triesInVain }

    mutating func sleeps() {
      sleepCount += 1
      if sleepCount >= Self.sleepsBeforeTrying {
        sleepCount = 0
        failures = Self.triesInVain - 1
      }
    }

    mutating func untilChange(of given: Counter, from seen: UInt64) {
      let clock = SystemClock()
      let end = clock.now() + Self.nanoseconds
      repeat {
        for _ in 0..<8 {
          if given.value.load(ordering: .acquiring) != seen {
            failures = 0
            return
          }
          sched_yield()
        }
      } while clock.now() < end
      failures += 1
    }
  }
}
