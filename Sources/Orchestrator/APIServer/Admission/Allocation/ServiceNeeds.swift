import Objects

/// What a Service needs to have allocated.
struct ServiceNeeds: Sendable, Hashable {
  /// Whether it has a cluster IP.
  var address: Bool
  /// Whether its ports are opened on nodes.
  var nodePorts: Bool
  /// Whether ports that name no node port get one.
  var newNodePorts: Bool
  /// Whether nodes answer load balancers whether they have endpoints.
  var healthCheckPort: Bool

  init(_ service: JSON?) {
    let spec = service?["spec"] ?? [:]
    let type = spec.text("type")
    let isLoadBalancer = type == "LoadBalancer"
    address =
      (type == "ClusterIP" || type == "NodePort" || isLoadBalancer) && !ServiceNeeds.isHeadless(spec)
    nodePorts = type == "NodePort" || isLoadBalancer
    newNodePorts =
      type == "NodePort" || isLoadBalancer && spec["allocateLoadBalancerNodePorts"]?.boolean != false
    healthCheckPort = isLoadBalancer && spec.text("externalTrafficPolicy") == "Local"
  }

  static func isHeadless(_ spec: JSON) -> Bool {
    spec.text("clusterIP") == "None" || spec.list("clusterIPs").first?.string == "None"
  }
}

/// What a Service has.
struct ServiceHoldings: Sendable, Hashable {
  /// Its cluster IPs.
  var addresses: [String] = []
  /// Its node ports, each once, that for health checks last.
  var ports: [Int64] = []

  init(_ service: JSON?) {
    guard let service, let spec = service["spec"] else { return }
    let needs = ServiceNeeds(service)
    if needs.address {
      addresses = spec.list("clusterIPs").compactMap(\.string).filter { !$0.isEmpty }
      if addresses.isEmpty, let first = spec["clusterIP"]?.string, !first.isEmpty { addresses = [first] }
    }
    if needs.nodePorts {
      for port in spec.list("ports") { add(port["nodePort"]?.integer) }
    }
    if needs.healthCheckPort { add(spec["healthCheckNodePort"]?.integer) }
  }

  private mutating func add(_ port: Int64?) {
    if let port, port != 0, !ports.contains(port) { ports.append(port) }
  }
}
