/// Which events can help a pod that no node could take: each plugin that turned a node down says whether it may think
/// otherwise now. An answer of no must be sure, or the pod waits in vain; the resource hint is exact because it looks
/// at the state after the event.
struct QueueingHints {
  let event: ClusterEvent
  let state: ClusterState

  func mayHelp(_ queued: QueuedPod) -> Bool {
    let rejectors = queued.rejectors
    if rejectors.isEmpty {
      // There were no nodes.
      if case .nodeAdded = event { return true }
      return false
    }
    for plugin in Plugin.allCases where rejectors.contains(plugin) && event.plugins.contains(plugin) {
      if mayHelp(queued.pod, plugin) { return true }
    }
    return false
  }

  private func mayHelp(_ pod: PodInfo, _ plugin: Plugin) -> Bool {
    switch plugin {
    case .nodeUnschedulable: nodePasses(pod) { !NodeUnschedulable.rejects(pod, node: $0) }
    case .taintToleration: nodePasses(pod) { !TaintToleration.rejects(pod, node: $0) }
    case .nodeAffinity: nodePasses(pod) { !NodeAffinity.rejects(pod, node: $0) }
    case .nodeName: isNodeAdded
    case .nodePorts: mayFreePort(pod)
    case .nodeResourcesFit: mayFreeResources(pod)
    // Its own change wakes a pod whose claims stand in the way.
    case .volumeBinding:
      pod.volumes.obstacle == nil && nodePasses(pod) { VolumeBinding.rejection(pod, node: $0) == nil }
    case .podTopologySpread: maySpread(pod)
    case .interPodAffinity: mayChangeAffinity(pod)
    case .defaultPreemption: false
    }
  }

  private var isNodeAdded: Bool { if case .nodeAdded = event { true } else { false } }

  /// Whether the node passes a test that it did not pass before.
  private func nodePasses(_ pod: PodInfo, _ test: (NodeInfo) -> Bool) -> Bool {
    switch event {
    case .nodeAdded(let slot): state.node(at: slot).map(test) ?? false
    case .nodeChanged(let slot, let old): (state.node(at: slot).map(test) ?? false) && !test(old)
    default: false
    }
  }

  private func mayFreePort(_ pod: PodInfo) -> Bool {
    switch event {
    case .nodeAdded: true
    case .podRemoved(_, let removed):
      removed.hostPorts.contains { port in
        pod.hostPorts.contains { $0.conflicts(with: port) }
      }
    case .podChanged(_, let old, let new): old.hostPorts != new.hostPorts
    case .nominationRemoved: true
    default: false
    }
  }

  private func mayFreeResources(_ pod: PodInfo) -> Bool {
    let slot: Int
    switch event {
    case .nodeAdded(let node), .nominationRemoved(let node): slot = node
    case .nodeChanged(let node, let old):
      // Most changes are reports of the node's health.
      guard let new = state.node(at: node) else { return false }
      guard new.allocatable != old.allocatable || new.allowedPods != old.allowedPods else { return false }
      slot = node
    case .podRemoved(let node, _):
      guard let node else { return false }
      slot = node
    case .podChanged(let node, let old, let new):
      guard new.requests != old.requests else { return false }
      slot = node
    default: return false
    }
    return NodeResourcesFit.rejection(of: pod, slot: slot, state: state) == nil
  }

  private func maySpread(_ pod: PodInfo) -> Bool {
    func counts(_ other: PodInfo) -> Bool {
      other.namespace == pod.namespace
        && pod.spreadConstraints.contains { $0.isRequired && $0.selector.matches(other.labels) }
    }
    switch event {
    case .nodeAdded, .nodeRemoved, .nominationRemoved: return true
    case .nodeChanged(let slot, let old):
      return state.node(at: slot).map { $0.labels != old.labels || $0.taints != old.taints } ?? false
    case .podAdded(let other), .podRemoved(_, let other): return counts(other)
    case .podChanged(_, let old, let new):
      return counts(old) != counts(new) || (counts(old) && old.isTerminating != new.isTerminating)
    case .namespaceChanged: return false
    }
  }

  private func mayChangeAffinity(_ pod: PodInfo) -> Bool {
    func attracts(_ other: PodInfo) -> Bool {
      let required = pod.affinity?.required ?? []
      return !required.isEmpty
        && required.allSatisfy { $0.matches(other.template, namespaces: state.namespaces) }
    }
    func repels(_ other: PodInfo) -> Bool {
      if let anti = pod.affinity?.requiredAnti,
        anti.contains(where: { $0.matches(other.template, namespaces: state.namespaces) })
      {
        return true
      }
      let theirs = other.affinity?.requiredAnti ?? []
      return theirs.contains { $0.matches(pod.template, namespaces: state.namespaces) }
    }
    switch event {
    case .nodeAdded, .nodeRemoved, .nominationRemoved, .namespaceChanged: return true
    case .nodeChanged(let slot, let old): return state.node(at: slot)?.labels != old.labels
    case .podAdded(let other): return attracts(other)
    // With the last pod that attracted it gone, the pod may be the first of its kind.
    case .podRemoved(_, let other): return repels(other) || attracts(other)
    case .podChanged(_, let old, let new):
      return attracts(new) != attracts(old) || (repels(old) && !repels(new))
    }
  }
}
