public import NIOCore

/// One HTTP/2 connection to a gRPC server. Belongs to its event loop: methods are called there only.
public final class ClientConnection: @unchecked Sendable {
  public enum Target: Sendable, Hashable {
    case hostPort(String, Int)
    case unixSocket(String)
  }

  public static func connect(to target: Target, on eventLoop: any EventLoop) -> EventLoopFuture<ClientConnection> { fatalError() }
  public var eventLoop: any EventLoop { fatalError() }
  /// Called once when the connection is gone.
  public var onClose: (() -> Void)?

  /// A unary call. `completion` runs on the event loop, exactly once.
  public func unary(
    _ path: String, _ message: ByteBuffer, metadata: Metadata = Metadata(), timeout: TimeAmount? = nil,
    completion: @escaping (Result<ByteBuffer, GRPCStatus>) -> Void
  ) { fatalError() }

  /// Opens a call of any streaming kind.
  public func open(_ path: String, metadata: Metadata = Metadata(), timeout: TimeAmount? = nil) -> ClientCall { fatalError() }

  /// Closes when the calls under way have ended; at once with `now`.
  public func close(now: Bool = false) { fatalError() }
}

/// The client's side of one streaming call. Belongs to its connection's event loop.
public final class ClientCall: @unchecked Sendable {
  public var onMessage: ((ByteBuffer) -> Void)?
  /// Exactly once, last.
  public var onFinish: ((GRPCStatus, Metadata) -> Void)?
  public var onWritable: (() -> Void)?
  public var isWritable: Bool { fatalError() }
  public func send(_ message: ByteBuffer) { fatalError() }
  public func halfClose() { fatalError() }
  public func cancel() { fatalError() }
  public func pause() { fatalError() }
  public func resume() { fatalError() }
}
