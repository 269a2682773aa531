#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// The spreading that the pod prefers.
struct PodTopologySpreadScore {
  private struct Counted {
    let constraint: SpreadConstraint
    var counts: DomainCounts
    /// More domains make a pod more or less in one of them count for more.
    var weight = 0.0
  }

  private var counted: [Counted] = []
  private let needsAllKeys: Bool

  /// Counts for the nodes that passed the filters. Nil if the pod has no such preference.
  init?(pod: PodInfo, feasible: [Int], state: inout ClusterState) {
    let constraints = pod.spreadConstraints.filter { !$0.isRequired }
    guard !constraints.isEmpty else { return nil }
    needsAllKeys = !pod.hasDefaultSpread
    for constraint in constraints {
      let topology = state.topologies.place(of: constraint.topologyKey, nodes: state.nodes)
      counted.append(
        Counted(constraint: constraint, counts: DomainCounts(topology: topology, in: state.topologies)))
    }
    let judged = feasible.filter { !isIgnored($0, state.topologies) }
    // The domains of the nodes to choose from, for each constraint.
    var isWanted: [[Bool]] = []
    for place in counted.indices {
      let topology = state.topologies.list[counted[place].counts.topology]
      var wanted = Array(repeating: false, count: counted[place].counts.counts.count)
      var size = 0
      for slot in judged {
        guard let domain = topology.domain(of: slot), !wanted[domain] else { continue }
        wanted[domain] = true
        size += 1
      }
      if counted[place].constraint.topologyKey == SpreadConstraint.hostnameLabel { size = judged.count }
      counted[place].weight = log(Double(size + 2))
      isWanted.append(wanted)
    }
    for group in state.groups.byNamespace[pod.namespace] ?? [] {
      guard let group = state.groups.groups[group], !group.template.isTerminating else { continue }
      for place in counted.indices where counted[place].constraint.selector.matches(group.template.labels) {
        let topology = state.topologies.list[counted[place].counts.topology]
        let isHost = counted[place].constraint.topologyKey == SpreadConstraint.hostnameLabel
        for (slot, count) in group.counts {
          guard let node = state.node(at: slot), let domain = topology.domain(of: slot) else { continue }
          guard isWanted[place][domain] else { continue }
          // A host is its own domain: there only its pods matter.
          if !isHost {
            if isIgnored(slot, state.topologies) { continue }
            if !PodTopologySpread.counts(node, pod, counted[place].constraint) { continue }
          }
          counted[place].counts.counts[domain] &+= count
        }
      }
    }
  }

  /// Whether the node is left out for want of a label.
  func isIgnored(_ slot: Int, _ topologies: Topologies) -> Bool {
    needsAllKeys && counted.contains { topologies.list[$0.counts.topology].domain(of: slot) == nil }
  }

  /// How crowded the node's domains are: less is better.
  func crowding(_ slot: Int, _ topologies: Topologies) -> Int64 {
    var sum = 0.0
    for one in counted {
      guard let count = one.counts.count(at: slot, topologies: topologies) else { continue }
      sum += Double(count) * one.weight + Double(one.constraint.maxSkew - 1)
    }
    return Int64(sum.rounded())
  }
}
