public import Exchange
public import Objects
import Synchronization

/// Finds out who makes a request.
public protocol Authenticator: Sendable {
  /// Who makes the request, and for whom the token that said so is meant; nil if the request does not say in a way that
  /// this authenticator knows.
  /// - Throws: 401 if the request says so but is not believed.
  func authenticate(
    _ request: APIRequest
  ) async throws(StatusError) -> (user: UserInfo, audiences: [String])?
}

/// Finds out whose token a text is.
public protocol TokenAuthenticator: Sendable {
  /// Whose token it is, and for which of the audiences (empty: those of the API server); nil if the text is no token of
  /// the kind that this authenticator knows.
  /// - Throws: why a token of that kind is not accepted.
  func authenticate(
    token: String, audiences: [String]
  ) async throws(AccessError) -> (user: UserInfo, audiences: [String])?
}

/// Tokens of service accounts.
extension ServiceAccountTokens: TokenAuthenticator {
  /// Whose token it is; nil if it is not of this issuer.
  public func authenticate(
    token: String, audiences: [String]
  ) async throws(AccessError) -> (user: UserInfo, audiences: [String])? {
    try await verify(token, audiences: audiences)
  }
}

/// Tokens of joining nodes, which are secrets of the cluster.
public struct BootstrapTokenAuthenticator: TokenAuthenticator {
  private let objects: any BoundObjects
  private let now: @Sendable () -> Timestamp

  /// Looks for the secrets among these objects.
  public init(objects: any BoundObjects, now: @escaping @Sendable () -> Timestamp) {
    self.objects = objects
    self.now = now
  }

  /// Whose token it is; nil if there is no such secret or if it has ended.
  public func authenticate(
    token text: String, audiences: [String]
  ) async throws(AccessError) -> (user: UserInfo, audiences: [String])? {
    guard let token = BootstrapToken(text) else { return nil }
    let secret: JSON?
    do throws(StatusError) {
      secret = try await objects.secret(namespace: BootstrapToken.namespace, name: token.secretName)
    } catch {
      throw AccessError(error.message)
    }
    // Whether there is no such secret or another one in it, nobody is told.
    guard let secret, let user = token.user(secret: secret, now: now()) else { return nil }
    return (user, [])
  }
}

/// Tokens that are given at the start.
public struct StaticTokens: TokenAuthenticator {
  private let users: [(token: String, user: UserInfo)]

  /// These tokens and their users.
  public init(_ users: [String: UserInfo]) { self.users = users.map { (token: $0.key, user: $0.value) } }

  /// Whose token it is; nil if it is none of these.
  public func authenticate(
    token: String, audiences: [String]
  ) async throws(AccessError) -> (user: UserInfo, audiences: [String])? {
    var found: UserInfo?
    for (known, user) in users where ConstantTime.areEqual(known, token) { found = user }
    return found.map { ($0, []) }
  }
}

/// Finds out who makes a request: a component of this process, the owner of a certificate or of a token, or else nobody
/// in particular.
public final class RequestAuthenticator: Authenticator {
  /// How many certificates that have been accepted are remembered.
  static let rememberedCertificates = 1024

  private struct Accepted {
    let user: UserInfo
    let endSeconds: Int64
  }

  private let authority: CertificateAuthority?
  private let tokens: [any TokenAuthenticator]
  private let audiences: [String]
  private let allowsAnonymous: Bool
  private let now: @Sendable () -> Timestamp
  private let accepted = Mutex<[[[UInt8]]: Accepted]>([:])

  /// - Parameters:
  ///   - authority: whose certificates are accepted; none are without one.
  ///   - tokens: asked in this order.
  ///   - audiences: those of the API server.
  ///   - allowsAnonymous: whether a request without credentials is one of `system:anonymous` rather than refused.
  public init(
    authority: CertificateAuthority?, tokens: [any TokenAuthenticator], audiences: [String],
    allowsAnonymous: Bool = true, now: @escaping @Sendable () -> Timestamp
  ) {
    self.authority = authority
    self.tokens = tokens
    self.audiences = audiences
    self.allowsAnonymous = allowsAnonymous
    self.now = now
  }

