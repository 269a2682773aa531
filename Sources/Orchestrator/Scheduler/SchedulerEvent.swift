/// What the scheduler is told of the cluster, by whoever watches it.
public enum SchedulerEvent: Sendable {
  /// A pod is new or has changed.
  case pod(PodInfo)
  /// A pod is gone.
  case podRemoved(PodReference)
  /// A node is new or has changed.
  case node(NodeInfo)
  /// The node of this name is gone.
  case nodeRemoved(String)
  /// A namespace is new or has changed: its name and labels.
  case namespace(String, Labels)
  /// The namespace of this name is gone.
  case namespaceRemoved(String)
  /// All disruption budgets, as they are now.
  case disruptionBudgets([DisruptionBudget])
}

/// What the scheduler has decided on a pod.
public enum SchedulerDecision: Sendable {
  /// The pod goes to a node. It is counted there from now on: say how the binding went.
  case bind(Binding)
  /// No node takes the pod for now.
  case unschedulable(Unschedulable)

  /// A pod and its node.
  public struct Binding: Sendable, Hashable {
    /// The pod to bind.
    public let pod: PodReference
    /// The node's name.
    public let node: String
    /// How many nodes were looked at, and how many of them could take the pod.
    public let evaluatedNodes: Int
    /// See `evaluatedNodes`.
    public let feasibleNodes: Int
  }

  /// Why no node takes a pod, and what may be done about it.
  public struct Unschedulable: Sendable, Hashable {
    /// The pod that waits.
    public let pod: PodReference
    /// The message for the event `FailedScheduling` and for the condition `PodScheduled`, as kube-scheduler words it.
    public let message: String
    /// Whether the status' `nominatedNodeName` is to be changed, and to what.
    public let nomination: Nomination
    /// Pods that must go for this one: to be deleted, with the condition `DisruptionTarget` set before. Pods that are
    /// on their way already are left out.
    public let victims: [PodReference]
    /// Pods of lower priority that are no more nominated to the same node: their status is to be cleared.
    public let clearedNominations: [PodReference]
  }

  /// A change to a pod's `nominatedNodeName`.
  public enum Nomination: Sendable, Hashable {
    /// It stays as it is.
    case unchanged
    /// It is to be removed.
    case cleared
    /// It becomes the name of this node.
    case node(String)
  }
}
