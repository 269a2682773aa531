import Objects

@testable import Scheduler

/// The filters that depend on other pods, as their definitions read: pod by pod and node by node, nothing counted
/// ahead. Slow, and so plain that it can be believed.
struct NaiveFilters {
  let nodes: [NodeInfo]
  let pods: [(pod: PodInfo, node: NodeInfo)]
  let namespaces: [String: Labels]

  private func areTogether(_ left: NodeInfo, _ right: NodeInfo, _ key: String) -> Bool {
    guard let value = left.labels[key] else { return false }
    return right.labels[key] == value
  }

  func interPodAffinity(_ pod: PodInfo, _ node: NodeInfo) -> String? {
    let required = pod.affinity?.required ?? []
    func matchesAll(_ other: PodTemplate) -> Bool {
      required.allSatisfy { $0.matches(other, namespaces: namespaces) }
    }
    for term in required where node.labels[term.topologyKey] == nil {
      return "node(s) didn't match pod affinity rules"
    }
    let isSatisfied = required.allSatisfy { term in
      pods.contains { matchesAll($0.pod.template) && areTogether($0.node, node, term.topologyKey) }
    }
    if !isSatisfied {
      let hasOthers = pods.contains { other in
        matchesAll(other.pod.template) && required.contains { other.node.labels[$0.topologyKey] != nil }
      }
      if hasOthers || !matchesAll(pod.template) { return "node(s) didn't match pod affinity rules" }
    }
    for term in pod.affinity?.requiredAnti ?? [] {
      let isViolated = pods.contains {
        term.matches($0.pod.template, namespaces: namespaces) && areTogether($0.node, node, term.topologyKey)
      }
      if isViolated { return "node(s) didn't match pod anti-affinity rules" }
    }
    for other in pods {
      for term in other.pod.affinity?.requiredAnti ?? []
      where term.matches(pod.template, namespaces: namespaces)
        && areTogether(other.node, node, term.topologyKey)
      {
        return "node(s) didn't satisfy existing pods anti-affinity rules"
      }
    }
    return nil
  }

  func podTopologySpread(_ pod: PodInfo, _ node: NodeInfo) -> String? {
    let constraints = pod.spreadConstraints.filter(\.isRequired)
    for constraint in constraints {
      guard let value = node.labels[constraint.topologyKey] else {
        return "node(s) didn't match pod topology spread constraints (missing required label)"
      }
      let counted = nodes.filter { node in
        constraints.allSatisfy { node.labels[$0.topologyKey] != nil }
          && (!constraint.honorsNodeAffinity || pod.nodeSelection.matches(node))
          && (!constraint.honorsNodeTaints || pod.toleratesBlockingTaints(of: node))
      }
      let names = Set(counted.map(\.name))
      var counts: [String: Int64] = [:]
      for node in counted { counts[node.labels[constraint.topologyKey]!, default: 0] += 0 }
      for other in pods
      where names.contains(other.node.name) && other.pod.namespace == pod.namespace
        && !other.pod.isTerminating
        && constraint.selector.matches(other.pod.labels)
      {
        counts[other.node.labels[constraint.topologyKey]!, default: 0] += 1
      }
      let least = Int64(counts.count) < constraint.minDomains ? 0 : counts.values.min() ?? 0
      let itself: Int64 = constraint.selector.matches(pod.labels) ? 1 : 0
      if (counts[value] ?? 0) + itself - least > constraint.maxSkew {
        return "node(s) didn't match pod topology spread constraints"
      }
    }
    return nil
  }

  /// The first reason against the node that depends on other pods, in the order of the plugins.
  func verdict(_ pod: PodInfo, _ node: NodeInfo) -> String? {
    podTopologySpread(pod, node) ?? interPodAffinity(pod, node)
  }
}
