import NIOCore

/// Decides when a client pings too often, by the rules of gRPC servers (gRPC proposal A8): a ping sooner than
/// `minimumInterval` after the last one is a strike, a third strike ends the connection, and sending headers or
/// data wipes the slate clean.
struct PingPolicy {
  static let maximumStrikes = 2

  private let minimumInterval: TimeAmount
  private var lastPing: NIODeadline?
  private var strikes = 0
  /// Set when headers or data were sent.
  var hasSentSinceLastPing = false

  init(minimumInterval: TimeAmount) {
    self.minimumInterval = minimumInterval
  }

  /// Notes a ping; false when the client must go.
  mutating func receivedPing(at now: NIODeadline) -> Bool {
    defer { lastPing = now }
    if hasSentSinceLastPing {
      hasSentSinceLastPing = false
      strikes = 0
      return true
    }
    if let lastPing, lastPing + minimumInterval > now { strikes += 1 }
    return strikes <= Self.maximumStrikes
  }
}
