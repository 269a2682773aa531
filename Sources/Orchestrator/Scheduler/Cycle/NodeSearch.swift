/// The search for nodes that can take a pod. In large clusters it ends when enough are found; the next one starts where
/// it ended, so that every node has its turn.
struct NodeSearch: Sendable {
  /// How much of the cluster is searched, in per cent; 0 for a share that falls as the cluster grows.
  var percentage: Int64 = 0
  private var start = 0

  init(percentage: Int64 = 0) { self.percentage = max(0, min(100, percentage)) }

  /// The slots of nodes that can take the pod.
  private(set) var feasible: [Int] = []
  /// Why others cannot.
  private(set) var rejections: [(slot: Int, rejection: Rejection)] = []
  /// How many nodes were left out unseen because the pod names others; all of them if it asks for the impossible.
  private(set) var absentCount = 0
  /// Whether the pod names nodes, but so that none can match.
  private(set) var isContradiction = false

  /// How many nodes that can take a pod are enough.
  func enough(nodeCount: Int) -> Int {
    guard nodeCount > 100, percentage < 100 else { return nodeCount }
    let share = percentage > 0 ? percentage : max(5, 50 - Int64(nodeCount) / 125)
    return max(100, Int(Int64(nodeCount) * share / 100))
  }

  /// Fills `feasible` and `rejections`.
  mutating func run(_ cycle: SchedulingCycle, state: inout ClusterState) {
    feasible.removeAll(keepingCapacity: true)
    rejections.removeAll(keepingCapacity: true)
    absentCount = 0
    isContradiction = false
    // No node has to be asked.
    if cycle.pod.volumes.obstacle != nil { return }
    if let names = cycle.pod.nodeSelection.nodeNames {
      runNamed(names, cycle, &state)
      return
    }
    // The node that was cleared for the pod comes first: there it ends in the usual case.
    if let slot = state.slot(of: cycle.pod.nominatedNodeName), state.node(at: slot) != nil,
      cycle.rejectionBesideNominated(slot: slot, state: &state) == nil
    {
      feasible.append(slot)
      return
    }
    let order = state.orderedSlots()
    if state.hasNominations {
      scan(order) { cycle.rejectionBesideNominated(slot: $0, state: &state) }
    } else {
      // A constant is read in place; a variable might be copied for every node.
      let state = state
      scan(order) { cycle.rejection(slot: $0, state: state) }
    }
  }

  private mutating func scan(_ order: [Int], _ rejection: (Int) -> Rejection?) {
    let enough = enough(nodeCount: order.count)
    var seen = 0
    var place = order.isEmpty ? 0 : start % order.count
    while seen < order.count, feasible.count < enough {
      let slot = order[place]
      if let rejection = rejection(slot) {
        rejections.append((slot, rejection))
      } else {
        feasible.append(slot)
      }
      seen += 1
      place = place + 1 == order.count ? 0 : place + 1
    }
    start = place
  }

  private mutating func runNamed(
    _ names: Set<String>, _ cycle: SchedulingCycle, _ state: inout ClusterState
  ) {
    isContradiction = names.isEmpty
    absentCount = state.presentCount
    // In a fixed order, for a seed to always give the same.
    for name in names.sorted() {
      guard let slot = state.slot(of: name), state.node(at: slot) != nil else { continue }
      absentCount -= 1
      if let rejection = cycle.rejectionBesideNominated(slot: slot, state: &state) {
        rejections.append((slot, rejection))
      } else {
        feasible.append(slot)
      }
    }
  }
}
