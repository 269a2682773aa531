internal import Synchronization

/// How many writes each watched thing got from all loops of a run, known when the last loop has ended sending: what
/// every watcher of it is owed.
final class DeliveryLedger: Sendable {
  private struct State {
    var written: [Int: Int] = [:]
    var loopsLeft: Int
  }

  private let state: Mutex<State>

  init(loops: Int) { state = Mutex(State(loopsLeft: loops)) }

  /// A loop has ended sending; `written` has its successful writes by watched thing.
  func add(_ written: [Int: Int]) {
    state.withLock { state in
      state.written.merge(written, uniquingKeysWith: +)
      state.loopsLeft -= 1
    }
  }

  /// Successful writes by watched thing; nil while a loop still sends.
  var total: [Int: Int]? { state.withLock { $0.loopsLeft <= 0 ? $0.written : nil } }
}
