public import Objects

/// An object that a cluster has from its first start on.
public struct FirstObject: Sendable, Hashable {
  /// Its resource.
  public var resource: Resource
  /// As it is created.
  public var object: JSON
  /// The paths below which a stored object is brought back to what is said here; all else is the users'.
  public var kept: [[String]]

  /// An object; without `kept` one that is only made where it is missing.
  public init(_ resource: Resource, _ object: JSON, kept: [[String]] = []) {
    self.resource = resource
    self.object = object
    self.kept = kept
  }

  /// Empty for cluster scope.
  public var namespace: String { object.text("metadata", "namespace") }
  /// The name.
  public var name: String { object.text("metadata", "name") }

  /// What to write so that the object is there.
  /// - Parameter current: as it is stored; nil if it is not there.
  /// - Returns: nil if nothing is to be done.
  public func change(from current: JSON?) -> FirstObjectChange? {
    guard let current else { return FirstObjectChange(resource: resource, kind: .create, object: object) }
    var next = current
    for path in kept {
      let wanted = Self.value(of: object, at: path[...])
      if Self.value(of: next, at: path[...]) != wanted { Self.set(wanted, in: &next, at: path[...]) }
    }
    if next == current { return nil }
    return FirstObjectChange(resource: resource, kind: .update, object: next)
  }

  private static func value(of object: JSON, at path: ArraySlice<String>) -> JSON? {
    var value = object
    for key in path {
      guard let next = value[key] else { return nil }
      value = next
    }
    return value
  }

  private static func set(_ value: JSON?, in object: inout JSON, at path: ArraySlice<String>) {
    guard let key = path.first else { return }
    if path.count == 1 {
      object[key] = value
      return
    }
    var child = object[key] ?? [:]
    set(value, in: &child, at: path.dropFirst())
    object[key] = child
  }
}

/// A write that brings an object of the first start about.
public struct FirstObjectChange: Sendable, Hashable {
  /// How it is written.
  public enum Kind: Sendable, Hashable {
    case create
    case update
  }

  /// The resource of the object.
  public var resource: Resource
  /// How it is written.
  public var kind: Kind
  /// What is written; an update has the version that it replaces.
  public var object: JSON
}
