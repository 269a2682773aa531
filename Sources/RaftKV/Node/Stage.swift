import Glibc
import Synchronization

/// A bounded inbox and the code that empties it, a batch at a time: one hop per batch, never per message.
///
/// While a batch is handled, what arrives waits and forms the next one.
final class Stage<Message: Sendable>: Sendable {
  private struct Inbox {
    var messages: [Message] = []
    var handler: (@Sendable ([Message]) -> Void)?
    /// A run is under way or asked for.
    var isScheduled = false
    var isClosed = false
  }

  private let inbox = Mutex(Inbox())
  private let executor: any Executor
  /// Senders that schedule a run at this moment.
  private let schedulers = Atomic(0)
  private let capacity: Int

  init(executor: any Executor, capacity: Int) {
    self.executor = executor
    self.capacity = capacity
  }

  /// Says who handles the batches: on the executor, one batch at a time. Before the first message.
  func attach(_ handler: @escaping @Sendable ([Message]) -> Void) {
    inbox.withLock { $0.handler = handler }
  }

  /// Hands over a message; false when the inbox is full or closed.
  @discardableResult
  func offer(_ message: Message) -> Bool { enqueue(message, limit: capacity) }

  /// Hands over a message of the node's own, whose number is bounded by what caused it.
  /// False once the stage is stopped.
  @discardableResult
  func submit(_ message: Message) -> Bool { enqueue(message, limit: .max) }

  /// Hands over a message that only repeats what any other message brings about too: left out while others wait,
  /// so that ticks do not pile up before a stage that is held up.
  func nudge(_ message: Message) { _ = enqueue(message, limit: 1) }

  private func enqueue(_ message: Message, limit: Int) -> Bool {
    let (accepted, mustSchedule) = inbox.withLock { inbox -> (Bool, Bool) in
      if inbox.isClosed || inbox.messages.count >= limit { return (false, false) }
      inbox.messages.append(message)
      if inbox.isScheduled { return (true, false) }
      inbox.isScheduled = true
      schedulers.wrappingAdd(1, ordering: .relaxed)
      return (true, true)
    }
    if mustSchedule {
      executor.execute { self.run() }
      schedulers.wrappingSubtract(1, ordering: .releasing)
    }
    return accepted
  }

  /// Handles one batch. What came meanwhile is a run of its own, so that the executor may do other work between.
  private func run() {
    let (batch, handler) = inbox.withLock { inbox in
      var batch: [Message] = []
      // Batches under a steady load are alike: room for one like this spares the next its growing.
      batch.reserveCapacity(inbox.messages.count)
      swap(&batch, &inbox.messages)
      return (batch, inbox.handler)
    }
    guard let handler else { preconditionFailure("a stage got messages before its handler") }
    handler(batch)
    let hasMore = inbox.withLock { inbox in
      inbox.isScheduled = !inbox.messages.isEmpty
      return inbox.isScheduled
    }
    if hasMore { executor.execute { self.run() } }
  }

  /// Refuses what comes from now on, handles what waits, and ends the executor. Lets go of the handler, which
  /// holds the other stages.
  func stop() {
    inbox.withLock { $0.isClosed = true }
    // What was accepted just before must reach the executor in time.
    while schedulers.load(ordering: .acquiring) > 0 { sched_yield() }
    executor.stop()
    inbox.withLock { $0.handler = nil }
  }
}
