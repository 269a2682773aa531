public import Exchange
public import Objects
import Synchronization

/// Makes and checks the tokens of service accounts (Kubernetes API: `TokenRequest`, bound tokens).
public final class ServiceAccountTokens: Sendable {
  /// How tokens are made and which are accepted.
  public struct Settings: Sendable {
    /// Who says that it makes the tokens: an URL.
    public var issuer: String
    /// Whom tokens are for if nobody else is named, and who accepts them: the API server.
    public var audiences: [String]
    /// Keys whose tokens are accepted beside those of the key that signs.
    public var formerKeys: [TokenVerifierKey] = []

    /// The settings of a stock cluster unless said otherwise.
    public init(
      issuer: String = "https://kubernetes.default.svc.cluster.local",
      audiences: [String] = ["https://kubernetes.default.svc.cluster.local"]
    ) {
      self.issuer = issuer
      self.audiences = audiences
    }
  }

  /// The shortest life of a token, in seconds.
  static let shortestSeconds: Int64 = 600
  /// The longest, in seconds.
  static let longestSeconds: Int64 = 1 << 32
  /// What the kubelet asks for on behalf of clients that may not know that tokens end: such a token ends later, and
  /// only says that it should have been replaced.
  static let legacySeconds: Int64 = 3607
  /// The life of such a token, in seconds.
  static let extendedSeconds: Int64 = 365 * 24 * 3600
  /// How long after the end of an object that is being deleted its tokens are still good, in seconds.
  static let deletionLeewaySeconds: Int64 = 60
  /// How many tokens whose signature has been checked are remembered.
  static let rememberedTokens = 4096

  private let key: TokenKey
  let settings: Settings
  private let keys: [TokenVerifierKey]
  private let objects: any BoundObjects
  private let now: @Sendable () -> Timestamp
  private let uid: @Sendable () -> String
  private let checked = Mutex<[String: JSON]>([:])

  /// Tokens signed by this key.
  public init(
    key: TokenKey, settings: Settings, objects: any BoundObjects, now: @escaping @Sendable () -> Timestamp,
    uid: @escaping @Sendable () -> String
  ) {
    self.key = key
    self.settings = settings
    self.objects = objects
    self.now = now
    self.uid = uid
    keys = [key.verifier] + settings.formerKeys
  }

  /// Answers a `TokenRequest`.
  /// - Parameters:
  ///   - serviceAccount: as it is stored.
  ///   - request: the request, decoded.
  ///   - boundKind: `Pod`, `Secret` or `Node`, if the token is to end with such an object.
  ///   - bound: that object, as it is stored.
  ///   - node: the node of a bound pod.
  /// - Returns: the request with its token and when that ends.
  /// - Throws: 422 if the life that is asked for is too short or too long.
  public func issue(
    serviceAccount: JSON, request: JSON, boundKind: String = "", bound: JSON? = nil, node: JSON? = nil
  ) throws(StatusError) -> JSON {
    let seconds = request["spec", "expirationSeconds"]?.integer ?? 3600
    let path = FieldPath("spec", "expirationSeconds")
    let name = serviceAccount.text("metadata", "name")
    if seconds < Self.shortestSeconds {
      throw Self.invalid(
        .invalid(path, .integer(seconds), "may not specify a duration less than 10 minutes"), name)
    }
    if seconds > Self.longestSeconds {
      throw Self.invalid(
        .invalid(path, .integer(seconds), "may not specify a duration larger than 2^32 seconds"), name)
    }
    let asked = request["spec"]?.strings("audiences") ?? []
    let audiences = asked.isEmpty ? settings.audiences : asked
    let time = now()
    let isExtended =
      seconds == Self.legacySeconds && boundKind == "Pod"
      && audiences.allSatisfy { settings.audiences.contains($0) }
    let token: String
    do throws(AccessError) {
      token = try key.sign(
        claims(
          serviceAccount, audiences: audiences, bound: (boundKind, bound, node), time: time,
          seconds: isExtended ? Self.extendedSeconds : seconds, warnAfter: isExtended ? seconds : nil))
    } catch {
      throw .internalError(error.description)
    }
    var answer = request
    answer["kind"] = "TokenRequest"
    answer["apiVersion"] = "authentication.k8s.io/v1"
    for (field, text) in [
      ("name", name), ("namespace", serviceAccount.text("metadata", "namespace")),
      ("creationTimestamp", time.text),
    ] where answer["metadata", field] == nil {
      answer["metadata", field] = .string(text)
    }
    answer["spec", "audiences"] = .strings(audiences)
    answer["spec", "expirationSeconds"] = .integer(seconds)
    if answer["spec", "boundObjectRef"] == nil { answer["spec", "boundObjectRef"] = .null }
    answer["status"] = [
      "token": .string(token),
      "expirationTimestamp": .string(Timestamp(seconds: time.seconds + seconds).text),
    ]
    return answer
  }

