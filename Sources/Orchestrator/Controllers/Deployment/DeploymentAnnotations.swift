import Objects

/// What a Deployment's ReplicaSets carry in annotations: which revision they are, and how large the Deployment was
/// when they were scaled last.
enum DeploymentAnnotations {
  static let revision = "deployment.kubernetes.io/revision"
  static let revisionHistory = "deployment.kubernetes.io/revision-history"
  static let desiredReplicas = "deployment.kubernetes.io/desired-replicas"
  static let maxReplicas = "deployment.kubernetes.io/max-replicas"
  static let templateHash = "pod-template-hash"
  /// Longer histories lose their oldest entries.
  static let revisionHistoryLimit = 2000

  /// Annotations that belong to one object and are not handed on.
  private static let own: Set<String> = [
    "kubectl.kubernetes.io/last-applied-configuration", revision, revisionHistory, desiredReplicas,
    maxReplicas,
    "deprecated.deployment.rollback.to",
  ]

  static func revision(of object: JSON) -> Int64 { object.annotation(revision).flatMap { Int64($0) } ?? 0 }

  static func integer(_ key: String, of set: JSON) -> Int? {
    set.annotation(key).flatMap { Int32($0) }.map { Int($0) }
  }

  /// Gives a ReplicaSet the Deployment's annotations, and the revision if it is newer than the set's own.
  static func hand(to set: inout JSON, from deployment: JSON, revision new: Int64) {
    var annotations = set.annotations
    for member in deployment.annotations where !own.contains(member.key) {
      annotations[member.key] = member.value
    }
    let oldText = annotations[revision]?.string ?? ""
    if (Int64(oldText) ?? 0) < new {
      annotations[revision] = .string(String(new))
      if !oldText.isEmpty {
        annotations[revisionHistory] = .string(history(annotations[revisionHistory]?.string ?? "", oldText))
      }
    }
    write(annotations, to: &set)
  }

  private static func history(_ history: String, _ revision: String) -> String {
    var entries = history.isEmpty ? [] : history.split(separator: ",").map(String.init)
    entries.append(revision)
    while entries.count > 1, entries.joined(separator: ",").utf8.count > revisionHistoryLimit {
      entries.removeFirst()
    }
    return entries.joined(separator: ",")
  }

  /// Notes in a ReplicaSet how large the Deployment is and may become.
  static func setSizes(of set: inout JSON, _ strategy: RolloutStrategy) {
    var annotations = set.annotations
    annotations[desiredReplicas] = .string(String(strategy.replicas))
    annotations[maxReplicas] = .string(String(strategy.replicas + strategy.maxSurge))
    write(annotations, to: &set)
  }

  private static func write(_ annotations: JSONObject, to set: inout JSON) {
    if !annotations.isEmpty { set["metadata", "annotations"] = .object(annotations) }
  }
}
