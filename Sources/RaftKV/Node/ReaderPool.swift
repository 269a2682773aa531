import MVCC
import Synchronization

/// A bounded pool of executors for lists and cold reads, so that they never stall a connection's event loop.
final class ReaderPool: Sendable {
  private struct State {
    var waiting: [@Sendable (ReadHandle) -> Void] = []
    /// The next of `waiting` to run: the part before it is spent.
    var next = 0
    /// Executors without work, by number; the last one that fell idle is the first to get work.
    var idle: [Int]
    var isClosed = false

    mutating func takeNext() -> (@Sendable (ReadHandle) -> Void)? {
      guard next < waiting.count else { return nil }
      defer {
        next += 1
        if next == waiting.count {
          waiting.removeAll(keepingCapacity: true)
          next = 0
        } else if next >= 1024 && next * 2 >= waiting.count {
          waiting.removeFirst(next)
          next = 0
        }
      }
      return waiting[next]
    }
  }

  private let state: Mutex<State>
  private let capacity: Int
  private let executors: [any Executor]
  private let handles: [ThreadOwned<ReadHandle>]

  /// `handles`: one an executor. At most `capacity` pieces of work wait.
  init(executors: [any Executor], handles: [ThreadOwned<ReadHandle>], capacity: Int) {
    precondition(executors.count == handles.count && !executors.isEmpty, "every reader has a handle")
    self.capacity = capacity
    self.executors = executors
    self.handles = handles
    state = Mutex(State(idle: Array(executors.indices.reversed())))
  }

  /// Runs `body` on one of the executors; false when too many wait already.
  func run(_ body: @escaping @Sendable (ReadHandle) -> Void) -> Bool {
    let (isAccepted, reader) = state.withLock { state -> (Bool, Int?) in
      guard !state.isClosed, state.waiting.count - state.next < capacity else { return (false, nil) }
      state.waiting.append(body)
      return (true, state.idle.popLast())
    }
    if let reader { executors[reader].execute { self.work(as: reader) } }
    return isAccepted
  }

  /// Runs what waits until nothing does.
  private func work(as reader: Int) {
    while true {
      let next = state.withLock { state in
        let next = state.takeNext()
        if next == nil { state.idle.append(reader) }
        return next
      }
      guard let next else { return }
      next(handles[reader].value)
    }
  }

  /// Finishes what waits and ends the executors.
  func stop() {
    state.withLock { $0.isClosed = true }
    for executor in executors { executor.stop() }
    // What was accepted just before, and reached its executor too late.
    work(as: 0)
  }
}

/// A value that moves to one thread at a time.
///
/// Safe: because the maker gives it up, and only the executor it is made for reads it, or who has stopped that.
struct ThreadOwned<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: sending Value) { self.value = value }
}
