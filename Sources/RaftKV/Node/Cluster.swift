/// One member of the cluster (etcd API: `Member`).
public struct Member: Sendable, Hashable {
  /// Never 0.
  public var id: UInt64
  /// etcd: `--name`.
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

  /// The id of a founding member: the same on every member that was given the same flags.
  public static func id(peerURLs: [String], clusterToken: String) -> UInt64 {
    stableHash(peerURLs.sorted() + [clusterToken])
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

/// The cluster: its id, and its members ordered by theirs.
struct Cluster: Sendable, Hashable {
  /// The name of its document in the store's `meta`.
  static let documentName = "cluster"
  private static let formatVersion: UInt64 = 1

  var id: UInt64
  var members: [Member]

  /// A cluster founded by these members.
  init(founders: [Member]) {
    members = founders.sorted { $0.id < $1.id }
    id = stableHash(members.map { String($0.id, radix: 16) })
  }

  /// Reads a document; nil if it is not one that this version understands.
  init?(document: [UInt8]) {
    var reader = DocumentReader(document[...])
    guard reader.varint() == Self.formatVersion, let id = reader.varint(), let count = reader.varint()
    else { return nil }
    self.id = id
    members = []
    for _ in 0..<count {
      guard let member = Member(&reader) else { return nil }
      members.append(member)
    }
  }

  var document: [UInt8] {
    var writer = DocumentWriter()
    writer.varint(Self.formatVersion)
    writer.varint(id)
    writer.varint(UInt64(members.count))
    for member in members { member.encode(to: &writer) }
    return writer.bytes
  }

  /// Takes over a member's name and client URLs.
  mutating func update(attributesOf member: Member) {
    guard let place = members.firstIndex(where: { $0.id == member.id }) else { return }
    members[place].name = member.name
    members[place].clientURLs = member.clientURLs
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
