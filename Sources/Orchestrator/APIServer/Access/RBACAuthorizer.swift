public import Exchange
public import Objects
import Synchronization

/// Decides by roles and bindings. They are compiled into one value each time that they change, so that a request takes
/// no more than a look at the rules of its user.
public final class RBACAuthorizer: Authorizer {
  /// Users whose rules are remembered, at most.
  public static let rememberedUsers = 1024

  private let policy = Mutex(Policy())

  /// An authoriser that lets nobody but `system:masters` do anything, until it has roles.
  public init() {}

  /// Decides by these from now on.
  public func set(roles: [JSON], clusterRoles: [JSON], roleBindings: [JSON], clusterRoleBindings: [JSON]) {
    let made = Policy(
      roles: roles, clusterRoles: clusterRoles, roleBindings: roleBindings,
      clusterRoleBindings: clusterRoleBindings)
    policy.withLock { $0 = made }
  }

  /// Whether a request may be done.
  public func authorize(_ attributes: Attributes) async -> Decision { decide(attributes) }

  /// The same at once.
  public func decide(_ attributes: Attributes) -> Decision {
    if attributes.user.groups.contains("system:masters") { return .allow(reason: "") }
    let grants = grants(for: attributes.user)
    for grant in grants where grant.namespace.isEmpty || grant.namespace == attributes.namespace {
      if grant.rules.contains(where: { $0.allows(attributes) }) { return .allow(reason: grant.reason) }
    }
    let missing = grants.filter { $0.namespace.isEmpty || $0.namespace == attributes.namespace }
      .compactMap(\.missingRole)
    guard !missing.isEmpty else { return .noOpinion(reason: "") }
    let text = missing.count == 1 ? missing[0] : "[" + missing.joined(separator: ", ") + "]"
    return .noOpinion(reason: "RBAC: " + text)
  }

  /// All rules of a user in a namespace.
  public func rules(for user: UserInfo, namespace: String) async -> (rules: [PolicyRule], isComplete: Bool) {
    let grants = grants(for: user).filter { $0.namespace.isEmpty || $0.namespace == namespace }
    var rules = grants.flatMap(\.rules)
    if user.groups.contains("system:masters") {
      rules =
        [
          PolicyRule(verbs: ["*"], apiGroups: ["*"], resources: ["*"]),
          PolicyRule(verbs: ["*"], nonResourceURLs: ["*"]),
        ] + rules
    }
    var seen: Set<PolicyRule> = []
    return (rules.filter { seen.insert($0).inserted }, grants.allSatisfy { $0.missingRole == nil })
  }

  private func grants(for user: UserInfo) -> [Policy.Grant] {
    policy.withLock { policy in
      var names = ["u:" + user.name]
      names += user.groups.map { "g:" + $0 }
      let key = names.joined(separator: "\n")
      if let known = policy.byUser[key] { return known }
      var seen: Set<Int> = []
      let grants = names.flatMap { policy.bySubject[$0] ?? [] }.filter { seen.insert($0.number).inserted }
        .sorted { $0.number < $1.number }
      if policy.byUser.count >= Self.rememberedUsers { policy.byUser = [:] }
      policy.byUser[key] = grants
      return grants
    }
  }
}

/// Roles and bindings, by who has them.
private struct Policy: Sendable {
  /// What one binding gives to one subject.
  struct Grant: Sendable {
    var number: Int
    /// Empty for all.
    var namespace: String
    var rules: [PolicyRule]
    var reason: String
    /// Why there are no rules: the role is not there.
    var missingRole: String?
  }

  var bySubject: [String: [Grant]] = [:]
  var byUser: [String: [Grant]] = [:]

  init() {}

  init(roles: [JSON], clusterRoles: [JSON], roleBindings: [JSON], clusterRoleBindings: [JSON]) {
    func name(_ object: JSON) -> String { object["metadata", "name"]?.string ?? "" }
    func namespace(_ object: JSON) -> String { object["metadata", "namespace"]?.string ?? "" }
    func rules(_ role: JSON) -> [PolicyRule] { (role["rules"]?.array ?? []).map { PolicyRule($0) } }
    let cluster = Dictionary(clusterRoles.map { (name($0), rules($0)) }) { first, _ in first }
    let local = Dictionary(roles.map { (namespace($0) + "/" + name($0), rules($0)) }) { first, _ in first }
    // Those of the whole cluster first, in the order of their names: the reason that is given does not change.
    let bindings =
      clusterRoleBindings.sorted { name($0) < name($1) }
      + roleBindings.sorted { (namespace($0), name($0)) < (namespace($1), name($1)) }
    for (number, binding) in bindings.enumerated() {
      let place = namespace(binding)
      let kind = binding["roleRef", "kind"]?.string ?? ""
      let role = binding["roleRef", "name"]?.string ?? ""
      let found = kind == "Role" ? local[place + "/" + role] : cluster[role]
      let bindingText =
        place.isEmpty
        ? "ClusterRoleBinding \"\(name(binding))\"" : "RoleBinding \"\(name(binding))/\(place)\""
      for subject in binding["subjects"]?.array ?? [] {
        guard let (key, text) = Self.subject(subject, in: place) else { continue }
        bySubject[key, default: []].append(
          Grant(
            number: number, namespace: place, rules: found ?? [],
            reason: "RBAC: allowed by \(bindingText) of \(kind) \"\(role)\" to \(text)",
            missingRole: found == nil
              ? "\(kind.lowercased()).rbac.authorization.k8s.io \"\(role)\" not found" : nil))
      }
    }
  }

  private static func subject(_ subject: JSON, in place: String) -> (key: String, text: String)? {
    let name = subject["name"]?.string ?? ""
    switch subject["kind"]?.string {
    case "User": return ("u:" + name, "User \"\(name)\"")
    case "Group": return ("g:" + name, "Group \"\(name)\"")
    case "ServiceAccount":
      let namespace = subject["namespace"]?.string ?? place
      guard !namespace.isEmpty else { return nil }
      return ("u:system:serviceaccount:\(namespace):\(name)", "ServiceAccount \"\(name)/\(namespace)\"")
    default: return nil
    }
  }
}
