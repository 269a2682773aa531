/// The scheduler without its surroundings: it is told what happens in the cluster, and decides pod by pod where the
/// next one goes. It knows neither clock nor network: `now` is the time since an origin of the caller's choice, which
/// never goes back, and the same calls with the same seed give the same decisions.
///
/// The caller passes on what it watches with `handle`, calls `next` until that is nil, and performs the decisions; of a
/// binding it tells the outcome. `nextDue` says when to call `next` again though nothing has happened.
///
/// Invariants:
/// - A pod is in the queue, or assumed on a node, or seen on a node; never in two of them.
/// - What a node has left reflects exactly the pods that are assumed or seen on it.
public struct SchedulerCore: Sendable {
  let configuration: Configuration
  var state = ClusterState()
  var queue: SchedulingQueue
  var assumed = AssumedPods()
  var budgets: [DisruptionBudget] = []
  var random: SeededGenerator
  /// The node of each pod that counts on one, assumed or seen.
  var nodeNames: [String: String] = [:]
  /// The identity of the pod that has this namespace and name.
  private var identities: [String: String] = [:]
  /// The node to which each waiting pod is nominated.
  var nominations: [String: String] = [:]
  private var search: NodeSearch
  private var scores = NodeScores()

  /// A scheduler that knows of nothing yet.
  public init(configuration: Configuration = Configuration(), seed: UInt64) {
    self.configuration = configuration
    queue = SchedulingQueue(configuration: configuration)
    random = SeededGenerator(seed: seed)
    search = NodeSearch(percentage: configuration.percentageOfNodesToScore)
  }

  /// How many pods wait, and for what.
  public var queueCounts: QueueCounts { queue.counts() }

  /// How many pods are assumed on nodes and have not been seen there.
  public var assumedCount: Int { assumed.count }

  /// How many nodes there are.
  public var nodeCount: Int { state.presentCount }

  /// When `next` may have something to decide though nothing happens until then: in the past if it has now; nil if
  /// never.
  public mutating func nextDue() -> Duration? {
    guard let queueDue = queue.nextDue() else { return assumed.nextDue() }
    return assumed.nextDue().map { min($0, queueDue) } ?? queueDue
  }

  // MARK: Events

  /// Takes note of something that happened.
  public mutating func handle(_ event: SchedulerEvent, now: Duration) {
    switch event {
    case .pod(let pod): podChanged(pod, now: now)
    case .podRemoved(let reference):
      let known = reference.uid.isEmpty ? identities[reference.fullName] : nil
      podRemoved(known ?? reference.identity, now: now)
    case .node(let node):
      let old = state.setNode(node)
      guard let slot = state.slot(of: node.name) else { return }
      wake(old.map { .nodeChanged(slot: slot, old: $0) } ?? .nodeAdded(slot: slot), now: now)
    case .nodeRemoved(let name):
      if let old = state.removeNode(name) { wake(.nodeRemoved(old), now: now) }
    case .namespace(let name, let labels):
      guard state.namespaces.updateValue(labels, forKey: name) != labels else { return }
      wake(.namespaceChanged, now: now)
    case .namespaceRemoved(let name):
      if state.namespaces.removeValue(forKey: name) != nil { wake(.namespaceChanged, now: now) }
    case .disruptionBudgets(let budgets): self.budgets = budgets
    }
  }

  private mutating func podChanged(_ pod: PodInfo, now: Duration) {
    // Another pod of the same name: the removal of the one before went unseen.
    let fullName = pod.reference.fullName
    if let known = identities[fullName], known != pod.identity { podRemoved(known, now: now) }
    if pod.isFinished {
      podRemoved(pod.identity, now: now)
      return
    }
    if !pod.nodeName.isEmpty {
      identities[fullName] = pod.identity
      podSeen(pod, now: now)
    } else if assumed[pod.identity] != nil {
      assumed.update(pod)
    } else if nodeNames[pod.identity] != nil {
      // It was seen on a node, and does not come back from there: this is news from before.
      return
    } else if pod.schedulerName != configuration.schedulerName || pod.isTerminating {
      podRemoved(pod.identity, now: now)
    } else {
      identities[fullName] = pod.identity
      queue.upsert(pod, now: now)
      setNomination(of: pod, to: pod.nominatedNodeName, now: now)
    }
  }

  /// The pod is on a node.
  private mutating func podSeen(_ pod: PodInfo, now: Duration) {
    queue.remove(pod.identity)
    assumed.remove(pod.identity)
    setNomination(of: pod, to: "", now: now)
    let node = pod.nodeName
    let oldNode = nodeNames[pod.identity]
    let old = oldNode.flatMap { state.pod(pod.identity, on: $0) }
    if let oldNode, oldNode != node { removeFromNode(pod.identity, now: now) }
    nodeNames[pod.identity] = node
    state.addPod(pod, node: node)
    guard let old, oldNode == node else {
      wake(.podAdded(pod), now: now)
      return
    }
    guard !old.isScheduledLike(pod), let slot = state.slot(of: node) else { return }
    wake(.podChanged(slot: slot, old: old, new: pod), now: now)
  }

  private mutating func podRemoved(_ identity: String, now: Duration) {
    if let queued = queue.remove(identity) {
      setNomination(of: queued.pod, to: "", now: now)
      forgetName(of: queued.pod)
    }
    assumed.remove(identity)
    if let pod = removeFromNode(identity, now: now) { forgetName(of: pod) }
  }

  private mutating func forgetName(of pod: PodInfo) {
    if identities[pod.reference.fullName] == pod.identity { identities[pod.reference.fullName] = nil }
  }

