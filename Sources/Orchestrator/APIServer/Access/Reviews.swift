public import Exchange
public import Objects

/// The reviews that clients ask for: who they are, and what they or others may do. Nothing of them is stored.
public enum Reviews {
  /// SelfSubjectReview: who the caller is.
  public static func selfSubject(_ review: JSON, user: UserInfo, now: Timestamp) -> JSON {
    var answer = review
    answer["metadata", "creationTimestamp"] = .string(now.text)
    answer["status"] = ["userInfo": json(user)]
    return answer
  }

  /// A user as reviews write it.
  static func json(_ user: UserInfo) -> JSON {
    var json: JSON = [:]
    if !user.name.isEmpty { json["username"] = .string(user.name) }
    if !user.uid.isEmpty { json["uid"] = .string(user.uid) }
    if !user.groups.isEmpty { json["groups"] = .array(user.groups.map { .string($0) }) }
    if !user.extra.isEmpty {
      json["extra"] = .object(JSONObject(user.extra.map { ($0.key, .array($0.value.map { .string($0) })) }))
    }
    return json
  }

  /// SelfSubjectAccessReview: whether the caller may do something.
  public static func selfSubjectAccess(
    _ review: JSON, user: UserInfo, authorizer: any Authorizer
  ) async throws(StatusError) -> JSON {
    let attributes = try attributes(review, user: user, kind: "SelfSubjectAccessReview")
    return answer(review, await authorizer.authorize(attributes))
  }

  /// SubjectAccessReview and LocalSubjectAccessReview: whether somebody may do something.
  /// - Parameter namespace: that of a local review.
  public static func subjectAccess(
    _ review: JSON, namespace: String? = nil, authorizer: any Authorizer
  ) async throws(StatusError) -> JSON {
    let kind = namespace == nil ? "SubjectAccessReview" : "LocalSubjectAccessReview"
    let spec = review["spec"] ?? [:]
    let name = spec["user"]?.string ?? ""
    let groups = (spec["groups"]?.array ?? []).compactMap(\.string)
    var errors: [FieldError] = []
    if name.isEmpty, groups.isEmpty {
      errors.append(.required(FieldPath("spec", "user"), "at least one of user or group must be specified"))
    }
    if let namespace {
      if spec["resourceAttributes", "namespace"]?.string ?? "" != namespace {
        errors.append(
          .invalid(
            FieldPath("spec", "resourceAttributes", "namespace"),
            spec["resourceAttributes", "namespace"] ?? "",
            "must match metadata.namespace"))
      }
      if spec["nonResourceAttributes"] != nil {
        errors.append(
          .invalid(
            FieldPath("spec", "nonResourceAttributes"), spec["nonResourceAttributes"] ?? .null,
            "disallowed on this kind of request"))
      }
    }
    if !errors.isEmpty { throw .invalid(errors, group: "authorization.k8s.io", kind: kind, name: "") }
    var extra: [String: [String]] = [:]
    for member in spec["extra"]?.object ?? [:] {
      extra[member.key] = (member.value.array ?? []).compactMap(\.string)
    }
    let user = UserInfo(name: name, uid: spec["uid"]?.string ?? "", groups: groups, extra: extra)
    let attributes = try attributes(review, user: user, kind: kind)
    return answer(review, await authorizer.authorize(attributes))
  }

  private static func attributes(
    _ review: JSON, user: UserInfo, kind: String
  ) throws(StatusError) -> Attributes {
    let spec = review["spec"] ?? [:]
    let path = FieldPath("spec", "resourceAttributes")
    switch (spec["resourceAttributes"], spec["nonResourceAttributes"]) {
    case (_?, _?):
      throw .invalid(
        [
          .invalid(
            FieldPath("spec", "nonResourceAttributes"), spec["nonResourceAttributes"] ?? .null,
            "cannot be specified in combination with resourceAttributes")
        ], group: "authorization.k8s.io", kind: kind, name: "")
    case (nil, nil):
      throw .invalid(
        [
          .invalid(
            path, spec["resourceAttributes"] ?? .null,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified")
        ], group: "authorization.k8s.io", kind: kind, name: "")
    case (let resource?, nil):
      func text(_ field: String) -> String { resource[field]?.string ?? "" }
      return Attributes(
        user: user, verb: text("verb"), group: text("group"), version: text("version"),
        resource: text("resource"),
        subresource: text("subresource"), namespace: text("namespace"), name: text("name"))
    case (nil, let path?):
      return Attributes(user: user, verb: path["verb"]?.string ?? "", path: path["path"]?.string ?? "")
    }
  }

  private static func answer(_ review: JSON, _ decision: Decision) -> JSON {
    var status: JSON = ["allowed": .boolean(decision.isAllowed)]
    if case .deny = decision { status["denied"] = true }
    if !decision.reason.isEmpty { status["reason"] = .string(decision.reason) }
    var answer = review
    answer["status"] = status
    return answer
  }

  /// SelfSubjectRulesReview: all that the caller may do in a namespace.
  public static func selfSubjectRules(
    _ review: JSON, user: UserInfo, authorizer: any Authorizer
  ) async throws(StatusError) -> JSON {
    let namespace = review["spec", "namespace"]?.string ?? ""
    guard !namespace.isEmpty else {
      throw .badRequest("no namespace on request")
    }
    let (rules, isComplete) = await authorizer.rules(for: user, namespace: namespace)
    var answer = review
    answer["spec"] = [:]
    answer["status"] = [
      "resourceRules": .array(rules.filter { !$0.resources.isEmpty }.map(\.json)),
      "nonResourceRules": .array(rules.filter { !$0.nonResourceURLs.isEmpty }.map(\.json)),
      "incomplete": .boolean(!isComplete),
    ]
    return answer
  }

  /// TokenReview: whose a token is.
  public static func token(
    _ review: JSON, authenticator: RequestAuthenticator, defaultAudiences: [String]
  ) async throws(StatusError) -> JSON {
    let token = review["spec", "token"]?.string ?? ""
    guard !token.isEmpty else {
      throw .badRequest("token is required for TokenReview in authentication")
    }
    let audiences = (review["spec", "audiences"]?.array ?? []).compactMap(\.string)
    var answer = review
    guard let (user, good) = try await authenticator.authenticate(token: token, audiences: audiences) else {
      answer["status"] = ["user": [:], "error": "invalid bearer token"]
      return answer
    }
    let named = good.isEmpty ? (audiences.isEmpty ? defaultAudiences : audiences) : good
    answer["status"] = [
      "authenticated": true, "user": json(user), "audiences": .array(named.map { .string($0) }),
    ]
    return answer
  }
}
