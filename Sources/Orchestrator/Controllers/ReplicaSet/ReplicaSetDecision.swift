import Objects

/// What a ReplicaSet's controller does about its pods.
struct ReplicaSetDecision: Sendable, Equatable {
  /// At most this many pods are created or deleted in one sync.
  static let burst = 500

  /// How many pods to make.
  var create = 0
  /// Which pods to delete.
  var delete: [JSON] = []

  /// Compares the pods that the set controls with what its spec asks for. `related` are the active pods of all sets
  /// with the same owner.
  init(_ set: JSON, pods: [JSON], related: [JSON], now: Timestamp) {
    guard !set.isBeingDeleted else { return }
    let active = pods.filter(\.isActive)
    let difference = active.count - Self.replicas(set)
    if difference < 0 {
      create = min(-difference, Self.burst)
    } else if difference > 0 {
      delete = DeletionRanking(related: related, now: now).victims(min(difference, Self.burst), of: active)
    }
  }

  /// How many pods the spec asks for.
  static func replicas(_ set: JSON) -> Int { Int(clamping: set["spec", "replicas"]?.integer ?? 1) }
}

/// The status of a ReplicaSet.
enum ReplicaSetStatus {
  /// What keeps a set from its replicas, if anything does.
  struct Failure: Sendable, Equatable {
    /// `FailedCreate` or `FailedDelete`.
    var reason: String
    /// What the API server said.
    var message: String
  }

  /// The status that the pods show.
  static func of(_ set: JSON, pods: [JSON], failure: Failure?, now: Timestamp) -> JSON {
    var status = set["status"] ?? [:]
    let template = set["spec", "template", "metadata", "labels"]?.object ?? [:]
    let minReadySeconds = set.count("spec", "minReadySeconds")
    var replicas = 0
    var labelled = 0
    var ready = 0
    var available = 0
    var terminating = 0
    for pod in pods {
      guard pod.isActive else {
        if pod.isBeingDeleted, !pod.isTerminal { terminating += 1 }
        continue
      }
      replicas += 1
      if template.allSatisfy({ pod["metadata", "labels"]?[$0.key] == $0.value }) { labelled += 1 }
      guard pod.isReady else { continue }
      ready += 1
      if pod.isAvailable(minReadySeconds: minReadySeconds, now: now) { available += 1 }
    }
    status["replicas"] = .count(replicas)
    status.setCount("fullyLabeledReplicas", labelled)
    status.setCount("readyReplicas", ready)
    status.setCount("availableReplicas", available)
    status["terminatingReplicas"] = .count(terminating)
    status["observedGeneration"] = .integer(set.generation)
    if let failure {
      if Conditions.find("ReplicaFailure", in: status) == nil {
        Conditions.set(
          Conditions.make(
            "ReplicaFailure", "True", reason: failure.reason, message: failure.message, now: now),
          in: &status)
      }
    } else {
      Conditions.remove("ReplicaFailure", in: &status)
    }
    return status
  }

  /// When the next ready pod becomes available.
  static func nextAvailability(_ set: JSON, pods: [JSON], now: Timestamp) -> Duration? {
    let minReadySeconds = set.count("spec", "minReadySeconds")
    guard minReadySeconds > 0 else { return nil }
    return pods.lazy.filter(\.isActive)
      .compactMap { $0.timeUntilAvailable(minReadySeconds: minReadySeconds, now: now) }.min()
  }
}

extension JSON {
  /// A count that is left out when it is zero, as Go's `omitempty` does.
  mutating func setCount(_ key: String, _ value: Int) {
    if value == 0 { self[key] = nil } else { self[key] = .count(value) }
  }
}
