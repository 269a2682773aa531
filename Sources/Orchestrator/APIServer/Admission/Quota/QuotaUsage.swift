import Objects

/// What an object counts against quotas, by the names that quotas have for it.
struct QuotaUsage: Sendable, Hashable {
  var amounts: [String: Quantity] = [:]

  /// What an object of a resource counts. An update counts only what can change.
  init(of object: JSON, _ resource: Resource) {
    let count = resource.group.isEmpty ? resource.resource : resource.resource + "." + resource.group
    amounts["count/" + count] = Quantity.one
    guard resource.group.isEmpty else { return }
    switch resource.resource {
    case "pods": addPod(object)
    case "services": addService(object)
    case "persistentvolumeclaims": addClaim(object)
    case "configmaps", "secrets", "replicationcontrollers", "resourcequotas":
      amounts[resource.resource] = Quantity.one
    default: break
    }
  }

  /// How much more this is than an older state of the object.
  func increase(from old: QuotaUsage?) -> [String: Quantity] {
    var result: [String: Quantity] = [:]
    for (name, amount) in amounts {
      let more = amount - (old?.amounts[name] ?? Quantity.nothing)
      if !more.isZero { result[name] = more }
    }
    for (name, amount) in old?.amounts ?? [:] where amounts[name] == nil {
      result[name] = Quantity.nothing - amount
    }
    return result
  }

  private mutating func addPod(_ pod: JSON) {
    // What has ended uses nothing, though it is there.
    let phase = pod.text("status", "phase")
    guard phase != "Succeeded", phase != "Failed" else { return }
    amounts["pods"] = Quantity.one
    let total = PodTotals(pod)
    for (name, amount) in total.requests {
      amounts["requests." + name] = amount
      if ["cpu", "memory", "ephemeral-storage"].contains(name) || name.hasPrefix("hugepages-") {
        amounts[name] = amount
      }
    }
    for (name, amount) in total.limits where ["cpu", "memory", "ephemeral-storage"].contains(name) {
      amounts["limits." + name] = amount
    }
  }

  private mutating func addService(_ service: JSON) {
    amounts["services"] = Quantity.one
    let ports = service["spec"]?.list("ports") ?? []
    switch service.text("spec", "type") {
    case "NodePort": amounts["services.nodeports"] = Quantity(Int64(ports.count))
    case "LoadBalancer":
      let allocates = service["spec", "allocateLoadBalancerNodePorts"]?.boolean != false
      let opened = allocates ? ports : ports.filter { ($0["nodePort"]?.integer ?? 0) != 0 }
      amounts["services.nodeports"] = Quantity(Int64(opened.count))
      amounts["services.loadbalancers"] = Quantity.one
    default: break
    }
  }

  private mutating func addClaim(_ claim: JSON) {
    amounts["persistentvolumeclaims"] = Quantity.one
    let storage = claim["spec", "resources", "requests", "storage"].flatMap { Quantity($0) }
    if let storage { amounts["requests.storage"] = storage }
    let storageClass =
      claim.annotation("volume.beta.kubernetes.io/storage-class") ?? claim.text("spec", "storageClassName")
    guard !storageClass.isEmpty else { return }
    let prefix = storageClass + ".storageclass.storage.k8s.io/"
    amounts[prefix + "persistentvolumeclaims"] = Quantity.one
    if let storage { amounts[prefix + "requests.storage"] = storage }
  }
}
