public import Objects

/// Which object of a resource is meant.
public struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Empty for objects that belong to no namespace.
  public let namespace: String
  /// The object's name.
  public let name: String

  /// An object's place.
  public init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// The place of this object.
  public init(_ object: JSON) {
    let metadata = object["metadata"]
    namespace = metadata?["namespace"]?.string ?? ""
    name = metadata?["name"]?.string ?? ""
  }

  /// `namespace/name`, or the name alone.
  public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

  /// By namespace, then by name.
  public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }
}
