import Objects

/// An object as garbage collection sees it: who it is, who owns it, and whether it is on its way out.
struct OwnedObject: Sendable, Hashable {
  /// A reference from an object to one of its owners.
  struct Owner: Sendable, Hashable {
    var apiVersion: String
    var kind: String
    var name: String
    var uid: String
    /// Whether the owner's foreground deletion waits for the object.
    var blocksDeletion: Bool
  }

  var resource: Resource
  var namespace: String
  var name: String
  var uid: String
  var owners: [Owner]
  var isBeingDeleted: Bool
  var finalizers: Set<String>

  static let foreground = "foregroundDeletion"
  static let orphan = "orphan"

  /// What an object's metadata says; nil without a uid.
  init?(_ object: JSON, _ resource: Resource) {
    guard !object.uid.isEmpty else { return nil }
    self.resource = resource
    namespace = object.namespace
    name = object.name
    uid = object.uid
    owners = object.ownerReferences.map { reference in
      Owner(
        apiVersion: reference["apiVersion"]?.string ?? "", kind: reference["kind"]?.string ?? "",
        name: reference["name"]?.string ?? "", uid: reference["uid"]?.string ?? "",
        blocksDeletion: reference["blockOwnerDeletion"]?.boolean ?? false)
    }
    isBeingDeleted = object.isBeingDeleted
    finalizers = Set(object.finalizers)
  }

  /// Whether it goes only after the objects that it owns.
  var waitsForDependents: Bool { isBeingDeleted && finalizers.contains(Self.foreground) }
  /// Whether the objects that it owns are to be let go before it does.
  var orphansDependents: Bool { isBeingDeleted && finalizers.contains(Self.orphan) }
}

/// Who owns whom, as far as watches have told.
struct OwnershipGraph: Sendable {
  /// Owners that were asked for and are not there; past this many, the knowledge is dropped and asked for again.
  static let absentLimit = 10_000

  private(set) var objects: [String: OwnedObject] = [:]
  /// By the uid of the owner.
  private var dependents: [String: Set<String>] = [:]
  private var absent: Set<String> = []

  /// What has to be done for an object, if anything.
  enum Action: Sendable, Hashable {
    case nothing
    /// Nothing is known of these owners: the server has to be asked.
    case lookUp([OwnedObject.Owner])
    /// The references to owners of these uids lead nowhere, while others hold the object.
    case removeOwners([String])
    /// Nobody holds it any more.
    case delete(propagationPolicy: String)
    /// All that it waited for is gone.
    case removeFinalizer(String)
    /// These objects have to be let go before it goes itself.
    case orphan([OwnedObject])
  }

  /// An object is there, or has changed. The uids of those to decide on.
  mutating func observe(_ object: OwnedObject) -> [String] {
    absent.remove(object.uid)
    let old = objects.updateValue(object, forKey: object.uid)
    for owner in old?.owners ?? [] { dependents[owner.uid]?.remove(object.uid) }
    for owner in object.owners { dependents[owner.uid, default: []].insert(object.uid) }
    var due = object.owners.isEmpty && !object.isBeingDeleted ? [] : [object.uid]
    // Those that the object blocked may go on; those it owns may have to go.
    due += (old?.owners ?? []).filter { owner in !object.owners.contains { $0.uid == owner.uid } }.map(\.uid)
    if object.waitsForDependents, old?.waitsForDependents != true { due += dependentUIDs(of: object.uid) }
    return due
  }

  /// An object is gone. The uids of those to decide on.
  mutating func remove(_ uid: String) -> [String] {
    guard let old = objects.removeValue(forKey: uid) else { return [] }
    noteAbsent(uid)
    for owner in old.owners {
      dependents[owner.uid]?.remove(uid)
      if dependents[owner.uid]?.isEmpty == true { dependents[owner.uid] = nil }
    }
    return dependentUIDs(of: uid) + old.owners.map(\.uid)
  }

  /// The server says that there is no object of this uid.
  mutating func noteAbsent(_ uid: String) {
    if absent.count >= Self.absentLimit { absent.removeAll(keepingCapacity: true) }
    absent.insert(uid)
  }

  private func dependentUIDs(of uid: String) -> [String] { (dependents[uid] ?? []).sorted() }

  /// What to do about an object as it is known now.
  func action(for uid: String) -> Action {
    guard let object = objects[uid] else { return .nothing }
    if object.orphansDependents {
      let owned = dependentUIDs(of: uid).compactMap { objects[$0] }
      return owned.isEmpty ? .removeFinalizer(OwnedObject.orphan) : .orphan(owned)
    }
    if object.waitsForDependents {
      let blocking = dependentUIDs(of: uid).contains { dependent in
        objects[dependent]?.owners.contains { $0.uid == uid && $0.blocksDeletion } ?? false
      }
      return blocking ? .nothing : .removeFinalizer(OwnedObject.foreground)
    }
    guard !object.isBeingDeleted, !object.owners.isEmpty else { return .nothing }
    return actionByOwners(of: object)
  }

  private func actionByOwners(of object: OwnedObject) -> Action {
    var solid = false
    var waiting: [String] = []
    var dangling: [String] = []
    var unknown: [OwnedObject.Owner] = []
    for reference in object.owners {
      if let owner = objects[reference.uid], owner.isMeant(by: reference, from: object) {
        if owner.waitsForDependents { waiting.append(owner.uid) } else { solid = true }
      } else if absent.contains(reference.uid) || objects[reference.uid] != nil {
        dangling.append(reference.uid)
      } else {
        unknown.append(reference)
      }
    }
    if solid {
      return dangling.isEmpty && waiting.isEmpty ? .nothing : .removeOwners(dangling + waiting)
    }
    if !unknown.isEmpty { return .lookUp(unknown) }
    // What waits for this object waits for all below it too.
    let hasDependents = !(dependents[object.uid]?.isEmpty ?? true)
    if !waiting.isEmpty, hasDependents { return .delete(propagationPolicy: "Foreground") }
    if object.finalizers.contains(OwnedObject.orphan) { return .delete(propagationPolicy: "Orphan") }
    if object.finalizers.contains(OwnedObject.foreground) { return .delete(propagationPolicy: "Foreground") }
    return .delete(propagationPolicy: "Background")
  }
}

extension OwnedObject {
  /// Whether a reference that an object makes can mean this one: of its kind, and in the same namespace or in none.
  fileprivate func isMeant(by reference: Owner, from object: OwnedObject) -> Bool {
    reference.kind == resource.kind && Self.group(reference.apiVersion) == resource.group
      && (!resource.isNamespaced || namespace == object.namespace)
  }

  private static func group(_ apiVersion: String) -> String {
    apiVersion.lastIndex(of: "/").map { String(apiVersion[..<$0]) } ?? ""
  }
}
