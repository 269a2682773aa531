import MVCC

/// A bounded pool of threads for lists and cold reads, so that they never stall a connection's event loop.
final class ReaderPool: Sendable {
  private struct State {
    var waiting: [(ReadHandle) -> Void] = []
    /// The next of `waiting` to run: the part before it is spent.
    var next = 0
    var isClosed = false
  }

  private let state = ConditionMutex(State())
  private let capacity: Int
  private let threads: [JoinableThread]

  /// `handles`: one a thread.
  init(handles: [ThreadOwned<ReadHandle>], capacity: Int) {
    self.capacity = capacity
    let state = self.state
    threads = handles.enumerated().map { number, handle in
      return JoinableThread(name: "reader-\(number)") {
        while true {
          let work = state.wait { state -> ((ReadHandle) -> Void)?? in
            if state.next < state.waiting.count {
              let work = state.waiting[state.next]
              state.next += 1
              if state.next == state.waiting.count {
                state.waiting.removeAll(keepingCapacity: true)
                state.next = 0
              }
              return .some(work)
            }
            return state.isClosed ? .some(nil) : nil
          }
          guard let work else { return }
          work(handle.value)
        }
      }
    }
  }

  /// Runs `body` on one of the threads; false when too many wait already.
  func run(_ body: @escaping @Sendable (ReadHandle) -> Void) -> Bool {
    let accepted = state.withLock { state -> Bool in
      guard !state.isClosed, state.waiting.count - state.next < capacity else { return false }
      state.waiting.append(body)
      return true
    }
    if accepted { state.signal() }
    return accepted
  }

  /// Finishes what waits and ends the threads.
  func stop() {
    state.withLock { $0.isClosed = true }
    state.broadcast()
    for thread in threads { thread.join() }
  }
}

/// A value that moves to one thread and stays there.
///
/// Safe: because the maker gives it up and only the thread it is made for reads it.
struct ThreadOwned<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: sending Value) { self.value = value }
}
