import Objects

/// Which pods nobody will take away unless this does.
enum PodCollection {
  /// Pods that have ended and are kept, at most.
  static let terminatedPods = 12_500
  /// How long a node must be gone before its pods are.
  static let quarantine = Duration.seconds(40)

  /// Why a pod goes.
  enum Reason: Sendable, Hashable { case terminated, unscheduled, orphaned }

  /// The pods to delete, and those whose node is missing and has to be watched further.
  /// - Parameter missingSince: when each missing node was first missed, by the process's own clock.
  static func due(
    pods: [JSON], nodes: Set<String>, missingSince: inout [String: Duration], at time: Duration,
    keeping limit: Int = terminatedPods
  ) -> [(pod: JSON, reason: Reason)] {
    var due: [(pod: JSON, reason: Reason)] = []
    let ended = pods.filter { $0.isTerminal && !$0.isBeingDeleted }
    if ended.count > limit {
      let oldest = ended.sorted {
        ($0["metadata", "creationTimestamp"]?.string ?? "", $0.name)
          < ($1["metadata", "creationTimestamp"]?.string ?? "", $1.name)
      }
      due += oldest.prefix(ended.count - limit).map { ($0, .terminated) }
    }
    due += pods.filter { $0.isBeingDeleted && $0.nodeName.isEmpty }.map { ($0, .unscheduled) }

    let missing = Set(pods.lazy.map(\.nodeName).filter { !$0.isEmpty && !nodes.contains($0) })
    missingSince = missingSince.filter { missing.contains($0.key) }
    for node in missing { missingSince[node] = missingSince[node] ?? time }
    due += pods.filter { pod in
      guard let since = missingSince[pod.nodeName] else { return false }
      return time - since >= quarantine
    }.map { ($0, .orphaned) }
    return due
  }
}
