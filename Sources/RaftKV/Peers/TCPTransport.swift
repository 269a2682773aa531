import Dispatch
public import Logging
import NIOCore
import NIOPosix
public import Raft
public import RaftKV
import Synchronization

/// Carries what members say to each other over TCP: framed, checksummed, versioned messages.
///
/// To each peer this side dials two connections: one for small messages that must never wait, one for entries and
/// forwarded proposals; and one more for each snapshot. A side sends over the connections that it dialled and receives
/// over those that it accepted, but for answers to questions. The formats are at `Hello`, `HelloAnswer`, `Frame`,
/// `MessageCodec` and `SnapshotFrames`.
public final class TCPTransport: PeerTransport {
  /// What a transport is made with.
  public struct Configuration: Sendable {
    /// Where to listen for peers (etcd: `--listen-peer-urls`).
    public var listenURLs: [String]
    /// Where this member is reached by its peers (etcd: `--initial-advertise-peer-urls`): one that has not heard of it
    /// yet answers there.
    public var advertisedURLs: [String]
    /// Bytes a second of each snapshot that is sent, so that it leaves room for everything else; 0 for no bound.
    public var snapshotBytesPerSecond = 128 << 20
    /// Threads for sockets. From two on, urgent messages have one of their own.
    public var eventLoopThreads = 2
    /// How peers recognise each other, for https URLs; nil when there are none.
    public var tls: PeerTLS?
    /// Bounds of queues, frames and waits.
    public var limits = PeerLimits()
    /// The node's clock, for `activeSince`.
    public var clock: any NodeClock = SystemClock()
    /// Spreads the attempts to connect of several members.
    public var seed: UInt64

    /// A transport that listens on `listenURLs`.
    public init(listenURLs: [String], advertisedURLs: [String], seed: UInt64 = .random(in: .min ... .max)) {
      self.listenURLs = listenURLs
      self.advertisedURLs = advertisedURLs
      self.seed = seed
    }
  }

  private struct State {
    var listeners: [any Channel] = []
    var snapshots: SnapshotExecutors?
    /// By the member that they are sent to.
    var senders: [MemberID: SnapshotSender] = [:]
    var isStopped = false
  }

  private let listenURLs: [PeerURL]
  private let group: MultiThreadedEventLoopGroup
  private let connector: Connector
  private let core: TransportCore
  private let log: PeerLog
  private let state = Mutex(State())

