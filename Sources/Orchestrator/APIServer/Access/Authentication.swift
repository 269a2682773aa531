public import Exchange
public import Objects

/// Finds out who makes a request.
public protocol Authenticator: Sendable {
  /// The user, and the audiences that the credentials are good for (empty: all); nil if there are no credentials of the
  /// kind that this one knows.
  /// - Throws: 401 if there are, and they are not good.
  func authenticate(_ request: APIRequest) async throws(StatusError) -> (user: UserInfo, audiences: [String])?
}

/// Finds out whose a bearer token is.
public protocol TokenAuthenticator: Sendable {
  /// Nil if the token is none of this kind.
  /// - Parameter audiences: the token must be good for one of these; empty: those of the API itself.
  /// - Throws: what is wrong with a token of this kind.
  func authenticate(token: String, audiences: [String]) async throws(TokenError)
    -> (user: UserInfo, audiences: [String])?
}

/// Why a token is not good.
public struct TokenError: Error, Sendable, Hashable, CustomStringConvertible {
  /// For the log; clients are told no more than that they are not known.
  public let description: String

  /// A reason.
  public init(_ description: String) { self.description = description }
}

/// Asks for a component of the process, a certificate, then a token; without any the user is anonymous.
public struct RequestAuthenticator: Authenticator {
  private let certificates: ClientCertificates?
  private let tokens: [any TokenAuthenticator]
  private let allowsAnonymous: Bool
  private let now: @Sendable () -> Timestamp
  private let refused: @Sendable (String) -> Void

  /// An authenticator.
  /// - Parameter refused: is told why credentials were not good.
  public init(
    certificates: ClientCertificates?, tokens: [any TokenAuthenticator], allowsAnonymous: Bool = true,
    now: @escaping @Sendable () -> Timestamp, refused: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.certificates = certificates
    self.tokens = tokens
    self.allowsAnonymous = allowsAnonymous
    self.now = now
    self.refused = refused
  }

  /// The user of a request; nil only where nobody may be anonymous.
  public func authenticate(_ request: APIRequest) async throws(StatusError) -> (
    user: UserInfo, audiences: [String]
  )? {
    switch request.credentials {
    case .user(let user): return (Self.authenticated(user), [])
    case .certificates(let chain):
      if let certificates {
        do {
          return (Self.authenticated(try certificates.user(of: chain, at: now())), [])
        } catch {
          refused("a client certificate: \(error)")
          throw .unauthorized
        }
      }
    case .none: break
    }
    if let header = request.header("authorization") {
      let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
      if parts.count == 2, parts[0].lowercased() == "bearer" {
        let token = parts[1].trimmingSpaces
        guard let (user, audiences) = try await authenticate(token: token, audiences: []) else {
          throw .unauthorized
        }
        return (user, audiences)
      }
    }
    return allowsAnonymous ? (.anonymous, []) : nil
  }

  /// The user of a token; nil if it is not good.
  public func authenticate(token: String, audiences: [String]) async throws(StatusError) -> (
    user: UserInfo, audiences: [String]
  )? {
    for authenticator in tokens {
      do throws(TokenError) {
        if let (user, audiences) = try await authenticator.authenticate(token: token, audiences: audiences) {
          return (Self.authenticated(user), audiences)
        }
      } catch {
        refused("a token: \(error)")
        return nil
      }
    }
    refused("a token of no known kind")
    return nil
  }

  private static func authenticated(_ user: UserInfo) -> UserInfo {
    guard user.name != UserInfo.anonymous.name, !user.groups.contains("system:authenticated") else {
      return user
    }
    var user = user
    user.groups.append("system:authenticated")
    return user
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

/// Whom a request wants to be taken for (headers `Impersonate-…`).
public struct Impersonation: Sendable, Hashable {
  /// The user to be.
  public var user: UserInfo
  /// What the real user must be allowed to do for that, with the user that is missing filled in by the caller.
  public var needed: [Attributes]

  /// Reads the headers; nil if there are none.
  /// - Throws: 400 for headers that make no sense.
  public init?(_ request: APIRequest, by user: UserInfo) throws(StatusError) {
    var name = ""
    var uid = ""
    var groups: [String] = []
    var extra: [String: [String]] = [:]
    var isThere = false
    for (header, value) in request.headers where header.hasPrefix("impersonate-") {
      isThere = true
      switch header {
      case "impersonate-user": name = value
      case "impersonate-uid": uid = value
      case "impersonate-group": groups.append(value)
      default:
        guard header.hasPrefix("impersonate-extra-") else { continue }
        extra[Self.unescaped(String(header.dropFirst("impersonate-extra-".count))), default: []].append(value)
      }
    }
    guard isThere else { return nil }
    guard !name.isEmpty else {
      throw .badRequest("requested [\(groups.joined(separator: " "))] without impersonating a user")
    }
    needed = []
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" {
      needed.append(
        Attributes(
          user: user, verb: "impersonate", resource: "serviceaccounts", namespace: String(parts[2]),
          name: String(parts[3])))
      if groups.isEmpty {
        groups = ["system:serviceaccounts", "system:serviceaccounts:\(parts[2])"]
      }
    } else {
      needed.append(Attributes(user: user, verb: "impersonate", resource: "users", name: name))
    }
    for group in groups where !group.hasPrefix("system:serviceaccounts") || parts.count != 4 {
      needed.append(Attributes(user: user, verb: "impersonate", resource: "groups", name: group))
    }
    if !uid.isEmpty {
      needed.append(
        Attributes(
          user: user, verb: "impersonate", group: "authentication.k8s.io", version: "v1", resource: "uids",
          name: uid))
    }
    for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
      needed += values.map {
        Attributes(
          user: user, verb: "impersonate", group: "authentication.k8s.io", version: "v1",
          resource: "userextras",
          subresource: key, name: $0)
      }
    }
    if name == UserInfo.anonymous.name {
      if !groups.contains("system:unauthenticated") { groups.append("system:unauthenticated") }
    } else if !groups.contains("system:authenticated"), !groups.contains("system:unauthenticated") {
      groups.append("system:authenticated")
    }
    self.user = UserInfo(name: name, uid: uid, groups: groups, extra: extra)
  }

  private static func unescaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
