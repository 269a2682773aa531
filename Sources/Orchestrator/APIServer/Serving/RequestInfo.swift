import Access
import Exchange
import Objects

/// What a path and a method mean.
struct RequestInfo: Sendable, Hashable {
  /// Whether objects are meant; else the path is all there is.
  var isResource = false
  var verb: String
  var path: String
  var group = ""
  var version = ""
  var resource = ""
  var subresource = ""
  var namespace = ""
  var name = ""
  /// Path segments after the subresource, such as those that a proxy passes on.
  var rest: [String] = []

  /// Reads a request; never fails: what is no resource is a path.
  init(_ request: APIRequest) {
    path = request.path
    verb = request.method.lowercased()
    var parts = request.path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)[...]
    switch parts.first {
    case "api":
      guard parts.count >= 3 else { return }
      version = parts[1]
      parts = parts.dropFirst(2)
    case "apis":
      guard parts.count >= 4 else { return }
      group = parts[1]
      version = parts[2]
      parts = parts.dropFirst(3)
    default: return
    }
    isResource = true
    // The old way to watch, which only reads.
    var watches = false
    if parts.first == "watch", parts.count > 1 {
      watches = true
      parts = parts.dropFirst()
    }
    if parts.first == "namespaces", let second = parts.dropFirst().first {
      let third = parts.dropFirst(2).first
      if let third, third != "status", third != "finalize" {
        namespace = second
        parts = parts.dropFirst(2)
      }
    }
    resource = parts.first ?? ""
    name = parts.dropFirst().first ?? ""
    subresource = parts.dropFirst(2).first ?? ""
    rest = Array(parts.dropFirst(3))
    // A namespace is in itself.
    if resource == "namespaces", group.isEmpty, namespace.isEmpty { namespace = name }
    switch request.method {
    case "POST": verb = "create"
    case "GET", "HEAD": verb = "get"
    case "PUT": verb = "update"
    case "PATCH": verb = "patch"
    case "DELETE": verb = "delete"
    default: verb = ""
    }
    guard name.isEmpty || watches else { return }
    if verb == "get" {
      let asked = request.parameter("watch").map(Self.isTrue) ?? false
      verb = watches || asked ? "watch" : "list"
      // Reading one object by its name counts as that for permissions.
      if name.isEmpty, let text = request.parameter("fieldSelector"),
        let required = (try? FieldSelector(parsing: text))?.requiredValue(of: "metadata.name")
      {
        name = required
      }
    } else if verb == "delete", !watches {
      verb = "deletecollection"
    } else if watches {
      verb = ""
    }
  }

  /// A truth value of a query, as Kubernetes reads it: what says no is no.
  static func isTrue(_ text: String) -> Bool {
    !["", "0", "f", "F", "false", "FALSE", "False"].contains(text)
  }

  /// Whether the path fits the resource: one of the cluster has no namespace in its path, and a name is given exactly
  /// where a verb is for one object.
  func fits(_ resource: Resource) -> Bool {
    let isOwnNamespace = resource.resource == "namespaces" && resource.group.isEmpty && namespace == name
    if !resource.isNamespaced, !namespace.isEmpty, !isOwnNamespace { return false }
    return true
  }

  /// Whether what is asked is about an object where it must be, and about a collection where it must be.
  func allows(_ resource: Resource) -> Bool {
    switch verb {
    // Below an object, or in a collection; one of a namespace needs the namespace.
    case "create": name.isEmpty == subresource.isEmpty && (!resource.isNamespaced || !namespace.isEmpty)
    case "deletecollection": !resource.isNamespaced || !namespace.isEmpty
    case "update", "patch", "delete": !name.isEmpty
    case "": false
    default: true
    }
  }

  /// What authorisation is asked.
  func attributes(_ user: UserInfo) -> Attributes {
    guard isResource else { return Attributes(user: user, verb: verb, path: path) }
    return Attributes(
      user: user, verb: verb, group: group, version: version, resource: resource, subresource: subresource,
      namespace: namespace, name: name)
  }

  /// A verb that the user must be allowed beside the request's own: whoever opens a WebSocket, which is a GET, does
  /// more than read (Kubernetes 1.35 and later).
  var furtherVerb: String? {
    let isSession = ["exec", "attach", "portforward"].contains(subresource)
    return isSession && group.isEmpty && resource == "pods" && verb == "get" ? "create" : nil
  }

  /// Whether the request goes on until somebody ends it.
  var isLongRunning: Bool {
    verb == "watch" || ["log", "exec", "attach", "portforward", "proxy"].contains(subresource)
  }

  /// Whether something may be written.
  var isMutating: Bool {
    isResource ? !["get", "list", "watch"].contains(verb) : !["get", "head", "options"].contains(verb)
  }
}
