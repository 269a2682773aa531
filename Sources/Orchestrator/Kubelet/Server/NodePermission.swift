/// What somebody must be allowed to do with this node, for a request to its kubelet: a verb on one of these subresources
/// of the node, whichever it is.
public struct NodePermission: Sendable, Hashable {
  /// Such as `get`.
  public var verb: String
  /// Such as `proxy`.
  public var subresources: [String]

  /// What a request takes.
  public init(method: String, path: String) {
    switch method {
    case "POST": verb = "create"
    case "PUT": verb = "update"
    case "PATCH": verb = "patch"
    case "DELETE": verb = "delete"
    default: verb = "get"
    }
    func isBelow(_ parent: String) -> Bool { path == parent || path.hasPrefix(parent + "/") }
    if isBelow("/stats") {
      subresources = ["stats"]
    } else if isBelow("/metrics") {
      subresources = ["metrics"]
    } else if isBelow("/logs") {
      subresources = ["log"]
    } else if isBelow("/checkpoint") {
      subresources = ["checkpoint"]
    } else if isBelow("/pods") || isBelow("/runningpods") {
      subresources = ["pods", "proxy"]
    } else if isBelow("/healthz") {
      subresources = ["healthz", "proxy"]
    } else if isBelow("/configz") {
      subresources = ["configz", "proxy"]
    } else {
      subresources = ["proxy"]
    }
  }
}
