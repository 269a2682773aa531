import NIOCore

/// When a connection is to be closed. Moving that later, as each request does, costs a look at the clock and no timer: the
/// one that is set looks again when it fires.
///
/// Safe: because it is used on its channel's event loop only.
final class MovingDeadline: @unchecked Sendable {
  private var deadline: NIODeadline?
  private var timer: Scheduled<Void>?
  private var firesAt: NIODeadline?

  /// Closes `channel` at `deadline`, unless it is moved before.
  func move(to deadline: NIODeadline, of channel: any Channel) {
    self.deadline = deadline
    if let firesAt, firesAt <= deadline { return }
    timer?.cancel()
    set(deadline, channel)
  }

  /// The connection may stay.
  func clear() { deadline = nil }

  /// The connection is gone.
  func end() {
    deadline = nil
    firesAt = nil
    timer?.cancel()
    timer = nil
  }

  private func set(_ time: NIODeadline, _ channel: any Channel) {
    firesAt = time
    timer = channel.eventLoop.scheduleTask(deadline: time) { self.fire(channel) }
  }

  private func fire(_ channel: any Channel) {
    firesAt = nil
    timer = nil
    guard let deadline else { return }
    if deadline <= .now() { channel.close(promise: nil) } else { set(deadline, channel) }
  }
}
