import Raft
import WAL

/// Who the member is: written to the log when it starts for the first time, and carried from segment to segment.
struct Identity: Sendable {
  var memberID: UInt64
  /// As it was founded: what the log's first entry finds.
  var cluster: Cluster
  /// The cluster that a new member joins, as its members know it; nil for a founder, and after the first start.
  var joins: Cluster?

  /// How long a new member waits for another to say what it knows of the cluster.
  private static let questionMilliseconds = 2000

  /// The identity of a new member, from its configuration and from what the others know.
  static func new(_ configuration: NodeConfiguration, peers: (any PeerTransport)?) throws(StartError)
    -> Identity
  {
    let (own, listed) = try listedMembers(configuration)
    let others = listed.filter { $0.id != own.id }
    let urls = others.flatMap(\.peerURLs)
    let known = urls.isEmpty ? nil : peers?.clusterDocument(from: urls, milliseconds: questionMilliseconds)
    let running = known.flatMap(Cluster.init(document:))
    if configuration.joinsExistingCluster { return try join(configuration, running, own, urls) }
    if !others.isEmpty && peers == nil {
      throw StartError("--initial-cluster names \(listed.count) members, but this one cannot reach any")
    }
    let identity = Identity(memberID: own.id, cluster: Cluster(founders: listed))
    if let running, running.id == identity.cluster.id {
      if running.member(own.id)?.hasStarted ?? true {
        throw StartError(
          "member \(hex(own.id)) has already been bootstrapped, but \(configuration.dataDirectory) is empty: put its "
            + "data back; or remove the member from the cluster, add it anew, and start it with "
            + "--initial-cluster-state existing")
      }
    }
    return identity
  }

  /// The identity of a founder, whatever the others know.
  static func founder(_ configuration: NodeConfiguration) throws(StartError) -> Identity {
    let (own, listed) = try listedMembers(configuration)
    return Identity(memberID: own.id, cluster: Cluster(founders: listed))
  }

  /// The members that the configuration lists, and which of them this one is.
  private static func listedMembers(
    _ configuration: NodeConfiguration
  ) throws(StartError) -> (own: Member, all: [Member]) {
    let token = configuration.clusterToken
    let listed = configuration.initialCluster.map { listed in
      Member(
        id: Member.id(peerURLs: listed.peerURLs, clusterToken: token), name: listed.name,
        peerURLs: listed.peerURLs)
    }
    // Members of a running cluster may share a name, such as the default: their peer URLs tell them apart.
    let namesakes = listed.filter { $0.name == configuration.name }
    let own = namesakes.first { Set($0.peerURLs) == Set(configuration.peerURLs) } ?? namesakes.first
    guard let own else {
      throw StartError("--initial-cluster does not name this member, \"\(configuration.name)\"")
    }
    guard Set(listed.map(\.id)).count == listed.count else {
      throw StartError("--initial-cluster names the same peer URLs twice")
    }
    guard listed.count <= MembershipView.maximumVoters else {
      throw StartError(
        "--initial-cluster names \(listed.count) members; a cluster has at most \(MembershipView.maximumVoters)"
      )
    }
    return (own, listed)
  }

  /// Finds this member among those of the running cluster by its peer URLs.
  private static func join(
    _ configuration: NodeConfiguration, _ running: Cluster?, _ own: Member, _ urls: [String]
  ) throws(StartError) -> Identity {
    if urls.isEmpty {
      throw StartError(
        "--initial-cluster-state existing needs the other members in --initial-cluster")
    }
    guard let running else {
      throw StartError(
        "cannot fetch the cluster's members from any of \(urls.joined(separator: ", ")): are they running, and are "
          + "these their peer URLs?")
    }
    guard let member = running.members.first(where: { Set($0.peerURLs) == Set(own.peerURLs) }) else {
      throw StartError(
        "the cluster \(hex(running.id)) has no member with the peer URLs \(own.peerURLs.joined(separator: ", ")): add "
          + "this member to it first (etcdctl member add)")
    }
    if member.hasStarted {
      throw StartError(
        "member \(hex(member.id)) has already been bootstrapped, but \(configuration.dataDirectory) is empty: put its "
          + "data back; or remove the member from the cluster and add it anew")
    }
    return Identity(memberID: member.id, cluster: running.founding, joins: running)
  }

  init(memberID: UInt64, cluster: Cluster, joins: Cluster? = nil) {
    self.memberID = memberID
    self.cluster = cluster
    self.joins = joins
  }

  init?(payload: [UInt8]) {
    var reader = DocumentReader(payload[...])
    guard let memberID = reader.varint(), let document = reader.bytes(),
      let cluster = Cluster(document: [UInt8](document))
    else { return nil }
    self.init(memberID: memberID, cluster: cluster)
  }

  var record: LogRecord {
    var writer = DocumentWriter()
    writer.varint(memberID)
    writer.counted(cluster.document)
    return LogRecord(kind: RecordKind.identity.rawValue, term: 0, index: 0, payload: writer.bytes)
  }
}

/// An id as etcd prints it.
func hex(_ id: UInt64) -> String { String(id, radix: 16) }
