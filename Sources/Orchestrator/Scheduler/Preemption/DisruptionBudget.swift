public import Objects

/// What preemption needs to know of a PodDisruptionBudget.
public struct DisruptionBudget: Sendable {
  let namespace: String
  let selector: LabelSelector
  let disruptionsAllowed: Int64
  /// The names of pods whose disruption is already counted.
  let disruptedPods: Set<String>

  /// Reads a budget.
  public init(_ budget: JSON) {
    namespace = budget["metadata", "namespace"]?.string ?? ""
    selector = LabelSelector(json: budget["spec", "selector"])
    disruptionsAllowed = budget["status", "disruptionsAllowed"]?.integer ?? 0
    disruptedPods = Set((budget["status", "disruptedPods"]?.object ?? [:]).keys)
  }

  /// Whether one pod less counts against the budget. For preemption a budget without a selector has no pods.
  func covers(_ pod: PodInfo) -> Bool {
    namespace == pod.namespace && !pod.labels.isEmpty && !selector.isEmpty && selector.matches(pod.labels)
      && !disruptedPods.contains(pod.reference.name)
  }
}
