/// What the API servers of a cluster ask of their store: which operations, and how often each.
///
/// Operation number `i` is a pure function of the options and `i`.
struct KubernetesMix: Sendable {
  /// One thing that an API server does; it may take several calls.
  enum Operation: String, Sendable, CaseIterable {
    /// A kubelet renews its node's Lease: a guarded update.
    case renewNodeLease = "renew-node-lease"
    /// A component renews the Lease of its leader election.
    case renewLeadership = "renew-leadership"
    case updateNode = "update-node"
    case updatePod = "update-pod"
    /// A pod goes, or a new one takes the place of one that is gone.
    case replacePod = "replace-pod"
    case updateWorkload = "update-workload"
    case updateConfiguration = "update-configuration"
    case createEvent = "create-event"
    /// A get that the watch cache does not answer: Range with limit 1.
    case get
    /// A list that the watch cache answers once it is known to be fresh: a Range for the current revision, then a
    /// progress request on the resource's watch until it is there.
    case listFromCache = "list-from-cache"
    /// A list that reads the store, in pages at one revision, or streamed where the server can.
    case listFromStore = "list-from-store"
    /// How many objects of a resource there are, for the metrics.
    case count
    /// The sizes of a resource's objects, from their keys.
    case listKeys = "list-keys"
    case health
    /// An API server says that it lives: a lease, and a key that lives by it.
    case renewMasterLease = "renew-master-lease"
    case compact
  }

  private let shares: [(operation: Operation, upTo: Double)]
  /// Operations a second of the whole cluster.
  let requestsPerSecond: Double
  private let seed: UInt64
  private let compactEvery: Int

  init(_ configuration: Configuration) {
    let nodes = Double(configuration.nodes)
    let servers = Double(max(1, configuration.apiServers))
    let pods = nodes * Double(KubernetesResource.podsPerNode)
    let resources = Double(KubernetesResource.allCases.count)
    let rates: [(Operation, Double)] = [
      (.renewNodeLease, nodes / 10),
      (.renewLeadership, Double(KubernetesResource.electedComponents) / 2),
      (.updateNode, nodes / 300),
      (.updatePod, pods / 300),
      (.replacePod, 2 * pods / 3600),
      (.updateWorkload, pods / 1000),
      (.updateConfiguration, pods / 5000),
      (.createEvent, pods / 600),
      (.get, pods / 300),
      (.listFromCache, nodes / 50 + servers),
      (.listFromStore, nodes / 500 + servers / 10),
      (.count, servers * resources / 60),
      (.listKeys, servers / 10),
      (.health, servers / 5),
      (.renewMasterLease, servers / 10),
    ]
    let total = rates.reduce(0) { $0 + $1.1 }
    var sum = 0.0
    shares = rates.map { operation, rate in
      sum += rate / total
      return (operation, sum)
    }
    requestsPerSecond = total
    seed = configuration.seed
    compactEvery = max(
      1, Int(configuration.compactionSeconds * (configuration.rate.map(Double.init) ?? total)))
  }

  func operation(_ index: Int) -> Operation {
    if index > 0, index.isMultiple(of: compactEvery) { return .compact }
    var random = SplitMix64(seed: seed, index: UInt64(index))
    let draw = Double(random.next() >> 11) * 0x1p-53
    return shares.first { draw < $0.upTo }?.operation ?? .health
  }
}

extension Configuration {
  /// Requests a second, whatever the answers do; nil means that each client waits for its answer.
  var requestsPerSecond: Double? {
    rate.map(Double.init) ?? (workload == .kubernetes ? KubernetesMix(self).requestsPerSecond : nil)
  }
}
