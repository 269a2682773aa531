/// What simulated nodes are like, and how pods fare on them.
public struct SimulationOptions: Sendable, Hashable {
  /// How many nodes.
  public var nodes: Int
  /// Nodes are named by this and their number.
  public var namePrefix = "node-"
  /// What each node has, as quantities.
  public var cpu = "32"
  /// See `cpu`.
  public var memory = "256Gi"
  /// How many pods each node takes.
  public var pods = 110
  /// Nodes are in so many zones in turn; in none if it is 0.
  public var zones = 0
  /// How long a pod takes from being bound to running.
  public var startDelay = Duration.milliseconds(500)
  /// How long pods run whose `restartPolicy` is not `Always`, unless their annotation says otherwise; nil for ever.
  public var runDuration: Duration? = .seconds(5)
  /// Pods that are deleted end after their grace period or this, whichever is shorter.
  public var graceLimit: Duration = .seconds(1)
  /// The time between renewals of a node's lease.
  public var leasePeriod = Duration.seconds(10)
  /// The time between reports of a node's status.
  public var statusPeriod = Duration.seconds(300)
  /// What a pod uses, unless its annotations say otherwise.
  public var usage = SimulatedUsage(cpuMillicores: 10, memoryBytes: 32 * 1024 * 1024)

  /// Usual nodes.
  public init(nodes: Int) { self.nodes = max(0, nodes) }

  /// Annotations of pods that say how they fare.
  public enum Annotation {
    /// How many seconds a pod runs.
    public static let runSeconds = "simulation.raftkv/run-seconds"
    /// With what its containers end; 0 if it is not there.
    public static let exitCode = "simulation.raftkv/exit-code"
    /// How many thousandths of a CPU it uses.
    public static let cpuMillicores = "simulation.raftkv/cpu-millicores"
    /// How many bytes of memory it uses.
    public static let memoryBytes = "simulation.raftkv/memory-bytes"
  }

  /// What bounds the simulation.
  public enum Limits {
    /// Nodes: as many as there are addresses for.
    public static let nodes = 65_000
    /// Requests about pods under way.
    static let podRequests = 32
    /// Requests about nodes under way.
    static let nodeRequests = 16
    /// Addresses for pods, of 100.64.0.0/10.
    static let podAddresses: UInt32 = 1 << 22
  }
}
