import Client
import Objects

/// What an informer's events about pods mean for those who control them.
struct PodEvents: Sendable {
  let index: ControlleeIndex
  let expectations: Expectations
  /// The kind of the owners.
  let resource: Resource
  /// An owner is to be looked at.
  let enqueue: @Sendable (ObjectKey) -> Void
  /// A pod that nobody controls has come or changed: whoever selects it is to be looked at.
  let orphan: @Sendable (JSON) -> Void

  /// Takes an informer's event.
  func handle(_ event: InformerEvent) {
    switch event {
    case .added(let pod): added(pod)
    case .updated(let old, let new): updated(old, new)
    case .deleted(let pod): deleted(pod)
    }
  }

  /// A pod has been seen first.
  func added(_ pod: JSON) {
    index.note(added: pod)
    guard let key = pod.controllerKey(resource) else {
      if pod.controllerReference == nil { orphan(pod) }
      return
    }
    if pod.isBeingDeleted {
      expectations.deleted(key, uid: pod.uid)
    } else {
      expectations.created(key)
    }
    enqueue(key)
  }

  /// A pod has changed.
  func updated(_ old: JSON, _ new: JSON) {
    guard old.resourceVersion != new.resourceVersion else { return }
    index.note(added: new)
    let before = old.controllerKey(resource)
    let after = new.controllerKey(resource)
    if let before, before != after { enqueue(before) }
    if let after {
      if new.isBeingDeleted { expectations.deleted(after, uid: new.uid) }
      enqueue(after)
    } else if new.controllerReference == nil,
      before != nil || old["metadata", "labels"] != new["metadata", "labels"]
    {
      orphan(new)
    }
  }

  /// A pod is gone.
  func deleted(_ pod: JSON) {
    index.note(deleted: pod)
    guard let key = pod.controllerKey(resource) else { return }
    expectations.deleted(key, uid: pod.uid)
    enqueue(key)
  }
}
