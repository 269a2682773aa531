import HTTP
public import NIOCore

/// A gRPC status (grpc.io: status codes). Thrown and sent.
public struct GRPCStatus: Error, Sendable, Hashable {
  public enum Code: Int, Sendable {
    case ok = 0, cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists
    case permissionDenied, resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented
    case internalError, unavailable, dataLoss, unauthenticated
  }

  public var code: Code
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public static let ok = GRPCStatus(.ok, "")
}

/// Header fields or trailers: names in lower case, binary values (`-bin`) decoded by who reads them.
public struct Metadata: Sendable, Hashable {
  public private(set) var fields: [(name: String, value: String)] = []
  public init() {}
  public static func == (left: Metadata, right: Metadata) -> Bool { fatalError() }
  public func hash(into hasher: inout Hasher) { fatalError() }
  public mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }
  /// The first field of that name.
  public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// The server's side of one call. Belongs to its event loop: every member is used there only.
public final class ServerCall: @unchecked Sendable {
  public var eventLoop: any EventLoop { fatalError() }
  /// `/package.Service/Method`
  public var path: String { fatalError() }
  public var metadata: Metadata { fatalError() }
  public var deadline: NIODeadline? { fatalError() }

  // MARK: what the client does (streaming handlers set these when the call begins)
  /// One whole message of a client stream.
  public var onMessage: ((ByteBuffer) -> Void)?
  /// The client will send no more.
  public var onHalfClose: (() -> Void)?
  /// The call ended before `finish`: reset, deadline, connection lost. At most once; sends are ignored after it.
  public var onCancel: (() -> Void)?
  /// The stream took what was buffered: more may be sent.
  public var onWritable: (() -> Void)?
  /// Stops and resumes delivery of messages; while stopped, flow control holds the client back.
  public func pause() { fatalError() }
  public func resume() { fatalError() }

  // MARK: what the server does
  /// False while more than the stream's budget of bytes is waiting: stop sending until `onWritable`.
  public var isWritable: Bool { fatalError() }
  /// Sends one whole message.
  public func send(_ message: ByteBuffer) { fatalError() }
  /// Begins a message of exactly `length` bytes, whose bytes follow in `sendPart`s.
  public func beginMessage(length: Int) { fatalError() }
  public func sendPart(_ bytes: ByteBuffer) { fatalError() }
  /// Ends the call.
  public func finish(_ status: GRPCStatus = .ok, trailers: Metadata = Metadata()) { fatalError() }
  /// `send` and `finish` of a unary answer, in one frame sequence.
  public func respond(_ message: ByteBuffer) { fatalError() }
}

/// How a method is served. Runs on the call's event loop.
public enum Handler: Sendable {
  /// One request, whole; the handler answers with `respond` or `finish`, now or later (on the call's loop).
  case unary(@Sendable (ServerCall, ByteBuffer) -> Void)
  /// Any streaming kind: the handler installs its callbacks.
  case stream(@Sendable (ServerCall) -> Void)
}

/// The methods a server offers, by path.
public struct Router: Sendable {
  public init() {}
  public mutating func add(_ path: String, _ handler: Handler) { fatalError() }
}
