public import HTTP
public import NIOCore
import NIOPosix

/// One listening address: HTTP/2 carries gRPC, HTTP/1.1 on the same port the plain endpoints.
public final class Listener: Sendable {
  private let channel: any Channel
  private let connections: ChannelTable

  private init(_ channel: any Channel, _ connections: ChannelTable) {
    self.channel = channel
    self.connections = connections
  }

  /// Binds and serves. HTTP/1.1 requests (and HTTP/2 ones that are not gRPC) go to `http`.
  public static func bind(
    group: any EventLoopGroup, host: String, port: Int, router: Router, http: @escaping HTTPHandler,
    limits: ServerLimits = ServerLimits()
  ) -> EventLoopFuture<Listener> {
    let (bootstrap, connections) = makeBootstrap(group, router, http, limits)
    return bootstrap.bind(host: host, port: port).map { Listener($0, connections) }
  }

  /// Binds a unix socket, which must not exist unless `replacing`, and serves as `bind(group:host:port:)` does.
  public static func bind(
    group: any EventLoopGroup, unixSocket path: String, replacing: Bool = false, router: Router,
    http: @escaping HTTPHandler, limits: ServerLimits = ServerLimits()
  ) -> EventLoopFuture<Listener> {
    let (bootstrap, connections) = makeBootstrap(group, router, http, limits)
    return bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: replacing)
      .map { Listener($0, connections) }
  }

  private static func makeBootstrap(
    _ group: any EventLoopGroup, _ router: Router, _ http: @escaping HTTPHandler, _ limits: ServerLimits
  ) -> (ServerBootstrap, ChannelTable) {
    let server = GRPCServer(router: router, http: http, limits: limits)
    let connections = ChannelTable(limit: limits.connections)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: limits.backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        guard connections.add(channel) else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ProtocolSniffer(limits: limits, http: http) { channel in
              HTTP2Connection(
                role: .server, limits: limits.connection, minimumPingInterval: limits.minimumPingInterval,
                channel: channel, delegate: server)
            })
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    return (bootstrap, connections)
  }

  /// The port bound (when 0 was asked for, the one the kernel chose).
  public var port: Int { channel.localAddress?.port ?? 0 }

  /// The address bound.
  public var localAddress: SocketAddress? { channel.localAddress }

  /// Connections open now.
  public var connectionCount: Int { connections.count }

  /// Stops accepting, sends GOAWAY, lets calls end until `deadline`, then closes.
  public func close(deadline: NIODeadline) -> EventLoopFuture<Void> {
    let loop = channel.eventLoop
    return channel.close().recover { _ in }.flatMap { [connections] in
      let open = connections.close()
      for channel in open { channel.pipeline.fireUserInboundEventTriggered(GracefulShutdown()) }
      let timer = loop.scheduleTask(deadline: deadline) {
        for channel in open { channel.close(promise: nil) }
      }
      let closed = EventLoopFuture.andAllComplete(open.map(\.closeFuture), on: loop)
      closed.whenComplete { _ in timer.cancel() }
      return closed
    }
  }
}
