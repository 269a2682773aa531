import Exchange
import Objects
import Storage

extension Registry {
  /// Changes an object on the server's own account: its fields keep their owners, and its kind's rules are not asked.
  /// - Parameter change: the object as it is to be; called again if somebody else wrote in between.
  /// - Returns: the object as it is then; in a dry run, as it would be.
  func amend(
    _ target: Target, dryRun: Bool, _ change: (_ live: JSON) throws(StatusError) -> JSON
  ) async throws(StatusError) -> JSON {
    let store = stores[target.resource]
    var current = try await store.get(target.objectName)
    for _ in 0..<environment.limits.writeAttempts {
      guard let object = current else { throw .notFound(target.resource, name: target.name) }
      let new = try change(object.json)
      if dryRun || new == object.json { return new }
      switch try await store.update(new, target.objectName, expecting: object.revision) {
      case .stored(let stored): return stored.json
      case .changed(let now): current = now
      }
    }
    throw .modified(target.resource, name: target.name)
  }

  /// A resource that is known to be there, such as `pods`.
  static func builtIn(_ group: String, _ version: String, _ name: String) throws(StatusError) -> Resource {
    guard let resource = Resource.builtIn(group: group, version: version, resource: name) else {
      throw .noSuchPath
    }
    return resource
  }
}

/// The conditions of a pod's status.
enum PodConditions {
  /// Sets the condition of a type; the time of its last transition stays if its status does.
  static func set(
    _ type: String, status: String, reason: String = "", message: String = "", on pod: inout JSON,
    at time: Timestamp
  ) {
    var condition: JSON = [
      "type": .string(type), "status": .string(status), "lastProbeTime": .null,
      "lastTransitionTime": .string(time.text),
    ]
    if !reason.isEmpty { condition["reason"] = .string(reason) }
    if !message.isEmpty { condition["message"] = .string(message) }
    var conditions = pod["status", "conditions"]?.array ?? []
    if let place = conditions.firstIndex(where: { $0["type"]?.string == type }) {
      if conditions[place]["status"]?.string == status {
        condition["lastTransitionTime"] = conditions[place]["lastTransitionTime"]
      }
      conditions[place] = condition
    } else {
      conditions.append(condition)
    }
    pod["status", "conditions"] = .array(conditions)
  }

  /// Whether a pod says that it is ready.
  static func isReady(_ pod: JSON) -> Bool {
    (pod["status"]?["conditions"]?.array ?? []).contains {
      $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
    }
  }
}
