/// A whole request that has come over a socket.
public struct HTTPServerRequest: Sendable {
  /// The method as sent, for example `GET`.
  public var method: String
  /// Path and query, as sent.
  public var target: String
  /// Header fields in order, names in lower case. Over HTTP/2 `:authority` is here as `host`.
  public var headers: [(name: String, value: String)]
  /// The whole body, at most `HTTPServerLimits.bodyBytes` long.
  public var body: [UInt8]
  /// The certificates that the client has shown, as DER, its own first; that it holds the key of the first is certain,
  /// and nothing else about them is checked. Empty without TLS, and for a client that showed none.
  public var peerCertificates: [[UInt8]]
  /// The client's address and port, such as `10.0.0.7:40112` or `[::1]:40112`.
  public var remoteAddress: String

  /// A request.
  public init(
    method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    peerCertificates: [[UInt8]] = [], remoteAddress: String = ""
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.peerCertificates = peerCertificates
    self.remoteAddress = remoteAddress
  }

  /// The first value of a header; `name` is in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// An answer.
public struct HTTPServerResponse: Sendable {
  /// Speaks another protocol on a connection that is taken over; done when nothing more is to be said, upon which the
  /// connection is closed. It has to read, to notice that the client goes away.
  public typealias Upgrade = @Sendable (ByteTunnel) async -> Void

  /// What follows the headers.
  public enum Body: Sendable {
    /// All of it, in parts that others may hold too; they are copied piece by piece as the socket takes them.
    case parts([[UInt8]])
    /// What comes as it happens; pulled only while the socket takes bytes.
    case stream(any ResponseStream)
    /// Another protocol, named by the header `upgrade`; see `HTTPServerResponse.upgrade`.
    case upgrade(Upgrade)
  }

  /// The HTTP status code, 200 to 999.
  public var status: Int
  /// Header fields, names in lower case. The server sees to `content-length`, `transfer-encoding` and `connection`
  /// itself; fields that HTTP does not allow are left out.
  public var headers: [(name: String, value: String)]
  /// What follows the headers.
  public var body: Body

  /// An answer.
  public init(status: Int, headers: [(name: String, value: String)] = [], body: Body = .parts([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Takes over the connection for another protocol (RFC 9110, 7.8), which the request must have asked for: it came
  /// over HTTP/1.1 with the fields `upgrade` and `connection: upgrade`. Any other request is answered with 400.
  /// - Parameters:
  ///   - name: the protocol's, such as `SPDY/3.1`.
  ///   - headers: of the answer, beside `upgrade` and `connection`.
  public static func upgrade(
    to name: String, headers: [(name: String, value: String)] = [], run: @escaping Upgrade
  ) -> HTTPServerResponse {
    HTTPServerResponse(status: 101, headers: [("upgrade", name)] + headers, body: .upgrade(run))
  }

  /// A short answer in plain text.
  public static func text(_ status: Int, _ text: String) -> HTTPServerResponse {
    HTTPServerResponse(
      status: status, headers: [("content-type", "text/plain; charset=utf-8")],
      body: .parts([Array(text.utf8)]))
  }
}

/// A body that comes as it happens. One reader at a time.
public protocol ResponseStream: Sendable {
  /// The bytes that follow; nil at the end. Waits until there are some. What it throws breaks the answer off, so that
  /// the peer does not take it for whole.
  func next() async throws -> [UInt8]?

  /// Says that nobody will read on; a reader that waits gets the end. May be called more than once and from any thread.
  func cancel()
}

/// Answers the requests of an `HTTPServer`.
public protocol HTTPExchangeHandler: Sendable {
  /// The answer to a request. Runs on no event loop; its task is cancelled when the client goes away.
  func handle(_ request: HTTPServerRequest) async -> HTTPServerResponse
}
