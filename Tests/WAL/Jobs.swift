import Synchronization

/// Background work that runs when a test says so.
final class Jobs: Sendable {
  private let pending = Mutex<[@Sendable () -> Void]>([])

  var count: Int { pending.withLock { $0.count } }

  func add(_ job: @escaping @Sendable () -> Void) { pending.withLock { $0.append(job) } }

  func runAll() {
    let jobs = pending.withLock { pending in
      defer { pending = [] }
      return pending
    }
    for job in jobs { job() }
  }
}
