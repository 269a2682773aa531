public import NIOCore

/// A small, whole HTTP request.
public struct HTTPRequest: Sendable {
  /// The method as sent, for example `GET`.
  public var method: String
  /// Path without the query.
  public var path: String
  /// Decoded query parameters, in order.
  public var query: [(name: String, value: String)]
  /// Header fields, names in lower case, in order.
  public var headers: [(name: String, value: String)]
  /// The whole body, at most `ServerLimits.httpBodyBytes` long.
  public var body: ByteBuffer

  /// A request for `target`, which is a path and, after a question mark, a query.
  public init(
    method: String, target: String, headers: [(name: String, value: String)] = [],
    body: ByteBuffer = ByteBuffer()
  ) {
    let parsed = RequestTarget(target)
    self.method = method
    self.path = parsed.path
    self.query = parsed.query
    self.headers = headers
    self.body = body
  }
}

/// Its whole answer.
public struct HTTPResponse: Sendable {
  /// The HTTP status code.
  public var status: Int
  /// The `content-type` field.
  public var contentType: String
  /// The whole body.
  public var body: ByteBuffer
  /// Further fields, names in lower case.
  public var headers: [(name: String, value: String)] = []

  /// An answer of one body.
  public init(status: Int, contentType: String, body: ByteBuffer) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// A short answer in plain text.
  public static func text(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", body: ByteBuffer(string: text))
  }
}

/// Answers plain HTTP requests; runs on the connection's event loop and may answer later.
public typealias HTTPHandler = @Sendable (HTTPRequest, any EventLoop) -> EventLoopFuture<HTTPResponse>
