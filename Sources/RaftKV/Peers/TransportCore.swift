import NIOCore
import NIOPosix
import Raft
import RaftKV
import Synchronization

/// What all parts of one transport share: who this member is, who the others are, and to whom what arrives is handed.
final class TransportCore: Sendable {
  let limits: PeerLimits
  let clock: any NodeClock
  let log: PeerLog
  let seed: UInt64
  let advertisedURLs: [String]
  let snapshotBytesPerSecond: Int
  let connector: Connector

  private struct State {
    var identity: PeerIdentity?
    var receiver: (any PeerReceiver)?
    var peers: [MemberID: PeerLinks] = [:]
    /// Members that greeted this one and are not among `peers` yet, in the order in which they came.
    var unknown: [PeerLinks] = []
    var removed: Set<MemberID> = []
    var counters: [MemberID: PeerCounters] = [:]
    /// The accepted connections by whose they are and what for.
    var incoming: [IncomingKey: PeerConnection] = [:]
    /// All of them, those that have not greeted yet included.
    var accepted: [ObjectIdentifier: PeerConnection] = [:]
    var hasToldRemoval = false
    var isStopped = false
  }

  private struct IncomingKey: Hashable {
    var member: MemberID
    var role: ConnectionRole
  }

  private let state = Mutex(State())

  init(_ configuration: TCPTransport.Configuration, log: PeerLog, connector: Connector) {
    limits = configuration.limits
    clock = configuration.clock
    seed = configuration.seed
    advertisedURLs = configuration.advertisedURLs
    snapshotBytesPerSecond = configuration.snapshotBytesPerSecond
    self.log = log
    self.connector = connector
  }

  var identity: PeerIdentity? { state.withLock { $0.identity } }
  /// Nil before the start and after the stop.
  var receiver: (any PeerReceiver)? { state.withLock { $0.receiver } }
  var isStopped: Bool { state.withLock { $0.isStopped } }

  func start(_ identity: PeerIdentity, receiver: any PeerReceiver) -> Bool {
    state.withLock { state in
      guard state.identity == nil, !state.isStopped else { return false }
      state.identity = identity
      state.receiver = receiver
      return true
    }
  }

  /// Ends all links and connections, soon; nothing reaches the receiver from now on.
  func stop() {
    let (links, connections) = state.withLock { state in
      state.isStopped = true
      state.receiver = nil
      defer {
        state.peers = [:]
        state.unknown = []
        state.incoming = [:]
        state.accepted = [:]
      }
      return (Array(state.peers.values) + state.unknown, Array(state.accepted.values))
    }
    for links in links { links.stop() }
    for connection in connections { connection.onEventLoop { $0.close("the transport stops") } }
  }

  // MARK: The other members

  func links(to member: MemberID) -> PeerLinks? {
    state.withLock { $0.peers[member] ?? $0.unknown.first { $0.member == member } }
  }

  /// The links to each receiver of a batch, under one lock.
  func links(to members: [MemberID]) -> [PeerLinks?] {
    state.withLock { state in
      members.map { member in state.peers[member] ?? state.unknown.first { $0.member == member } }
    }
  }

  func counters(of member: MemberID) -> PeerCounters {
    state.withLock { Self.counters(of: member, &$0) }
  }

  private static func counters(of member: MemberID, _ state: inout State) -> PeerCounters {
    if let known = state.counters[member] { return known }
    let counters = PeerCounters(member: member)
    state.counters[member] = counters
    return counters
  }

  func activeSince(_ member: MemberID) -> UInt64? { state.withLock { $0.counters[member] }?.activeSince }

  /// Of the members that are peers now, by their ids.
  var statistics: [PeerStatistics] {
    let counters = state.withLock { state in
      state.peers.keys.sorted().compactMap { state.counters[$0] }
    }
    return counters.map(\.statistics)
  }