  /// Who makes the request; never nil.
  public func authenticate(
    _ request: APIRequest
  ) async throws(StatusError) -> (user: UserInfo, audiences: [String])? {
    switch request.credentials {
    case .user(let user): return (Self.authenticated(user), audiences)
    case .certificates(let chain):
      if let user = await user(of: chain) { return (Self.authenticated(user), audiences) }
      // A token may follow. A certificate alone that is not accepted does not make the request an anonymous one.
      guard let found = try await bearer(request) else { throw .unauthorized }
      return found
    case .none:
      if let found = try await bearer(request) { return found }
    }
    guard allowsAnonymous else { throw .unauthorized }
    return (.anonymous, audiences)
  }

  private func user(of chain: [[UInt8]]) async -> UserInfo? {
    guard let authority else { return nil }
    let time = now()
    if let known = accepted.withLock({ $0[chain] }), known.endSeconds > time.seconds { return known.user }
    guard let (user, end) = try? await authority.verify(chain, at: time) else { return nil }
    accepted.withLock { accepted in
      if accepted.count >= Self.rememberedCertificates { accepted.removeAll(keepingCapacity: true) }
      accepted[chain] = Accepted(user: user, endSeconds: end)
    }
    return user
  }

  private func bearer(
    _ request: APIRequest
  ) async throws(StatusError) -> (user: UserInfo, audiences: [String])? {
    guard let token = BearerToken.of(request) else { return nil }
    do throws(AccessError) {
      return try await authenticate(token: token, audiences: [])
    } catch {
      throw .unauthorized
    }
  }

  /// Adds the group of all who are known.
  static func authenticated(_ user: UserInfo) -> UserInfo {
    let group = "system:authenticated"
    guard user.name != UserInfo.anonymous.name, !user.groups.contains(group),
      !user.groups.contains("system:unauthenticated")
    else { return user }
    var user = user
    user.groups.append(group)
    return user
  }
}

extension RequestAuthenticator: TokenAuthenticator {
  /// Whose token it is; never nil.
  /// - Throws: why nobody accepts it.
  public func authenticate(
    token: String, audiences asked: [String]
  ) async throws(AccessError) -> (user: UserInfo, audiences: [String])? {
    var problems: [String] = ["invalid bearer token"]
    for authenticator in tokens {
      do throws(AccessError) {
        guard let (user, found) = try await authenticator.authenticate(token: token, audiences: asked) else {
          continue
        }
        // What knows no audiences is for the API server.
        var common = found
        if found.isEmpty { common = asked.isEmpty ? audiences : audiences.filter { asked.contains($0) } }
        guard !common.isEmpty else { continue }
        return (Self.authenticated(user), common)
      } catch {
        problems.append(error.description)
      }
    }
    throw AccessError(GoText.aggregate(problems))
  }
}

/// The token in a request's headers.
enum BearerToken {
  /// What a browser, which cannot set headers, offers as a WebSocket's protocol in the place of a header.
  private static let protocolPrefix = "base64url.bearer.authorization.k8s.io."

  static func of(_ request: APIRequest) -> String? {
    if let header = request.header("authorization") {
      let parts = header.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
      guard parts.count >= 2, parts[0].lowercased() == "bearer" else { return nil }
      return String(parts[1])
    }
    guard let protocols = request.header("sec-websocket-protocol") else { return nil }
    for part in protocols.split(separator: ",") {
      let name = part.drop { $0 == " " }
      guard name.hasPrefix(protocolPrefix) else { continue }
      let encoded = name.dropFirst(protocolPrefix.count).prefix { $0 != " " && $0 != "=" }
      return Base64URL.decode(encoded).map { String(decoding: $0, as: UTF8.self) }
    }
    return nil
  }
}
