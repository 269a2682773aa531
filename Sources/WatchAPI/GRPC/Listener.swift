public import HTTP
public import NIOCore

/// One listening address: HTTP/2 carries gRPC, HTTP/1.1 on the same port the plain endpoints.
public final class Listener: Sendable {
  /// Binds and serves. HTTP/1.1 requests (and HTTP/2 ones that are not gRPC) go to `http`.
  public static func bind(
    group: any EventLoopGroup, host: String, port: Int, router: Router, http: @escaping HTTPHandler,
    limits: ServerLimits = ServerLimits()
  ) -> EventLoopFuture<Listener> { fatalError() }
  /// The port bound (when 0 was asked for, the one the kernel chose).
  public var port: Int { fatalError() }
  /// Stops accepting, sends GOAWAY, lets calls end until `deadline`, then closes.
  public func close(deadline: NIODeadline) -> EventLoopFuture<Void> { fatalError() }
}
