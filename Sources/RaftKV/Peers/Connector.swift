import NIOCore
import NIOPosix
import RaftKV

/// Makes connections: those to peers, and the listeners for theirs.
final class Connector: Sendable {
  let group: MultiThreadedEventLoopGroup
  private let limits: PeerLimits
  private let tls: TLSContexts?
  let loops: [any EventLoop]

  init(group: MultiThreadedEventLoopGroup, limits: PeerLimits, tls: TLSContexts?) {
    self.group = group
    self.limits = limits
    self.tls = tls
    loops = Array(group.makeIterator())
  }

  /// Urgent messages and bulk have threads of their own, if there are as many: decoding a large entry or an answer to
  /// it must not keep a heartbeat waiting.
  func loop(for role: ConnectionRole) -> any EventLoop {
    switch role {
    case .urgent, .document: loops[0]
    case .bulk, .snapshot: loops[loops.count - 1]
    }
  }

  /// Connects and greets. The completion runs on `loop`.
  func connect(
    to url: PeerURL, on loop: any EventLoop, hello: Hello, timeout: TimeAmount? = nil,
    completion: @escaping @Sendable (Result<PeerConnection, any Error>) -> Void
  ) {
    if url.isSecure, tls == nil {
      let error = StartError("its URL begins with https://, and this member has no certificate")
      return loop.execute { completion(.failure(error)) }
    }
    let tls = url.isSecure ? tls : nil
    let limits = limits
    let waterMark =
      switch hello.role {
      case .urgent, .document: limits.urgentWaterMark
      case .bulk, .snapshot: limits.bulkWaterMark
      }
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(timeout ?? limits.connectTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(
        .writeBufferWaterMark,
        value: ChannelOptions.Types.WriteBufferWaterMark(
          low: waterMark.lowerBound, high: waterMark.upperBound)
      )
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(tls.clientHandler(host: url.host)) }
          let connection = PeerConnection(
            .dialled(hello), on: channel.eventLoop, limits: limits, tls: tls,
            maximumFrameBytes: limits.urgentFrameBytes
          )
          try channel.pipeline.syncOperations.addHandler(connection)
        }
      }
    bootstrap.connect(host: url.host, port: url.port).whenComplete { result in
      completion(
        Result {
          // A name with several addresses has several channels begin; this is the one that got through.
          let channel = try result.get()
          return try channel.pipeline.syncOperations.handler(type: PeerConnection.self)
        })
    }
  }

  /// Listens; blocks until the address is bound.
  func listen(
    on url: PeerURL, accept: @escaping @Sendable (any Channel, TLSContexts?) -> PeerConnection?
  ) throws(StartError) -> any Channel {
    if url.isSecure, tls == nil {
      throw StartError(
        "cannot listen for peers on \(url): --peer-cert-file and --peer-key-file, or --peer-auto-tls, are missing"
      )
    }
    let tls = url.isSecure ? tls : nil
    let limits = limits
    do {
      return try ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 128)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(.socketOption(.so_keepalive), value: 1)
        .childChannelOption(
          .writeBufferWaterMark,
          value: ChannelOptions.Types.WriteBufferWaterMark(
            low: limits.urgentWaterMark.lowerBound, high: limits.urgentWaterMark.upperBound)
        )
        .childChannelInitializer { channel in
          guard let connection = accept(channel, tls) else { return channel.close() }
          return channel.eventLoop.makeCompletedFuture {
            if let tls { try channel.pipeline.syncOperations.addHandler(tls.serverHandler()) }
            try channel.pipeline.syncOperations.addHandler(connection)
          }
        }
        .bind(host: url.host, port: url.port).wait()
    } catch {
      throw StartError("cannot listen for peers on \(url): \(describeFailure(error))")
    }
  }
}
