public import NIOCore

/// What both ends of an HTTP/2 connection bound.
public struct ConnectionLimits: Sendable {
  /// Streams the peer may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS). etcd announces 4,294,967,295;
  /// a bound that no real client meets keeps a hostile one from growing tables without end.
  public var concurrentStreams = 100_000
  /// Bytes of one header block: names, values and 32 a field, as RFC 9113 counts them; also the bytes that a
  /// block may take on the wire.
  public var headerListBytes = 64 << 10
  /// Flow-control window of one stream: bytes the peer may have under way unread.
  public var streamWindowBytes = 1 << 20
  /// Flow-control window of the connection.
  public var connectionWindowBytes = 16 << 20
  /// Bytes that may wait to be sent on a stream before its `isWritable` turns false.
  public var streamSendBytes = 256 << 10
  /// Bytes that may wait on all streams of a connection before every `isWritable` turns false and further
  /// requests wait undelivered.
  public var connectionSendBytes = 16 << 20
  /// Bytes of requests that are held over all streams of a connection: header fields, messages that have begun and not
  /// ended, and requests that wait for the connection to drain.
  public var heldRequestBytes = 64 << 20
  /// Control frames that may wait for a socket that does not drain before reading from it stops.
  public var queuedFrames = 10_000
  /// Stream resets (and stream errors) a peer may cause at once, and how many more each second.
  public var resetBurst = 1_000
  /// Further resets allowed each second.
  public var resetsPerSecond = 200
  /// Frames that carry nothing (empty DATA, PRIORITY, SETTINGS) a peer may send at once.
  public var idleFrameBurst = 10_000
  /// Further idle frames allowed each second.
  public var idleFramesPerSecond = 1_000
  /// A connection without traffic for this long is pinged.
  public var keepAliveInterval: TimeAmount? = .hours(2)
  /// A ping unanswered for this long closes the connection.
  public var keepAliveTimeout: TimeAmount = .seconds(20)
  /// Time for what must come whole: the connection preface, a header block, an HTTP/1.1 request.
  public var handshakeTimeout: TimeAmount = .seconds(20)

  /// The defaults.
  public init() {}
}

/// Every bound of a server's connections, in one place.
public struct ServerLimits: Sendable {
  /// The largest message a client may send, in bytes (etcd: 1.5 MiB + 512 KiB).
  public var messageBytes = 2 << 20
  /// The largest body of a plain HTTP request, in bytes.
  public var httpBodyBytes = 4 << 20
  /// Connections open at once on one listener; further ones are closed on arrival.
  public var connections = 50_000
  /// Length of the kernel's queue of connections not yet accepted.
  public var backlog: Int32 = 1_024
  /// Pings may come this often (etcd: `--grpc-keepalive-min-time`); a client that keeps pinging faster is sent away.
  public var minimumPingInterval: TimeAmount = .seconds(5)
  /// An HTTP/1.1 connection without a request for this long is closed.
  public var httpIdleTimeout: TimeAmount = .seconds(120)
  /// The bounds of each HTTP/2 connection.
  public var connection = ConnectionLimits()

  /// The defaults.
  public init() {}
}

/// Every bound of a client's connection.
public struct ClientLimits: Sendable {
  /// The largest message accepted from the server (etcd's clients take 2 GiB − 1).
  public var messageBytes = Int(Int32.max)
  /// Time for TCP and the first SETTINGS frame.
  public var connectTimeout: TimeAmount = .seconds(10)
  /// The bounds of the HTTP/2 connection.
  public var connection: ConnectionLimits

  /// The defaults: as a server's, without pings of its own.
  public init() {
    connection = ConnectionLimits()
    connection.keepAliveInterval = nil
    connection.heldRequestBytes = Int(Int32.max)
  }
}
