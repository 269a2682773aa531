import Client
import Objects

/// Who controls an object (Kubernetes API: `OwnerReference` with `controller`).
enum OwnerReferences {
  /// A reference to the controller of an object.
  static func controller(_ owner: JSON, _ resource: Resource) -> JSON {
    [
      "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind), "name": .string(owner.name),
      "uid": .string(owner.uid), "controller": true, "blockOwnerDeletion": true,
    ]
  }
}

extension JSON {
  /// All owner references.
  var ownerReferences: [JSON] { self["metadata", "ownerReferences"]?.array ?? [] }

  /// The reference to whoever controls the object.
  var controllerReference: JSON? { ownerReferences.first { $0["controller"]?.boolean == true } }

  /// Whether the object of this uid controls this one.
  func isControlled(by owner: JSON) -> Bool {
    guard let uid = controllerReference?["uid"]?.string else { return false }
    return uid == owner.uid
  }

  /// The key of the controller, if it is of this kind.
  func controllerKey(_ resource: Resource) -> ObjectKey? {
    guard let reference = controllerReference, reference["kind"]?.string == resource.kind,
      let apiVersion = reference["apiVersion"]?.string,
      // Any version of the group will do.
      (apiVersion.lastIndex(of: "/").map { String(apiVersion[..<$0]) } ?? "") == resource.group
    else { return nil }
    return ObjectKey(namespace: namespace, name: reference["name"]?.string ?? "")
  }
}

/// Which objects a controller has, which it must take and which it must let go.
struct Claims: Sendable, Equatable {
  /// Controlled and selected.
  var owned: [JSON] = []
  /// Selected and controlled by nobody.
  var adopt: [JSON] = []
  /// Controlled, but no longer selected.
  var release: [JSON] = []

  /// Sorts candidates of the owner's namespace. An owner that is being deleted takes and releases nothing.
  init(of owner: JSON, selector: LabelRequirements, among candidates: [JSON]) {
    for candidate in candidates {
      if let reference = candidate.controllerReference {
        guard reference["uid"]?.string == owner.uid else { continue }
        if selector.matches(candidate["metadata", "labels"]) {
          owned.append(candidate)
        } else if !owner.isBeingDeleted, !candidate.isBeingDeleted {
          release.append(candidate)
        }
      } else if !owner.isBeingDeleted, !candidate.isBeingDeleted,
        selector.matches(candidate["metadata", "labels"])
      {
        adopt.append(candidate)
      }
    }
  }

  /// The strategic merge patch that takes an object; the uid makes it fail on another of the same name.
  static func adoption(of object: JSON, by owner: JSON, _ resource: Resource, finalizer: String? = nil)
    -> JSON
  {
    var metadata: JSON = [
      "uid": .string(object.uid), "ownerReferences": [OwnerReferences.controller(owner, resource)],
    ]
    if let finalizer { metadata["finalizers"] = [.string(finalizer)] }
    return ["metadata": metadata]
  }

  /// The strategic merge patch that lets an object go.
  static func releasing(_ object: JSON, from owner: JSON, finalizer: String? = nil) -> JSON {
    var metadata: JSON = [
      "uid": .string(object.uid), "ownerReferences": [["$patch": "delete", "uid": .string(owner.uid)]],
    ]
    if let finalizer { metadata["$deleteFromPrimitiveList/finalizers"] = [.string(finalizer)] }
    return ["metadata": metadata]
  }
}
