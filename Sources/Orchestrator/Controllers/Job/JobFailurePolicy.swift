import Objects

/// What a Job's `podFailurePolicy` says about a failed pod.
enum JobFailurePolicy {
  /// What follows from a pod's failure.
  enum Verdict: Sendable, Equatable {
    /// It counts toward the limits.
    case count
    /// The pod is replaced, and nothing is counted.
    case ignore
    /// The pod's index has failed for good.
    case failIndex
    /// The whole Job fails, with this message.
    case failJob(String)
  }

  /// The first rule that matches decides; without one the failure counts.
  static func verdict(_ pod: JSON, of job: JSON) -> Verdict {
    for (place, rule) in (job["spec", "podFailurePolicy", "rules"]?.array ?? []).enumerated() {
      guard let match = match(pod, rule) else { continue }
      switch rule["action"]?.string {
      case "Ignore": return .ignore
      case "FailIndex":
        if job["spec", "backoffLimitPerIndex"]?.integer != nil { return .failIndex }
      case "Count": return .count
      case "FailJob": return .failJob(match + " matching FailJob rule at index \(place)")
      default: break
      }
    }
    return .count
  }

  /// What of the pod matches the rule, as people read it; nil if nothing does.
  private static func match(_ pod: JSON, _ rule: JSON) -> String? {
    if let codes = rule["onExitCodes"], !codes.isNull { return match(pod, exitCodes: codes) }
    for pattern in rule["onPodConditions"]?.array ?? [] {
      let type = pattern["type"]?.string ?? ""
      guard let condition = Conditions.find(type, in: pod["status"]) else { continue }
      if condition["status"]?.string == pattern["status"]?.string ?? "True" {
        return "Pod \(pod.namespace)/\(pod.name) has condition \(type)"
      }
    }
    return nil
  }

  private static func match(_ pod: JSON, exitCodes rule: JSON) -> String? {
    let values = Set((rule["values"]?.array ?? []).compactMap(\.integer))
    let name = rule["containerName"]?.string
    let statuses =
      (pod["status", "containerStatuses"]?.array ?? [])
      + (pod["status", "initContainerStatuses"]?.array ?? [])
    for status in statuses {
      let container = status["name"]?.string ?? ""
      guard name == nil || name == container,
        let code = status["state", "terminated", "exitCode"]?.integer, code != 0,
        values.contains(code) == (rule["operator"]?.string == "In")
      else { continue }
      return "Container \(container) for pod \(pod.namespace)/\(pod.name) failed with exit code \(code)"
    }
    return nil
  }
}
