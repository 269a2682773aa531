public import NIOCore

/// A request to be sent.
public struct HTTPClientRequest: Sendable {
  /// Such as `GET`.
  public var method: String
  /// Path and query, encoded as they are to be sent.
  public var target: String
  /// Header fields, names in lower case. `host`, `content-length` and what concerns the connection is added or replaced.
  public var headers: [(name: String, value: String)]
  /// The whole body.
  public var body: [UInt8]
  /// Time for the head of the answer, from the call of `send`; nil for as long as it takes.
  public var headTimeout: TimeAmount?

  /// A request.
  public init(
    method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    headTimeout: TimeAmount? = nil
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.headTimeout = headTimeout
  }
}

/// The head of an answer, and a way to pull its body.
public struct HTTPClientResponse: Sendable {
  /// The HTTP status code.
  public var status: Int
  /// Header fields in order, names in lower case.
  public var headers: [(name: String, value: String)]
  /// What follows. Letting go of it before its end ends the call.
  public var body: HTTPClientBody

  /// The first value of a header; `name` is in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// The answer to a request for another protocol.
public enum HTTPClientUpgrade: Sendable {
  /// The server has taken it up; what follows the head goes through `tunnel`. Names of `headers` are in lower case.
  case switched(headers: [(name: String, value: String)], tunnel: ByteTunnel)
  /// The server has answered the request as any other.
  case answered(HTTPClientResponse)
}

/// Why a call did not come to its end.
public enum HTTPClientError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The method, the target or a header field is nothing that HTTP allows.
  case invalidRequest(String)
  /// No connection came about.
  case cannotConnect(address: String, reason: String)
  /// The TLS handshake failed: a certificate that is not trusted, a name that does not fit.
  case insecure(address: String, reason: String)
  /// Something took too long; says what.
  case timedOut(String)
  /// The connection was lost in the middle of the call.
  case connectionLost(String)
  /// The server has broken the call off, with an HTTP/2 error code (RFC 9113, section 7).
  case reset(UInt32)
  /// As many connections as the client may have are busy.
  case tooManyCalls
  /// `HTTPClient.close` was called.
  case closed

  /// What people read.
  public var description: String {
    switch self {
    case .invalidRequest(let reason): "invalid request: \(reason)"
    case .cannotConnect(let address, let reason): "cannot connect to \(address): \(reason)"
    case .insecure(let address, let reason): "TLS with \(address) failed: \(reason)"
    case .timedOut(let what): "timed out: \(what)"
    case .connectionLost(let reason): "connection lost: \(reason)"
    case .reset(let code): "the server broke the call off (HTTP/2 error \(code))"
    case .tooManyCalls: "too many calls are under way"
    case .closed: "the client is closed"
    }
  }
}

/// Every bound of an `HTTPClient`, in one place.
public struct HTTPClientLimits: Sendable {
  /// Time for TCP, TLS and the first HTTP/2 frame.
  public var connectTimeout: TimeAmount = .seconds(10)
  /// Connections open at once.
  public var connections = 256
  /// Bytes of an answer that wait to be read before the server is held back.
  public var unreadBytes = 256 << 10
  /// Bytes of the head of an HTTP/1.1 answer.
  public var headBytes = 256 << 10
  /// An HTTP/1.1 connection that nobody has used for this long is closed.
  public var idleTimeout: TimeAmount = .seconds(60)
  /// A connection that was taken over for another protocol is closed when nothing moves on it for this long.
  public var tunnelIdleTimeout: TimeAmount = .hours(4)
  /// Attempts at a call that no server has looked at.
  public var attempts = 3
  /// The bounds of an HTTP/2 connection.
  public var connection: ConnectionLimits

  /// The defaults.
  public init() {
    connection = ConnectionLimits()
    connection.streamWindowBytes = unreadBytes
    connection.headerListBytes = headBytes
    connection.keepAliveInterval = .seconds(30)
    connection.keepAliveTimeout = .seconds(15)
  }
}
