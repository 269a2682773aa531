/// Whether the node is cordoned.
enum NodeUnschedulable {
  static func rejects(_ pod: PodInfo, node: NodeInfo) -> Bool {
    node.isUnschedulable && !pod.tolerates(.unschedulable)
  }
}

/// Whether the pod tolerates the node's taints, and how many it would rather not.
enum TaintToleration {
  static func rejects(_ pod: PodInfo, node: NodeInfo) -> Bool { !pod.toleratesBlockingTaints(of: node) }

  /// How many taints of the effect `PreferNoSchedule` the pod does not tolerate: fewer is better.
  static func softTaintCount(_ pod: PodInfo, node: NodeInfo) -> Int64 {
    var count: Int64 = 0
    for taint in node.taints where !taint.blocks && !pod.tolerates(taint) { count += 1 }
    return count
  }
}

/// Whether the node has the labels that the pod demands, and how well it has those that the pod prefers.
enum NodeAffinity {
  static func rejects(_ pod: PodInfo, node: NodeInfo) -> Bool { !pod.nodeSelection.matches(node) }

  /// The weights of the preferred terms that the node matches.
  static func preference(_ pod: PodInfo, node: NodeInfo) -> Int64 {
    var sum: Int64 = 0
    for preferred in pod.nodeSelection.preferred where preferred.term.matches(node) {
      sum &+= preferred.weight
    }
    return sum
  }
}

/// Whether the node's ports that the pod wants are free.
enum NodePorts {
  static func rejects(_ pod: PodInfo, node: NodeRecord) -> Bool {
    guard !node.hostPorts.isEmpty else { return false }
    for port in pod.hostPorts {
      // The common case of a port with all its addresses still needs a look at all others.
      for used in node.hostPorts.keys where used.conflicts(with: port) { return true }
    }
    return false
  }
}

/// Whether the node has the pod's images already.
enum ImageLocality {
  /// Bytes for each container below which images do not matter, and above which more does not.
  private static let lowBytes: Int64 = 23 << 20
  private static let highBytes: Int64 = 1000 << 20

  /// The scores of the nodes that have any of the images, by slot; all others have none.
  static func scores(_ pod: PodInfo, state: ClusterState) -> [Int: Int64] {
    var sums: [Int: Int64] = [:]
    for image in pod.images {
      guard let sizes = state.images.sizes[image] else { continue }
      // An image that few nodes have would draw all its pods to them.
      let share = Double(sizes.count) / Double(max(1, state.presentCount))
      for (slot, size) in sizes { sums[slot, default: 0] &+= Int64(Double(size) * share) }
    }
    let count = Int64(pod.images.count)
    return sums.mapValues { sum in
      let bounded = max(lowBytes * count, min(highBytes * count, sum))
      return 100 * (bounded - lowBytes * count) / max(1, (highBytes - lowBytes) * count)
    }
  }
}
