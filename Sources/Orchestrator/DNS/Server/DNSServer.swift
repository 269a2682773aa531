public import Client
public import NIOCore
import NIOPosix
import Objects
import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Why the server cannot begin.
public enum DNSServerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Nothing to listen at, or a domain that leaves no room for names.
  case invalidConfiguration(String)
  /// Somebody else listens there.
  case addressInUse(ServerAddress)
  /// No interface of the machine has the address.
  case addressNotAvailable(ServerAddress)
  /// The process may not listen there.
  case notPermitted(ServerAddress)
  /// Something else.
  case cannotListen(ServerAddress, String)
  /// It has begun before.
  case alreadyBound

  /// What people read.
  public var description: String {
    switch self {
    case .invalidConfiguration(let problem): "the DNS server's configuration: \(problem)"
    case .addressInUse(let address):
      "DNS cannot listen at \(address): the address is in use; stop what listens there, or choose another"
    case .addressNotAvailable(let address):
      "DNS cannot listen at \(address): no interface of this machine has the address"
    case .notPermitted(let address):
      "DNS cannot listen at \(address): not permitted; ports below 1024 need CAP_NET_BIND_SERVICE"
    case .cannotListen(let address, let problem): "DNS cannot listen at \(address): \(problem)"
    case .alreadyBound: "the DNS server listens already"
    }
  }
}

/// The DNS server of a cluster: names of services, endpoints and pods from what its informers see, all others from
/// upstreams.
///
/// It listens from `bind` on, so that others can be asked at once. Questions about the cluster fail (SERVFAIL, so that
/// clients ask again) until all there is is known: a name is never said not to exist because it has not been seen yet.
public final class DNSServer: Sendable {
  /// What the server does.
  public struct Configuration: Sendable {
    /// Names and ranges of the cluster.
    public var zone: ClusterZone.Configuration
    /// Where it listens, each over UDP and TCP. Port 0 is any that is free. An answer over UDP comes from the address
    /// that was asked only if that one is named here, instead of all addresses of the machine (`0.0.0.0`).
    public var addresses: [ServerAddress]
    /// Whom to ask about all other names; if empty, such questions are refused.
    public var upstreams: [ServerAddress]
    /// Whose questions are answered; if empty, everybody's. A server that asks others for anyone is one that attacks
    /// can be reflected by.
    public var clients: [IPRange] = []
    /// How long an upstream may take, before the next one is asked.
    public var upstreamTimeout: Duration
    /// How long a TCP connection may stay without a whole question; it is closed after at most twice that.
    public var connectionTimeout: Duration

    /// A configuration.
    public init(
      zone: ClusterZone.Configuration, addresses: [ServerAddress], upstreams: [ServerAddress] = [],
      upstreamTimeout: Duration = .milliseconds(1500), connectionTimeout: Duration = .seconds(10)
    ) {
      self.zone = zone
      self.addresses = addresses
      self.upstreams = upstreams
      self.upstreamTimeout = upstreamTimeout
      self.connectionTimeout = connectionTimeout
    }
  }

  private struct State {
    var hasBegun = false
    var channels: [any Channel] = []
  }

  private let configuration: Configuration
  private let informers: InformerSet
  private let group: any EventLoopGroup
  private let handler: QueryHandler
  private let forwarder: Forwarder
  private let counterBox = CounterBox()
  private let state = Mutex(State())

  /// A server. It runs neither the informers nor the event loops; its informers are asked for in `run`.
  ///
  /// - Parameters:
  ///   - random: for the order of answers and the numbers of questions to upstreams.
  public init(
    configuration: Configuration, informers: InformerSet, group: any EventLoopGroup,
    time: any TimeSource = SystemTime(),
    random: @escaping @Sendable () -> UInt64 = { .random(in: 0...UInt64.max) }
  ) throws(DNSServerError) {
    guard !configuration.addresses.isEmpty else {
      throw .invalidConfiguration("there is no address to listen at")
    }
    // Larger than that of a server before: one change a second is less than what goes on in a cluster for long.
    let serial = UInt32(truncatingIfNeeded: time.now.seconds)
    guard let zone = ClusterZone(configuration.zone, serial: serial) else {
      throw .invalidConfiguration("the domain \(configuration.zone.domain) leaves no room for names")
    }
    self.configuration = configuration
    self.informers = informers
    self.group = group
    forwarder = Forwarder(
      upstreams: configuration.upstreams, group: group,
      timeout: TimeAmount(configuration.upstreamTimeout),
      uptime: { time.uptime }, random: random, counters: counterBox)
    handler = QueryHandler(
      zone: zone, forwarder: forwarder, clients: configuration.clients, random: random, counters: counterBox)
  }

  /// Whether all there is in the cluster is known.
  public var isReady: Bool { handler.isReady }

  /// What the server has done.
  public var counters: DNSCounters {
    var counters = counterBox.current
    counters.names = handler.nameCount
    return counters
  }

  // MARK: Listening

