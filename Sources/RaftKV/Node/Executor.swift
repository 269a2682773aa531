import Glibc
import Synchronization

/// Runs pieces of work one after another. The real ones own threads; a simulator runs them on virtual time.
public protocol Executor: Sendable {
  /// Runs `work` later, after all work given before it.
  func execute(_ work: @escaping @Sendable () -> Void)
  /// Finishes the work given so far and ends the executor's threads; returns when they ended.
  func stop()
}

/// One thread that runs its work in order.
public final class ThreadExecutor: Executor {
  private let queue: WorkQueue
  private let thread: JoinableThread

  /// `name` is what `top -H` shows: at most 15 bytes.
  public init(name: String) {
    let queue = WorkQueue()
    self.queue = queue
    thread = JoinableThread(name: name) { queue.run() }
  }

  /// Runs `work` on the thread, after what came before.
  public func execute(_ work: @escaping @Sendable () -> Void) { queue.push(work) }

  /// Finishes what waits and joins the thread.
  public func stop() {
    queue.close()
    thread.join()
  }
}

/// Work shared by the threads that `run` it.
final class WorkQueue: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var isClosed = false
  }

  private let state = ConditionMutex(State())

  func push(_ work: @escaping @Sendable () -> Void) {
    state.withLock { state in
      state.waiting.append(work)
    }
    state.signal()
  }

  func close() {
    state.withLock { $0.isClosed = true }
    state.broadcast()
  }

  /// Runs everything pushed, until closed and empty.
  func run() {
    while true {
      let batch = state.wait { state -> [@Sendable () -> Void]? in
        if state.waiting.isEmpty { return state.isClosed ? [] : nil }
        defer { state.waiting = [] }
        return state.waiting
      }
      if batch.isEmpty { return }
      for work in batch { work() }
    }
  }
}

/// A thread that is joined before it is forgotten.
final class JoinableThread: Sendable {
  private let handle: pthread_t
  private let isJoined = Atomic(false)

  init(name: String, body: @escaping @Sendable () -> Void) {
    final class Start: Sendable {
      let name: String
      let body: @Sendable () -> Void
      init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
      }
    }
    var handle = pthread_t()
    let start = Unmanaged.passRetained(Start(name, body))
    let code = pthread_create(
      &handle, nil,
      { pointer in
        let start = Unmanaged<Start>.fromOpaque(pointer!).takeRetainedValue()
        setThreadName(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    precondition(code == 0, "no thread for \(name): \(String(cString: strerror(code)))")
    self.handle = handle
  }

  /// Waits for the thread's end. Does nothing when called on the thread itself or a second time.
  func join() {
    guard pthread_equal(handle, pthread_self()) == 0 else { return }
    if isJoined.exchange(true, ordering: .acquiringAndReleasing) { return }
    pthread_join(handle, nil)
  }
}

/// Names this thread for `top -H` and the like; a name is no reason to fail.
private func setThreadName(_ name: String) {
  let file = open("/proc/thread-self/comm", O_WRONLY)
  guard file >= 0 else { return }
  _ = name.withCString { write(file, $0, strlen($0)) }
  close(file)
}

/// A value behind a mutex, with a condition to wait for.
///
/// Safe: because every access to `value` happens with `mutex` held.
final class ConditionMutex<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(_ value: sending Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&value)
  }

  /// Waits until `body` returns a value.
  func wait<Result>(_ body: (inout Value) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      pthread_cond_wait(condition, mutex)
    }
  }

  func signal() { pthread_cond_signal(condition) }
  func broadcast() { pthread_cond_broadcast(condition) }
}
