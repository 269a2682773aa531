import Crypto
public import Exchange
import Foundation
public import Objects

/// The objects that tokens are bound to, as they are now.
public protocol BoundObjects: Sendable {
  /// An object, if it is there. `namespace` is empty for nodes.
  func object(_ resource: String, namespace: String, name: String) async -> JSON?
}

/// Makes and checks the tokens of service accounts: JSON Web Tokens (RFC 7519) signed with ES256.
public struct ServiceAccountTokens: TokenAuthenticator {
  /// The shortest life of a token, in seconds.
  public static let shortestSeconds: Int64 = 600
  /// The longest.
  public static let longestSeconds: Int64 = 1 << 32
  /// The longest token that is looked at, in bytes.
  static let tokenBytes = 16 << 10

  /// Who issues the tokens: `https://kubernetes.default.svc`.
  public let issuer: String
  /// What tokens are good for if nobody asks for more: the issuer itself.
  public let audiences: [String]
  private let key: P256.Signing.PrivateKey
  private let objects: any BoundObjects
  private let now: @Sendable () -> Timestamp

  /// Tokens that are signed with a key.
  /// - Parameter pem: the private key (P-256).
  public init(
    pem: String, issuer: String, audiences: [String], objects: any BoundObjects,
    now: @escaping @Sendable () -> Timestamp
  ) throws {
    key = try P256.Signing.PrivateKey(pemRepresentation: pem)
    self.issuer = issuer
    self.audiences = audiences
    self.objects = objects
    self.now = now
  }

  /// The name of the key: a hash of its public half, as Kubernetes makes it.
  var keyID: String {
    Base64Text.url(Array(SHA256.hash(data: key.publicKey.derRepresentation)))
  }

  // MARK: Making

  /// A token for a service account.
  /// - Parameters:
  ///   - serviceAccount: as it is stored.
  ///   - bound: the object with which the token ends, with its kind, and the node of a pod.
  public func issue(
    serviceAccount: JSON, audiences: [String], seconds: Int64, bound: (kind: String, object: JSON)? = nil,
    node: JSON? = nil
  ) -> (token: String, expires: Timestamp) {
    func reference(_ object: JSON) -> JSON {
      ["name": object["metadata", "name"] ?? "", "uid": object["metadata", "uid"] ?? ""]
    }
    let namespace = serviceAccount["metadata", "namespace"]?.string ?? ""
    let name = serviceAccount["metadata", "name"]?.string ?? ""
    let issued = now().seconds
    var claims: JSON = ["namespace": .string(namespace), "serviceaccount": reference(serviceAccount)]
    if let bound { claims[bound.kind.lowercased()] = reference(bound.object) }
    if let node { claims["node"] = reference(node) }
    let body: JSON = [
      "aud": .array((audiences.isEmpty ? self.audiences : audiences).map { .string($0) }),
      "exp": .integer(issued + seconds), "iat": .integer(issued), "nbf": .integer(issued),
      "iss": .string(issuer),
      "jti": .string(UUID().uuidString.lowercased()), "kubernetes.io": claims,
      "sub": .string("system:serviceaccount:\(namespace):\(name)"),
    ]
    let head: JSON = ["alg": "ES256", "kid": .string(keyID), "typ": "JWT"]
    let signed = Base64Text.url(head.serialized()) + "." + Base64Text.url(body.serialized())
    // A key that has been read signs.
    let signature = (try? key.signature(for: Data(signed.utf8)).rawRepresentation).map(Array.init) ?? []
    return (signed + "." + Base64Text.url(signature), Timestamp(seconds: issued + seconds))
  }

  // MARK: Checking

