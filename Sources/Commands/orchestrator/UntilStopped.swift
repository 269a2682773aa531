import Commands
import Dispatch

/// Runs a component until a signal stops it. What does not end soon after that is left.
func runUntilStopped(_ signals: ShutdownSignals, _ body: @escaping @Sendable () async -> Void) {
  let task = Task { await body() }
  _ = signals.wait()
  signals.forceExitOnNext()
  task.cancel()
  let isOver = DispatchSemaphore(value: 0)
  Task {
    await task.value
    isOver.signal()
  }
  _ = isOver.wait(timeout: .now() + .seconds(3))
}
