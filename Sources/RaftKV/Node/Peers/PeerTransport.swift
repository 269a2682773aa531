public import Raft

/// Carries what the members of a cluster say to each other: over sockets, or over a simulator's network.
///
/// Everything may be lost: Raft says again what matters, and a forwarded proposal ends by its timeout. Nothing arrives
/// changed, and nothing from another cluster or meant for another member.
public protocol PeerTransport: Sendable {
  /// Begins to listen and to hand what arrives to `receiver`. Called once, before anything else.
  func start(_ identity: PeerIdentity, receiver: any PeerReceiver) throws
  /// The other members from now on; links to those that are gone are closed. `removed` have once been members: one
  /// that calls is told so, and stops.
  func setPeers(_ peers: [PeerAddress], removed: [MemberID])
  /// Hands messages over. Never blocks; drops what does not fit a peer's bounded queue. Heartbeats, votes and answers
  /// never wait behind entries.
  func send(_ messages: [Message])
  /// Hands proposals over to the member that leads, as `send` does.
  func forward(_ proposals: [[UInt8]], to leader: MemberID)
  /// Asks a member something that it answers at once or soon, apart from all messages. `completion` is told once: the
  /// answer, or nil when the member could not be asked or gave none within `milliseconds`.
  func ask(
    _ request: [UInt8], of member: MemberID, milliseconds: Int,
    completion: @escaping @Sendable ([UInt8]?) -> Void)
  /// Asks whoever listens at one of these peer URLs for the cluster's document, each URL in turn. Blocks; only while a
  /// member starts, and possible before `start`. Nil when nobody answers in time.
  func clusterDocument(from urls: [String], milliseconds: Int) -> [UInt8]?
  /// Streams a state to a member, apart from all messages, and goes on where an attempt that was cut off ended.
  /// `completion` is told once, whether the member has all of it and verified it. One at a time to a member.
  func sendSnapshot(
    _ snapshot: SnapshotDescription, from source: any SnapshotSource, to member: MemberID,
    completion: @escaping @Sendable (Bool) -> Void)
  /// When the link to a member was last known to work, in nanoseconds of the node's clock; nil when it is down.
  func activeSince(_ member: MemberID) -> UInt64?
  /// Closes everything; nothing reaches the receiver afterwards.
  func stop()
}

/// Who a member is to its peers.
public struct PeerIdentity: Sendable, Hashable {
  /// Peers of another cluster are refused.
  public var clusterID: UInt64
  /// This member.
  public var memberID: MemberID

  /// An identity with these fields.
  public init(clusterID: UInt64, memberID: MemberID) {
    self.clusterID = clusterID
    self.memberID = memberID
  }
}

/// Where a member is reached.
public struct PeerAddress: Sendable, Hashable {
  /// The member.
  public var id: MemberID
  /// Its peer URLs, each tried in turn.
  public var urls: [String]

  /// An address with these fields.
  public init(id: MemberID, urls: [String]) {
    self.id = id
    self.urls = urls
  }
}

/// Takes what peers say. Its functions are called from the transport's threads, must be quick, and hand on what
/// takes long.
public protocol PeerReceiver: Sendable {
  /// Messages for this member, in the order in which one peer sent them over one link.
  func receive(_ messages: [Message])
  /// Proposals of another member's clients, for the leader.
  func receive(proposals: [[UInt8]], from member: MemberID)
  /// A member asks something (`PeerTransport.ask`); `answer` may be called later, on any thread, once.
  func receive(request: [UInt8], from member: MemberID, answer: @escaping @Sendable ([UInt8]) -> Void)
  /// A peer begins to send a state, or goes on with one. Nil when it is not wanted.
  func beginSnapshot(_ snapshot: SnapshotDescription, from member: MemberID) -> (any SnapshotSink)?
  /// A member could not be reached, or its link ended.
  func lost(_ member: MemberID)
  /// The cluster has removed this member.
  func removedFromCluster()
  /// The cluster's document, for a newcomer that asks who the members are.
  func clusterDocument() -> [UInt8]
}

/// What a snapshot holds, and what tells one from another.
public struct SnapshotDescription: Sendable, Hashable {
  /// The point of the log that it stands for.
  public var snapshot: Snapshot
  /// The sender's term.
  public var term: Term
  /// The same for the same bytes: an attempt that was cut off is resumed only if it is equal.
  public var contentID: UInt64
  /// How many bytes there are.
  public var byteCount: Int64

  /// A description with these fields.
  public init(snapshot: Snapshot, term: Term, contentID: UInt64, byteCount: Int64) {
    self.snapshot = snapshot
    self.term = term
    self.contentID = contentID
    self.byteCount = byteCount
  }
}

/// The bytes of a snapshot that is sent. Used by one thread at a time.
public protocol SnapshotSource: Sendable {
  /// At most `maximumBytes` from `offset`; less than that only at the end.
  func read(at offset: Int64, maximumBytes: Int) throws -> [UInt8]
  /// The transport needs it no longer.
  func close()
}

/// Where the bytes of a snapshot go that is received. Used by one thread at a time.
public protocol SnapshotSink: Sendable {
  /// How many bytes an earlier attempt left: the sender goes on there.
  var receivedBytes: Int64 { get }
  /// The next bytes; fails when they cannot be kept.
  func append(_ bytes: [UInt8]) throws
  /// All bytes are there: verifies them and installs the state; `completion` is told whether it is good.
  func finish(completion: @escaping @Sendable (Bool) -> Void)
  /// The attempt ended early. What is there may be kept for the next.
  func interrupted()
}
