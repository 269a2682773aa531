import Exchange
import Objects

/// Whether a pod may be evicted, as the disruption budgets say. Pure.
enum DisruptionCheck {
  /// More evictions than this, which the disruption controller has not seen to yet, are refused.
  static let maximumDisruptedPods = 2000

  private static let refusal = "Cannot evict pod as it would violate the pod's disruption budget."

  /// Whether no budget counts such a pod: it does not run yet or any more.
  static func isExempt(_ pod: JSON) -> Bool {
    pod.isDeleting || ["Succeeded", "Failed", "Pending"].contains(pod["status"]?["phase"]?.string ?? "")
  }

  /// Whether a pod that is not ready may go without counting as a disruption.
  static func allowsUnready(_ pod: JSON, _ budget: JSON) -> Bool {
    guard !PodConditions.isReady(pod) else { return false }
    if budget["spec"]?["unhealthyPodEvictionPolicy"]?.string == "AlwaysAllow" { return true }
    let desired = number("desiredHealthy", budget)
    return desired > 0 && number("currentHealthy", budget) >= desired
  }

  /// The budget after one more disruption.
  /// - Throws: 429 if it allows none.
  static func decremented(
    _ budget: JSON, pod: String, resource: Resource, at time: Timestamp
  ) throws(StatusError) -> JSON {
    let name = budget.objectName
    let generation = budget["metadata"]?["generation"]?.integer ?? 0
    if number("observedGeneration", budget) < generation {
      throw refused("The disruption budget \(name) is still being processed by the server.", after: 10)
    }
    let allowed = number("disruptionsAllowed", budget)
    if allowed < 0 { throw forbidden(name, "pdb disruptions allowed is negative") }
    let disrupted = budget["status"]?["disruptedPods"]?.object?.count ?? 0
    if disrupted > maximumDisruptedPods {
      throw forbidden(name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
    }
    if allowed == 0 {
      throw refused(
        "The disruption budget \(name) needs \(number("desiredHealthy", budget)) healthy pods and has "
          + "\(number("currentHealthy", budget)) currently", after: 0)
    }
    var new = budget
    new["status", "disruptionsAllowed"] = .integer(allowed - 1)
    new["status", "disruptedPods", pod] = .string(time.text)
    if allowed == 1 { noteExhausted(&new, at: time) }
    return new
  }

  private static func number(_ field: String, _ budget: JSON) -> Int64 {
    budget["status"]?[field]?.integer ?? 0
  }

  private static func noteExhausted(_ budget: inout JSON, at time: Timestamp) {
    var conditions = budget["status", "conditions"]?.array ?? []
    let place = conditions.firstIndex { $0["type"]?.string == "DisruptionAllowed" }
    let old = place.map { conditions[$0] }
    var condition: JSON = [
      "type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "",
      "lastTransitionTime": .string(time.text),
    ]
    let observed = number("observedGeneration", budget)
    if observed > 0 { condition["observedGeneration"] = .integer(observed) }
    if let old, old["status"] == "False" { condition["lastTransitionTime"] = old["lastTransitionTime"] }
    if let place { conditions[place] = condition } else { conditions.append(condition) }
    budget["status", "conditions"] = .array(conditions)
  }

  private static func refused(_ cause: String, after seconds: Int) -> StatusError {
    var error = StatusError.tooManyRequests(refusal, retryAfterSeconds: seconds)
    if seconds == 0 { error.status["details", "retryAfterSeconds"] = nil }
    error.status["details", "causes"] = [["reason": "DisruptionBudget", "message": .string(cause)]]
    return error
  }

  private static func forbidden(_ name: String, _ problem: String) -> StatusError {
    StatusError(
      code: 403, reason: "Forbidden",
      message: "poddisruptionbudget.policy \"\(name)\" is forbidden: \(problem)",
      details: ["name": .string(name), "group": "policy", "kind": "poddisruptionbudget"])
  }
}
