/// A resource that the API serves: what its path, discovery and commands call it.
public struct Resource: Sendable, Hashable {
  /// Something below an object of a resource, such as `status`.
  public struct Subresource: Sendable, Hashable {
    /// Such as `status`.
    public let name: String
    /// The kind that is sent and answered; its group and version may be others than the resource's, as for `scale`.
    public let group: String
    /// Such as `v1`.
    public let version: String
    /// Such as `Scale`.
    public let kind: String
    /// What can be done with it, sorted.
    public let verbs: [String]
  }

  /// Empty for the core group.
  public let group: String
  /// Such as `v1`.
  public let version: String
  /// The plural in paths, such as `pods`.
  public let resource: String
  /// Such as `Pod`.
  public let kind: String
  /// Whether its objects belong to namespaces.
  public let isNamespaced: Bool
  /// Such as `po`.
  public let shortNames: [String]
  /// Such as `all`.
  public let categories: [String]
  /// What can be done with it, sorted.
  public let verbs: [String]
  /// Sorted by name.
  public private(set) var subresources: [Subresource]

  /// A resource with all that is known about it.
  public init(
    group: String, version: String, resource: String, kind: String, isNamespaced: Bool, shortNames: [String],
    categories: [String], verbs: [String], subresources: [Subresource]
  ) {
    self.group = group
    self.version = version
    self.resource = resource
    self.kind = kind
    self.isNamespaced = isNamespaced
    self.shortNames = shortNames
    self.categories = categories
    self.verbs = verbs
    self.subresources = subresources
  }

  /// The name of one of it, such as `pod`.
  public var singular: String { kind.lowercased() }

  /// As objects name it: `v1`, `apps/v1`.
  public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

  /// The subresource of this name.
  public subscript(subresource name: String) -> Subresource? { subresources.first { $0.name == name } }

  mutating func add(_ subresource: Subresource) { subresources.append(subresource) }
}

extension Resource {
  /// Kubernetes' own resources, in the order of discovery.
  public static var builtIn: [Resource] { BuiltIn.shared.resources }

  /// The built-in resource of a path.
  public static func builtIn(group: String, version: String, resource: String) -> Resource? {
    BuiltIn.shared.byName["\(group)/\(version)/\(resource)"]
  }

  /// The built-in resource of a kind.
  public static func builtIn(group: String, version: String, kind: String) -> Resource? {
    BuiltIn.shared.byKind["\(group)/\(version)/\(kind)"]
  }
}

/// What the built-in text says, read once.
struct BuiltIn: Sendable {
  static let shared = BuiltIn()

  let schema: Schema
  let resources: [Resource]
  let byName: [String: Resource]
  let byKind: [String: Resource]

  private init() {
    let text = SchemaText(SchemaText.builtIn)
    schema = Schema(structures: text.structures)
    resources = text.resources
    byName = Dictionary(resources.map { ("\($0.group)/\($0.version)/\($0.resource)", $0) }) { first, _ in
      first
    }
    byKind = Dictionary(resources.map { ("\($0.group)/\($0.version)/\($0.kind)", $0) }) { first, _ in first }
  }
}
