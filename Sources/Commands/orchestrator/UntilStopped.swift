import Commands
import Dispatch

/// Runs a component until it ends or a signal stops it. What does not end soon after that is left.
/// - Throws: what the component ended with, unless it was told to end.
func runUntilStopped(_ signals: ShutdownSignals, _ body: @escaping @Sendable () async throws -> Void) throws {
  let outcome = Locked<Result<Void, any Error>?>(nil)
  let isOver = DispatchSemaphore(value: 0)
  let task = Task {
    do {
      outcome.set(.success(try await body()))
    } catch {
      outcome.set(.failure(error))
    }
    isOver.signal()
  }
  while signals.poll(afterMilliseconds: 250) == nil {
    if let outcome = outcome.get() { return try outcome.get() }
  }
  signals.forceExitOnNext()
  task.cancel()
  _ = isOver.wait(timeout: .now() + .seconds(3))
}
