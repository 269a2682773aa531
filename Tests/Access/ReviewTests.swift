import Access
import Exchange
import Objects
import Testing

@Suite struct ReviewTests {
  @Test func `who asks is told who they are`() async throws {
    #expect(
      try await reviews().answer(
        "selfsubjectreviews", ["apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"],
        user: admin,
        now: now) == [
          "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
          "metadata": ["creationTimestamp": "2026-01-01T00:00:00Z"],
          "status": [
            "userInfo": [
              "username": "admin", "uid": "1", "groups": ["system:masters", "system:authenticated"],
            ]
          ],
        ])
  }

  @Test func `a token is told from no token`() async throws {
    func status(_ token: String, _ audiences: JSON = []) async throws(StatusError) -> JSON? {
      let answer = try await reviews().answer(
        "tokenreviews", ["spec": ["token": .string(token), "audiences": audiences]], user: admin, now: now)
      return answer["status"]
    }
    let user: JSON = ["username": "admin", "uid": "1", "groups": ["system:masters", "system:authenticated"]]
    #expect(try await status("tok") == ["authenticated": true, "user": user, "audiences": ["api"]])
    #expect(try await status("nope") == ["user": [:], "error": "invalid bearer token"])
    #expect(try await status("tok", ["other"]) == ["user": [:], "error": "invalid bearer token"])
    await #expect(throws: StatusError.badRequest("token is required for TokenReview in authentication")) {
      try await status("")
    }
  }

  @Test(
    arguments: [
      (
        "selfsubjectaccessreviews",
        ["resourceAttributes": ["verb": "get", "resource": "pods", "namespace": "g"]],
        ["allowed": true]
      ),
      (
        "subjectaccessreviews",
        ["user": "u", "resourceAttributes": ["verb": "delete", "resource": "pods", "namespace": "g"]],
        ["allowed": false]
      ),
      (
        "subjectaccessreviews",
        ["user": "u", "resourceAttributes": ["verb": "get", "resource": "pods", "namespace": "g"]],
        ["allowed": true, "reason": #"RBAC: allowed by RoleBinding "r/g" of Role "r" to User "u""#]
      ),
    ] as [(String, JSON, JSON)])
  func `what may be done is answered`(_ resource: String, _ spec: JSON, _ status: JSON) async throws {
    let answer = try await reviews().answer(resource, ["spec": spec], user: admin, now: now)
    #expect(answer["spec"] == spec)
    #expect(answer["status"] == status)
    #expect(answer["apiVersion"] == "authorization.k8s.io/v1")
  }

  @Test(
    arguments: [
      (
        "selfsubjectaccessreviews", [:],
        "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must "
          + "be specified"
      ),
      (
        "subjectaccessreviews", ["spec": ["resourceAttributes": ["verb": "get"]]],
        #"spec.user: Invalid value: "": at least one of user or group must be specified"#
      ),
      (
        "localsubjectaccessreviews",
        [
          "metadata": ["namespace": "g"],
          "spec": ["user": "u", "resourceAttributes": ["namespace": "h", "verb": "get"]],
        ],
        #"spec.resourceAttributes.namespace: Invalid value: "h": must match metadata.namespace"#
      ),
    ] as [(String, JSON, String)])
  func `a question that is none is refused`(_ resource: String, _ request: JSON, _ problem: String) async {
    let error = await #expect(throws: StatusError.self) {
      try await reviews().answer(resource, request, namespace: "g", user: admin, now: now)
    }
    #expect(error?.code == 422)
    #expect(error?.message.hasSuffix(#" "" is invalid: "# + problem) == true, "\(error?.message ?? "")")
  }

  @Test func `the rules of who asks are listed`() async throws {
    let answer = try await reviews().answer(
      "selfsubjectrulesreviews", ["spec": ["namespace": "g"]], user: UserInfo(name: "u"), now: now)
    #expect(answer["spec"] == [:])
    #expect(
      answer["status"] == [
        "resourceRules": [["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]],
        "nonResourceRules": [],
        "incomplete": false,
      ])
    await #expect(throws: StatusError.badRequest("no namespace on request")) {
      try await reviews().answer("selfsubjectrulesreviews", [:], user: admin, now: now)
    }
  }
}

