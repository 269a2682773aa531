public import NIOCore

/// Bytes both ways, in order. One reader at a time; what several tasks write at once goes out each whole.
public protocol ByteDuplex: Sendable {
  /// The bytes that have come; nil once the peer has ended its direction. Waits until there are some.
  func read() async throws -> ByteBuffer?

  /// Sends bytes; done once they are on their way, so that a peer that takes none holds the writer back.
  func write(_ bytes: ByteBuffer) async throws

  /// Ends this side's direction: the peer reads the end, and may go on sending.
  func finish()

  /// Ends both directions; what was written before still goes out. May be called more than once and from any thread.
  func close()
}

/// A connection that HTTP/1.1 has handed over (`101 Switching Protocols`, RFC 9110, 7.8): what follows is bytes.
/// Letting go of it closes it, and so does cancelling a task that reads or writes.
public final class ByteTunnel: ByteDuplex {
  private let handler: TunnelHandler

  init(_ handler: TunnelHandler) { self.handler = handler }

  deinit { handler.close() }

  /// The bytes that have come, as many as there are; nil once the peer has ended its direction.
  /// - Throws: `TunnelError`, or `CancellationError` when the task is cancelled.
  public func read() async throws -> ByteBuffer? {
    try await withTaskCancellationHandler {
      try await handler.next()
    } onCancel: {
      handler.close(CancellationError())
    }
  }

  /// Sends bytes; done once the socket has taken them.
  /// - Throws: `TunnelError`, or `CancellationError` when the task is cancelled.
  public func write(_ bytes: ByteBuffer) async throws {
    try await withTaskCancellationHandler {
      try await handler.send(bytes)
    } onCancel: {
      handler.close(CancellationError())
    }
  }

  /// Ends this side's direction.
  public func finish() { handler.finish() }

  /// Ends both directions; what was written before still goes out.
  public func close() { handler.close() }
}

/// Why a tunnel has ended before its end.
public enum TunnelError: Error, Sendable, Hashable {
  /// This side has closed it.
  case closed
  /// The peer, the network or the bound on idle time has ended it; says what is known.
  case lost(String)
}

/// The bounds of a tunnel.
struct TunnelLimits: Sendable {
  /// Bytes that wait to be read before the peer is held back, beyond one read's worth.
  var unreadBytes: Int
  /// A tunnel on which nothing moves for this long is closed.
  var idleTimeout: TimeAmount
}
