public import Objects

/// Who an object is within its resource.
public struct ObjectName: Sendable, Hashable {
  /// Empty for cluster scope.
  public var namespace: String
  /// The object's name.
  public var name: String

  /// A name in a namespace, or in none.
  public init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }
}

/// Where the objects of a resource lie in the store: as Kubernetes lays them out, so that tools that know one know both.
public struct ResourceKeys: Sendable {
  /// `/registry/pods/`, with the slash.
  let prefix: [UInt8]
  private let isNamespaced: Bool

  /// The keys of a resource below `root`.
  public init(_ resource: Resource, root: String = "/registry") {
    prefix = Array((root + "/" + Self.folder(of: resource) + "/").utf8)
    isNamespaced = resource.isNamespaced
  }

  /// Those whose folder is not their plural.
  private static let special = [
    "/nodes": "minions", "/services": "services/specs", "/endpoints": "services/endpoints",
    "/replicationcontrollers": "controllers", "networking.k8s.io/ingresses": "ingress",
    "apiregistration.k8s.io/apiservices": "apiregistration.k8s.io/apiservices",
    "apiextensions.k8s.io/customresourcedefinitions": "apiextensions.k8s.io/customresourcedefinitions",
  ]

  private static func folder(of resource: Resource) -> String {
    if let folder = special[resource.group + "/" + resource.resource] { return folder }
    let isBuiltIn =
      Resource.builtIn(group: resource.group, version: resource.version, resource: resource.resource) != nil
    return isBuiltIn ? resource.resource : resource.group + "/" + resource.resource
  }

  /// The first key after all of the resource.
  var end: [UInt8] { Self.end(ofPrefix: prefix) }

  /// The keys of one namespace, or of all.
  func range(namespace: String?) -> (start: [UInt8], end: [UInt8]) {
    guard isNamespaced, let namespace, !namespace.isEmpty else { return (prefix, end) }
    let start = prefix + Array(namespace.utf8) + [UInt8(ascii: "/")]
    return (start, Self.end(ofPrefix: start))
  }

  /// The key of an object.
  public func key(_ name: ObjectName) -> [UInt8] {
    isNamespaced
      ? prefix + Array(name.namespace.utf8) + [UInt8(ascii: "/")] + Array(name.name.utf8)
      : prefix + Array(name.name.utf8)
  }

  /// The object of a key; nil if the key is none of this resource.
  func name(of key: [UInt8]) -> ObjectName? {
    guard key.starts(with: prefix) else { return nil }
    let rest = key[prefix.count...]
    guard isNamespaced else { return ObjectName(name: String(decoding: rest, as: UTF8.self)) }
    guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    return ObjectName(
      namespace: String(decoding: rest[..<slash], as: UTF8.self),
      name: String(decoding: rest[(slash + 1)...], as: UTF8.self))
  }

  private static func end(ofPrefix prefix: [UInt8]) -> [UInt8] {
    var end = prefix
    // A prefix ends with a slash, which has a successor.
    end[end.count - 1] += 1
    return end
  }
}
