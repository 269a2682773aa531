public import Exchange
public import Objects

/// Answers questions about who somebody is and what they may do (Kubernetes API: the groups `authentication.k8s.io` and
/// `authorization.k8s.io`). Nothing of it is stored.
public struct Reviews: Sendable {
  private let authorizer: any Authorizer
  private let rbac: RBACAuthorizer
  private let tokens: any TokenAuthenticator

  /// - Parameters:
  ///   - authorizer: decides on what is asked.
  ///   - rbac: knows the rules of a user.
  ///   - tokens: knows whose a token is.
  public init(authorizer: any Authorizer, rbac: RBACAuthorizer, tokens: any TokenAuthenticator) {
    self.authorizer = authorizer
    self.rbac = rbac
    self.tokens = tokens
  }

  /// The resources that are answered.
  public static let resources: Set<String> = [
    "selfsubjectreviews", "tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews",
    "localsubjectaccessreviews", "selfsubjectrulesreviews",
  ]

  /// Answers a review.
  /// - Parameters:
  ///   - resource: one of `resources`.
  ///   - request: decoded.
  ///   - namespace: of the request's path, for local reviews.
  /// - Throws: 400 or 422 if the review is none; 404 if the resource is none of these.
  public func answer(
    _ resource: String, _ request: JSON, namespace: String = "", user: UserInfo, now: Timestamp
  ) async throws(StatusError) -> JSON {
    switch resource {
    case "selfsubjectreviews": return Self.selfSubject(request, user: user, now: now)
    case "tokenreviews": return try await token(request)
    case "subjectaccessreviews", "selfsubjectaccessreviews", "localsubjectaccessreviews":
      return try await access(resource, request, namespace: namespace, user: user)
    case "selfsubjectrulesreviews": return try rules(request, user: user)
    default: throw .noSuchPath
    }
  }

  private static func typed(_ request: JSON, kind: String, group: String) -> JSON {
    var answer = request
    answer["kind"] = .string(kind)
    answer["apiVersion"] = .string(group + "/v1")
    if answer["metadata"]?.object == nil { answer["metadata"] = [:] }
    return answer
  }

  /// A user as reviews show it; what is empty is left out.
  static func json(of user: UserInfo) -> JSON {
    var json: JSON = [:]
    if !user.name.isEmpty { json["username"] = .string(user.name) }
    if !user.uid.isEmpty { json["uid"] = .string(user.uid) }
    if !user.groups.isEmpty { json["groups"] = .strings(user.groups) }
    if !user.extra.isEmpty {
      json["extra"] = .object(JSONObject(user.extra.map { ($0.key, JSON.strings($0.value)) }))
    }
    return json
  }

  private static func selfSubject(_ request: JSON, user: UserInfo, now: Timestamp) -> JSON {
    var answer = typed(request, kind: "SelfSubjectReview", group: "authentication.k8s.io")
    answer["metadata", "creationTimestamp"] = .string(now.text)
    answer["status"] = ["userInfo": json(of: user)]
    return answer
  }

  private func token(_ request: JSON) async throws(StatusError) -> JSON {
    var answer = Self.typed(request, kind: "TokenReview", group: "authentication.k8s.io")
    let token = request.text("spec", "token")
    guard !token.isEmpty else {
      throw .badRequest("token is required for TokenReview in authentication")
    }
    do throws(AccessError) {
      let audiences = request["spec"]?.strings("audiences") ?? []
      if let (user, found) = try await tokens.authenticate(token: token, audiences: audiences) {
        answer["status"] = [
          "authenticated": true, "user": Self.json(of: user), "audiences": .strings(found),
        ]
      } else {
        answer["status"] = ["user": [:]]
      }
    } catch {
      answer["status"] = ["user": [:], "error": .string(error.description)]
    }
    return answer
  }

  private func access(
    _ resource: String, _ request: JSON, namespace: String, user: UserInfo
  ) async throws(StatusError) -> JSON {
    let review = try AccessReview(resource, request, namespace: namespace, user: user)
    let decision = await authorizer.authorize(review.attributes)
    var answer = Self.typed(request, kind: review.kind, group: "authorization.k8s.io")
    var status: JSON = ["allowed": .boolean(decision.isAllowed)]
    if case .deny = decision { status["denied"] = true }
    if !decision.reason.isEmpty { status["reason"] = .string(decision.reason) }
    answer["status"] = status
    return answer
  }

  private func rules(_ request: JSON, user: UserInfo) throws(StatusError) -> JSON {
    let namespace = request.text("spec", "namespace")
    guard !namespace.isEmpty else { throw .badRequest("no namespace on request") }
    let (rules, problems) = rbac.rules(for: user, namespace: namespace)
    var resourceRules: [JSON] = []
    var pathRules: [JSON] = []
    for rule in rules {
      var part = rule
      if !rule.resources.isEmpty {
        part.nonResourceURLs = []
        resourceRules.append(part.json)
      }
      if !rule.nonResourceURLs.isEmpty {
        pathRules.append(PolicyRule(verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs).json)
      }
    }
    var answer = Self.typed(request, kind: "SelfSubjectRulesReview", group: "authorization.k8s.io")
    // Kubernetes answers with the rules alone.
    answer["spec"] = [:]
    answer["status"] = [
      "resourceRules": .array(resourceRules), "nonResourceRules": .array(pathRules),
      "incomplete": .boolean(!problems.isEmpty),
    ]
    if !problems.isEmpty { answer["status", "evaluationError"] = .string(GoText.aggregate(problems)) }
    return answer
  }
}
