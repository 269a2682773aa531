public import Exchange
public import Objects

/// Keeps users from granting what they do not have themselves.
public struct EscalationCheck: Sendable {
  private let rbac: RBACAuthorizer
  private let authorizer: any Authorizer

  /// A check against what RBAC grants; `authorizer` says whether a user may `escalate` or `bind` all the same.
  public init(rbac: RBACAuthorizer, authorizer: any Authorizer) {
    self.rbac = rbac
    self.authorizer = authorizer
  }

  private static let group = "rbac.authorization.k8s.io"

  /// Checks a role that is about to be stored.
  /// - Parameters:
  ///   - resource: `roles` or `clusterroles`.
  ///   - old: what is stored; nil for a new role.
  /// - Throws: 403 if the user may not grant its rules.
  public func checkRole(
    _ role: JSON, old: JSON?, resource: Resource, namespace: String, user: UserInfo
  ) async throws(StatusError) {
    let name = role.text("metadata", "name")
    if user.groups.contains(RBACAuthorizer.superusers) { return }
    let rules = PolicyRule.rules(of: role)
    let aggregation = role["aggregationRule"]
    if let old, PolicyRule.rules(of: old) == rules, old["aggregationRule"] == aggregation { return }
    let mayEscalate = await authorizer.authorize(
      Attributes(
        user: user, verb: "escalate", group: Self.group, version: "v1", resource: resource.resource,
        namespace: namespace, name: name))
    if mayEscalate.isAllowed { return }
    try check(rules, resource: resource, name: name, namespace: namespace, user: user)
    // Whatever is aggregated later, nobody checks it then.
    if let aggregation, !aggregation.isNull, old?["aggregationRule"] != aggregation {
      let everything = [
        PolicyRule(verbs: ["*"], apiGroups: ["*"], resources: ["*"]),
        PolicyRule(verbs: ["*"], nonResourceURLs: ["*"]),
      ]
      let owned = rbac.rules(for: user, namespace: "").rules
      guard PolicyRule.uncovered(everything, by: owned).isEmpty else {
        throw .forbidden(
          resource, name: name, "must have cluster-admin privileges to use the aggregationRule")
      }
    }
  }

  /// Checks a binding that is about to be stored.
  /// - Parameters:
  ///   - resource: `rolebindings` or `clusterrolebindings`.
  ///   - old: what is stored; nil for a new binding.
  /// - Throws: 403 if the user may not grant the role; 404 if the role, whose rules must be known, is not there.
  public func checkBinding(
    _ binding: JSON, old: JSON?, resource: Resource, namespace: String, user: UserInfo
  ) async throws(StatusError) {
    let name = binding.text("metadata", "name")
    if user.groups.contains(RBACAuthorizer.superusers) { return }
    if let old, old["roleRef"] == binding["roleRef"], old["subjects"] == binding["subjects"] { return }
    let reference = binding["roleRef"] ?? .null
    let isRole = reference.text("kind") == "Role"
    let mayBind = await authorizer.authorize(
      Attributes(
        user: user, verb: "bind", group: Self.group, version: "v1",
        resource: isRole ? "roles" : "clusterroles", namespace: namespace, name: reference.text("name")))
    if mayBind.isAllowed { return }
    guard let rules = rbac.snapshot.rules(ofRole: reference, namespace: namespace) else {
      let plural = isRole ? "roles" : "clusterroles"
      throw StatusError(
        code: 404, reason: "NotFound",
        message: "\(plural).\(Self.group) \(GoText.quoted(reference.text("name"))) not found",
        details: [
          "name": .string(reference.text("name")), "group": .string(Self.group), "kind": .string(plural),
        ])
    }
    try check(rules, resource: resource, name: name, namespace: namespace, user: user)
  }

  private func check(
    _ rules: [PolicyRule], resource: Resource, name: String, namespace: String, user: UserInfo
  ) throws(StatusError) {
    let owned = rbac.rules(for: user, namespace: namespace)
    let missing = PolicyRule.uncovered(rules, by: owned.rules)
    guard !missing.isEmpty else { return }
    var problem =
      "user \(GoText.quoted(user.name)) (groups=\(GoText.quoted(user.groups))) is attempting to grant "
    problem += "RBAC permissions not currently held:\n"
    problem += PolicyRule.compacted(missing).map(\.compactText).joined(separator: "\n")
    if !owned.problems.isEmpty { problem += "; resolution errors: " + GoText.quoted(owned.problems) }
    throw .forbidden(resource, name: name, problem)
  }
}
