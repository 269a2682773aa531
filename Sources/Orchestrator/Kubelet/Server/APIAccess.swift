import Checksum
public import Client
public import Exchange
import HTTP
import Objects
import Synchronization

/// Who may use the kubelet's port.
public protocol KubeletAccess: Sendable {
  /// Who makes a request; nil if that is nobody who is known.
  /// - Parameters:
  ///   - certificates: that the client has shown, as DER, its own first; not verified.
  ///   - token: the bearer token, if there is one.
  func user(certificates: [[UInt8]], token: String?) async -> UserInfo?
  /// Whether the user may.
  func allows(_ user: UserInfo, _ permission: NodePermission) async throws(StatusError) -> Bool
}

/// Has the API server say who may use the kubelet's port (Kubernetes API: TokenReview, SubjectAccessReview), and remembers
/// its answers for a while.
public final class APIAccess: KubeletAccess {
  /// Verifies certificates against the cluster's authority: whose they are, or nil.
  public typealias CertificateCheck = @Sendable (_ chain: [[UInt8]]) async -> UserInfo?

  private struct Question: Hashable {
    let user: UserInfo
    let verb: String
    let subresource: String
  }

  private let client: APIClient
  private let nodeName: String
  private let certificateUser: CertificateCheck
  private let allowsAnonymous: Bool
  private let limits: KubeletServerLimits
  private let time: any TimeSource
  private let users: Mutex<TimedCache<[UInt8], UserInfo?>>
  private let decisions: Mutex<TimedCache<Question, Bool>>

  /// - Parameters:
  ///   - client: speaks as the node, which may create both reviews.
  ///   - allowsAnonymous: whether a request without credentials is one of `system:anonymous` rather than refused.
  public init(
    client: APIClient, nodeName: String, allowsAnonymous: Bool = false,
    limits: KubeletServerLimits = KubeletServerLimits(), time: any TimeSource = SystemTime(),
    certificateUser: @escaping CertificateCheck
  ) {
    self.client = client
    self.nodeName = nodeName
    self.certificateUser = certificateUser
    self.allowsAnonymous = allowsAnonymous
    self.limits = limits
    self.time = time
    users = Mutex(TimedCache(capacity: limits.rememberedDecisions))
    decisions = Mutex(TimedCache(capacity: limits.rememberedDecisions))
  }

  /// The owner of the certificate if it is one of the cluster's, or else of the token.
  public func user(certificates: [[UInt8]], token: String?) async -> UserInfo? {
    if !certificates.isEmpty, let user = await certificateUser(certificates) { return Self.known(user) }
    if let token { return await user(of: token) }
    return certificates.isEmpty && allowsAnonymous ? .anonymous : nil
  }

  private func user(of token: String) async -> UserInfo? {
    guard !token.isEmpty, token.utf8.count <= limits.tokenBytes else { return nil }
    // Tokens themselves are not kept.
    var hash = SHA256()
    hash.add(Array(token.utf8))
    let key = hash.digest
    let now = time.uptime
    if let known = users.withLock({ $0.value(of: key, now: now) }) { return known }
    let review: JSON = [
      "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": ["token": .string(token)],
    ]
    let path = "/apis/authentication.k8s.io/v1/tokenreviews"
    // Nobody is let in while the API server cannot be asked, and it is asked again next time.
    guard let answer = try? await client.request("POST", path, body: review) else { return nil }
    let user = Self.user(in: answer["status"])
    users.withLock {
      $0.insert(user, key, until: now + (user == nil ? limits.refusedFor : limits.acceptedFor), now: now)
    }
    return user
  }

  private static func user(in status: JSON?) -> UserInfo? {
    guard let status, status["authenticated"]?.boolean == true, let name = status["user", "username"]?.string
    else { return nil }
    func texts(_ value: JSON?) -> [String] { value?.array?.compactMap(\.string) ?? [] }
    var extra: [String: [String]] = [:]
    for member in status["user", "extra"]?.object ?? [:] { extra[member.key] = texts(member.value) }
    return known(
      UserInfo(
        name: name, uid: status["user", "uid"]?.string ?? "", groups: texts(status["user", "groups"]),
        extra: extra))
  }

  /// Adds the group of all who are known.
  private static func known(_ user: UserInfo) -> UserInfo {
    guard !user.groups.contains("system:authenticated") else { return user }
    var user = user
    user.groups.append("system:authenticated")
    return user
  }

  /// Whether one of the permission's subresources is the user's.
  public func allows(_ user: UserInfo, _ permission: NodePermission) async throws(StatusError) -> Bool {
    for subresource in permission.subresources {
      if try await allows(Question(user: user, verb: permission.verb, subresource: subresource)) {
        return true
      }
    }
    return false
  }

  private func allows(_ question: Question) async throws(StatusError) -> Bool {
    let now = time.uptime
    if let known = decisions.withLock({ $0.value(of: question, now: now) }) { return known }
    let user = question.user
    func list(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
    var spec: JSON = [
      "user": .string(user.name), "groups": list(user.groups),
      "resourceAttributes": [
        "verb": .string(question.verb), "version": "v1", "resource": "nodes",
        "subresource": .string(question.subresource), "name": .string(nodeName),
      ],
    ]
    if !user.uid.isEmpty { spec["uid"] = .string(user.uid) }
    if !user.extra.isEmpty {
      spec["extra"] = .object(JSONObject(user.extra.map { ($0.key, list($0.value)) }))
    }
    let answer = try await client.request(
      "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      body: ["apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec])
    let isAllowed = answer["status", "allowed"]?.boolean == true
    decisions.withLock {
      let span = isAllowed ? limits.acceptedFor : limits.refusedFor
      $0.insert(isAllowed, question, until: now + span, now: now)
    }
    return isAllowed
  }
}

/// Values that are valid for a while, no more than `capacity` of them.
struct TimedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let capacity: Int
  private var entries: [Key: (value: Value, end: Duration)] = [:]

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { entries.count }

  /// Nil if there is none, or it is valid no more.
  func value(of key: Key, now: Duration) -> Value? {
    guard let entry = entries[key], entry.end > now else { return nil }
    return entry.value
  }

  mutating func insert(_ value: Value, _ key: Key, until end: Duration, now: Duration) {
    if entries.count >= capacity, entries[key] == nil {
      entries = entries.filter { $0.value.end > now }
      // Whoever is forgotten is asked about again.
      if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
    }
    entries[key] = (value, end)
  }
}
