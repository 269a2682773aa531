/// What is computed once for a pod before nodes are looked at.
struct SchedulingCycle: Sendable {
  let pod: PodInfo
  private var interPodAffinity: InterPodAffinity
  private var podTopologySpread: PodTopologySpread

  init(pod: PodInfo, state: inout ClusterState) {
    state.topologies.trim()
    self.pod = pod
    interPodAffinity = InterPodAffinity(pod: pod, state: &state)
    podTopologySpread = PodTopologySpread(pod: pod, state: &state)
  }

  /// Asks the plugins in their order, and stops at the first that turns the node down. Nil if none does.
  func rejection(slot: Int, state: ClusterState) -> Rejection? {
    let traits = state.capacities[slot].traits
    guard traits.contains(.isPresent) else { return Rejection(.nodeName, isUnresolvable: true) }
    if !traits.isDisjoint(with: [.isUnschedulable, .hasBlockingTaints]), let node = state.nodes[slot].info {
      if NodeUnschedulable.rejects(pod, node: node) {
        return Rejection(.nodeUnschedulable, isUnresolvable: true)
      }
      if TaintToleration.rejects(pod, node: node) { return Rejection(.taintToleration, isUnresolvable: true) }
    }
    if !pod.nodeSelection.isUnconstrained, let node = state.nodes[slot].info,
      NodeAffinity.rejects(pod, node: node)
    {
      return Rejection(.nodeAffinity, isUnresolvable: true)
    }
    if !pod.hostPorts.isEmpty, NodePorts.rejects(pod, node: state.nodes[slot]) {
      return Rejection(.nodePorts, isUnresolvable: false)
    }
    if let rejection = NodeResourcesFit.rejection(of: pod, slot: slot, state: state) {
      return rejection
    }
    if !pod.volumes.isEmpty, let node = state.nodes[slot].info,
      let rejection = VolumeBinding.rejection(pod, node: node)
    {
      return rejection
    }
    if let rejection = podTopologySpread.rejection(slot: slot, topologies: state.topologies) {
      return rejection
    }
    return interPodAffinity.rejection(slot: slot, topologies: state.topologies)
  }

  /// The same with the pods in mind that are nominated to the node and go first: the pod must fit beside them, and
  /// without them too, as they may never come.
  func rejectionBesideNominated(slot: Int, state: inout ClusterState) -> Rejection? {
    guard state.capacities[slot].traits.contains(.hasNominatedPods) else {
      return rejection(slot: slot, state: state)
    }
    let nominated = state.nodes[slot].nominated.values.filter {
      $0.priority >= pod.priority && $0.identity != pod.identity
    }
    guard !nominated.isEmpty else { return rejection(slot: slot, state: state) }
    var beside = self
    for other in nominated { beside.place(other, on: slot, state: &state) }
    let rejection = beside.rejection(slot: slot, state: state)
    for other in nominated { state.discharge(other, slot: slot) }
    return rejection ?? self.rejection(slot: slot, state: state)
  }

  /// Supposes that another pod were on the node.
  mutating func place(_ other: PodInfo, on slot: Int, state: inout ClusterState) {
    state.charge(other, slot: slot)
    adjust(other, by: 1, slot: slot, state: &state)
  }

  /// Supposes that another pod were gone from the node.
  mutating func displace(_ other: PodInfo, from slot: Int, state: inout ClusterState) {
    state.discharge(other, slot: slot)
    adjust(other, by: -1, slot: slot, state: &state)
  }

  private mutating func adjust(_ other: PodInfo, by count: Int64, slot: Int, state: inout ClusterState) {
    interPodAffinity.adjust(other, by: count, slot: slot, pod: pod, state: &state)
    podTopologySpread.adjust(other, by: count, slot: slot, pod: pod, state: state)
  }
}
