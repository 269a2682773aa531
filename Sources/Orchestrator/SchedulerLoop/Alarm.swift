import Client
import Synchronization

/// Calls at a time that can be set anew.
final class Alarm: Sendable {
  private struct State {
    var due: Duration?
    var sleeper: Task<Void, Never>?
  }

  private let time: any TimeSource
  private let action: @Sendable () -> Void
  private let state = Mutex(State())

  init(time: any TimeSource, action: @escaping @Sendable () -> Void) {
    self.time = time
    self.action = action
  }

  deinit { state.withLock { $0.sleeper?.cancel() } }

  /// Sets the uptime at which to call; nil for never.
  func set(_ due: Duration?) {
    state.withLock { state in
      guard due != state.due else { return }
      state.sleeper?.cancel()
      state.sleeper = nil
      state.due = due
      guard let due else { return }
      state.sleeper = Task { [time, weak self] in
        do {
          try await time.sleep(for: due - time.uptime)
        } catch {
          return
        }
        self?.fire(due)
      }
    }
  }

  private func fire(_ due: Duration) {
    let isDue = state.withLock { state in
      guard state.due == due else { return false }
      state.due = nil
      return true
    }
    if isDue { action() }
  }
}
