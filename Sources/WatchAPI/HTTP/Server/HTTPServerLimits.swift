public import NIOCore

/// Every bound of an `HTTPServer`, in one place.
public struct HTTPServerLimits: Sendable {
  /// Bytes of a request's body; a longer one is answered with 413.
  public var bodyBytes = 3 << 20
  /// Header fields of an HTTP/1.1 request.
  public var headerFields = 256
  /// Connections open at once; further ones are closed on arrival.
  public var connections = 50_000
  /// Length of the kernel's queue of connections not yet accepted.
  public var backlog: Int32 = 1_024
  /// An HTTP/1.1 connection without a request for this long is closed.
  public var idleTimeout: TimeAmount = .seconds(120)
  /// An HTTP/1.1 connection whose client takes no bytes of an answer for this long is closed.
  public var stallTimeout: TimeAmount = .minutes(5)
  /// A connection that was taken over for another protocol is closed when nothing moves on it for this long.
  public var tunnelIdleTimeout: TimeAmount = .hours(4)
  /// Bytes that wait to be read on such a connection before its client is held back.
  public var tunnelBytes = 256 << 10
  /// Bytes of a stream that wait for the connection's event loop, beyond one piece as the stream gave it.
  public var coalescedBytes = 32 << 10
  /// Pings may come this often on an idle HTTP/2 connection; a client that keeps pinging faster is sent away.
  public var minimumPingInterval: TimeAmount = .seconds(1)
  /// Chains of several client certificates that are remembered for TLS sessions that are resumed.
  public var rememberedChains = 1_024
  /// The bounds of each HTTP/2 connection; `headerListBytes` and `handshakeTimeout` bound HTTP/1.1 as well.
  public var connection: ConnectionLimits

  /// The defaults: a silent HTTP/2 client is pinged often enough to notice within a minute that it is gone, so that its
  /// streams do not stay.
  public init() {
    connection = ConnectionLimits()
    connection.concurrentStreams = 20_000
    connection.streamSendBytes = 64 << 10
    connection.keepAliveInterval = .seconds(30)
    connection.keepAliveTimeout = .seconds(15)
  }
}
