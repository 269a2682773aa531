/// The choice between the nodes that can take a pod: every plugin gives 0 to 100, the sum by weight decides.
struct NodeScores: Sendable {
  /// Kubernetes' default weights.
  enum Weight {
    static let taintToleration: Int64 = 3
    static let nodeAffinity: Int64 = 2
    static let podTopologySpread: Int64 = 2
    static let interPodAffinity: Int64 = 2
    static let nodeResourcesFit: Int64 = 1
    static let nodeResourcesBalancedAllocation: Int64 = 1
    static let imageLocality: Int64 = 1
  }

  /// In the order of the nodes that were given.
  private(set) var totals: [Int64] = []
  // What one plugin says, kept to be filled again.
  private var raw: [Int64] = []

  /// Scores the nodes.
  mutating func run(_ pod: PodInfo, feasible: [Int], state: inout ClusterState) {
    totals.removeAll(keepingCapacity: true)
    let balances = NodeResourcesBalancedAllocation.isNeeded(pod)
    var hasSoftTaints = false
    for slot in feasible {
      let capacity = state.capacities[slot]
      var score = Weight.nodeResourcesFit * NodeResourcesFit.score(pod, capacity: capacity)
      if balances {
        score +=
          Weight.nodeResourcesBalancedAllocation
          * NodeResourcesBalancedAllocation.score(pod, capacity: capacity)
      }
      hasSoftTaints = hasSoftTaints || capacity.traits.contains(.hasSoftTaints)
      totals.append(score)
    }
    addTaintToleration(pod, feasible, state, hasSoftTaints: hasSoftTaints)
    addNodeAffinity(pod, feasible, state)
    addPodTopologySpread(pod, feasible, &state)
    addInterPodAffinity(pod, feasible, &state)
    addImageLocality(pod, feasible, state)
  }

  /// The place of one of the nodes with the highest sum, each with the same chance.
  func best(random: inout SeededGenerator) -> Int? {
    guard var highest = totals.first else { return nil }
    var place = 0
    var equals = 1
    for candidate in totals.indices.dropFirst() {
      if totals[candidate] > highest {
        highest = totals[candidate]
        place = candidate
        equals = 1
      } else if totals[candidate] == highest {
        equals += 1
        if random.below(equals) == 0 { place = candidate }
      }
    }
    return place
  }

  private mutating func addTaintToleration(
    _ pod: PodInfo, _ feasible: [Int], _ state: ClusterState, hasSoftTaints: Bool
  ) {
    // Without such taints all nodes get the same.
    guard hasSoftTaints else {
      for place in totals.indices { totals[place] += Weight.taintToleration * 100 }
      return
    }
    raw.removeAll(keepingCapacity: true)
    for slot in feasible {
      raw.append(state.nodes[slot].info.map { TaintToleration.softTaintCount(pod, node: $0) } ?? 0)
    }
    let most = max(1, raw.max() ?? 0)
    for place in totals.indices {
      totals[place] += Weight.taintToleration * (100 - 100 * raw[place] / most)
    }
  }

  private mutating func addNodeAffinity(_ pod: PodInfo, _ feasible: [Int], _ state: ClusterState) {
    guard !pod.nodeSelection.preferred.isEmpty else { return }
    raw.removeAll(keepingCapacity: true)
    for slot in feasible {
      raw.append(state.nodes[slot].info.map { NodeAffinity.preference(pod, node: $0) } ?? 0)
    }
    guard let most = raw.max(), most > 0 else { return }
    for place in totals.indices { totals[place] += Weight.nodeAffinity * (100 * raw[place] / most) }
  }

  private mutating func addPodTopologySpread(
    _ pod: PodInfo, _ feasible: [Int], _ state: inout ClusterState
  ) {
    guard let spread = PodTopologySpreadScore(pod: pod, feasible: feasible, state: &state) else { return }
    raw.removeAll(keepingCapacity: true)
    var least = Int64.max
    var most: Int64 = 0
    for slot in feasible {
      guard !spread.isIgnored(slot, state.topologies) else {
        raw.append(-1)
        continue
      }
      let crowding = spread.crowding(slot, state.topologies)
      raw.append(crowding)
      least = min(least, crowding)
      most = max(most, crowding)
    }
    for place in totals.indices where raw[place] >= 0 {
      let score = most == 0 ? 100 : 100 * (most + least - raw[place]) / most
      totals[place] += Weight.podTopologySpread * score
    }
  }

  private mutating func addInterPodAffinity(
    _ pod: PodInfo, _ feasible: [Int], _ state: inout ClusterState
  ) {
    let weights = InterPodAffinityScore.weights(pod, state: &state)
    guard !weights.isEmpty else { return }
    raw.removeAll(keepingCapacity: true)
    for slot in feasible {
      var sum: Int64 = 0
      for weight in weights { sum &+= weight.count(at: slot, topologies: state.topologies) ?? 0 }
      raw.append(sum)
    }
    guard let least = raw.min(), let most = raw.max(), most > least else { return }
    for place in totals.indices {
      let share = Double(raw[place] &- least) / Double(most &- least)
      totals[place] += Weight.interPodAffinity * Int64(100 * share)
    }
  }

  private mutating func addImageLocality(_ pod: PodInfo, _ feasible: [Int], _ state: ClusterState) {
    let scores = ImageLocality.scores(pod, state: state)
    guard !scores.isEmpty else { return }
    for (place, slot) in feasible.enumerated() {
      totals[place] += Weight.imageLocality * (scores[slot] ?? 0)
    }
  }
}