  /// Listens at all addresses, or at none if it cannot at one of them.
  ///
  /// - Returns: where it listens, in the order of the configuration.
  public func bind() async throws(DNSServerError) -> [ServerAddress] {
    let hasBegun = state.withLock { state in
      defer { state.hasBegun = true }
      return state.hasBegun
    }
    guard !hasBegun else { throw .alreadyBound }
    var bound: [ServerAddress] = []
    for address in configuration.addresses {
      do throws(DNSServerError) {
        bound.append(try await bind(address))
      } catch {
        await closeChannels()
        state.withLock { $0.hasBegun = false }
        throw error
      }
    }
    return bound
  }

  private func bind(_ address: ServerAddress) async throws(DNSServerError) -> ServerAddress {
    var left = address.port == 0 ? DNSLimits.portAttempts : 1
    while true {
      let datagrams = try await bindDatagrams(address)
      let bound = datagrams.localAddress.flatMap { ServerAddress($0) } ?? address
      do throws(DNSServerError) {
        let streams = try await bindStreams(bound)
        state.withLock { $0.channels += [datagrams, streams] }
        return bound
      } catch {
        try? await datagrams.close()
        left -= 1
        // The port is free for one of the two only.
        guard left > 0, error == .addressInUse(bound) else { throw error }
      }
    }
  }

  private func bindDatagrams(_ address: ServerAddress) async throws(DNSServerError) -> any Channel {
    let messages = 16
    let bootstrap = DatagramBootstrap(group: group)
      .channelOption(.datagramVectorReadMessageCount, value: messages)
      .channelOption(
        .recvAllocator,
        value: FixedSizeRecvByteBufferAllocator(capacity: messages * DNSLimits.questionBytes)
      )
      .channelInitializer { [handler] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            DatagramHandler(handler, loop: channel.eventLoop))
        }
      }
    do {
      return try await bootstrap.bind(to: SocketAddress(address)).get()
    } catch {
      throw Self.failure(error, address)
    }
  }

  private func bindStreams(_ address: ServerAddress) async throws(DNSServerError) -> any Channel {
    let idleTimeout = TimeAmount(configuration.connectionTimeout)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 128)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { [handler] channel in
        let counters = handler.counters
        guard handler.serves(channel.remoteAddress) else {
          counters.count { $0.ignored += 1 }
          return channel.close()
        }
        counters.count { $0.openConnections += 1 }
        channel.closeFuture.whenComplete { _ in counters.count { $0.openConnections -= 1 } }
        guard counters.current.openConnections <= DNSLimits.connections else {
          counters.count { $0.refusedConnections += 1 }
          return channel.close()
        }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(StreamHandler(handler, idleTimeout: idleTimeout))
        }
      }
    do {
      return try await bootstrap.bind(to: SocketAddress(address)).get()
    } catch {
      throw Self.failure(error, address)
    }
  }

  private static func failure(_ error: any Error, _ address: ServerAddress) -> DNSServerError {
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE: .addressInUse(address)
    case EADDRNOTAVAIL: .addressNotAvailable(address)
    case EACCES, EPERM: .notPermitted(address)
    default: .cannotListen(address, "\(error)")
    }
  }

  private func closeChannels() async {
    let channels = state.withLock { state in
      defer { state.channels = [] }
      return state.channels
    }
    for channel in channels { try? await channel.close() }
  }

  // MARK: Running

  /// Keeps the names current until the task is cancelled, then stops listening. Can be run once.
  public func run() async {
    let services = informers.informer(for: .services)
    let slices = informers.informer(for: .endpointSlices)
    let namespaces = informers.informer(for: .namespaces)
    var all = [services, slices, namespaces]
    follow(services) { $0.setService($1, $2) }
    follow(slices) { $0.setSlice($1, $2) }
    follow(namespaces) { $0.setNamespace($1.name, isThere: $2 != nil) }
    if configuration.zone.podRecords == .verified {
      let pods = informers.informer(for: .pods)
      follow(pods) { $0.setPod($1, $2) }
      all.append(pods)
    }
    for informer in all { await informer.waitForSync() }
    if !Task.isCancelled {
      handler.setReady(true)
      await Self.untilCancelled()
    }
    handler.setReady(false)
    await closeChannels()
    forwarder.close()
  }

  private func follow(
    _ informer: Informer, _ take: @escaping @Sendable (inout ClusterZone, ObjectKey, JSON?) -> Void
  ) {
    informer.addHandler { [handler] event in
      switch event {
      case .added(let object), .updated(_, let object):
        handler.change { take(&$0, ObjectKey(object), object) }
      case .deleted(let object): handler.change { take(&$0, ObjectKey(object), nil) }
      }
    }
  }

  private static func untilCancelled() async {
    let (never, continuation) = AsyncStream.makeStream(of: Void.self)
    for await _ in never {}
    continuation.finish()
  }
}

extension Resource {
  // The schema of this program has them all; a test says so. None of them can be taken away by input.
  static let services = known("", "v1", "services")
  static let endpointSlices = known("discovery.k8s.io", "v1", "endpointslices")
  static let namespaces = known("", "v1", "namespaces")
  static let pods = known("", "v1", "pods")

  private static func known(_ group: String, _ version: String, _ resource: String) -> Resource {
    guard let known = Resource.builtIn(group: group, version: version, resource: resource) else {
      preconditionFailure("the built-in schema lacks \(resource)")
    }
    return known
  }
}
