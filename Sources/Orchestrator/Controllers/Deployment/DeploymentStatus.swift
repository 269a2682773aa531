import Objects

/// The status of a Deployment.
enum DeploymentStatus {
  /// The counts that the ReplicaSets show, and whether enough pods are available.
  static func of(_ deployment: JSON, newSet: JSON?, sets: [JSON], now: Timestamp) -> JSON {
    let strategy = RolloutStrategy(deployment)
    func sum(_ field: String) -> Int { sets.reduce(0) { $0 + $1.count("status", field) } }
    let total = sum("replicas")
    let available = sum("availableReplicas")
    var status = deployment["status"] ?? [:]
    status["observedGeneration"] = .integer(deployment.generation)
    status.setCount("replicas", total)
    status.setCount("updatedReplicas", newSet?.count("status", "replicas") ?? 0)
    status.setCount("readyReplicas", sum("readyReplicas"))
    status.setCount("availableReplicas", available)
    status.setCount("unavailableReplicas", max(0, total - available))
    status["terminatingReplicas"] = .count(sum("terminatingReplicas"))
    let isAvailable = available >= strategy.minAvailable
    Conditions.set(
      isAvailable
        ? condition(
          "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
        : condition(
          "Available", "False", "MinimumReplicasUnavailable",
          "Deployment does not have minimum availability.",
          now), in: &status)
    return status
  }

  /// A condition with both of its times.
  static func condition(
    _ type: String, _ status: String, _ reason: String, _ message: String, _ now: Timestamp
  )
    -> JSON
  {
    Conditions.make(type, status, reason: reason, message: message, now: now, updated: true)
  }

  /// How many seconds a rollout may stand still; nil for no limit.
  static func progressDeadline(_ deployment: JSON) -> Int64? {
    guard let seconds = deployment["spec", "progressDeadlineSeconds"]?.integer, seconds != Int64(Int32.max)
    else {
      return nil
    }
    return seconds
  }

  /// Whether all pods are new and available and none are left over.
  static func isComplete(_ deployment: JSON, _ status: JSON) -> Bool {
    let replicas = RolloutStrategy(deployment).replicas
    return status.count("updatedReplicas") == replicas && status.count("replicas") == replicas
      && status.count("availableReplicas") == replicas
      && (status["observedGeneration"]?.integer ?? 0) >= deployment.generation
  }

  /// Whether the rollout has come further since the last status.
  static func hasProgressed(from old: JSON, to new: JSON) -> Bool {
    func previous(_ status: JSON) -> Int { status.count("replicas") - status.count("updatedReplicas") }
    return new.count("updatedReplicas") > old.count("updatedReplicas") || previous(new) < previous(old)
      || new.count("readyReplicas") > old.count("readyReplicas")
      || new.count("availableReplicas") > old.count("availableReplicas")
  }

  /// When a rollout that stands still is given up; nil if it has ended either way.
  static func deadline(_ deployment: JSON, _ condition: JSON?) -> Timestamp? {
    guard let seconds = progressDeadline(deployment), let condition,
      condition["reason"]?.string != "NewReplicaSetAvailable",
      let from = condition.time(at: "lastUpdateTime")
    else { return nil }
    return from.advanced(bySeconds: seconds)
  }

  /// Says in the status how the rollout goes: complete, progressing, or out of time.
  static func noteProgress(
    _ status: inout JSON, of deployment: JSON, newSet: JSON?, sets: [JSON], now: Timestamp
  ) {
    let old = deployment["status"] ?? [:]
    guard progressDeadline(deployment) != nil else {
      Conditions.remove("Progressing", in: &status)
      noteFailures(&status, newSet: newSet, sets: sets, now: now)
      return
    }
    let current = Conditions.find("Progressing", in: status)
    let isKnownComplete =
      status.count("replicas") == status.count("updatedReplicas")
      && current?["reason"]?.string == "NewReplicaSetAvailable"
    if !isKnownComplete {
      let subject =
        newSet.map { "ReplicaSet \(quoted($0.name))" } ?? "Deployment \(quoted(deployment.name))"
      if isComplete(deployment, status) {
        Conditions.set(
          condition(
            "Progressing", "True", "NewReplicaSetAvailable", subject + " has successfully progressed.", now),
          in: &status)
      } else if hasProgressed(from: old, to: status) {
        var condition = condition(
          "Progressing", "True", "ReplicaSetUpdated", subject + " is progressing.", now)
        if let current, current["status"]?.string == "True" {
          condition["lastTransitionTime"] = current["lastTransitionTime"]
        }
        // The time of this progress counts for the deadline even where the reason is the same.
        Conditions.replace(condition, in: &status)
      } else if current?["reason"]?.string == "ProgressDeadlineExceeded"
        || deadline(deployment, current).map({ $0 < now }) ?? false
      {
        Conditions.set(
          condition(
            "Progressing", "False", "ProgressDeadlineExceeded", subject + " has timed out progressing.", now),
          in: &status)
      }
    }
    noteFailures(&status, newSet: newSet, sets: sets, now: now)
  }

  /// Hands a ReplicaSet's failure to make pods up, the new one's first.
  private static func noteFailures(_ status: inout JSON, newSet: JSON?, sets: [JSON], now: Timestamp) {
    let failure =
      newSet.flatMap { Conditions.find("ReplicaFailure", in: $0["status"]) }
      ?? sets.lazy.compactMap { Conditions.find("ReplicaFailure", in: $0["status"]) }.first
    guard let failure else {
      Conditions.remove("ReplicaFailure", in: &status)
      return
    }
    var condition = failure
    condition["lastUpdateTime"] = failure["lastTransitionTime"]
    Conditions.set(condition, in: &status)
  }
}
