public import Commands
import Foundation
import GRPC
import HTTP
public import Logging
import NIOCore
import MVCC
public import NIOPosix
import Peers
public import RaftKV
import WatchAPI

/// A member of the store in this process, with its listeners.
public final class StoreServer {
  /// What the member is asked in process.
  public let node: Node
  /// The event loops that its listeners use.
  public let group: MultiThreadedEventLoopGroup

  private let configuration: ServeConfiguration
  private let logger: Logger
  private let promotion: Promotion
  private let sockets: ListenerSet

  /// Opens the data and serves it. Nil when a signal asked to stop before there was anything to stop.
  public static func start(
    _ configuration: ServeConfiguration, logger: Logger, signals: ShutdownSignals
  ) throws -> StoreServer? {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: eventLoopThreads)
    do {
      let isNew = DataFolder(configuration).isNew
      var joined: ClusterJoin.Outcome?
      if isNew, configuration.joinURLs.isEmpty {
        try configuration.checkBootstrap()
      } else if isNew {
        joined = try join(configuration, on: group.next(), logger: logger, signals: signals)
        if joined == nil {
          try group.syncShutdownGracefully()
          return nil
        }
      } else if !configuration.joinURLs.isEmpty {
        logger.info("--join is passed over: this member has data")
      }
      return try StoreServer(configuration, joined: joined, group: group, logger: logger)
    } catch {
      try? group.syncShutdownGracefully()
      throw error
    }
  }

  private init(
    _ configuration: ServeConfiguration, joined: ClusterJoin.Outcome?, group: MultiThreadedEventLoopGroup,
    logger: Logger
  ) throws {
    self.configuration = configuration
    self.group = group
    self.logger = logger
    let transport = try makeTransport(configuration, logger: logger)
    node = try makeNode(configuration, joined: joined, transport: transport, logger: logger)
    promotion = Promotion(node, on: group.next(), logger: logger)
    sockets = ListenerSet(group: group)
    do {
      try listen(transport)
    } catch {
      close()
      throw error
    }
    if !configuration.joinURLs.isEmpty { promotion.attempt() }
  }

  private func listen(_ transport: TCPTransport) throws {
    var limits = EtcdLimits()
    limits.requestBytes = configuration.requestBytesMax
    limits.transactionOperations = configuration.transactionOperationsMax
    limits.electionTimeout = TimeAmount(configuration.electionTimeout)
    let service = try EtcdService(node: node, group: group, limits: limits)
    service.metrics.registerPeers(of: node.memberID) { transport.statistics.map(PeerTraffic.init) }
    var router = Router()
    service.register(in: &router)
    let serverLimits = serverLimits(configuration)
    for url in configuration.listenClientURLs {
      let address = try sockets.bind(url, router: router, http: service.http, limits: serverLimits)
      logger.info("ready to serve client requests", metadata: ["address": "\(address)"])
    }
    for url in configuration.listenMetricsURLs {
      let address = try sockets.bind(url, router: Router(), http: service.http, limits: serverLimits)
      logger.info("ready to serve metrics and health", metadata: ["address": "\(address)"])
    }
  }

  /// Hands leadership over, then stops serving and closes the data. Call it once.
  public func stop() {
    handOverLeadership(of: node, within: configuration.electionTimeout, logger: logger)
    close()
    try? group.syncShutdownGracefully()
  }

  private func close() {
    sockets.close(within: .seconds(5))
    promotion.stop()
    logger.info("the data is being closed")
    node.stop()
  }
}

/// Lets a leader that stops hand over to the voter that has most of the log, so that nobody has to wait for an election.
private func handOverLeadership(of node: Node, within time: Duration, logger: Logger) {
  let status = node.status
  let others = node.members.filter { $0.id != status.memberID && !$0.isLearner }
  guard status.leader == status.memberID, !others.isEmpty else { return }
  let isOver = DispatchSemaphore(value: 0)
  node.moveLeader(to: nil) { error in
    if let error {
      logger.warning("leadership was not handed over", metadata: ["error": "\(error)"])
    } else {
      logger.info("leadership was handed over")
    }
    isOver.signal()
  }
  _ = isOver.wait(timeout: .now() + .milliseconds(time.milliseconds))
}

