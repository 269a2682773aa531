public import NIOCore
import NIOPosix
import Synchronization

/// The way from any thread to an event loop. However many pieces of work are posted while one wake-up is pending,
/// the loop is woken once, runs them all, and then flushes each connection that they touched once: a thread that
/// ends 500 requests costs a loop one hop, and a connection one write. What waits in it is bounded by the calls under way
/// that its users let in.
public final class LoopMailbox: Sendable {
  /// The loop on which the work runs.
  public let eventLoop: any EventLoop

  private struct Inbox {
    var work: [@Sendable () -> Void] = []
    var isScheduled = false
  }
  private let inbox = Mutex(Inbox())

  /// What the loop alone touches.
  ///
  /// Safe: because only the loop's thread reads or writes these, in `drain`, `flush` and `flushSoon`.
  private final class Confined: @unchecked Sendable {
    var spare: [@Sendable () -> Void] = []
    var unflushed: [HTTP2Connection] = []
    var isDraining = false
    var isFlushScheduled = false
  }
  private let confined = Confined()

  private init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  private static let ofThread = ThreadSpecificVariable<LoopMailbox>()

  /// The mailbox of the loop that is running this code; there is one for each loop.
  public static func current(of eventLoop: any EventLoop) -> LoopMailbox {
    eventLoop.preconditionInEventLoop()
    if let known = ofThread.currentValue, known.eventLoop === eventLoop { return known }
    let mailbox = LoopMailbox(eventLoop)
    ofThread.currentValue = mailbox
    return mailbox
  }

  /// Runs `work` on the loop, soon and in the order of posting. Callable from any thread, the loop's included.
  public func post(_ work: @escaping @Sendable () -> Void) {
    let mustWake = inbox.withLock { inbox in
      inbox.work.append(work)
      defer { inbox.isScheduled = true }
      return !inbox.isScheduled
    }
    if mustWake { eventLoop.execute { self.drain() } }
  }

  private func drain() {
    var batch = confined.spare
    confined.spare = []
    inbox.withLock { inbox in
      swap(&batch, &inbox.work)
      inbox.isScheduled = false
    }
    confined.isDraining = true
    for work in batch { work() }
    confined.isDraining = false
    batch.removeAll(keepingCapacity: batch.count <= 1_024)
    confined.spare = batch
    flush()
  }

  /// Has `connection` flush once the work under way on this loop is done.
  func flushSoon(_ connection: HTTP2Connection) {
    eventLoop.assertInEventLoop()
    confined.unflushed.append(connection)
    guard !confined.isDraining, !confined.isFlushScheduled else { return }
    confined.isFlushScheduled = true
    eventLoop.execute { self.flush() }
  }

  private func flush() {
    confined.isFlushScheduled = false
    // Flushing may run callbacks that touch further connections: they wait for the next turn.
    let connections = confined.unflushed
    guard !connections.isEmpty else { return }
    confined.unflushed.removeAll(keepingCapacity: false)
    for connection in connections { connection.flush() }
  }
}
