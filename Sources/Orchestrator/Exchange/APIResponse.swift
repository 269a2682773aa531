/// What an API server answers.
public struct APIResponse: Sendable {
  /// The HTTP status code.
  public var status: Int
  /// Names are in lower case.
  public var headers: [(name: String, value: String)]
  /// What follows the headers.
  public var body: Body

  /// The body of an answer.
  public enum Body: Sendable {
    /// All of it, in parts that others may hold too: a list joins what the store holds without copying it.
    case parts([[UInt8]])
    /// What comes as it happens, such as a watch's events.
    case stream(any BodyStream)
    /// Another protocol from here on (`101 Switching Protocols`), which the header `upgrade` names: whoever carries the
    /// answer calls this with the way to the client, and closes that when it returns.
    case upgrade(@Sendable (any DuplexStream) async -> Void)
  }

  /// An answer with a stream or with parts.
  public init(status: Int, headers: [(name: String, value: String)] = [], body: Body) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An answer with a body of this media type.
  public init(status: Int, contentType: String, bytes: [UInt8], headers: [(name: String, value: String)] = [])
  {
    self.init(
      status: status, headers: [(name: "content-type", value: contentType)] + headers, body: .parts([bytes]))
  }

  /// The first value of a header; `name` is in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// A body that comes as it happens. One reader at a time.
public protocol BodyStream: Sendable {
  /// The bytes that follow; nil at the end. Waits until there are some. Bytes may be shared by many streams.
  func next() async throws -> [UInt8]?

  /// Says that nobody will read on; a reader that waits gets the end. May be called more than once.
  func cancel()
}

/// Bytes both ways, in order. One reader at a time; what several tasks write at once goes out each whole.
public protocol DuplexStream: Sendable {
  /// The bytes that have come; nil once the other side has ended its direction. Waits until there are some.
  func read() async throws -> [UInt8]?

  /// Sends bytes; done once they are on their way, so that a side that takes none holds the writer back.
  func write(_ bytes: [UInt8]) async throws

  /// Ends this side's direction.
  func finish()

  /// Ends both directions. May be called more than once and from any thread.
  func close()
}

extension APIResponse.Body {
  /// All bytes of a body of at most `limit` bytes.
  /// - Throws: `BodyTooLarge`, or what the stream throws.
  public func bytes(limit: Int = .max) async throws -> [UInt8] {
    var all: [UInt8] = []
    switch self {
    case .parts(let parts):
      for part in parts { all += part }
    case .stream(let stream):
      while let part = try await stream.next() {
        all += part
        guard all.count <= limit else {
          stream.cancel()
          throw BodyTooLarge(limit: limit)
        }
      }
    // What follows is no body.
    case .upgrade: break
    }
    guard all.count <= limit else { throw BodyTooLarge(limit: limit) }
    return all
  }
}

/// A body has more bytes than whoever reads it takes.
public struct BodyTooLarge: Error, Sendable, Hashable {
  /// In bytes.
  public let limit: Int

  /// A body above `limit` bytes.
  public init(limit: Int) { self.limit = limit }
}

/// A way to an API server: TLS to another process, or a call within this one.
public protocol APITransport: Sendable {
  /// Sends a request and waits for the head of its answer.
  /// - Throws: what kept the request from being answered at all, such as a refused connection.
  func send(_ request: APIRequest) async throws -> APIResponse
}
