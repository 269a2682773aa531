import Raft

/// One member of the cluster (etcd API: `Member`).
public struct Member: Sendable, Hashable {
  /// Never 0.
  public var id: UInt64
  /// etcd: `--name`. Empty until the member has started once, unless it is a founder.
  public var name: String
  /// Where the other members reach it.
  public var peerURLs: [String]
  /// Empty until the member has started once.
  public var clientURLs: [String]
  /// It replicates, but does not vote.
  public var isLearner: Bool

  /// A member with these fields.
  public init(
    id: UInt64, name: String, peerURLs: [String], clientURLs: [String] = [], isLearner: Bool = false
  ) {
    self.id = id
    self.name = name
    self.peerURLs = peerURLs
    self.clientURLs = clientURLs
    self.isLearner = isLearner
  }

  /// It has told the cluster its name and where clients reach it.
  public var hasStarted: Bool { !clientURLs.isEmpty }

  /// The id of a founding member: the same on every member that was given the same flags.
  public static func id(peerURLs: [String], clusterToken: String) -> UInt64 {
    stableHash(peerURLs.sorted() + [clusterToken])
  }

  /// The id of a member that is added to a running cluster; `nonce` differs from call to call.
  static func id(peerURLs: [String], nonce: UInt64) -> UInt64 {
    stableHash(peerURLs.sorted() + ["", String(nonce)])
  }

  init?(_ reader: inout DocumentReader) {
    guard let id = reader.varint(), let name = reader.string(), let peerURLs = reader.strings(),
      let clientURLs = reader.strings(), let isLearner = reader.varint()
    else { return nil }
    self.init(id: id, name: name, peerURLs: peerURLs, clientURLs: clientURLs, isLearner: isLearner != 0)
  }

  func encode(to writer: inout DocumentWriter) {
    writer.varint(id)
    writer.counted(name.utf8)
    writer.strings(peerURLs)
    writer.strings(clientURLs)
    writer.varint(isLearner ? 1 : 0)
  }
}

/// The cluster as of one entry of the log: its id, who founded it, its members ordered by id, and who decides.
struct Cluster: Sendable, Hashable {
  /// The name of its document in the store's `meta`.
  static let documentName = "cluster"
  private static let formatVersion: UInt64 = 2

  var id: UInt64
  /// The members before the log's first entry: a member with an empty log begins with them.
  var founders: [Member]
  var members: [Member]
  /// Ids that belonged to members once, and never will again; sorted.
  var removed: [UInt64]
  /// Who decides, as of the same entry.
  var membership: Membership

  /// A cluster founded by these members.
  init(founders: [Member]) {
    self.founders = founders.sorted { $0.id < $1.id }
    members = self.founders
    removed = []
    membership = Membership(voters: members.map(\.id))
    id = stableHash(members.map { String($0.id, radix: 16) })
  }

  /// As it was before the log's first entry.
  var founding: Cluster {
    var cluster = Cluster(founders: founders)
    cluster.id = id
    return cluster
  }

  /// Reads a document; nil if it is not one that this version understands.
  init?(document: [UInt8]) {
    var reader = DocumentReader(document[...])
    guard let version = reader.varint(), version == 1 || version == Self.formatVersion,
      let id = reader.varint(),
      let members = reader.members()
    else { return nil }
    if version == 1 {
      // Of a version whose clusters had one member, for ever.
      self.init(founders: members)
      self.id = id
      return
    }
    guard let founders = reader.members(), let removed = reader.numbers(), let voters = reader.numbers(),
      let outgoing = reader.numbers(), let learners = reader.numbers(), let next = reader.numbers(),
      let leaves = reader.varint()
    else { return nil }
    self.init(founders: founders)
    self.id = id
    self.members = members
    self.removed = removed
    membership = Membership(voters: voters, learners: learners)
    membership.outgoingVoters = outgoing
    membership.nextLearners = next
    membership.leavesAutomatically = leaves != 0
  }

  var document: [UInt8] {
    var writer = DocumentWriter()
    writer.varint(Self.formatVersion)
    writer.varint(id)
    writer.members(members)
    writer.members(founders)
    writer.numbers(removed)
    writer.numbers(membership.voters)
    writer.numbers(membership.outgoingVoters)
    writer.numbers(membership.learners)
    writer.numbers(membership.nextLearners)
    writer.varint(membership.leavesAutomatically ? 1 : 0)
    return writer.bytes
  }

  func member(_ id: UInt64) -> Member? { members.first { $0.id == id } }

  /// Takes over a member's name and client URLs.
  mutating func update(attributesOf member: Member) {
    guard let place = members.firstIndex(where: { $0.id == member.id }) else { return }
    members[place].name = member.name
    members[place].clientURLs = member.clientURLs
  }

  /// Takes over what a configuration entry says; false when the change is not possible, and nothing changes. Fails when
  /// the entry cannot be understood.
  mutating func apply(configuration entry: Entry) throws(StartError) -> Bool {
    guard let change = MembershipChange(decoding: entry.data) else { return false }
    if change.context.isEmpty { return apply(change, nil) }
    guard let envelope = Envelope(change.context) else {
      throw StartError("its change of the members is not of this version's format")
    }
    guard let request = MembershipRequest(document: change.context[envelope.requestOffset...]) else {
      throw StartError("its change of the members is malformed")
    }
    return apply(change, request)
  }

  /// Takes over what a change says; false when the change is not possible, and nothing changes.
  mutating func apply(_ change: MembershipChange, _ request: MembershipRequest?) -> Bool {
    guard let changed = membership.applying(change) else { return false }
    membership = changed
    if let request { apply(request) }
    for place in members.indices {
      let id = members[place].id
      members[place].isLearner = changed.learners.contains(id) || changed.nextLearners.contains(id)
    }
    return true
  }

  /// Takes over what a request for a change says of the members.
  mutating func apply(_ request: MembershipRequest) {
    switch request {
    case .add(let id, let peerURLs, let isLearner):
      guard member(id) == nil else { return }
      members.append(Member(id: id, name: "", peerURLs: peerURLs, isLearner: isLearner))
      members.sort { $0.id < $1.id }
    case .remove(let id):
      members.removeAll { $0.id == id }
      if !removed.contains(id) { removed = (removed + [id]).sorted() }
    case .update(let id, let peerURLs):
      guard let place = members.firstIndex(where: { $0.id == id }) else { return }
      members[place].peerURLs = peerURLs
    case .promote: break
    }
  }
}

extension DocumentWriter {
  fileprivate mutating func members(_ members: [Member]) {
    varint(UInt64(members.count))
    for member in members { member.encode(to: &self) }
  }

  mutating func numbers(_ numbers: [UInt64]) {
    varint(UInt64(numbers.count))
    for number in numbers { varint(number) }
  }
}

extension DocumentReader {
  fileprivate mutating func members() -> [Member]? {
    guard let count = varint() else { return nil }
    var members: [Member] = []
    for _ in 0..<count {
      guard let member = Member(&self) else { return nil }
      members.append(member)
    }
    return members
  }

  mutating func numbers() -> [UInt64]? {
    guard let count = varint() else { return nil }
    var numbers: [UInt64] = []
    for _ in 0..<count {
      guard let number = varint() else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}

/// FNV-1a over the strings and their ends, never 0: the same on every machine and in every version.
private func stableHash(_ strings: [String]) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  for string in strings {
    string.utf8.forEach(add)
    add(0)
  }
  // Spread the last bytes over the whole word.
  hash ^= hash >> 32
  hash = hash &* 0x9E37_79B9_7F4A_7C15
  hash ^= hash >> 29
  return hash == 0 ? 1 : hash
}
