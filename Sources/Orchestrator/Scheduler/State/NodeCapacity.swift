/// What the filters and scores of most pods read of a node: small and trivial to copy, side by side for all nodes.
struct NodeCapacity: Sendable, Hashable {
  /// What makes a node need more than a look at its numbers.
  struct Traits: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    /// The node exists. Else only pods are left that were bound to it.
    static let isPresent = Traits(rawValue: 1)
    static let isUnschedulable = Traits(rawValue: 2)
    static let hasBlockingTaints = Traits(rawValue: 4)
    static let hasSoftTaints = Traits(rawValue: 8)
    static let hasNominatedPods = Traits(rawValue: 16)
  }

  var traits: Traits = []
  var allocatable = CoreResources()
  var allowedPods: Int64 = 0
  /// What the pods on the node ask for.
  var requested = CoreResources()
  /// The same with an assumption for containers that ask for nothing.
  var assumed = CoreResources()
  var podCount: Int64 = 0
}

/// The rest of what is known of a node.
struct NodeRecord: Sendable {
  let name: String
  /// Nil when the node is gone, or has not been seen yet, and pods are bound to it.
  var info: NodeInfo?
  var extendedRequested: [String: Int64] = [:]
  /// How many pods have each of these ports; mostly one.
  var hostPorts: [HostPort: Int] = [:]
  /// By identity.
  var pods: [String: PodInfo] = [:]
  /// Pods that wait for victims of theirs to leave this node, by identity.
  var nominated: [String: PodInfo] = [:]
}