  func setPeers(_ addresses: [PeerAddress], removed: [MemberID]) {
    let (ended, closing) = state.withLock { state -> ([PeerLinks], [PeerConnection]) in
      guard !state.isStopped, let identity = state.identity else { return ([], []) }
      state.removed = Set(removed)
      var former = state.peers
      state.peers = [:]
      for links in state.unknown { former[links.member] = links }
      for address in addresses where address.id != identity.memberID {
        let urls = usableURLs(address.urls, of: address.id)
        if let links = former.removeValue(forKey: address.id) {
          links.setURLs(urls)
          state.peers[address.id] = links
        } else {
          state.peers[address.id] = PeerLinks(
            address.id, urls: urls, core: self, counters: Self.counters(of: address.id, &state))
        }
      }
      state.unknown.removeAll { links in
        guard former[links.member] != nil else { return true }
        if state.removed.contains(links.member) { return true }
        former[links.member] = nil
        return false
      }
      var closing: [PeerConnection] = []
      for member in state.removed where state.peers[member] == nil {
        for role in [ConnectionRole.urgent, .bulk, .snapshot] {
          if let connection = state.incoming.removeValue(forKey: IncomingKey(member: member, role: role)) {
            closing.append(connection)
          }
        }
      }
      for member in state.counters.keys
      where state.peers[member] == nil && !state.unknown.contains(where: { $0.member == member }) {
        state.counters[member] = nil
      }
      return (Array(former.values), closing)
    }
    for links in ended { links.stop() }
    for connection in closing {
      connection.onEventLoop { $0.close("the cluster has removed the member") }
    }
  }

  private func usableURLs(_ texts: [String], of member: MemberID) -> [PeerURL] {
    texts.compactMap { text in
      do throws(StartError) {
        return try PeerURL(text)
      } catch {
        log.warning(
          "a member's peer URL cannot be used", ["member": hexadecimal(member), "error": error.description])
        return nil
      }
    }
  }

  // MARK: Accepted connections

  /// Whether an accepted connection may go on: false when there are too many.
  func admit(_ connection: PeerConnection) -> Bool {
    state.withLock { state in
      guard !state.isStopped, state.accepted.count < limits.acceptedConnections else { return false }
      state.accepted[ObjectIdentifier(connection)] = connection
      return true
    }
  }

  func ended(_ connection: PeerConnection) {
    state.withLock { $0.accepted[ObjectIdentifier(connection)] = nil }
  }

  /// Why a greeting is refused; nil when it is welcome.
  func refusal(of hello: Hello) -> Refusal? {
    state.withLock { state in
      guard !state.isStopped, let identity = state.identity else { return .busy }
      if hello.role == .document { return nil }
      if hello.clusterID != identity.clusterID { return .cluster }
      if hello.receiver != identity.memberID { return .receiver }
      if hello.sender == identity.memberID { return .sender }
      if hello.sender == 0 { return .malformed }
      if state.removed.contains(hello.sender) && state.peers[hello.sender] == nil { return .removed }
      return nil
    }
  }

  /// Takes a greeted connection up. It replaces an older one of the same member for the same purpose, which the member
  /// must have lost. A member that is not known yet is answered from now on: it may be a leader whose entries would
  /// make it known.
  func take(_ connection: PeerConnection, _ hello: Hello) -> PeerCounters {
    let (counters, replaced, dropped, greeted) = state.withLock {
      state -> (PeerCounters, PeerConnection?, PeerLinks?, PeerLinks?) in
      let counters = Self.counters(of: hello.sender, &state)
      let key = IncomingKey(member: hello.sender, role: hello.role)
      let replaced = state.incoming.updateValue(connection, forKey: key)
      var dropped: PeerLinks?
      var greeted: PeerLinks?
      if state.peers[hello.sender] == nil, !state.unknown.contains(where: { $0.member == hello.sender }) {
        let urls = usableURLs(hello.urls, of: hello.sender)
        if !urls.isEmpty, !state.isStopped {
          if state.unknown.count >= limits.unknownMembers { dropped = state.unknown.removeFirst() }
          let links = PeerLinks(hello.sender, urls: urls, core: self, counters: counters)
          state.unknown.append(links)
          greeted = links
        }
      }
      return (counters, replaced, dropped, greeted)
    }
    replaced?.onEventLoop { $0.close("the member has a newer connection") }
    dropped?.stop()
    if greeted != nil {
      log.info(
        "a member greets that is not known here yet",
        ["member": hexadecimal(hello.sender), "address": connection.remoteAddress])
    }
    return counters
  }

  func release(_ connection: PeerConnection, _ hello: Hello) {
    state.withLock { state in
      let key = IncomingKey(member: hello.sender, role: hello.role)
      if state.incoming[key] === connection { state.incoming[key] = nil }
    }
  }

  // MARK: What the receiver is told

  func lost(_ member: MemberID) { receiver?.lost(member) }

  /// A member of this cluster says that this one was removed; told once.
  func removed() {
    let receiver = state.withLock { state -> (any PeerReceiver)? in
      defer { state.hasToldRemoval = true }
      return state.hasToldRemoval ? nil : state.receiver
    }
    receiver?.removedFromCluster()
  }
}