  private static func invalid(_ error: FieldError, _ name: String) -> StatusError {
    .invalid([error], group: "authentication.k8s.io", kind: "TokenRequest", name: name)
  }

  private func claims(
    _ serviceAccount: JSON, audiences: [String], bound: (kind: String, object: JSON?, node: JSON?),
    time: Timestamp, seconds: Int64, warnAfter: Int64?
  ) -> JSON {
    let namespace = serviceAccount.text("metadata", "namespace")
    func reference(_ object: JSON) -> JSON {
      ["name": .string(object.text("metadata", "name")), "uid": .string(object.text("metadata", "uid"))]
    }
    var own: JSON = ["namespace": .string(namespace), "serviceaccount": reference(serviceAccount)]
    if let object = bound.object {
      switch bound.kind {
      case "Pod":
        own["pod"] = reference(object)
        let node = object.text("spec", "nodeName")
        if let known = bound.node {
          own["node"] = reference(known)
        } else if !node.isEmpty {
          own["node"] = ["name": .string(node)]
        }
      case "Secret": own["secret"] = reference(object)
      case "Node": own["node"] = reference(object)
      default: break
      }
    }
    if let warnAfter { own["warnafter"] = .integer(time.seconds + warnAfter) }
    let user = ServiceAccountName.userName(
      namespace: namespace, name: serviceAccount.text("metadata", "name"))
    return [
      "iss": .string(settings.issuer), "sub": .string(user), "aud": .strings(audiences),
      "iat": .integer(time.seconds), "nbf": .integer(time.seconds), "exp": .integer(time.seconds + seconds),
      "jti": .string(uid()), "kubernetes.io": own,
    ]
  }

  /// Checks a token.
  /// - Parameter audiences: whom it may be for; empty stands for the API server.
  /// - Returns: whose token it is, and for which of the audiences; nil if it is no token of this issuer.
  /// - Throws: why a token of this issuer is not accepted.
  public func verify(
    _ text: String, audiences: [String] = []
  ) async throws(AccessError) -> (user: UserInfo, audiences: [String])? {
    guard let claims = try believedClaims(text) else { return nil }
    let time = now()
    // To the second, as the claims are: a token is no longer good in the second in which it ends.
    guard let end = SignedToken.seconds(claims.claims["exp"]), end > time.seconds else {
      throw AccessError("service account token has expired")
    }
    for name in ["nbf", "iat"] {
      if let start = SignedToken.seconds(claims.claims[name]), start > time.seconds {
        throw AccessError("service account token is not valid yet")
      }
    }
    let wanted = audiences.isEmpty ? settings.audiences : audiences
    let common = claims.audiences.filter { wanted.contains($0) }
    guard !common.isEmpty else {
      throw AccessError(
        "token audiences \(GoText.quoted(claims.audiences)) is invalid for the target audiences "
          + GoText.quoted(wanted))
    }
    return (try await user(of: claims.claims, time: time), common)
  }