/// `joined` is what the cluster says of this member, when it was just added to one.
private func makeNode(
  _ configuration: ServeConfiguration, joined: ClusterJoin.Outcome?, transport: TCPTransport, logger: Logger
) throws -> Node {
  let advertised = configuration.advertiseClientURLs ?? configuration.listenClientURLs
  var node = NodeConfiguration(
    name: configuration.name, dataDirectory: configuration.dataDirectory,
    peerURLs: configuration.advertisePeerURLs.map(\.description), clientURLs: advertised.map(\.description))
  node.walDirectory = configuration.walDirectory
  node.initialCluster = configuration.initialCluster.map { ($0.name, $0.peerURLs.map(\.description)) }
  node.clusterToken = configuration.clusterToken
  // With --join nobody founds a cluster, not even after a crash between the two.
  node.joinsExistingCluster = configuration.clusterState == .existing || !configuration.joinURLs.isEmpty
  if let joined {
    node.initialCluster = joined.members.map { member in
      let isOwn = member.id == joined.member.id
      // Those that have not been started have no name yet.
      return (
        isOwn ? configuration.name : member.name.isEmpty ? "\(member.id)" : member.name, member.peerURLs
      )
    }
  }
  node.forcesNewCluster = configuration.forcesNewCluster
  node.checksReconfiguration = configuration.checksReconfiguration
  node.maximumLearners = configuration.learnersMax
  node.preVote = configuration.preVote
  node.heartbeatMilliseconds = configuration.heartbeatInterval.milliseconds
  node.electionMilliseconds = configuration.electionTimeout.milliseconds
  // etcd: `ReqTimeout`.
  node.limits.requestTimeoutMilliseconds = 5000 + 2 * node.electionMilliseconds
  node.quotaBytes = configuration.quotaBytes
  node.maximumRequestBytes = configuration.requestBytesMax
  node.store.memtableBytes = configuration.memtableBytes
  node.store.memtableChanges = configuration.memtableChanges
  node.store.indexDeltaBytes = configuration.indexDeltaBytes
  node.automaticCompaction = configuration.automaticCompaction.map { kept in
    switch kept {
    case .time(let duration): .periodic(nanoseconds: UInt64(duration / .nanoseconds(1)))
    case .revisions(let count): .revisions(count)
    }
  }
  node.limits.logSegmentBytes = configuration.walSegmentBytes
  node.limits.logTailBytes = configuration.logTailBytes
  node.limits.logTailMemoryBytes = configuration.logTailMemoryBytes
  node.limits.watchProgressMilliseconds = configuration.watchProgressInterval.milliseconds
  var environment = Environment.system()
  environment.transport = transport
  return try Node(
    node, environment: environment, decoder: EtcdService.commandDecoder, logger: logger,
    onFailure: { message in
      logger.critical("the member cannot go on", metadata: ["error": "\(message)"])
      exit(1)
    })
}

private func serverLimits(_ configuration: ServeConfiguration) -> ServerLimits {
  var limits = ServerLimits()
  // etcd's own allowance for what surrounds a request.
  limits.messageBytes = configuration.requestBytesMax + (512 << 10)
  limits.minimumPingInterval = TimeAmount(configuration.keepAliveMinimumInterval)
  limits.connection.keepAliveInterval = configuration.keepAliveInterval.map { TimeAmount($0) }
  if let timeout = configuration.keepAliveTimeout {
    limits.connection.keepAliveTimeout = TimeAmount(timeout)
  }
  limits.connection.concurrentStreams = min(
    limits.connection.concurrentStreams, Int(configuration.concurrentStreamsMax))
  return limits
}

/// Event loops: half the processors, the other half being for the member's own threads and the clients.
private var eventLoopThreads: Int { max(1, System.coreCount / 2) }

/// The listeners of one member, closed together.
private final class ListenerSet {
  private let group: any EventLoopGroup
  private var listeners: [Listener] = []

  init(group: any EventLoopGroup) { self.group = group }

  /// Listens on a URL, and returns the address bound.
  func bind(
    _ url: NetworkURL, router: Router, http: @escaping HTTPHandler, limits: ServerLimits
  ) throws -> String {
    let listener: Listener
    do {
      listener = try Listener.bind(
        group: group, host: url.host, port: url.port, router: router, http: http, limits: limits
      ).wait()
    } catch {
      throw ConfigurationError(.value, "cannot listen on \(url): \(Self.cause(of: error))")
    }
    listeners.append(listener)
    return "\(url.host):\(listener.port)"
  }

  /// The system's own words where there are some: NIO's name a C function and its arguments.
  private static func cause(of error: any Error) -> String {
    switch error {
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case SocketAddressError.unknown(let host, _): "the host \(host) is not known"
    default: "\(error)"
    }
  }

  /// Lets calls under way end, for so long.
  func close(within time: TimeAmount) {
    let closing = listeners.map { $0.close(deadline: .now() + time) }
    for listener in closing { try? listener.wait() }
    listeners = []
  }
}

extension Duration {
  fileprivate var milliseconds: Int { Int(self / .milliseconds(1)) }
}
