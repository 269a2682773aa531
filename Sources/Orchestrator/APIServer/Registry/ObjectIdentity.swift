import Exchange
import Objects
import Storage

/// Fits what a body says about an object's name and namespace to what the path says.
enum ObjectIdentity {
  /// Puts an object into the namespace of the request; one of cluster scope is in none.
  /// - Throws: 400 if it says that it is in another.
  static func enterNamespace(_ object: inout JSON, of target: Target) throws(StatusError) {
    let own = object["metadata", "namespace"]?.string ?? ""
    let expected = target.resource.isNamespaced ? target.namespace : ""
    if own == expected { return }
    if own.isEmpty {
      object["metadata", "namespace"] = .string(expected)
    } else if expected.isEmpty {
      object["metadata", "namespace"] = nil
    } else {
      throw .badRequest(
        "the namespace of the provided object does not match the namespace sent on the request")
    }
  }

  /// - Throws: 400 if an object has no name, or another than the path.
  static func checkName(_ object: JSON, of target: Target) throws(StatusError) {
    let name = object["metadata", "name"]?.string ?? ""
    if name.isEmpty {
      throw .badRequest(
        "the name of the object (\(target.name) based on URL) was undeterminable: name must be provided")
    }
    guard name == target.name else {
      throw .badRequest(
        "the name of the object (\(name)) does not match the name on the URL (\(target.name))")
    }
  }

  /// Drops owner references that are there twice; what to warn of, if any were.
  static func dropRepeatedOwners(_ object: inout JSON) -> String? {
    guard let owners = object["metadata", "ownerReferences"]?.array, owners.count > 1 else { return nil }
    var unique: [JSON] = []
    var repeated: [String] = []
    for owner in owners {
      if unique.contains(owner) {
        let uid = owner["uid"]?.string ?? ""
        if !repeated.contains(uid) { repeated.append(uid) }
      } else {
        unique.append(owner)
      }
    }
    guard !repeated.isEmpty else { return nil }
    object["metadata", "ownerReferences"] = .array(unique)
    return
      ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, "
      + "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
      + repeated.joined(separator: ", ")
  }
}

/// The words for an object that is not the one that a write means, which are those of the store.
enum Precondition {
  /// Says that the `name` of an object (`UID`, `ResourceVersion`) is another than the expected one.
  static func failure(_ name: String, _ expected: String, _ actual: String, of target: Target) -> String {
    let key = String(decoding: ResourceKeys(target.resource).key(target.objectName), as: UTF8.self)
    return "StorageError: invalid object, Code: 4, Key: \(key), "
      + "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: \(name) in precondition: \(expected), "
      + "\(name) in object meta: \(actual)"
  }
}

extension Target {
  /// - Throws: 400 if this names no object, or cannot be part of a key of the store.
  func checkObject() throws(StatusError) {
    try checkNamespace()
    if name.isEmpty { throw .badRequest("Name parameter required.") }
    if let problem = Self.problem(ofSegment: name) {
      throw .badRequest("Name parameter invalid: \"\(name)\": \(problem)")
    }
  }

  /// - Throws: 400 if objects of the resource are in namespaces and this names none that can be part of a key.
  func checkNamespace() throws(StatusError) {
    guard resource.isNamespaced else { return }
    if namespace.isEmpty { throw .badRequest("Namespace parameter required.") }
    if let problem = Self.problem(ofSegment: namespace) {
      throw .badRequest("Namespace parameter invalid: \"\(namespace)\": \(problem)")
    }
  }

  private static func problem(ofSegment segment: String) -> String? {
    if segment == "." || segment == ".." { return "may not be '\(segment)'" }
    for character in ["/", "%"] where segment.utf8.contains(character.utf8.first ?? 0) {
      return "may not contain '\(character)'"
    }
    return nil
  }

  /// The stored object that is meant.
  var objectName: ObjectName {
    ObjectName(namespace: resource.isNamespaced ? namespace : "", name: name)
  }
}

extension JSON {
  /// `metadata.name`; empty if there is none.
  var objectName: String { self["metadata"]?["name"]?.string ?? "" }
  /// `metadata.uid`; empty if there is none.
  var uid: String { self["metadata"]?["uid"]?.string ?? "" }
  /// `metadata.resourceVersion`; empty if there is none.
  var resourceVersion: String { self["metadata"]?["resourceVersion"]?.string ?? "" }
  /// `metadata.finalizers`.
  var finalizers: [String] { self["metadata"]?["finalizers"]?.array?.compactMap(\.string) ?? [] }
  /// Whether the object is being deleted.
  var isDeleting: Bool {
    if case .string? = self["metadata"]?["deletionTimestamp"] { true } else { false }
  }
}
