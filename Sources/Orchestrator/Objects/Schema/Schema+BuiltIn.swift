extension Schema {
  /// The structures of Kubernetes' own kinds.
  public static var builtIn: Schema { BuiltIn.shared.schema }

  /// Kinds that every group has, whatever group and version a request names with them.
  private static let sharedKinds: Set<String> = [
    "APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "ApplyOptions", "CreateOptions",
    "DeleteOptions",
    "GetOptions", "ListOptions", "PatchOptions", "Status", "UpdateOptions", "WatchEvent",
  ]

  /// The name of the structure for a kind of an API group: `core/v1.Pod` for `""`, `v1`, `Pod`.
  ///
  /// Packages are called by the first part of a group's name: `rbac/v1` has the kinds of `rbac.authorization.k8s.io`.
  public static func structureName(forGroup group: String, version: String, kind: String) -> String {
    let package = group.isEmpty ? "core" : String(group.prefix { $0 != "." })
    return "\(package)/\(version).\(kind)"
  }

  /// The shape of a kind of an API group; nil where there is none.
  public func shape(forGroup group: String, version: String, kind: String) -> Shape? {
    if let shape = shape(of: Self.structureName(forGroup: group, version: version, kind: kind)) {
      return shape
    }
    return Self.sharedKinds.contains(kind) ? shape(of: "meta/v1.\(kind)") : nil
  }

  /// The structure of a kind of an API group; nil where there is none.
  public func structure(forGroup group: String, version: String, kind: String) -> Structure? {
    guard case .structure(let number) = shape(forGroup: group, version: version, kind: kind) else {
      return nil
    }
    return structures[number]
  }
}
