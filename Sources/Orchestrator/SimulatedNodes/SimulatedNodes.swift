public import Client
import Exchange
import Objects
import Synchronization

/// Nodes without machines: they register, renew their leases and report pods as running, so that a control plane can be
/// tried and measured at any size. All pods come through one watch.
public final class SimulatedNodes: Sendable {
  /// What the nodes are like.
  public let options: SimulationOptions
  let client: APIClient
  let time: any TimeSource
  let resources: SimulationResources
  /// Pods that are bound, on any node.
  let pods: Informer
  let podKeys: WorkQueue<ObjectKey>
  let nodeNumbers: WorkQueue<Int>
  let state: Mutex<State>
  private let nodes: Informer

  struct State {
    var addresses = AddressPool(size: SimulationOptions.Limits.podAddresses)
    /// When each pod was seen first, by its uid.
    var firstSeen: [String: Duration] = [:]
    /// By the numbers of nodes.
    var reports: [Int: NodeReport] = [:]
    /// Nodes that somebody has deleted: they do not come back.
    var goneNodes: Set<Int> = []
    /// By the uid of the pod that has it.
    var addressOf: [String: String] = [:]

    mutating func takeAddress(for uid: String) -> String? {
      guard let address = addresses.take() else { return nil }
      addressOf[uid] = address
      return address
    }

    mutating func giveBackAddress(of uid: String) {
      if let address = addressOf.removeValue(forKey: uid) { addresses.giveBack(address) }
    }
  }

  /// What a node has written.
  struct NodeReport: Sendable {
    var uid: String
    var lease: JSON?
    /// When its status was written.
    var statusAt: Duration
  }

  /// Simulated nodes. Nil if there are too many.
  public init?(client: APIClient, options: SimulationOptions, time: any TimeSource = SystemTime()) {
    guard let resources = SimulationResources(), options.nodes <= SimulationOptions.Limits.nodes else {
      return nil
    }
    self.resources = resources
    self.client = client
    self.options = options
    self.time = time
    pods = Informer(client: client, resource: resources.pods, fieldSelector: "spec.nodeName!=", time: time)
    nodes = Informer(client: client, resource: resources.nodes, time: time)
    podKeys = WorkQueue(time: time)
    nodeNumbers = WorkQueue(time: time, initialDelay: .milliseconds(200), maximumDelay: options.leasePeriod)
    state = Mutex(State())
  }

  /// Simulates until the task is cancelled. Can be run once.
  public func run() async {
    listen()
    for number in 0..<options.nodes { nodeNumbers.add(number) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [pods] in await pods.run() }
      group.addTask { [nodes] in await nodes.run() }
      for _ in 0..<SimulationOptions.Limits.nodeRequests {
        group.addTask { [self] in
          while let number = await nodeNumbers.next() {
            await lookAtNode(number)
            nodeNumbers.done(number)
          }
        }
      }
      for _ in 0..<SimulationOptions.Limits.podRequests {
        group.addTask { [self] in
          while let key = await podKeys.next() {
            await lookAtPod(key)
            podKeys.done(key)
          }
        }
      }
    }
  }

  private func listen() {
    pods.addHandler { [weak self] event in
      guard let self else { return }
      switch event {
      case .added(let pod), .updated(_, let pod): note(pod)
      case .deleted(let pod): forget(pod)
      }
    }
    nodes.addHandler { [weak self] event in
      guard let self else { return }
      switch event {
      case .added(let node), .updated(_, let node):
        // Somebody else has given it up.
        guard let number = SimulatedNode.number(of: ObjectKey(node).name, options: options),
          !SimulatedNode.isReady(node)
        else { return }
        state.withLock { $0.reports[number]?.statusAt = time.uptime - options.statusPeriod }
        nodeNumbers.add(number)
      case .deleted(let node):
        guard let number = SimulatedNode.number(of: ObjectKey(node).name, options: options) else { return }
        state.withLock { state in
          state.reports[number] = nil
          state.goneNodes.insert(number)
        }
      }
    }
  }

  private func isOurs(_ pod: JSON) -> Bool {
    SimulatedNode.number(of: pod["spec", "nodeName"]?.string ?? "", options: options) != nil
  }

  private func note(_ pod: JSON) {
    guard isOurs(pod) else { return }
    let uid = pod["metadata", "uid"]?.string ?? ""
    let now = time.uptime
    state.withLock { state in
      if state.firstSeen[uid] == nil { state.firstSeen[uid] = now }
      // Of an earlier run.
      if let address = pod["status", "podIP"]?.string, state.addressOf[uid] == nil {
        state.addressOf[uid] = address
        state.addresses.reserve(address)
      }
    }
    podKeys.add(ObjectKey(pod))
  }

  private func forget(_ pod: JSON) {
    guard isOurs(pod) else { return }
    let uid = pod["metadata", "uid"]?.string ?? ""
    state.withLock { state in
      state.firstSeen[uid] = nil
      state.giveBackAddress(of: uid)
    }
    podKeys.forget(ObjectKey(pod))
  }

  /// What a pod uses, as its node would measure it; nil if it is not there.
  public func usage(namespace: String, pod: String) -> SimulatedUsage? {
    pods.get(namespace, pod).flatMap { isOurs($0) ? SimulatedUsage.of($0, usual: options.usage) : nil }
  }
}

/// What the simulation reads and writes.
struct SimulationResources: Sendable {
  let pods: Resource
  let nodes: Resource
  let leases: Resource

  /// Nil if the schema lacks one, which it does not.
  init?() {
    guard let pods = Resource.builtIn(group: "", version: "v1", resource: "pods"),
      let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes"),
      let leases = Resource.builtIn(group: "coordination.k8s.io", version: "v1", resource: "leases")
    else { return nil }
    self.pods = pods
    self.nodes = nodes
    self.leases = leases
  }
}