  /// Makes a transport that does nothing yet. Fails when a URL or a certificate cannot be read.
  public init(_ configuration: Configuration, logger: Logger) throws(StartError) {
    var urls: [PeerURL] = []
    for text in configuration.listenURLs { urls.append(try PeerURL(text)) }
    listenURLs = urls
    log = PeerLog(logger, clock: configuration.clock, interval: configuration.limits.logInterval)
    var tls: TLSContexts?
    if let given = configuration.tls { tls = try TLSContexts(given, log: log) }
    group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.eventLoopThreads))
    connector = Connector(group: group, limits: configuration.limits, tls: tls)
    core = TransportCore(configuration, log: log, connector: connector)
  }

  deinit { stop() }

  /// The ports that are listened on, in the order of the configuration's URLs; empty before the start.
  public var boundPorts: [Int] { state.withLock { $0.listeners.map { $0.localAddress?.port ?? 0 } } }

  /// What passed between this member and each of its peers.
  public var statistics: [PeerStatistics] { core.statistics }

  /// Listens, and hands what arrives to `receiver`. Fails with a `StartError` that names the URL.
  public func start(_ identity: PeerIdentity, receiver: any PeerReceiver) throws {
    guard core.start(identity, receiver: receiver) else {
      throw StartError("the peer transport was started before")
    }
    let snapshots = SnapshotExecutors()
    state.withLock { $0.snapshots = snapshots }
    for url in listenURLs {
      let channel = try connector.listen(on: url) { [core] channel, tls in
        let connection = PeerConnection(
          .accepted, on: channel.eventLoop, limits: core.limits, tls: tls,
          maximumFrameBytes: core.limits.urgentFrameBytes)
        guard core.admit(connection) else { return nil }
        connection.delegate = IncomingConnection(core: core, snapshots: snapshots)
        return connection
      }
      state.withLock { $0.listeners.append(channel) }
      log.info("listening for peers", ["url": "\(url)"])
    }
  }

  /// Dials the peers that are new, and lets go of those that are gone.
  public func setPeers(_ peers: [PeerAddress], removed: [MemberID]) {
    core.setPeers(peers, removed: removed)
  }

  /// Queues messages, each for its receiver's connection for messages of its size.
  public func send(_ messages: [Message]) {
    guard messages.count > 1 else {
      if let message = messages.first { core.links(to: message.to)?.link(for: message).submit(messages) }
      return
    }
    var batches: [(link: PeerLink, messages: [Message])] = []
    for (message, links) in zip(messages, core.links(to: messages.map(\.to))) {
      guard let link = links?.link(for: message) else { continue }
      if let index = batches.firstIndex(where: { $0.link === link }) {
        batches[index].messages.append(message)
      } else {
        batches.append((link, [message]))
      }
    }
    for batch in batches { batch.link.submit(batch.messages) }
  }

  /// Queues proposals behind the entries for the same member.
  public func forward(_ proposals: [[UInt8]], to leader: MemberID) {
    guard !proposals.isEmpty, let links = core.links(to: leader) else { return }
    links.bulk.submit(proposals: proposals)
  }

  /// Asks over the connection for urgent messages.
  public func ask(
    _ request: [UInt8], of member: MemberID, milliseconds: Int,
    completion: @escaping @Sendable ([UInt8]?) -> Void
  ) {
    guard let links = core.links(to: member) else { return completion(nil) }
    links.urgent.ask(request, milliseconds: milliseconds, completion: completion)
  }

  /// Asks at each URL in turn, once; the time is shared out among those not asked yet.
  public func clusterDocument(from urls: [String], milliseconds: Int) -> [UInt8]? {
    let end = core.clock.now() &+ UInt64(max(0, milliseconds)) &* 1_000_000
    for (index, text) in urls.enumerated() {
      guard let url = try? PeerURL(text) else {
        log.warning("a peer URL cannot be used", ["url": text])
        continue
      }
      let now = core.clock.now()
      guard now < end, !core.isStopped else { return nil }
      let share = Int((end - now) / 1_000_000) / (urls.count - index)
      if let document = DocumentRequest.send(to: url, by: connector, milliseconds: share) { return document }
    }
    return nil
  }

  /// Streams a snapshot over a connection of its own.
  public func sendSnapshot(
    _ snapshot: SnapshotDescription, from source: any SnapshotSource, to member: MemberID,
    completion: @escaping @Sendable (Bool) -> Void
  ) {
    let urls = core.links(to: member)?.urls ?? []
    let sender = state.withLock { state -> SnapshotSender? in
      guard let snapshots = state.snapshots, !state.isStopped, !urls.isEmpty, state.senders[member] == nil
      else {
        return nil
      }
      let sender = SnapshotSender(
        snapshot, from: source, to: member, urls: urls, core: core, executor: snapshots.sources
      ) { [weak self] isDone in
        self?.state.withLock { $0.senders[member] = nil }
        completion(isDone)
      }
      state.senders[member] = sender
      return sender
    }
    if let sender { return sender.start() }
    source.close()
    completion(false)
  }

  /// Since when the connection for urgent messages works.
  public func activeSince(_ member: MemberID) -> UInt64? { core.activeSince(member) }

  /// Closes all connections and ends the threads. What waits for an answer is told that there is none.
  public func stop() {
    let (listeners, senders, snapshots, isFirst) = state.withLock { state in
      defer {
        state.isStopped = true
        state.listeners = []
        state.snapshots = nil
      }
      return (state.listeners, Array(state.senders.values), state.snapshots, !state.isStopped)
    }
    guard isFirst else { return }
    for channel in listeners { channel.close(promise: nil) }
    core.stop()
    for sender in senders { sender.stop() }
    let loops = connector.loops
    let finish: @Sendable () -> Void = { [group] in
      // What was just told to the loops has been done when this has: whatever the ends of connections leave to the
      // executors is with them, and they in turn still have loops to report to.
      for loop in loops { try? loop.submit {}.wait() }
      snapshots?.stop()
      try? group.syncShutdownGracefully()
    }
    if let loop = MultiThreadedEventLoopGroup.currentEventLoop, loops.contains(where: { $0 === loop }) {
      // A loop cannot wait for its own end.
      DispatchQueue.global().async(execute: finish)
    } else {
      finish()
    }
  }
}
