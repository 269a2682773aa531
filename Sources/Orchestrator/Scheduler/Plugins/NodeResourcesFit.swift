/// Whether a pod's requests fit into what a node has left.
enum NodeResourcesFit {
  private static let tooManyPods: UInt64 = 0
  private static let milliCPU: UInt64 = 1
  private static let memory: UInt64 = 2
  private static let ephemeralStorage: UInt64 = 3
  /// And following, in the order of the pod's extended requests. What has no bit of its own shares the last.
  private static let firstExtended = 4

  static func rejection(of pod: PodInfo, slot: Int, state: ClusterState) -> Rejection? {
    let capacity = state.capacities[slot]
    var reasons: UInt64 = 0
    var isUnresolvable = false
    if capacity.podCount + 1 > capacity.allowedPods { reasons |= 1 << tooManyPods }
    let request = pod.requests.resources.core
    let free = capacity.allocatable
    let used = capacity.requested
    if request.milliCPU > 0, request.milliCPU > free.milliCPU &- used.milliCPU {
      reasons |= 1 << milliCPU
      isUnresolvable = isUnresolvable || request.milliCPU > free.milliCPU
    }
    if request.memory > 0, request.memory > free.memory &- used.memory {
      reasons |= 1 << memory
      isUnresolvable = isUnresolvable || request.memory > free.memory
    }
    if request.ephemeralStorage > 0, request.ephemeralStorage > free.ephemeralStorage &- used.ephemeralStorage
    {
      reasons |= 1 << ephemeralStorage
      isUnresolvable = isUnresolvable || request.ephemeralStorage > free.ephemeralStorage
    }
    if !pod.extendedRequests.isEmpty {
      for (place, request) in pod.extendedRequests.enumerated() {
        let allocatable = state.nodes[slot].info?.allocatable.extended[request.name] ?? 0
        let used = state.nodes[slot].extendedRequested[request.name] ?? 0
        guard request.amount > allocatable &- used else { continue }
        reasons |= 1 << UInt64(min(63, firstExtended + place))
        isUnresolvable = isUnresolvable || request.amount > allocatable
      }
    }
    guard reasons != 0 else { return nil }
    var rejection = Rejection(.nodeResourcesFit, isUnresolvable: isUnresolvable)
    rejection.reasons = reasons
    return rejection
  }

  static func texts(_ reasons: UInt64, pod: PodInfo) -> [String] {
    var texts: [String] = []
    if reasons & (1 << tooManyPods) != 0 { texts.append("Too many pods") }
    if reasons & (1 << milliCPU) != 0 { texts.append("Insufficient cpu") }
    if reasons & (1 << memory) != 0 { texts.append("Insufficient memory") }
    if reasons & (1 << ephemeralStorage) != 0 { texts.append("Insufficient ephemeral-storage") }
    for (place, request) in pod.extendedRequests.enumerated() {
      let bit = UInt64(min(63, firstExtended + place))
      if reasons & (1 << bit) != 0 { texts.append("Insufficient \(request.name)") }
    }
    return texts
  }

  /// Least allocated: 0 for a full node to 100 for an empty one, the mean of CPU and memory.
  static func score(_ pod: PodInfo, capacity: NodeCapacity) -> Int64 {
    var sum: Int64 = 0
    var weight: Int64 = 0
    func count(requested: Int64, allocatable: Int64) {
      guard allocatable > 0 else { return }
      weight += 1
      if requested >= 0, requested <= allocatable { sum += (allocatable - requested) * 100 / allocatable }
    }
    count(
      requested: capacity.assumed.milliCPU &+ pod.requests.assumed.milliCPU,
      allocatable: capacity.allocatable.milliCPU)
    count(
      requested: capacity.assumed.memory &+ pod.requests.assumed.memory,
      allocatable: capacity.allocatable.memory)
    return weight == 0 ? 0 : sum / weight
  }
}

/// Whether a pod would leave CPU and memory of a node used in like measure.
enum NodeResourcesBalancedAllocation {
  /// Pods that ask for neither have no say.
  static func isNeeded(_ pod: PodInfo) -> Bool {
    pod.requests.resources.core.milliCPU > 0 || pod.requests.resources.core.memory > 0
  }

  /// 50 where the pod changes nothing, more where it improves the balance, less where it spoils it.
  static func score(_ pod: PodInfo, capacity: NodeCapacity) -> Int64 {
    var with = capacity.requested
    with &+= pod.requests.resources.core
    let change = balance(with, capacity.allocatable) - balance(capacity.requested, capacity.allocatable)
    return 50 + (50 + change) / 2
  }

  /// 100 less the standard deviation, in per cent, of the shares in use.
  private static func balance(_ used: CoreResources, _ allocatable: CoreResources) -> Int64 {
    guard allocatable.milliCPU > 0, allocatable.memory > 0 else { return 100 }
    let shareOfCPU = min(1, Double(used.milliCPU) / Double(allocatable.milliCPU))
    let shareOfMemory = min(1, Double(used.memory) / Double(allocatable.memory))
    return Int64((1 - abs((shareOfCPU - shareOfMemory) / 2)) * 100)
  }
}
