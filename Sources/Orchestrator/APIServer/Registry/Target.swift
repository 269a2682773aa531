public import Objects

/// What a request is about: a resource, and of it an object, or something below an object.
public struct Target: Sendable, Hashable {
  /// The resource whose objects are meant.
  public var resource: Resource
  /// Such as `status`; empty for the object itself.
  public var subresource: String
  /// Empty for cluster scope, and for all namespaces.
  public var namespace: String
  /// Empty for the collection.
  public var name: String

  /// A target in a namespace, or without one.
  public init(_ resource: Resource, subresource: String = "", namespace: String = "", name: String = "") {
    self.resource = resource
    self.subresource = subresource
    self.namespace = namespace
    self.name = name
  }
}

extension Resource {
  /// As messages name it: `pods`, `deployments.apps`.
  var qualifiedName: String { group.isEmpty ? resource : resource + "." + group }
}
