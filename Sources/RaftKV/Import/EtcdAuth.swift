/// etcd's users and roles, word for word.
///
/// This store keeps them as the document `auth/etcd` until it has users and roles of its own. The document: its
/// format's number (1), whether they are asked for (0 or 1), the auth revision, the count of users, each as its length
/// and an `authpb.User`, the count of roles, each as its length and an `authpb.Role`. Numbers are varints.
public struct EtcdAuth: Sendable, Hashable {
  /// The name of the document.
  public static let documentName = "auth/etcd"
  private static let format: UInt64 = 1

  /// Whether requests must come from a user.
  public var isEnabled = false
  /// Counts the changes of users and roles.
  public var revision: UInt64 = 0
  /// `authpb.User` each, by name.
  public var users: [[UInt8]] = []
  /// `authpb.Role` each, by name.
  public var roles: [[UInt8]] = []

  /// The bytes of the document.
  public var document: [UInt8] {
    var bytes: [UInt8] = []
    func add(_ number: UInt64) {
      var rest = number
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    add(Self.format)
    add(isEnabled ? 1 : 0)
    add(revision)
    for messages in [users, roles] {
      add(UInt64(messages.count))
      for message in messages {
        add(UInt64(message.count))
        bytes += message
      }
    }
    return bytes
  }

  /// Reads etcd's buckets; nil when they say that there never were users or roles.
  init?(state: BoltBucket?, users: BoltBucket?, roles: BoltBucket?) throws(ImportError) {
    if let enabled = try state?.value("authEnabled") { isEnabled = enabled == [1] }
    if let row = try state?.value("authRevision") {
      guard row.count == 8 else { throw .badRecord(bucket: "auth", reason: "authRevision is no number") }
      revision = row.reduce(0) { $0 << 8 | UInt64($1) }
    }
    self.users = try Self.messages(users, bucket: "authUsers")
    self.roles = try Self.messages(roles, bucket: "authRoles")
    if !isEnabled && self.users.isEmpty && self.roles.isEmpty { return nil }
  }

  /// Each message's field 1 is the name, which is its key too.
  private static func messages(_ bucket: BoltBucket?, bucket name: String) throws(ImportError) -> [[UInt8]] {
    guard let bucket else { return [] }
    var messages: [[UInt8]] = []
    var cursor = BoltCursor(bucket)
    while let item = try cursor.next() {
      var owner: ArraySlice<UInt8> = []
      var reader = WireFields(item.value)
      while let field = reader.next() {
        if field.number == 1, case .bytes(let bytes) = field.value { owner = bytes }
      }
      guard !item.isBucket, !reader.isMalformed, owner == item.key else {
        throw .badRecord(bucket: name, reason: "a row is not what its key says")
      }
      messages.append([UInt8](item.value))
    }
    return messages
  }
}