  /// Whose a token is. One of another issuer is none of these.
  public func authenticate(
    token: String, audiences wanted: [String]
  ) async throws(TokenError) -> (user: UserInfo, audiences: [String])? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard token.utf8.count <= Self.tokenBytes, parts.count == 3,
      let body = Base64Text.decodeURL(parts[1]).flatMap({ try? JSON.parse($0) }),
      body["iss"]?.string == issuer
    else { return nil }
    guard let head = Base64Text.decodeURL(parts[0]).flatMap({ try? JSON.parse($0) }),
      head["alg"]?.string == "ES256"
    else { throw TokenError("a token that is not signed with ES256") }
    guard let raw = Base64Text.decodeURL(parts[2]),
      let signature = try? P256.Signing.ECDSASignature(rawRepresentation: Data(raw)),
      key.publicKey.isValidSignature(signature, for: Data((parts[0] + "." + parts[1]).utf8))
    else { throw TokenError("a token with a wrong signature") }
    let time = now().seconds
    guard let expires = body["exp"]?.integer, time < expires else {
      throw TokenError("a token that has expired")
    }
    if let start = body["nbf"]?.integer, time < start { throw TokenError("a token that is not yet good") }
    let given = body["aud"]?.array?.compactMap(\.string) ?? [body["aud"]?.string].compactMap { $0 }
    let good = given.filter { (wanted.isEmpty ? audiences : wanted).contains($0) }
    guard !good.isEmpty else { throw TokenError("a token for other audiences: \(given)") }
    return (try await user(body), good)
  }

  private func user(_ body: JSON) async throws(TokenError) -> UserInfo {
    let claims = body["kubernetes.io"] ?? [:]
    let namespace = claims["namespace"]?.string ?? ""
    let name = claims["serviceaccount", "name"]?.string ?? ""
    let uid = claims["serviceaccount", "uid"]?.string ?? ""
    guard body["sub"]?.string == "system:serviceaccount:\(namespace):\(name)" else {
      throw TokenError("a token whose subject is not its service account")
    }
    try await check("serviceaccounts", namespace, claims["serviceaccount"], "service account")
    var extra: [String: [String]] = [:]
    if let id = body["jti"]?.string {
      extra["authentication.kubernetes.io/credential-id"] = ["JTI=" + id]
    }
    for (member, resource) in [("pod", "pods"), ("secret", "secrets"), ("node", "nodes")] {
      guard let claim = claims[member] else { continue }
      // The node of a pod may have gone: the pod counts.
      if member != "node" || claims["pod"] == nil {
        try await check(resource, member == "node" ? "" : namespace, claim, member)
      }
      if member != "secret" {
        extra["authentication.kubernetes.io/\(member)-name"] = [claim["name"]?.string ?? ""]
        extra["authentication.kubernetes.io/\(member)-uid"] = [claim["uid"]?.string ?? ""]
      }
    }
    return UserInfo(
      name: "system:serviceaccount:\(namespace):\(name)", uid: uid,
      groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)"], extra: extra)
  }

  private func check(
    _ resource: String, _ namespace: String, _ claim: JSON?, _ what: String
  ) async throws(TokenError) {
    let name = claim?["name"]?.string ?? ""
    guard let object = await objects.object(resource, namespace: namespace, name: name),
      let uid = claim?["uid"]?.string, object["metadata", "uid"]?.string == uid
    else { throw TokenError("a token of the \(what) \(namespace)/\(name), which is not there any more") }
    // A minute's grace, as long as what is being deleted may still have to ask for things.
    if let deleted = object["metadata", "deletionTimestamp"]?.string.flatMap({ Timestamp($0) }),
      deleted.seconds + 60 < now().seconds
    {
      throw TokenError("a token of the \(what) \(namespace)/\(name), which is being deleted")
    }
  }

  // MARK: OpenID

  /// The answer to `/.well-known/openid-configuration`.
  public func openIDConfiguration(keysURL: String) -> JSON {
    [
      "issuer": .string(issuer), "jwks_uri": .string(keysURL), "response_types_supported": ["id_token"],
      "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
    ]
  }

  /// The answer to `/openid/v1/jwks`: the public key (RFC 7517).
  public var keySet: JSON {
    let raw = Array(key.publicKey.rawRepresentation)
    return [
      "keys": [
        [
          "use": "sig", "kty": "EC", "kid": .string(keyID), "crv": "P-256", "alg": "ES256",
          "x": .string(Base64Text.url(Array(raw.prefix(32)))),
          "y": .string(Base64Text.url(Array(raw.dropFirst(32)))),
        ]
      ]
    ]
  }
}

/// Base64 as certificates, kubeconfigs and tokens need it.
enum Base64Text {
  static func standard(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  /// Without padding (RFC 4648 §5).
  static func url(_ bytes: [UInt8]) -> String {
    var text = Data(bytes).base64EncodedString()
    while text.hasSuffix("=") { text.removeLast() }
    return String(
      text.map { character in
        switch character {
        case "+": "-"
        case "/": "_"
        default: character
        }
      })
  }

  static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
    guard !text.contains("="), !text.contains("+"), !text.contains("/") else { return nil }
    var standard = String(
      text.map { character in
        switch character {
        case "-": "+"
        case "_": "/"
        default: character
        }
      })
    while standard.utf8.count % 4 != 0 { standard += "=" }
    return Data(base64Encoded: standard).map(Array.init)
  }
}
