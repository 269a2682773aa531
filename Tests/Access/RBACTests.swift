import Access
import Exchange
import Objects
import Testing

@Suite struct RBACTests {
  @Test(arguments: decisions)
  fileprivate func `a request is decided by roles and bindings`(_ one: Case) async {
    let decision = await cluster().authorize(one.attributes)
    #expect(decision == one.decision)
  }

  @Test func `a role that is gone is named as the reason`() async {
    let rbac = RBACAuthorizer()
    rbac.set(
      roles: [], clusterRoles: [],
      roleBindings: [binding("b", namespace: "g", role: ("Role", "gone"), subject: ("User", "u"))],
      clusterRoleBindings: [])
    let decision = await rbac.authorize(
      Attributes(user: UserInfo(name: "u"), verb: "get", resource: "pods", namespace: "g"))
    #expect(decision == .noOpinion(reason: #"RBAC: role.rbac.authorization.k8s.io "gone" not found"#))
  }

  @Test func `a change of roles counts at once`() async {
    let rbac = cluster()
    let asked = Attributes(user: UserInfo(name: "u"), verb: "get", resource: "pods", namespace: "g")
    #expect(await rbac.authorize(asked).isAllowed)
    rbac.set(.empty)
    #expect(await rbac.authorize(asked) == .noOpinion(reason: ""))
  }