  /// Frees what the pod takes of its node, and wakes those that can use it.
  @discardableResult
  private mutating func removeFromNode(_ identity: String, now: Duration) -> PodInfo? {
    guard let node = nodeNames.removeValue(forKey: identity), let pod = state.pod(identity, on: node) else {
      return nil
    }
    state.removePod(identity, node: node)
    wake(.podRemoved(slot: state.slot(of: node), pod), now: now)
    return pod
  }

  mutating func setNomination(of pod: PodInfo, to node: String, now: Duration) {
    let old = nominations[pod.identity] ?? ""
    if old != node, !old.isEmpty {
      nominations[pod.identity] = nil
      state.removeNomination(pod.identity, node: old)
      if let slot = state.slot(of: old) { wake(.nominationRemoved(slot: slot), now: now) }
    }
    if !node.isEmpty {
      nominations[pod.identity] = node
      state.nominate(pod, node: node)
    }
  }

  private mutating func wake(_ event: ClusterEvent, now: Duration) {
    guard queue.waits(forAnyOf: event.plugins) else { return }
    let hints = QueueingHints(event: event, state: state)
    queue.wake(now: now) { hints.mayHelp($0) }
  }

  // MARK: Decisions

  /// Decides on the pod whose turn it is; nil when none is to be tried now.
  public mutating func next(now: Duration) -> SchedulerDecision? {
    while let expired = assumed.expire(now: now) { removeFromNode(expired.queued.pod.identity, now: now) }
    guard let queued = queue.pop(now: now) else { return nil }
    let pod = queued.pod
    guard state.presentCount > 0 else {
      queue.addUnschedulable(queued, rejectors: [], now: now)
      return .unschedulable(
        SchedulerDecision.Unschedulable(
          pod: pod.reference, message: FailureMessage.noNodes, nomination: .unchanged, victims: [],
          clearedNominations: []))
    }
    let cycle = SchedulingCycle(pod: pod, state: &state)
    search.run(cycle, state: &state)
    guard let node = choose(pod) else { return .unschedulable(giveUp(queued, cycle, now: now)) }
    assume(queued, node: node, now: now)
    return .bind(
      SchedulerDecision.Binding(
        pod: pod.reference, node: node,
        evaluatedNodes: search.feasible.count + search.rejections.count, feasibleNodes: search.feasible.count)
    )
  }

  /// The name of the best of the nodes that were found.
  private mutating func choose(_ pod: PodInfo) -> String? {
    guard let first = search.feasible.first else { return nil }
    guard search.feasible.count > 1 else { return state.nodes[first].name }
    scores.run(pod, feasible: search.feasible, state: &state)
    let place = scores.best(random: &random) ?? 0
    return state.nodes[search.feasible[place]].name
  }

  private mutating func giveUp(
    _ queued: QueuedPod, _ cycle: SchedulingCycle, now: Duration
  ) -> SchedulerDecision.Unschedulable {
    let pod = queued.pod
    var message = FailureMessage.text(search, pod: pod, nodeCount: state.presentCount)
    var rejectors = PluginSet()
    for (_, rejection) in search.rejections { rejectors.formUnion(PluginSet(rejection.plugin)) }
    if search.absentCount > 0 || search.isContradiction { rejectors.formUnion(PluginSet(.nodeAffinity)) }
    if pod.volumes.obstacle != nil { rejectors.formUnion(PluginSet(.volumeBinding)) }
    let outcome = preempt(cycle, rejections: search.rejections)
    queue.addUnschedulable(queued, rejectors: rejectors, now: now)
    let preemption: Preemption
    switch outcome {
    case .success(let found):
      preemption = found
    case .failure(let failure):
      message += " preemption: " + failure.message
      if failure.clearsNomination { setNomination(of: pod, to: "", now: now) }
      return SchedulerDecision.Unschedulable(
        pod: pod.reference, message: message,
        nomination: failure.clearsNomination && !pod.nominatedNodeName.isEmpty ? .cleared : .unchanged,
        victims: [], clearedNominations: [])
    }
    setNomination(of: pod, to: preemption.node, now: now)
    for other in preemption.displacedNominations { setNomination(of: other, to: "", now: now) }
    return SchedulerDecision.Unschedulable(
      pod: pod.reference, message: message, nomination: .node(preemption.node),
      victims: preemption.victims.filter { !$0.isTerminating }.map(\.reference),
      clearedNominations: preemption.displacedNominations.map(\.reference))
  }

  private mutating func assume(_ queued: QueuedPod, node: String, now: Duration) {
    let pod = queued.pod
    setNomination(of: pod, to: "", now: now)
    assumed.assume(queued, node: node)
    nodeNames[pod.identity] = node
    state.addPod(pod, node: node)
    wake(.podAdded(pod), now: now)
  }

  // MARK: Outcomes

  /// The API server has taken the binding: the pod will be seen on its node soon.
  public mutating func bindingSucceeded(_ pod: PodReference, now: Duration) {
    guard let maximum = configuration.assumedMaximum else { return }
    assumed.bindingSucceeded(pod.identity, deadline: now + maximum)
  }

  /// The binding failed: the pod is taken back from the node and tried again after a back-off.
  public mutating func bindingFailed(_ pod: PodReference, now: Duration) {
    guard let failed = assumed.remove(pod.identity) else { return }
    removeFromNode(pod.identity, now: now)
    guard !failed.queued.pod.isTerminating else {
      forgetName(of: failed.queued.pod)
      return
    }
    queue.addFailed(failed.queued, now: now)
    setNomination(of: failed.queued.pod, to: failed.queued.pod.nominatedNodeName, now: now)
  }
}
