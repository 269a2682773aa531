@testable import Scheduler

extension ClusterState {
  /// What can be said of the state without regard to how it came about.
  struct Summary: Hashable {
    struct Node: Hashable {
      var capacity: NodeCapacity
      let extendedRequested: [String: Int64]
      let hostPorts: [HostPort: Int]
      let pods: Set<String>

      mutating func forgetNominations() { capacity.traits.remove(.hasNominatedPods) }
    }

    var nodes: [String: Node] = [:]
    var groups: [PodTemplate: [String: Int64]] = [:]
    var images: [String: [String: Int64]] = [:]
    /// By topology key, the nodes that are in one domain.
    var topologies: [String: Set<Set<String>>] = [:]
  }

  func summary(topologyKeys: [String]) -> Summary {
    var copy = self
    var summary = Summary()
    for (slot, node) in nodes.enumerated() where slot == self.slot(of: node.name) {
      summary.nodes[node.name] = Summary.Node(
        capacity: capacities[slot], extendedRequested: node.extendedRequested, hostPorts: node.hostPorts,
        pods: Set(node.pods.keys))
    }
    func named(_ counts: [Int: Int64]) -> [String: Int64] {
      Dictionary(uniqueKeysWithValues: counts.map { (nodes[$0.key].name, $0.value) })
    }
    for case let group? in groups.groups { summary.groups[group.template] = named(group.counts) }
    summary.images = images.sizes.mapValues(named)
    for key in topologyKeys {
      let place = copy.topologies.place(of: key, nodes: nodes)
      let topology = copy.topologies.list[place]
      var domains: [Int: Set<String>] = [:]
      for (slot, node) in nodes.enumerated() where slot == self.slot(of: node.name) {
        if let domain = topology.domain(of: slot) { domains[domain, default: []].insert(node.name) }
      }
      summary.topologies[key] = Set(domains.values)
    }
    return summary
  }
}