@Suite struct AuthenticationTests {
  @Test func `a request is its user's, its token's or nobody's`() async throws {
    let authenticator = authenticator()
    func user(_ request: APIRequest) async throws(StatusError) -> UserInfo? {
      try await authenticator.authenticate(request)?.user
    }
    #expect(try await user(APIRequest(path: "/")) == .anonymous)
    #expect(
      try await user(APIRequest(path: "/", headers: [(name: "authorization", value: "Bearer tok")])) == admin)
    #expect(
      try await user(APIRequest(path: "/", credentials: .user(UserInfo(name: "c"))))
        == UserInfo(name: "c", groups: ["system:authenticated"]))
    await #expect(throws: StatusError.unauthorized) {
      try await user(APIRequest(path: "/", headers: [(name: "authorization", value: "Bearer nope")]))
    }
    await #expect(throws: StatusError.unauthorized) {
      try await user(APIRequest(path: "/", credentials: .certificates([[1]])))
    }
    // {"tok"} as a browser sends it.
    #expect(
      try await user(
        APIRequest(
          path: "/",
          headers: [
            (
              name: "sec-websocket-protocol",
              value: "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.dG9r"
            )
          ])) == admin)
  }

  @Test func `acting as others asks for each part of who they are`() throws {
    let request = APIRequest(
      path: "/",
      headers: [
        (name: "impersonate-user", value: "jane"), (name: "impersonate-group", value: "dev"),
        (name: "impersonate-group", value: "ops"), (name: "impersonate-uid", value: "7"),
        (name: "impersonate-extra-acme.com%2fteam", value: "x"),
      ])
    let result = try #require(try Impersonation(request, by: admin))
    #expect(
      result.user
        == UserInfo(
          name: "jane", uid: "7", groups: ["dev", "ops", "system:authenticated"],
          extra: ["acme.com/team": ["x"]]))
    #expect(
      result.required.map { "\($0.group) \($0.resource) \($0.subresource) \($0.name)" } == [
        " users  jane", " groups  dev", " groups  ops",
        "authentication.k8s.io userextras acme.com/team x", "authentication.k8s.io uids  7",
      ])
    #expect(result.required.allSatisfy { $0.verb == "impersonate" && $0.user == admin })
    #expect(try Impersonation(APIRequest(path: "/"), by: admin) == nil)
    #expect(throws: StatusError.badRequest("requested [UID 7] without impersonating a user")) {
      try Impersonation(APIRequest(path: "/", headers: [(name: "impersonate-uid", value: "7")]), by: admin)
    }
  }

  @Test func `a service account comes with its groups`() async throws {
    let request = APIRequest(
      path: "/", headers: [(name: "impersonate-user", value: "system:serviceaccount:g:sa")])
    let result = try #require(try Impersonation(request, by: UserInfo(name: "u")))
    #expect(
      result.user.groups == ["system:serviceaccounts", "system:serviceaccounts:g", "system:authenticated"])
    let error = await #expect(throws: StatusError.self) { try await result.authorize(with: rbac()) }
    #expect(
      error?.message
        == #"serviceaccounts "sa" is forbidden: User "u" cannot impersonate resource "serviceaccounts" in API group "#
        + #""" in the namespace "g""#)
    #expect(error?.code == 403)
  }
}

private let now = Timestamp(seconds: 1_767_225_600)
private let admin = UserInfo(name: "admin", uid: "1", groups: ["system:masters", "system:authenticated"])

private func rbac() -> RBACAuthorizer {
  let rbac = RBACAuthorizer()
  rbac.set(
    roles: [
      [
        "metadata": ["name": "r", "namespace": "g"],
        "rules": [["apiGroups": [""], "resources": ["pods"], "verbs": ["get"]]],
      ]
    ], clusterRoles: [],
    roleBindings: [
      [
        "metadata": ["name": "r", "namespace": "g"], "roleRef": ["kind": "Role", "name": "r"],
        "subjects": [["kind": "User", "name": "u"]],
      ]
    ], clusterRoleBindings: [])
  return rbac
}

private func authenticator() -> RequestAuthenticator {
  RequestAuthenticator(
    authority: Optional<CertificateAuthority>.none,
    tokens: [StaticTokens(["tok": UserInfo(name: "admin", uid: "1", groups: ["system:masters"])])],
    audiences: ["api"], now: { now })
}

private func reviews() -> Reviews {
  let rbac = rbac()
  return Reviews(authorizer: rbac, rbac: rbac, tokens: authenticator())
}