  @Test func `denials are worded as in Kubernetes`() {
    let user = UserInfo(name: "u")
    let texts = [
      Attributes(user: user, verb: "list", resource: "nodes").denial(),
      Attributes(user: user, verb: "create", resource: "pods", subresource: "exec", namespace: "g").denial(),
      Attributes(user: user, verb: "get", group: "apps", resource: "deployments", namespace: "g").denial(
        reason: "x"),
      Attributes(user: user, verb: "get", path: "/metrics").denial(),
    ]
    #expect(
      texts == [
        #"User "u" cannot list resource "nodes" in API group "" at the cluster scope"#,
        #"User "u" cannot create resource "pods/exec" in API group "" in the namespace "g""#,
        #"User "u" cannot get resource "deployments" in API group "apps" in the namespace "g": x"#,
        #"User "u" cannot get path "/metrics""#,
      ])
  }

  @Test func `rules are broken down where only a part is missing`() {
    let owned = [
      PolicyRule(verbs: ["get", "list"], apiGroups: [""], resources: ["pods"]),
      PolicyRule(verbs: ["*"], apiGroups: ["apps"], resources: ["*/scale"]),
      PolicyRule(verbs: ["get"], nonResourceURLs: ["/healthz*"]),
      PolicyRule(verbs: ["get"], apiGroups: [""], resources: ["secrets"], resourceNames: ["a"]),
    ]
    func missing(_ rule: PolicyRule) -> [PolicyRule] { PolicyRule.uncovered([rule], by: owned) }
    #expect(missing(PolicyRule(verbs: ["get"], apiGroups: [""], resources: ["pods"])) == [])
    #expect(
      missing(PolicyRule(verbs: ["get", "delete"], apiGroups: [""], resources: ["pods"]))
        == [PolicyRule(verbs: ["delete"], apiGroups: [""], resources: ["pods"])])
    #expect(missing(PolicyRule(verbs: ["get"], apiGroups: ["apps"], resources: ["deployments/scale"])) == [])
    #expect(missing(PolicyRule(verbs: ["get"], apiGroups: ["apps"], resources: ["deployments"])).count == 1)
    #expect(missing(PolicyRule(verbs: ["get"], nonResourceURLs: ["/healthz/etcd"])) == [])
    #expect(missing(PolicyRule(verbs: ["get"], apiGroups: [""], resources: ["secrets"])).count == 1)
    #expect(
      missing(
        PolicyRule(verbs: ["get"], apiGroups: [""], resources: ["nodes"], nonResourceURLs: ["/healthz"]))
        == [PolicyRule(verbs: ["get"], apiGroups: [""], resources: ["nodes"])])
    // Too much to be broken down is not granted.
    let many = (0..<400).map(String.init)
    #expect(missing(PolicyRule(verbs: ["x"], apiGroups: many, resources: many)).count == 1)
    #expect(
      missing(PolicyRule(verbs: ["get"], apiGroups: [""], resources: ["secrets"], resourceNames: ["a"])) == []
    )
  }

  @Test func `nobody grants what they do not have`() async throws {
    let rbac = cluster()
    let check = EscalationCheck(rbac: rbac, authorizer: rbac)
    let roles = try #require(
      Resource.builtIn(group: "rbac.authorization.k8s.io", version: "v1", resource: "roles"))
    func role(_ verbs: [JSON]) -> JSON {
      [
        "metadata": ["name": "esc", "namespace": "g"],
        "rules": [["apiGroups": [""], "resources": ["pods"], "verbs": .array(verbs)]],
      ]
    }
    let user = UserInfo(name: "u", groups: ["a"])
    try await check.checkRole(role(["get"]), old: nil, resource: roles, namespace: "g", user: user)
    await #expect(
      throws: StatusError.forbidden(
        roles, name: "esc",
        "user \"u\" (groups=[\"a\"]) is attempting to grant RBAC permissions not currently held:\n"
          + "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\" \"patch\"]}")
    ) {
      try await check.checkRole(
        role(["get", "delete", "patch"]), old: nil, resource: roles, namespace: "g", user: user)
    }
    // What is there already is granted already.
    try await check.checkRole(
      role(["delete"]), old: role(["delete"]), resource: roles, namespace: "g", user: user)
    try await check.checkRole(
      role(["*"]), old: nil, resource: roles, namespace: "g",
      user: UserInfo(name: "root", groups: ["system:masters"]))
  }

  @Test func `the default policy gives people and components their due`() async {
    let rbac = defaultPolicy()
    let admin = UserInfo(name: "a", groups: ["system:authenticated"])
    let node = UserInfo(name: "system:node:n", groups: ["system:nodes", "system:authenticated"])
    let scheduler = UserInfo(name: "system:kube-scheduler", groups: ["system:authenticated"])
    let joining = UserInfo(name: "system:bootstrap:abcdef", groups: ["system:bootstrappers"])
    let table: [(Attributes, Bool)] = [
      (Attributes(user: admin, verb: "get", path: "/apis/apps"), true),
      (Attributes(user: admin, verb: "get", path: "/metrics"), false),
      (Attributes(user: .anonymous, verb: "get", path: "/version"), true),
      (Attributes(user: .anonymous, verb: "get", path: "/api"), false),
      (
        Attributes(
          user: admin, verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews"),
        true
      ),
      (Attributes(user: admin, verb: "list", resource: "pods", namespace: "default"), false),
      (
        Attributes(user: scheduler, verb: "create", resource: "pods", subresource: "binding", namespace: "x"),
        true
      ),
      (Attributes(user: scheduler, verb: "get", resource: "secrets", namespace: "x"), false),
      (Attributes(user: node, verb: "patch", resource: "nodes", subresource: "status", name: "n"), true),
      (
        Attributes(
          user: joining, verb: "create", group: "certificates.k8s.io", resource: "certificatesigningrequests"),
        true
      ),
    ]
    for (attributes, isAllowed) in table {
      #expect(await rbac.authorize(attributes).isAllowed == isAllowed, "\(attributes.denial())")
    }
  }

  @Test func `every binding of the default policy has its role and every name is there once`() {
    let objects = BootstrapPolicy.objects
    func names(_ kind: String) -> [String] {
      objects.filter { $0["kind"] == .string(kind) }.map {
        ($0["metadata", "namespace"]?.string ?? "") + "/" + ($0["metadata", "name"]?.string ?? "")
      }
    }
    for kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"] {
      #expect(Set(names(kind)).count == names(kind).count, "\(kind)")
    }
    let roles = Set(names("Role") + names("ClusterRole"))
    for binding in objects {
      guard let role = binding["roleRef"] else { continue }
      let namespace = role["kind"] == "Role" ? binding["metadata", "namespace"]?.string ?? "" : ""
      #expect(roles.contains(namespace + "/" + (role["name"]?.string ?? "")), "\(binding.text)")
    }
  }

  @Test func `only what is missing from a stored role or binding is added`() throws {
    let wanted = try #require(
      BootstrapPolicy.objects.first { $0["metadata", "name"] == "system:basic-user" && $0["rules"] != nil })
    #expect(BootstrapPolicy.reconciled(wanted, with: wanted) == nil)
    var stored = wanted
    stored["rules"] = [["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]]
    let result = try #require(BootstrapPolicy.reconciled(stored, with: wanted))
    #expect(result["rules"]?.array?.first == stored["rules"]?.array?.first)
    #expect(BootstrapPolicy.reconciled(result, with: wanted) == nil)
    stored["metadata", "annotations", "rbac.authorization.kubernetes.io/autoupdate"] = "false"
    #expect(BootstrapPolicy.reconciled(stored, with: wanted) == nil)
  }
}

