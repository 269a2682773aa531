public import Exchange
public import Objects

/// The tokens with which new nodes introduce themselves: `abcdef.0123456789abcdef`, kept in secrets of `kube-system`.
public struct BootstrapTokens: TokenAuthenticator {
  private let objects: any BoundObjects
  private let now: @Sendable () -> Timestamp

  /// Tokens of the secrets that there are.
  public init(objects: any BoundObjects, now: @escaping @Sendable () -> Timestamp) {
    self.objects = objects
    self.now = now
  }

  /// The two halves of a token; nil if the text is none.
  public static func parse(_ token: String) -> (id: String, secret: String)? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 6, parts[1].utf8.count == 16 else { return nil }
    let isPlain = (parts[0] + parts[1]).utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    return isPlain ? (String(parts[0]), String(parts[1])) : nil
  }

  /// Whose a token is.
  public func authenticate(
    token: String, audiences: [String]
  ) async throws(TokenError) -> (user: UserInfo, audiences: [String])? {
    guard let (id, secret) = Self.parse(token) else { return nil }
    let name = "bootstrap-token-" + id
    guard let stored = await objects.object("secrets", namespace: "kube-system", name: name),
      stored["type"]?.string == "bootstrap.kubernetes.io/token"
    else { throw TokenError("the bootstrap token \(id) is not there") }
    func value(_ key: String) -> String {
      let bytes = stored["data"]?[key]?.string.flatMap { try? Base64.decode($0) } ?? []
      return String(decoding: bytes, as: UTF8.self)
    }
    guard value("token-id") == id, Self.areEqual(value("token-secret"), secret) else {
      throw TokenError("the bootstrap token \(id) has another secret")
    }
    guard stored["metadata", "deletionTimestamp"] == nil else {
      throw TokenError("the bootstrap token \(id) is being deleted")
    }
    let expiration = value("expiration")
    if !expiration.isEmpty {
      guard let end = Timestamp(expiration), now() < end else {
        throw TokenError("the bootstrap token \(id) has expired")
      }
    }
    guard value("usage-bootstrap-authentication") == "true" else {
      throw TokenError("the bootstrap token \(id) is not for authentication")
    }
    var groups = ["system:bootstrappers"]
    groups += value("auth-extra-groups").split(separator: ",").map(String.init)
      .filter { $0.hasPrefix("system:bootstrappers:") }
    return (UserInfo(name: "system:bootstrap:" + id, groups: groups), [])
  }

  /// Takes as long for texts that differ late as for those that differ early.
  private static func areEqual(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
