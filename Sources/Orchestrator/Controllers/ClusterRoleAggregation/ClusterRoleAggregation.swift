import Client
import Exchange
import Objects

/// Gives cluster roles that aggregate others the rules of those that their selectors match.
public struct ClusterRoleAggregation: Controller {
  /// The controller's name.
  public let name = "clusterrole-aggregation-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let roles = context.informers.informer(for: .clusterRoles)
    let queue = ControllerQueue(context, name: name)
    roles.addHandler { event in
      switch event {
      case .updated(let old, let new) where old.resourceVersion == new.resourceVersion: return
      case .added, .updated, .deleted: break
      }
      // Any role may match any other; those that aggregate are few.
      for role in roles.list() where Self.aggregates(role) { queue.addSoon(role.key) }
    }
    await roles.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard var role = roles[key], Self.aggregates(role), !role.isBeingDeleted else { return nil }
      let rules = Self.rules(of: role, among: roles.list())
      guard rules != role["rules"]?.array ?? [] else { return nil }
      role["rules"] = .array(rules)
      do throws(StatusError) {
        _ = try await context.update(.clusterRoles, role)
      } catch {
        if !error.isNotFound { throw error }
      }
      return nil
    }
  }

  private static func aggregates(_ role: JSON) -> Bool {
    role["aggregationRule"].map { !$0.isNull } ?? false
  }

  /// The rules that a role gets: of all that its selectors match, by name, each rule once.
  static func rules(of role: JSON, among roles: [JSON]) -> [JSON] {
    let selectors = (role["aggregationRule", "clusterRoleSelectors"]?.array ?? [])
      .compactMap { try? LabelRequirements(selector: $0) }
    let sorted = roles.sorted { $0.name < $1.name }
    var seen: Set<JSON> = []
    var rules: [JSON] = []
    // An empty selector of this list matches all, as everywhere.
    for selector in selectors {
      for other in sorted where other.name != role.name && selector.matches(other["metadata", "labels"]) {
        for rule in other["rules"]?.array ?? [] where seen.insert(rule).inserted { rules.append(rule) }
      }
    }
    return rules
  }
}