private struct Case: Sendable {
  let attributes: Attributes
  let decision: Decision
}

private let decisions: [Case] = {
  let user = UserInfo(name: "u")
  let builder = UserInfo(name: "system:serviceaccount:g:builder")
  let byRole = #"RBAC: allowed by RoleBinding "r/g" of Role "r" to User "u""#
  let byAccount = #"RBAC: allowed by RoleBinding "s/g" of ClusterRole "c" to ServiceAccount "builder/g""#
  let byGroup = #"RBAC: allowed by ClusterRoleBinding "o" of ClusterRole "o" to Group "ops""#
  let ops = UserInfo(name: "o", groups: ["ops"])
  let none = Decision.noOpinion(reason: "")
  return [
    Case(
      attributes: Attributes(user: user, verb: "get", resource: "pods", namespace: "g"),
      decision: .allow(reason: byRole)),
    Case(attributes: Attributes(user: user, verb: "list", resource: "pods", namespace: "g"), decision: none),
    Case(attributes: Attributes(user: user, verb: "get", resource: "pods", namespace: "h"), decision: none),
    Case(attributes: Attributes(user: user, verb: "get", resource: "pods"), decision: none),
    Case(
      attributes: Attributes(user: user, verb: "get", resource: "pods", subresource: "log", namespace: "g"),
      decision: none),
    Case(
      attributes: Attributes(user: user, verb: "get", group: "x", resource: "pods", namespace: "g"),
      decision: none),
    Case(
      attributes: Attributes(
        user: builder, verb: "update", group: "apps", resource: "deployments", subresource: "scale",
        namespace: "g"),
      decision: .allow(reason: byAccount)),
    Case(
      attributes: Attributes(
        user: builder, verb: "get", resource: "pods", subresource: "log", namespace: "g"),
      decision: .allow(reason: byAccount)),
    Case(
      attributes: Attributes(user: builder, verb: "get", resource: "secrets", namespace: "g", name: "one"),
      decision: .allow(reason: byAccount)),
    Case(
      attributes: Attributes(user: builder, verb: "get", resource: "secrets", namespace: "g", name: "two"),
      decision: none),
    Case(
      attributes: Attributes(user: ops, verb: "get", path: "/metrics/a"), decision: .allow(reason: byGroup)),
    Case(attributes: Attributes(user: ops, verb: "get", path: "/other"), decision: none),
    Case(
      attributes: Attributes(
        user: UserInfo(name: "x", groups: ["system:masters"]), verb: "delete", resource: "nodes"),
      decision: .allow(reason: "")),
  ]
}()

private func binding(
  _ name: String, namespace: String, role: (String, String), subject: (String, String)
) -> JSON {
  var json: JSON = [
    "metadata": ["name": .string(name)],
    "roleRef": ["kind": .string(role.0), "name": .string(role.1)],
    "subjects": [["kind": .string(subject.0), "name": .string(subject.1)]],
  ]
  if !namespace.isEmpty { json["metadata", "namespace"] = .string(namespace) }
  return json
}

private func cluster() -> RBACAuthorizer {
  let rbac = RBACAuthorizer()
  rbac.set(
    roles: [
      [
        "metadata": ["name": "r", "namespace": "g"],
        "rules": [["apiGroups": [""], "resources": ["pods"], "verbs": ["get"]]],
      ]
    ],
    clusterRoles: [
      [
        "metadata": ["name": "c"],
        "rules": [
          ["apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["*"]],
          ["apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]],
          ["apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["get"]],
        ],
      ],
      ["metadata": ["name": "o"], "rules": [["nonResourceURLs": ["/metrics*"], "verbs": ["get"]]]],
    ],
    roleBindings: [
      binding("r", namespace: "g", role: ("Role", "r"), subject: ("User", "u")),
      binding("s", namespace: "g", role: ("ClusterRole", "c"), subject: ("ServiceAccount", "builder")),
    ],
    clusterRoleBindings: [binding("o", namespace: "", role: ("ClusterRole", "o"), subject: ("Group", "ops"))])
  return rbac
}

private func defaultPolicy() -> RBACAuthorizer {
  func objects(_ kind: String) -> [JSON] { BootstrapPolicy.objects.filter { $0["kind"] == .string(kind) } }
  let rbac = RBACAuthorizer()
  rbac.set(
    roles: objects("Role"), clusterRoles: objects("ClusterRole"), roleBindings: objects("RoleBinding"),
    clusterRoleBindings: objects("ClusterRoleBinding"))
  return rbac
}
