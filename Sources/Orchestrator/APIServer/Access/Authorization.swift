public import Exchange

/// What a request wants to do, as authorisation sees it.
public struct Attributes: Sendable, Hashable {
  /// Who asks.
  public var user: UserInfo
  /// Such as `list`; for paths that are no resources the HTTP method in lower case.
  public var verb: String
  /// Empty for the core group.
  public var group: String
  /// Such as `v1`.
  public var version: String
  /// Such as `pods`.
  public var resource: String
  /// Such as `log`; empty for the object itself.
  public var subresource: String
  /// Empty for cluster scope and all namespaces.
  public var namespace: String
  /// Empty for collections.
  public var name: String
  /// Whether a resource is meant, not a path.
  public var isResource: Bool
  /// The path of a request that means no resource.
  public var path: String

  /// Something done to a resource.
  public init(
    user: UserInfo, verb: String, group: String = "", version: String = "", resource: String,
    subresource: String = "", namespace: String = "", name: String = ""
  ) {
    self.user = user
    self.verb = verb
    self.group = group
    self.version = version
    self.resource = resource
    self.subresource = subresource
    self.namespace = namespace
    self.name = name
    isResource = true
    path = ""
  }

  /// Something done to a path.
  public init(user: UserInfo, verb: String, path: String) {
    self.init(user: user, verb: verb, resource: "")
    isResource = false
    self.path = path
  }
}

extension Attributes {
  /// Why a request is refused, in the words of Kubernetes: `User "u" cannot list resource "pods" in API group "" in the
  /// namespace "n"`.
  public func denial(reason: String) -> String {
    var text: String
    if isResource {
      let whole = subresource.isEmpty ? resource : resource + "/" + subresource
      text = "User \"\(user.name)\" cannot \(verb) resource \"\(whole)\" in API group \"\(group)\""
      text += namespace.isEmpty ? " at the cluster scope" : " in the namespace \"\(namespace)\""
    } else {
      text = "User \"\(user.name)\" cannot \(verb) path \"\(path)\""
    }
    if !reason.isEmpty { text += ": " + reason }
    return text
  }
}

/// What an authoriser says of a request.
public enum Decision: Sendable, Hashable {
  /// It may be done; the reason is for records.
  case allow(reason: String)
  /// It must not be done, whatever others say.
  case deny(reason: String)
  /// Others may decide; with nobody else, it is refused.
  case noOpinion(reason: String)

  /// Whether it may be done.
  public var isAllowed: Bool { if case .allow = self { true } else { false } }

  /// Why.
  public var reason: String {
    switch self {
    case .allow(let reason), .deny(let reason), .noOpinion(let reason): reason
    }
  }
}

/// Decides who may do what.
public protocol Authorizer: Sendable {
  /// Whether a request may be done.
  func authorize(_ attributes: Attributes) async -> Decision

  /// What a user may do in a namespace, as far as it can be listed; `isComplete` is false if it cannot all be.
  func rules(for user: UserInfo, namespace: String) async -> (rules: [PolicyRule], isComplete: Bool)
}
