internal import Objects

/// A term of a pod affinity or anti-affinity: pods of some labels and namespaces, and the topology in which they count.
struct PodAffinityTerm: Sendable, Hashable {
  /// With the pod's own namespace filled in where the term names none.
  let namespaces: [String]
  let namespaceSelector: LabelSelector
  let selector: LabelSelector
  let topologyKey: String

  init(json: JSON, namespace: String, labels: Labels) {
    let named = (json["namespaces"]?.array ?? []).compactMap(\.string)
    namespaceSelector = LabelSelector(json: json["namespaceSelector"])
    namespaces = named.isEmpty && namespaceSelector.matchesNothing ? [namespace] : named
    var selector = LabelSelector(json: json["labelSelector"])
    selector.merge(
      matchLabelKeys: json["matchLabelKeys"], mismatchLabelKeys: json["mismatchLabelKeys"], labels: labels)
    self.selector = selector
    topologyKey = json["topologyKey"]?.string ?? ""
  }

  /// Whether the term means this pod. The labels of its namespace are looked up only for terms that select by them.
  func matches(_ pod: PodTemplate, namespaces known: [String: Labels]) -> Bool {
    guard selector.matches(pod.labels) else { return false }
    if namespaces.contains(pod.namespace) { return true }
    if namespaceSelector.matchesNothing { return false }
    return namespaceSelector.matches(known[pod.namespace] ?? Labels())
  }
}

/// A preferred term of a pod affinity; an anti-affinity's weight is negative.
struct WeightedPodAffinityTerm: Sendable, Hashable {
  let weight: Int64
  let term: PodAffinityTerm
}

/// The affinity of a pod to other pods: `affinity.podAffinity` and `affinity.podAntiAffinity`.
struct PodAffinity: Sendable, Hashable {
  let required: [PodAffinityTerm]
  let requiredAnti: [PodAffinityTerm]
  /// Those of the anti-affinity too, with negative weights.
  let preferred: [WeightedPodAffinityTerm]

  /// Nil if the pod has none.
  init?(spec: JSON, namespace: String, labels: Labels) {
    guard let affinity = spec["affinity"] else { return nil }
    func terms(_ kind: String) -> [PodAffinityTerm] {
      (affinity[kind]?["requiredDuringSchedulingIgnoredDuringExecution"]?.array ?? []).map {
        PodAffinityTerm(json: $0, namespace: namespace, labels: labels)
      }
    }
    func weighted(_ kind: String, sign: Int64) -> [WeightedPodAffinityTerm] {
      (affinity[kind]?["preferredDuringSchedulingIgnoredDuringExecution"]?.array ?? []).map { element in
        let weight = max(-100, min(100, element["weight"]?.integer ?? 0))
        let term = PodAffinityTerm(
          json: element["podAffinityTerm"] ?? [:], namespace: namespace, labels: labels)
        return WeightedPodAffinityTerm(weight: sign * weight, term: term)
      }
    }
    required = terms("podAffinity")
    requiredAnti = terms("podAntiAffinity")
    preferred = weighted("podAffinity", sign: 1) + weighted("podAntiAffinity", sign: -1)
    if required.isEmpty && requiredAnti.isEmpty && preferred.isEmpty { return nil }
  }
}

/// What other pods' placement can depend on in a pod. The pods of one workload mostly share it, so that they are
/// counted rather than looked at one by one.
struct PodTemplate: Sendable, Hashable {
  let namespace: String
  let labels: Labels
  /// Terminating pods do not count for topology spread.
  let isTerminating: Bool
  let affinity: PodAffinity?
}
