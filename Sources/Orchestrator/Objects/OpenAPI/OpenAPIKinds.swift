/// The names of structures in OpenAPI documents, and the kinds that they are.
struct OpenAPIKinds: Sendable {
  /// A kind in a group and version (`x-kubernetes-group-version-kind`).
  struct GroupVersionKind: Sendable, Hashable {
    let group: String
    let version: String
    let kind: String

    var json: JSON { ["group": .string(group), "version": .string(version), "kind": .string(kind)] }
  }

  /// By the names of structures in the schema. Few structures are more than one kind.
  private let kinds: [String: [GroupVersionKind]]
  private let schema: Schema

  init(resources: [Resource], schema: Schema) {
    var kinds: [String: Set<GroupVersionKind>] = [:]
    for resource in resources {
      let own = Self.kind(of: resource)
      kinds[Self.structure(of: own), default: []].insert(own)
      let list = GroupVersionKind(group: own.group, version: own.version, kind: own.kind + "List")
      kinds[Self.structure(of: list), default: []].insert(list)
      for subresource in resource.subresources {
        let kind = Self.kind(of: subresource)
        kinds[Self.structure(of: kind), default: []].insert(kind)
      }
      // Every version understands these.
      for kind in ["DeleteOptions", "WatchEvent"] {
        let here = GroupVersionKind(group: own.group, version: own.version, kind: kind)
        kinds["meta/v1.\(kind)", default: []].insert(here)
      }
    }
    for kind in ["Status", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions"] {
      kinds["meta/v1.\(kind)"] = [GroupVersionKind(group: "", version: "v1", kind: kind)]
    }
    self.kinds = kinds.mapValues { kinds in
      kinds.sorted { ($0.group, $0.version, $0.kind) < ($1.group, $1.version, $1.kind) }
    }
    self.schema = schema
  }

  static func kind(of resource: Resource) -> GroupVersionKind {
    GroupVersionKind(group: resource.group, version: resource.version, kind: resource.kind)
  }

  static func kind(of subresource: Resource.Subresource) -> GroupVersionKind {
    GroupVersionKind(group: subresource.group, version: subresource.version, kind: subresource.kind)
  }

  /// The schema's name for a kind's structure: `rbac/v1.Role` for a role of `rbac.authorization.k8s.io`.
  static func structure(of kind: GroupVersionKind) -> String {
    let package = kind.group.isEmpty ? "core" : String(kind.group.prefix { $0 != "." })
    return "\(package)/\(kind.version).\(kind.kind)"
  }

  /// The kinds that a structure is.
  func kinds(ofStructure name: String) -> [GroupVersionKind] { kinds[name] ?? [] }

  /// A reference to a kind's structure, or to any object where the schema does not know it.
  func reference(to kind: GroupVersionKind) -> JSON {
    let structure = Self.structure(of: kind)
    guard schema.shape(of: structure) != nil else { return ["type": "object"] }
    return Self.reference(toComponent: Self.component(ofStructure: structure))
  }

  static func reference(toComponent name: String) -> JSON { ["$ref": .string(componentPath + name)] }

  /// Where a document's components are.
  static let componentPath = "#/components/schemas/"

  /// The name of a structure among the components: `io.k8s.api.core.v1.Pod` for `core/v1.Pod`.
  static func component(ofStructure name: String) -> String {
    let parts = name.split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return name }
    let package =
      switch parts[0] {
      case "meta": "io.k8s.apimachinery.pkg.apis.meta"
      case "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions"
      case "apiregistration": "io.k8s.kube-aggregator.pkg.apis.apiregistration"
      case "metrics": "io.k8s.metrics.pkg.apis.metrics"
      default: "io.k8s.api.\(parts[0])"
      }
    return "\(package).\(parts[1])"
  }
}
