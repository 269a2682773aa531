import Exchange
import Objects

/// What a deletion comes to for an object as it is now. Pure: the same object and options always give the same.
enum DeleteStep: Sendable {
  /// It stays as it is: it is being deleted already, and no sooner.
  case wait
  /// It is stored like this and lives on until its finalizers are gone or its grace period is over.
  case mark(JSON)
  /// It is stored like this, for those who watch, and then goes.
  case markAndRemove(JSON)
  /// It goes.
  case remove

  /// - Throws: 409 if it is not the object that is meant.
  init(_ object: JSON, _ kind: ResourceKind, _ options: DeleteOptions, now: Timestamp) throws(StatusError) {
    try options.checkPreconditions(on: object, kind)
    var new = object
    var isGraceful = false
    if kind.isPod {
      let seconds = Strategy.gracePeriodSeconds(ofPod: object, requested: options.gracePeriodSeconds)
      if object.isDeleting {
        let left = object["metadata"]?["deletionGracePeriodSeconds"]?.integer ?? 0
        if left > 0 {
          guard let requested = options.gracePeriodSeconds, requested < left else {
            self = .wait
            return
          }
          ObjectMetadata.markDeleted(&new, at: now, gracePeriodSeconds: requested)
          isGraceful = true
        }
      } else {
        ObjectMetadata.markDeleted(&new, at: now, gracePeriodSeconds: seconds)
        isGraceful = true
      }
    }
    if let finalizers = PropagationFinalizers.finalizers(of: object, kind, options) {
      new["metadata", "finalizers"] = finalizers.isEmpty ? nil : .array(finalizers.map { .string($0) })
    }
    let period = new["metadata"]?["deletionGracePeriodSeconds"]?.integer ?? 0
    if new.finalizers.isEmpty {
      if !isGraceful { self = .remove } else { self = period > 0 ? .mark(new) : .markAndRemove(new) }
      return
    }
    if !isGraceful { ObjectMetadata.markDeleted(&new, at: now, gracePeriodSeconds: 0) }
    self = new == object ? .wait : .mark(new)
  }
}

/// The deletion of a namespace, which stays until its contents are gone.
enum NamespaceDeletion {
  /// The namespace as it is while its contents go; nil if that is how it is.
  static func terminating(_ namespace: JSON, _ options: DeleteOptions, now: Timestamp) -> JSON? {
    var new = namespace
    if !namespace.isDeleting {
      new["metadata", "deletionTimestamp"] = .string(now.text)
    }
    if new["status", "phase"]?.string != "Terminating" { new["status", "phase"] = "Terminating" }
    // Of the policies only this one is known here.
    let orphans = options.orphansDependents ?? (options.propagation == .orphan)
    if orphans, !namespace.isDeleting, !namespace.finalizers.contains(PropagationFinalizers.orphan) {
      let finalizers = namespace.finalizers + [PropagationFinalizers.orphan]
      new["metadata", "finalizers"] = .array(finalizers.map { .string($0) })
    }
    return new == namespace ? nil : new
  }
}