  /// The claims of a token whose signature is good.
  private func believedClaims(_ text: String) throws(AccessError) -> (claims: JSON, audiences: [String])? {
    if let claims = checked.withLock({ $0[text] }) {
      return (claims, claims["aud"]?.string.map { [$0] } ?? claims.strings("aud"))
    }
    guard let token = SignedToken(text), token.claims.text("iss") == settings.issuer else { return nil }
    guard keys.contains(where: { $0.id == token.keyID && token.isSigned(by: $0) }) else {
      throw AccessError("failed to verify the token's signature")
    }
    checked.withLock { checked in
      if checked.count >= Self.rememberedTokens { checked.removeAll(keepingCapacity: true) }
      checked[text] = token.claims
    }
    return (token.claims, token.audiences)
  }

  private func user(of claims: JSON, time: Timestamp) async throws(AccessError) -> UserInfo {
    let own = claims["kubernetes.io"] ?? .null
    let namespace = own.text("namespace")
    let name = own.text("serviceaccount", "name")
    let uid = own.text("serviceaccount", "uid")
    let userName = ServiceAccountName.userName(namespace: namespace, name: name)
    guard !namespace.isEmpty, !name.isEmpty, !uid.isEmpty, claims.text("sub") == userName else {
      throw AccessError("service account token claims could not be validated")
    }
    do throws(StatusError) {
      try check(
        try await objects.serviceAccount(namespace: namespace, name: name), uid: uid, "service account", time)
      if let pod = own["pod"], !pod.isNull {
        let object = try await objects.pod(namespace: namespace, name: pod.text("name"))
        try check(object, uid: pod.text("uid"), "pod", time)
      }
      if let secret = own["secret"], !secret.isNull {
        let object = try await objects.secret(namespace: namespace, name: secret.text("name"))
        try check(object, uid: secret.text("uid"), "secret", time)
      } else if let node = own["node"], !node.isNull, own["pod"] == nil {
        // The node of a bound pod only tells where the pod runs.
        let object = try await objects.node(name: node.text("name"))
        try check(object, uid: node.text("uid"), "node", time)
      }
    } catch {
      throw AccessError(error.message)
    }
    var extra: [String: [String]] = [:]
    func add(_ key: String, _ value: String) {
      if !value.isEmpty { extra["authentication.kubernetes.io/" + key] = [value] }
    }
    let id = claims.text("jti")
    if !id.isEmpty { add("credential-id", "JTI=" + id) }
    add("pod-name", own.text("pod", "name"))
    add("pod-uid", own.text("pod", "uid"))
    add("node-name", own.text("node", "name"))
    add("node-uid", own.text("node", "uid"))
    return UserInfo(
      name: userName, uid: uid, groups: ServiceAccountName.groups(namespace: namespace), extra: extra)
  }

  private func check(_ object: JSON?, uid: String, _ what: String, _ time: Timestamp) throws(StatusError) {
    guard let object else { throw .badRequest("service account token has been invalidated") }
    let current = object.text("metadata", "uid")
    guard current == uid else {
      throw .badRequest("\(what) UID (\(current)) does not match claim (\(uid))")
    }
    if let deletion = Timestamp(object.text("metadata", "deletionTimestamp")),
      deletion.seconds < time.seconds - Self.deletionLeewaySeconds
    {
      throw .badRequest("service account token has been invalidated")
    }
  }

  /// The document at `/.well-known/openid-configuration`.
  /// - Parameter keysURL: where the key set is to be had; empty for a path below the issuer.
  public func discoveryDocument(keysURL: String = "") -> JSON {
    [
      "issuer": .string(settings.issuer),
      "jwks_uri": .string(keysURL.isEmpty ? settings.issuer + "/openid/v1/jwks" : keysURL),
      "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
      "id_token_signing_alg_values_supported": ["ES256"],
    ]
  }

  /// The document at `/openid/v1/jwks`.
  public var keySet: JSON { ["keys": .array(keys.map(\.json))] }
}
