extension SchedulerCore {
  /// What can be set.
  public struct Configuration: Sendable {
    /// Pods with another `schedulerName` are left to others.
    public var schedulerName = "default-scheduler"
    /// How long a pod backs off after its first failed attempt; doubled with each further one.
    public var backoffInitial = Duration.seconds(1)
    /// The longest back-off.
    public var backoffMaximum = Duration.seconds(10)
    /// After this time a pod is tried again even though nothing happened that may help it.
    public var unschedulableMaximum = Duration.seconds(300)
    /// How long a bound pod counts on its node without having been seen there; nil for as long as it takes.
    public var assumedMaximum: Duration? = .seconds(900)
    /// How much of the cluster is searched for nodes that can take a pod, in per cent; 0 for a share that falls from
    /// 50 as the cluster grows. Up to 100 nodes are always all searched.
    public var percentageOfNodesToScore: Int64 = 0
    /// Whether pods that back off are tried early when no other pod is to be tried, as kube-scheduler 1.33 and later
    /// do. It costs time when many pods cannot be placed.
    public var triesEarlyWhenIdle = false

    /// Kubernetes' defaults.
    public init() {}
  }

  /// How many pods wait, and for what.
  public struct QueueCounts: Sendable, Hashable {
    /// To be tried next.
    public var active = 0
    /// To be tried when their back-off ends.
    public var backingOff = 0
    /// To be tried when something happens that may help.
    public var unschedulable = 0
    /// Held back by scheduling gates.
    public var gated = 0

    /// No pods.
    public init() {}
  }
}
