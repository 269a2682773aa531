public import Exchange

/// What a request asks to do, as an authoriser looks at it.
public struct Attributes: Sendable, Hashable {
  /// Who asks.
  public var user: UserInfo
  /// Such as `get`, `list` or `deletecollection`; of a path, the HTTP method in lower case.
  public var verb: String
  /// The API group; empty for the core.
  public var group: String
  /// The API version.
  public var version: String
  /// Such as `pods`.
  public var resource: String
  /// Such as `log`; empty if none is asked for.
  public var subresource: String
  /// Empty for all namespaces and for what is in none.
  public var namespace: String
  /// Empty for a collection.
  public var name: String
  /// Whether a resource is asked for rather than a path such as `/healthz`.
  public var isResource: Bool
  /// The path of what is no resource.
  public var path: String

  /// A request for a resource.
  public init(
    user: UserInfo, verb: String, group: String = "", version: String = "", resource: String,
    subresource: String = "", namespace: String = "", name: String = "", path: String = ""
  ) {
    self.user = user
    self.verb = verb
    self.group = group
    self.version = version
    self.resource = resource
    self.subresource = subresource
    self.namespace = namespace
    self.name = name
    self.isResource = true
    self.path = path
  }

  /// A request for a path that is no resource.
  public init(user: UserInfo, verb: String, path: String) {
    self.init(user: user, verb: verb, resource: "", path: path)
    isResource = false
  }

  /// Why the request is refused, in the words that users of Kubernetes know: `User "jane" cannot list resource …`.
  public func denial(reason: String = "") -> String {
    var text = "User \(GoText.quoted(user.name)) cannot \(verb) "
    if isResource {
      let full = subresource.isEmpty ? resource : resource + "/" + subresource
      text += "resource \(GoText.quoted(full)) in API group \(GoText.quoted(group)) "
      text += namespace.isEmpty ? "at the cluster scope" : "in the namespace \(GoText.quoted(namespace))"
    } else {
      text += "path \(GoText.quoted(path))"
    }
    return reason.isEmpty ? text : text + ": " + reason
  }
}

/// What an authoriser says of a request.
public enum Decision: Sendable, Hashable {
  /// It may go on.
  case allow(reason: String)
  /// It may not, whatever others say.
  case deny(reason: String)
  /// This authoriser does not know; if none does, the request may not go on.
  case noOpinion(reason: String)

  /// Whether the request may go on.
  public var isAllowed: Bool {
    if case .allow = self { true } else { false }
  }
  /// Why.
  public var reason: String {
    switch self {
    case .allow(let reason), .deny(let reason), .noOpinion(let reason): reason
    }
  }
}

/// Decides whether a request may go on.
public protocol Authorizer: Sendable {
  /// The decision on a request.
  func authorize(_ attributes: Attributes) async -> Decision
}
