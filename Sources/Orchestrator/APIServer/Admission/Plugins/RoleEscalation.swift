public import Exchange
public import Objects
public import Registry

/// Whether users may grant what roles and bindings say. Whoever knows the roles answers.
public protocol EscalationChecking: Sendable {
  /// Checks a Role or ClusterRole that is about to be stored; `old` is nil for a new one.
  /// - Throws: 403 if the user may not grant its rules.
  func checkRole(_ role: JSON, old: JSON?, resource: Resource, namespace: String, user: UserInfo)
    async throws(StatusError)

  /// Checks a RoleBinding or ClusterRoleBinding that is about to be stored; `old` is nil for a new one.
  /// - Throws: 403 if the user may not grant the role.
  func checkBinding(_ binding: JSON, old: JSON?, resource: Resource, namespace: String, user: UserInfo)
    async throws(StatusError)
}

/// Nobody grants more than they have themselves, unless they may escalate.
public struct RoleEscalation: AdmissionPlugin {
  private let check: any EscalationChecking

  /// The plug-in.
  public init(check: any EscalationChecking) { self.check = check }

  /// `RoleEscalation`.
  public var name: String { "RoleEscalation" }

  /// New and changed roles and bindings.
  public func handles(_ request: AdmissionRequest) -> Bool {
    (request.operation == .create || request.operation == .update) && request.subresource.isEmpty
      && request.resource.group == "rbac.authorization.k8s.io"
  }

  /// 403 for what the user may not grant.
  public func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    guard let object = request.object else { return }
    let resource = request.resource
    switch resource.resource {
    case "roles", "clusterroles":
      try await check.checkRole(
        object, old: request.old, resource: resource, namespace: request.namespace, user: request.user)
    case "rolebindings", "clusterrolebindings":
      try await check.checkBinding(
        object, old: request.old, resource: resource, namespace: request.namespace, user: request.user)
    default: break
    }
  }
}
