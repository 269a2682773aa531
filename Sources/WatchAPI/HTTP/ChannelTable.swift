public import NIOCore
import Synchronization

/// The connections of a listener that are open, at most so many.
public final class ChannelTable: Sendable {
  private struct State {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var isClosed = false
  }
  private let limit: Int
  private let state = Mutex(State())

  /// A table that takes `limit` connections.
  public init(limit: Int) { self.limit = limit }

  /// Connections open now.
  public var count: Int { state.withLock { $0.channels.count } }

  /// Takes no more, and returns those that are open.
  public func close() -> [any Channel] {
    state.withLock { state in
      state.isClosed = true
      return Array(state.channels.values)
    }
  }

  /// Notes a channel until it closes; false when there are too many, or the listener has closed.
  public func add(_ channel: any Channel) -> Bool {
    let id = ObjectIdentifier(channel)
    let isAdded = state.withLock { state in
      guard !state.isClosed, state.channels.count < limit else { return false }
      state.channels[id] = channel
      return true
    }
    guard isAdded else { return false }
    channel.closeFuture.whenComplete { _ in self.state.withLock { $0.channels[id] = nil } }
    return true
  }
}
