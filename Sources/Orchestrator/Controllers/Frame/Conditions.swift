import Objects

/// Conditions of a status: a list with one element for each type.
enum Conditions {
  /// The condition of a type in a status.
  static func find(_ type: String, in status: JSON?) -> JSON? {
    status?["conditions"]?.array?.first { $0["type"]?.string == type }
  }

  /// Whether an object has this condition with status True.
  static func isTrue(_ type: String, in object: JSON) -> Bool {
    find(type, in: object["status"])?["status"]?.string == "True"
  }

  /// A condition that begins now. `updated` adds the field `lastUpdateTime`, `probed` adds `lastProbeTime`.
  static func make(
    _ type: String, _ status: String, reason: String, message: String, now: Timestamp, updated: Bool = false,
    probed: Bool = false
  ) -> JSON {
    var condition: JSON = [
      "type": .string(type), "status": .string(status), "lastTransitionTime": .string(now.text),
    ]
    if !reason.isEmpty { condition["reason"] = .string(reason) }
    if !message.isEmpty { condition["message"] = .string(message) }
    if updated { condition["lastUpdateTime"] = .string(now.text) }
    if probed { condition["lastProbeTime"] = .string(now.text) }
    return condition
  }

  /// Puts a condition into a status. One of the same status and reason stays as it is, so that nothing is written for
  /// times alone; one of the same status keeps the time of its transition.
  static func set(_ condition: JSON, in status: inout JSON) {
    let type = condition["type"]?.string ?? ""
    var condition = condition
    if let old = find(type, in: status), old["status"] == condition["status"] {
      if old["reason"] == condition["reason"] { return }
      condition["lastTransitionTime"] = old["lastTransitionTime"]
    }
    replace(condition, in: &status)
  }

  /// Puts a condition into a status, in place of the one of its type.
  static func replace(_ condition: JSON, in status: inout JSON) {
    var conditions = status["conditions"]?.array ?? []
    conditions.removeAll { $0["type"] == condition["type"] }
    conditions.append(condition)
    status["conditions"] = .array(conditions)
  }

  /// Takes the condition of a type away.
  static func remove(_ type: String, in status: inout JSON) {
    guard var conditions = status["conditions"]?.array else { return }
    let count = conditions.count
    conditions.removeAll { $0["type"]?.string == type }
    guard conditions.count != count else { return }
    status["conditions"] = .array(conditions)
    if conditions.isEmpty { status["conditions"] = nil }
  }
}
