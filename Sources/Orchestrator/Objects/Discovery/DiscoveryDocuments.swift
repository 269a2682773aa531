/// What the API server says of the groups, versions and resources that it serves: in the older documents, one for each
/// version, and in the aggregated ones that kubectl asks for.
///
/// Groups and their versions come in the order in which the resources name them first, so a group's preferred version
/// is that of its first resource.
public struct DiscoveryDocuments: Sendable {
  /// A version of a group with its resources.
  private struct Version: Sendable {
    let group: String
    let version: String
    var resources: [Resource]

    var groupVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
  }

  private let versions: [Version]

  /// The documents for these resources.
  public init(resources: [Resource]) {
    var versions: [Version] = []
    for resource in resources {
      let place = versions.firstIndex { ($0.group, $0.version) == (resource.group, resource.version) }
      if let place {
        versions[place].resources.append(resource)
      } else {
        versions.append(Version(group: resource.group, version: resource.version, resources: [resource]))
      }
    }
    for place in versions.indices { versions[place].resources.sort { $0.resource < $1.resource } }
    self.versions = versions
  }

  /// The names of the groups but for the core group.
  private var groups: [String] {
    var groups: [String] = []
    for version in versions where !version.group.isEmpty && !groups.contains(version.group) {
      groups.append(version.group)
    }
    return groups
  }

  /// `/api` in plain JSON: `APIVersions`. The address is where clients reach the server, as `host:port`.
  public func coreVersions(serverAddress: String) -> JSON {
    [
      "kind": "APIVersions",
      "versions": .array(versions.filter(\.group.isEmpty).map { .string($0.version) }),
      "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(serverAddress)]],
    ]
  }

  /// `/apis` in plain JSON: `APIGroupList`.
  public var groupList: JSON {
    ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map(groupEntry))]
  }

  /// `/apis/GROUP`: `APIGroup`; nil if there is no such group.
  public func group(_ name: String) -> JSON? {
    guard groups.contains(name) else { return nil }
    var group = groupEntry(name)
    group["kind"] = "APIGroup"
    group["apiVersion"] = "v1"
    return group
  }

  private func groupEntry(_ name: String) -> JSON {
    let entries: [JSON] = versions.filter { $0.group == name }.map {
      ["groupVersion": .string($0.groupVersion), "version": .string($0.version)]
    }
    return ["name": .string(name), "versions": .array(entries), "preferredVersion": entries.first ?? .null]
  }

  /// `/api/v1` or `/apis/GROUP/VERSION`: `APIResourceList`; nil if there is no such version.
  public func resourceList(group: String, version: String) -> JSON? {
    guard let found = versions.first(where: { ($0.group, $0.version) == (group, version) }) else {
      return nil
    }
    var list: JSON = [
      "kind": "APIResourceList", "groupVersion": .string(found.groupVersion),
      "resources": .array(found.resources.flatMap(Self.resourceEntries)),
    ]
    // The core group's list has none, and clients have got used to it.
    if !group.isEmpty { list["apiVersion"] = "v1" }
    return list
  }

  /// A resource and its subresources.
  private static func resourceEntries(of resource: Resource) -> [JSON] {
    var entry: JSON = [
      "name": .string(resource.resource), "singularName": .string(resource.singular),
      "namespaced": .boolean(resource.isNamespaced), "kind": .string(resource.kind),
      "verbs": strings(resource.verbs),
    ]
    if !resource.shortNames.isEmpty { entry["shortNames"] = strings(resource.shortNames) }
    if !resource.categories.isEmpty { entry["categories"] = strings(resource.categories) }
    entry["storageVersionHash"] = StorageVersionHash.text(for: resource).map { .string($0) }
    var entries = [entry]
    for subresource in sortedSubresources(of: resource) {
      var entry: JSON = [
        "name": .string("\(resource.resource)/\(subresource.name)"), "singularName": "",
        "namespaced": .boolean(resource.isNamespaced), "kind": .string(subresource.kind),
        "verbs": strings(subresource.verbs),
      ]
      if isForeign(subresource, to: resource) {
        entry["group"] = .string(subresource.group)
        entry["version"] = .string(subresource.version)
      }
      entries.append(entry)
    }
    return entries
  }

  /// `/api` as an `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`: the core group.
  public var aggregatedCore: JSON { aggregated([("", [:])]) }

  /// `/apis`, likewise: all other groups.
  public var aggregatedGroups: JSON { aggregated(groups.map { ($0, ["name": .string($0)]) }) }

  private func aggregated(_ groups: [(name: String, metadata: JSON)]) -> JSON {
    let items: [JSON] = groups.map { group in
      [
        "metadata": group.metadata,
        "versions": .array(versions.filter { $0.group == group.name }.map(Self.versionEntry)),
      ]
    }
    return [
      "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
      "items": .array(items),
    ]
  }

  private static func versionEntry(_ version: Version) -> JSON {
    [
      "version": .string(version.version), "freshness": "Current",
      "resources": .array(version.resources.map(aggregatedEntry)),
    ]
  }

  private static func aggregatedEntry(of resource: Resource) -> JSON {
    var entry: JSON = [
      "resource": .string(resource.resource), "responseKind": responseKind(resource.kind),
      "scope": resource.isNamespaced ? "Namespaced" : "Cluster",
      "singularResource": .string(resource.singular), "verbs": strings(resource.verbs),
    ]
    if !resource.shortNames.isEmpty { entry["shortNames"] = strings(resource.shortNames) }
    if !resource.categories.isEmpty { entry["categories"] = strings(resource.categories) }
    let subresources: [JSON] = sortedSubresources(of: resource).map { subresource in
      let kind =
        isForeign(subresource, to: resource)
        ? responseKind(subresource.kind, group: subresource.group, version: subresource.version)
        : responseKind(subresource.kind)
      return [
        "subresource": .string(subresource.name), "responseKind": kind, "verbs": strings(subresource.verbs),
      ]
    }
    if !subresources.isEmpty { entry["subresources"] = .array(subresources) }
    return entry
  }

  /// The kind of the answers; group and version are left empty where they are those of the resource.
  private static func responseKind(_ kind: String, group: String = "", version: String = "") -> JSON {
    ["group": .string(group), "version": .string(version), "kind": .string(kind)]
  }

  /// Whether the subresource's kind comes from another version than its resource's.
  private static func isForeign(_ subresource: Resource.Subresource, to resource: Resource) -> Bool {
    (subresource.group, subresource.version) != (resource.group, resource.version)
  }

  private static func sortedSubresources(of resource: Resource) -> [Resource.Subresource] {
    resource.subresources.sorted { $0.name < $1.name }
  }

  private static func strings(_ values: [String]) -> JSON { .array(values.map { .string($0) }) }
}
