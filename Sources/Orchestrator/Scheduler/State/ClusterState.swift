/// The nodes and the pods on them, kept up to date change by change. Every node has a slot, a small number, for as long
/// as it or one of its pods is there.
struct ClusterState: Sendable {
  private(set) var capacities: [NodeCapacity] = []
  private(set) var nodes: [NodeRecord] = []
  private(set) var groups = PodGroups()
  private(set) var images = ImageSpread()
  var topologies = Topologies()
  /// The labels of the namespaces, by name.
  var namespaces: [String: Labels] = [:]
  private(set) var presentCount = 0
  private var nominatedCount = 0
  private var slots: [String: Int] = [:]
  private var freeSlots: [Int] = []
  private var order: [Int] = []
  private var orderIsStale = false

  /// The slot of a node that is there, or that has pods.
  func slot(of name: String) -> Int? { slots[name] }

  /// The node at this slot, if it is there.
  func node(at slot: Int) -> NodeInfo? { nodes[slot].info }

  // MARK: Nodes

  /// Adds or replaces a node. Returns what it was.
  @discardableResult
  mutating func setNode(_ node: NodeInfo) -> NodeInfo? {
    let slot = slots[node.name] ?? makeSlot(node.name)
    let old = nodes[slot].info
    if old?.zone != node.zone { orderIsStale = true }
    if old == nil { presentCount += 1 }
    images.setNode(slot, from: old?.images ?? [:], to: node.images)
    if old?.labels != node.labels { topologies.setNode(slot, labels: node.labels) }
    nodes[slot].info = node
    var traits = capacities[slot].traits.intersection(.hasNominatedPods)
    traits.insert(.isPresent)
    if node.isUnschedulable { traits.insert(.isUnschedulable) }
    if node.taints.contains(where: \.blocks) { traits.insert(.hasBlockingTaints) }
    if node.taints.contains(where: { !$0.blocks }) { traits.insert(.hasSoftTaints) }
    capacities[slot].traits = traits
    capacities[slot].allocatable = node.allocatable.core
    capacities[slot].allowedPods = node.allowedPods
    return old
  }

  /// Removes a node; its pods are removed by themselves. Returns what it was.
  @discardableResult
  mutating func removeNode(_ name: String) -> NodeInfo? {
    guard let slot = slots[name], let old = nodes[slot].info else { return nil }
    nodes[slot].info = nil
    images.setNode(slot, from: old.images, to: [:])
    topologies.setNode(slot, labels: nil)
    capacities[slot].traits.formIntersection(.hasNominatedPods)
    capacities[slot].allocatable = CoreResources()
    capacities[slot].allowedPods = 0
    presentCount -= 1
    orderIsStale = true
    releaseIfUnused(slot)
    return old
  }

  private mutating func makeSlot(_ name: String) -> Int {
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      nodes[slot] = NodeRecord(name: name)
      capacities[slot] = NodeCapacity()
    } else {
      slot = nodes.count
      nodes.append(NodeRecord(name: name))
      capacities.append(NodeCapacity())
    }
    slots[name] = slot
    return slot
  }

  private mutating func releaseIfUnused(_ slot: Int) {
    guard nodes[slot].info == nil, nodes[slot].pods.isEmpty, nodes[slot].nominated.isEmpty else { return }
    slots[nodes[slot].name] = nil
    freeSlots.append(slot)
  }

  /// The nodes that are there, one of each zone in turns, so that a search over a part of them meets all zones.
  mutating func orderedSlots() -> [Int] {
    guard orderIsStale else { return order }
    orderIsStale = false
    var zones: [String: Int] = [:]
    var members: [[Int]] = []
    for slot in nodes.indices {
      guard let node = nodes[slot].info else { continue }
      let place = zones[node.zone] ?? members.count
      if place == members.count {
        zones[node.zone] = place
        members.append([])
      }
      members[place].append(slot)
    }
    order = []
    order.reserveCapacity(presentCount)
    var turn = 0
    while order.count < presentCount {
      for zone in members where turn < zone.count { order.append(zone[turn]) }
      turn += 1
    }
    return order
  }

  // MARK: Pods

  /// The pod on this node, if it is there.
  func pod(_ identity: String, on node: String) -> PodInfo? {
    slots[node].flatMap { nodes[$0].pods[identity] }
  }

  /// Adds a pod to a node, which need not be there yet.
  mutating func addPod(_ pod: PodInfo, node: String) {
    let slot = slots[node] ?? makeSlot(node)
    if let old = nodes[slot].pods.updateValue(pod, forKey: pod.identity) {
      discharge(old, slot: slot)
      groups.remove(old.template, slot: slot)
    }
    charge(pod, slot: slot)
    groups.add(pod.template, slot: slot)
  }

  /// Removes a pod from a node.
  mutating func removePod(_ identity: String, node: String) {
    guard let slot = slots[node], let pod = nodes[slot].pods.removeValue(forKey: identity) else { return }
    discharge(pod, slot: slot)
    groups.remove(pod.template, slot: slot)
    releaseIfUnused(slot)
  }

  /// Counts the pod's needs against the node. With `discharge` also for what-if questions, which must undo it.
  mutating func charge(_ pod: PodInfo, slot: Int) {
    capacities[slot].requested &+= pod.requests.resources.core
    capacities[slot].assumed &+= pod.requests.assumed
    capacities[slot].podCount += 1
    for (name, amount) in pod.extendedRequests {
      nodes[slot].extendedRequested[name, default: 0] &+= amount
    }
    for port in pod.hostPorts { nodes[slot].hostPorts[port, default: 0] += 1 }
  }

  /// The opposite of `charge`.
  mutating func discharge(_ pod: PodInfo, slot: Int) {
    capacities[slot].requested &-= pod.requests.resources.core
    capacities[slot].assumed &-= pod.requests.assumed
    capacities[slot].podCount -= 1
    for (name, amount) in pod.extendedRequests {
      let rest = (nodes[slot].extendedRequested[name] ?? 0) &- amount
      nodes[slot].extendedRequested[name] = rest == 0 ? nil : rest
    }
    for port in pod.hostPorts {
      let rest = (nodes[slot].hostPorts[port] ?? 1) - 1
      nodes[slot].hostPorts[port] = rest == 0 ? nil : rest
    }
  }

  // MARK: Nominated pods

  /// Whether any pod waits for room on a certain node.
  var hasNominations: Bool { nominatedCount > 0 }

  /// Notes that the pod waits for room on a node.
  mutating func nominate(_ pod: PodInfo, node: String) {
    let slot = slots[node] ?? makeSlot(node)
    if nodes[slot].nominated.updateValue(pod, forKey: pod.identity) == nil { nominatedCount += 1 }
    capacities[slot].traits.insert(.hasNominatedPods)
  }

  mutating func removeNomination(_ identity: String, node: String) {
    guard let slot = slots[node], nodes[slot].nominated.removeValue(forKey: identity) != nil else { return }
    nominatedCount -= 1
    if nodes[slot].nominated.isEmpty { capacities[slot].traits.remove(.hasNominatedPods) }
    releaseIfUnused(slot)
  }
}
