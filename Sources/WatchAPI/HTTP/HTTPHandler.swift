public import NIOCore

/// A small, whole HTTP request.
public struct HTTPRequest: Sendable {
  public var method: String
  /// Path without the query.
  public var path: String
  /// Decoded query parameters, in order.
  public var query: [(name: String, value: String)]
  public var headers: [(name: String, value: String)]
  public var body: ByteBuffer
}

/// Its whole answer.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var contentType: String
  public var body: ByteBuffer
  public init(status: Int, contentType: String, body: ByteBuffer) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }
}

/// Answers plain HTTP requests; runs on the connection's event loop and may answer later.
public typealias HTTPHandler = @Sendable (HTTPRequest, any EventLoop) -> EventLoopFuture<HTTPResponse>

/// Every bound of a server's connections, in one place.
public struct ServerLimits: Sendable {
  /// The largest message a client may send, in bytes (etcd: 1.5 MiB + 512 KiB).
  public var messageBytes = 2 << 20
  public init() {}
}
