public import Exchange
public import Objects
import Synchronization

/// Where roles and bindings come from.
public protocol RBACSource: Sendable {
  /// All objects of `roles`, `clusterroles`, `rolebindings` or `clusterrolebindings`, as they are now.
  func objects(_ resource: String) -> [JSON]
}

/// Allows what roles allow to those to whom they are bound (Kubernetes: RBAC).
public final class RBACAuthorizer: Authorizer {
  /// For how many users in how many namespaces the rules are remembered, until roles or bindings change.
  static let rememberedUsers = 4096

  /// The group that may do everything.
  public static let superusers = "system:masters"

  private struct Key: Hashable {
    let name: String
    let groups: [String]
    let namespace: String
  }

  private struct State {
    var snapshot = RBACSnapshot.empty
    var grants: [Key: [RBACSnapshot.Grant]] = [:]
  }

  private let state = Mutex(State())

  /// Allows nothing to anybody but the superusers until roles are set.
  public init() {}

  /// From now on these roles and bindings count.
  public func set(_ snapshot: RBACSnapshot) {
    state.withLock { state in
      state.snapshot = snapshot
      state.grants.removeAll(keepingCapacity: true)
    }
  }

  /// From now on these roles and bindings count.
  public func set(roles: [JSON], clusterRoles: [JSON], roleBindings: [JSON], clusterRoleBindings: [JSON]) {
    set(
      RBACSnapshot(
        roles: roles, clusterRoles: clusterRoles, roleBindings: roleBindings,
        clusterRoleBindings: clusterRoleBindings))
  }

  /// From now on the roles and bindings that the source has now count.
  public func reload(from source: any RBACSource) {
    set(
      roles: source.objects("roles"), clusterRoles: source.objects("clusterroles"),
      roleBindings: source.objects("rolebindings"), clusterRoleBindings: source.objects("clusterrolebindings")
    )
  }

  /// The roles and bindings that count now.
  public var snapshot: RBACSnapshot { state.withLock { $0.snapshot } }

  /// The decision on a request.
  public func authorize(_ attributes: Attributes) async -> Decision { decide(attributes) }

  /// The decision, which needs to wait for nothing.
  public func decide(_ attributes: Attributes) -> Decision {
    if attributes.user.groups.contains(Self.superusers) { return .allow(reason: "") }
    var problems: [String] = []
    for grant in grants(to: attributes.user, namespace: attributes.namespace) {
      guard let rules = grant.rules else {
        problems.append(grant.missingRole)
        continue
      }
      if rules.contains(where: { $0.allows(attributes) }) {
        return .allow(reason: "RBAC: allowed by " + grant.description)
      }
    }
    return .noOpinion(reason: problems.isEmpty ? "" : "RBAC: " + GoText.aggregate(problems))
  }

  /// The rules that a user has in a namespace (empty: everywhere), and which bound roles are not there.
  public func rules(for user: UserInfo, namespace: String) -> (rules: [PolicyRule], problems: [String]) {
    var rules: [PolicyRule] = []
    var problems: [String] = []
    var seen: Set<PolicyRule> = []
    for grant in grants(to: user, namespace: namespace) {
      guard let granted = grant.rules else {
        problems.append(grant.missingRole)
        continue
      }
      rules += granted.filter { seen.insert($0).inserted }
    }
    return (rules, problems)
  }

  private func grants(to user: UserInfo, namespace: String) -> [RBACSnapshot.Grant] {
    let key = Key(name: user.name, groups: user.groups, namespace: namespace)
    return state.withLock { state in
      if let known = state.grants[key] { return known }
      let grants = state.snapshot.grants(to: user, namespace: namespace)
      if state.grants.count >= Self.rememberedUsers { state.grants.removeAll(keepingCapacity: true) }
      state.grants[key] = grants
      return grants
    }
  }
}

/// Asks several authorisers in turn: the first that allows or denies decides.
public struct UnionAuthorizer: Authorizer {
  private let authorizers: [any Authorizer]

  /// These, in this order.
  public init(_ authorizers: [any Authorizer]) { self.authorizers = authorizers }

  /// The first decision, or all reasons why there is none.
  public func authorize(_ attributes: Attributes) async -> Decision {
    var reasons: [String] = []
    for authorizer in authorizers {
      switch await authorizer.authorize(attributes) {
      case .noOpinion(let reason): if !reason.isEmpty { reasons.append(reason) }
      case let decision: return decision
      }
    }
    return .noOpinion(reason: reasons.joined(separator: "\n"))
  }
}
