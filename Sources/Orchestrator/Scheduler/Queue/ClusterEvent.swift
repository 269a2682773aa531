/// Something that happened to the cluster and may help pods that no node could take.
enum ClusterEvent {
  case nodeAdded(slot: Int)
  case nodeChanged(slot: Int, old: NodeInfo)
  case nodeRemoved(NodeInfo)
  /// A pod is on a node that was not.
  case podAdded(PodInfo)
  /// The slot is of the pod's node.
  case podChanged(slot: Int, old: PodInfo, new: PodInfo)
  /// A pod has left its node; the slot is nil if the node is gone too.
  case podRemoved(slot: Int?, PodInfo)
  /// A pod that had been nominated to the node is so no more.
  case nominationRemoved(slot: Int)
  case namespaceChanged

  /// The plugins that can think otherwise of a pod after this.
  var plugins: PluginSet {
    switch self {
    case .nodeAdded, .nodeChanged:
      PluginSet([
        .nodeUnschedulable, .nodeName, .taintToleration, .nodeAffinity, .nodePorts, .nodeResourcesFit,
        .volumeBinding, .podTopologySpread, .interPodAffinity,
      ])
    case .nodeRemoved, .podAdded: PluginSet([.podTopologySpread, .interPodAffinity])
    case .podChanged, .podRemoved, .nominationRemoved:
      PluginSet([.nodePorts, .nodeResourcesFit, .podTopologySpread, .interPodAffinity])
    case .namespaceChanged: PluginSet(.interPodAffinity)
    }
  }
}

extension PluginSet {
  init(_ plugins: [Plugin]) { self = plugins.reduce(into: PluginSet()) { $0.formUnion(PluginSet($1)) } }
}
