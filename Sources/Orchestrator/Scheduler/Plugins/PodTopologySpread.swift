/// The spreading that the pod demands: for each constraint, the matching pods in each domain, and the least of them.
struct PodTopologySpread: Sendable {
  static let missingLabel: UInt64 = 0
  static let skew: UInt64 = 1

  private struct Counted: Sendable {
    let constraint: SpreadConstraint
    let matchesItself: Bool
    var counts: DomainCounts
    /// By domain: whether a node in it counts. Others have no say in what the least is.
    var isCounted: [Bool]
    var domainCount: Int64 = 0
    var least: Int64 = 0

    /// With fewer domains than the constraint wants, one more with no pods in it is imagined.
    mutating func findLeast() {
      guard domainCount >= constraint.minDomains else {
        least = 0
        return
      }
      least = Int64.max
      for (domain, count) in counts.counts.enumerated() where isCounted[domain] { least = min(least, count) }
    }
  }

  private var counted: [Counted] = []

  init(pod: PodInfo, state: inout ClusterState) {
    let constraints = pod.spreadConstraints.filter(\.isRequired)
    guard !constraints.isEmpty else { return }
    for constraint in constraints {
      let topology = state.topologies.place(of: constraint.topologyKey, nodes: state.nodes)
      let counts = DomainCounts(topology: topology, in: state.topologies)
      counted.append(
        Counted(
          constraint: constraint, matchesItself: constraint.selector.matches(pod.labels), counts: counts,
          isCounted: Array(repeating: false, count: counts.counts.count)))
    }
    // Which constraints count which node, found once for each node.
    var counts = [[Bool]](repeating: Array(repeating: false, count: state.nodes.count), count: counted.count)
    for slot in state.nodes.indices {
      guard let node = state.nodes[slot].info, hasAllKeys(slot, state.topologies) else { continue }
      for place in counted.indices where Self.counts(node, pod, counted[place].constraint) {
        counts[place][slot] = true
        guard let domain = state.topologies.list[counted[place].counts.topology].domain(of: slot) else {
          continue
        }
        if !counted[place].isCounted[domain] {
          counted[place].isCounted[domain] = true
          counted[place].domainCount += 1
        }
      }
    }
    for group in state.groups.byNamespace[pod.namespace] ?? [] {
      guard let group = state.groups.groups[group], !group.template.isTerminating else { continue }
      for place in counted.indices where counted[place].constraint.selector.matches(group.template.labels) {
        for (slot, count) in group.counts where counts[place][slot] {
          counted[place].counts.add(count, slot: slot, topologies: state.topologies)
        }
      }
    }
    for place in counted.indices { counted[place].findLeast() }
  }

  private func hasAllKeys(_ slot: Int, _ topologies: Topologies) -> Bool {
    counted.allSatisfy { topologies.list[$0.counts.topology].domain(of: slot) != nil }
  }

  /// Whether the constraint's policies let the node count.
  static func counts(_ node: NodeInfo, _ pod: PodInfo, _ constraint: SpreadConstraint) -> Bool {
    if constraint.honorsNodeAffinity, !pod.nodeSelection.matches(node) { return false }
    return !constraint.honorsNodeTaints || pod.toleratesBlockingTaints(of: node)
  }

  /// Counts another pod as if it were on the node, or, with −1, as if it were not.
  mutating func adjust(_ other: PodInfo, by count: Int64, slot: Int, pod: PodInfo, state: ClusterState) {
    guard !counted.isEmpty, other.namespace == pod.namespace, !other.isTerminating else { return }
    guard let node = state.node(at: slot), hasAllKeys(slot, state.topologies) else { return }
    for place in counted.indices
    where counted[place].constraint.selector.matches(other.labels)
      && Self.counts(node, pod, counted[place].constraint)
    {
      counted[place].counts.add(count, slot: slot, topologies: state.topologies)
      counted[place].findLeast()
    }
  }

  func rejection(slot: Int, topologies: Topologies) -> Rejection? {
    for one in counted {
      guard let count = one.counts.count(at: slot, topologies: topologies) else {
        return Rejection(.podTopologySpread, reason: Self.missingLabel, isUnresolvable: true)
      }
      if count + (one.matchesItself ? 1 : 0) - one.least > one.constraint.maxSkew {
        return Rejection(.podTopologySpread, reason: Self.skew, isUnresolvable: false)
      }
    }
    return nil
  }
}
