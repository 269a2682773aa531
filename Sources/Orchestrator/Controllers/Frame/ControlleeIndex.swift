import Client
import Objects
import Synchronization

/// The objects of a resource that controllers of one kind control, and those that nobody controls: what such a
/// controller's decision looks at. Fed by an informer's events and by the controller's own writes, whichever are later.
final class ControlleeIndex: Sendable {
  fileprivate struct State {
    var owned: [String: [ObjectKey: JSON]] = [:]
    var orphans: [String: [ObjectKey: JSON]] = [:]
    /// Under whom each object is: the uid of its controller; empty for nobody.
    var places: [ObjectKey: String] = [:]
  }

  private let controllers: Resource
  private let state = Mutex(State())

  /// An index of what these resources control.
  init(controlledBy controllers: Resource) { self.controllers = controllers }

  /// Takes an informer's event.
  func note(added object: JSON) { set(object, mustBeKnown: false) }

  /// Takes the answer to a write of an object. One that is not known, because it has been deleted meanwhile or has
  /// not been seen yet, is left to the informer.
  func note(written object: JSON) { set(object, mustBeKnown: true) }

  private func set(_ object: JSON, mustBeKnown: Bool) {
    let key = object.key
    let owner = object.controllerReference
    let place: String?
    if let owner {
      place = object.controllerKey(controllers) == nil ? nil : owner["uid"]?.string ?? ""
    } else {
      place = ""
    }
    state.withLock { state in
      if let old = state.object(key) {
        if old.uid == object.uid, let ours = Int64(old.resourceVersion),
          let theirs = Int64(object.resourceVersion), ours > theirs
        {
          return
        }
        if mustBeKnown, old.uid != object.uid { return }
        state.remove(key)
      } else if mustBeKnown {
        return
      }
      guard let place else { return }
      state.places[key] = place
      if place.isEmpty {
        state.orphans[key.namespace, default: [:]][key] = object
      } else {
        state.owned[place, default: [:]][key] = object
      }
    }
  }

  /// Takes all that an informer knows, whether its events have come already or not.
  func prime(from informer: Informer) {
    for object in informer.list() {
      note(added: object)
      // Its deletion may have been told before.
      if informer[object.key] == nil { note(deleted: object) }
    }
  }

  /// The object is gone.
  func note(deleted object: JSON) {
    state.withLock { state in
      let key = object.key
      if state.object(key)?.uid == object.uid { state.remove(key) }
    }
  }

  /// What a controller may claim: what it controls, and what nobody does in its namespace.
  func candidates(of owner: JSON) -> [JSON] {
    state.withLock { state in
      var all: [JSON] = []
      if let owned = state.owned[owner.uid] { all += owned.values }
      if let orphans = state.orphans[owner.namespace] { all += orphans.values }
      return all
    }
  }

  /// What an owner controls.
  func owned(by uid: String) -> [JSON] { state.withLock { $0.owned[uid].map { Array($0.values) } ?? [] } }
}

extension ControlleeIndex.State {
  fileprivate func object(_ key: ObjectKey) -> JSON? {
    guard let place = places[key] else { return nil }
    return place.isEmpty ? orphans[key.namespace]?[key] : owned[place]?[key]
  }

  fileprivate mutating func remove(_ key: ObjectKey) {
    guard let place = places.removeValue(forKey: key) else { return }
    if place.isEmpty {
      orphans[key.namespace]?[key] = nil
      if orphans[key.namespace]?.isEmpty == true { orphans[key.namespace] = nil }
    } else {
      owned[place]?[key] = nil
      if owned[place]?.isEmpty == true { owned[place] = nil }
    }
  }
}
