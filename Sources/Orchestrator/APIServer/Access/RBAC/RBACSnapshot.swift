import Exchange
public import Objects

/// Roles and bindings at one moment, arranged so that what a user may do is found by the user's name and groups.
public struct RBACSnapshot: Sendable {
  /// A role that is granted to a subject.
  struct Grant: Sendable {
    /// What it allows; nil if the role is not there.
    let rules: [PolicyRule]?
    /// Such as `RoleBinding "r/g" of Role "r" to User "u"`.
    let description: String
    /// What to say when the role is not there.
    let missingRole: String
  }

  private enum Subject: Hashable {
    case user(String)
    case group(String)
  }

  private let grants: [Grant]
  private let everywhere: [Subject: [Int]]
  private let inNamespace: [String: [Subject: [Int]]]
  private let roles: [String: [PolicyRule]]
  private let clusterRoles: [String: [PolicyRule]]

  /// The users and groups of the four kinds of objects as they are stored.
  public init(roles: [JSON], clusterRoles: [JSON], roleBindings: [JSON], clusterRoleBindings: [JSON]) {
    var rolesByName: [String: [PolicyRule]] = [:]
    for role in roles {
      rolesByName[Self.key(role.text("metadata", "namespace"), role.text("metadata", "name"))] =
        PolicyRule.rules(of: role)
    }
    var clusterRolesByName: [String: [PolicyRule]] = [:]
    for role in clusterRoles {
      clusterRolesByName[role.text("metadata", "name")] = PolicyRule.rules(of: role)
    }
    self.roles = rolesByName
    self.clusterRoles = clusterRolesByName

    var grants: [Grant] = []
    func add(_ binding: JSON, to subjects: inout [Subject: [Int]], namespace: String) {
      let reference = binding["roleRef"] ?? .null
      let (kind, role) = (reference.text("kind"), reference.text("name"))
      let name = binding.text("metadata", "name")
      let rules: [PolicyRule]? =
        switch kind {
        case "ClusterRole": clusterRolesByName[role]
        case "Role" where !namespace.isEmpty: rolesByName[Self.key(namespace, role)]
        default: nil
        }
      let title =
        (namespace.isEmpty ? "ClusterRoleBinding " : "RoleBinding ")
        + GoText.quoted(namespace.isEmpty ? name : name + "/" + namespace)
      let missing = kind.lowercased() + ".rbac.authorization.k8s.io " + GoText.quoted(role) + " not found"
      for subject in binding["subjects"]?.array ?? [] {
        let subjectName = subject.text("name")
        var shown = subjectName
        let key: Subject
        switch subject.text("kind") {
        case "User": key = .user(subjectName)
        case "Group": key = .group(subjectName)
        case "ServiceAccount":
          // A binding in a namespace may leave it out.
          let home = subject.text("namespace").isEmpty ? namespace : subject.text("namespace")
          guard !home.isEmpty else { continue }
          key = .user(ServiceAccountName.userName(namespace: home, name: subjectName))
          shown = subjectName + "/" + home
        default: continue
        }
        let description =
          "\(title) of \(kind) \(GoText.quoted(role)) to \(subject.text("kind")) \(GoText.quoted(shown))"
        subjects[key, default: []].append(grants.count)
        grants.append(Grant(rules: rules, description: description, missingRole: missing))
      }
    }
    func sorted(_ bindings: [JSON]) -> [JSON] {
      bindings.map { ($0.text("metadata", "name"), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
    var everywhere: [Subject: [Int]] = [:]
    for binding in sorted(clusterRoleBindings) { add(binding, to: &everywhere, namespace: "") }
    var inNamespace: [String: [Subject: [Int]]] = [:]
    for binding in sorted(roleBindings) {
      let namespace = binding.text("metadata", "namespace")
      guard !namespace.isEmpty else { continue }
      add(binding, to: &inNamespace[namespace, default: [:]], namespace: namespace)
    }
    self.grants = grants
    self.everywhere = everywhere
    self.inNamespace = inNamespace
  }

  /// Nothing is allowed to anybody.
  public static let empty = RBACSnapshot(
    roles: [], clusterRoles: [], roleBindings: [], clusterRoleBindings: [])

  private static func key(_ namespace: String, _ name: String) -> String { namespace + "/" + name }

  /// What a user has been granted, everywhere first, then in the namespace if one is given.
  func grants(to user: UserInfo, namespace: String) -> [Grant] {
    var all: [Grant] = []
    func add(_ subjects: [Subject: [Int]]) {
      var places = subjects[.user(user.name)] ?? []
      for group in Set(user.groups) { places += subjects[.group(group)] ?? [] }
      // A binding names its subjects in an order, which decides on the reason that is given.
      for place in places.sorted() { all.append(grants[place]) }
    }
    add(everywhere)
    if !namespace.isEmpty, let subjects = inNamespace[namespace] { add(subjects) }
    return all
  }

  /// The rules of the role that a binding in this namespace names; nil if it is not there.
  public func rules(ofRole reference: JSON, namespace: String) -> [PolicyRule]? {
    let name = reference.text("name")
    return reference.text("kind") == "Role" ? roles[Self.key(namespace, name)] : clusterRoles[name]
  }
}
