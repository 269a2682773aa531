public import Exchange
public import HTTP
import NIOCore

/// A connection that HTTP has handed over, as the API's answers carry it.
public struct TunnelStream: DuplexStream {
  private let tunnel: any ByteDuplex

  /// The same bytes.
  public init(_ tunnel: any ByteDuplex) { self.tunnel = tunnel }

  /// The bytes that have come; nil once the other side has ended its direction.
  public func read() async throws -> [UInt8]? { try await tunnel.read().map { Array($0.readableBytesView) } }

  /// Sends bytes.
  public func write(_ bytes: [UInt8]) async throws { try await tunnel.write(ByteBuffer(bytes: bytes)) }

  /// Ends this side's direction.
  public func finish() { tunnel.finish() }

  /// Ends both directions.
  public func close() { tunnel.close() }
}
