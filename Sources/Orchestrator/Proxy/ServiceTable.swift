public import Objects

/// All services as rules need them, kept current object by object: a change costs what its own service costs.
public struct ServiceTable: Sendable {
  private let node: String
  private let clusterCIDR: String
  private var zone = ""
  private var services: [String: JSON] = [:]
  /// Slices by service, then by name.
  private var slices: [String: [String: JSON]] = [:]
  private var changed: Set<String> = []
  /// What is in place for each service.
  private var ports: [String: [ServicePort]] = [:]
  /// Who wants an address or a port, by service: of several that claim one external address the first by name has it.
  private var claims: [NFTables.Key: [String: String]] = [:]
  /// What all of them come to in nftables.
  public private(set) var rules = NFTables()

  /// No services.
  /// - Parameters:
  ///   - node: the name of this node.
  ///   - clusterCIDR: the addresses of pods; empty if unknown.
  public init(node: String, clusterCIDR: String = "") {
    self.node = node
    self.clusterCIDR = clusterCIDR
  }

  /// This node is in a zone (empty: in none), which decides which hints of endpoints are meant for it.
  public mutating func setZone(_ zone: String) {
    guard zone != self.zone else { return }
    self.zone = zone
    changed.formUnion(services.keys)
  }

  /// A service is as it is, or gone.
  public mutating func setService(_ key: String, _ service: JSON?) {
    services[key] = service
    changed.insert(key)
  }

  /// A slice is as it is.
  public mutating func setSlice(_ slice: JSON) {
    guard let (key, name) = Self.names(slice) else { return }
    slices[key, default: [:]][name] = slice
    changed.insert(key)
  }

  /// A slice is gone.
  public mutating func removeSlice(_ slice: JSON) {
    guard let (key, name) = Self.names(slice) else { return }
    slices[key]?[name] = nil
    if slices[key]?.isEmpty == true { slices[key] = nil }
    changed.insert(key)
  }

  private static func names(_ slice: JSON) -> (service: String, name: String)? {
    guard let namespace = slice["metadata", "namespace"]?.string,
      let name = slice["metadata", "name"]?.string,
      let service = slice["metadata", "labels", "kubernetes.io/service-name"]?.string, !service.isEmpty
    else { return nil }
    return ("\(namespace)/\(service)", name)
  }

  /// An address to which packets of UDP went, whose connections the kernel must forget: they would go on to an endpoint
  /// that is gone, or to none.
  public struct StaleFlow: Sendable, Hashable {
    /// The service's address; nil for any of the node's.
    public var address: String?
    /// The service's port.
    public var port: Int
    /// The endpoint that is gone; nil for all, where there was none before.
    public var endpoint: String?
  }

  /// Whether there are objects that are not worked into the rules yet.
  public var hasChanges: Bool { !changed.isEmpty }

  /// Works changed objects into the rules.
  /// - Returns: the rules before, and flows of UDP to be forgotten.
  public mutating func update() -> (old: NFTables, stale: [StaleFlow]) {
    let old = rules
    var stale: [StaleFlow] = []
    for key in changed.sorted() {
      let before = ports[key] ?? []
      let now = services[key].map {
        ServicePort.all(
          of: $0, slices: (slices[key] ?? [:]).sorted { $0.key < $1.key }.map(\.value), node: node, zone: zone
        )
      }
      ports[key] = now
      for port in before { remove(NFTables(port, clusterCIDR: clusterCIDR), of: key) }
      for port in now ?? [] { add(NFTables(port, clusterCIDR: clusterCIDR), of: key) }
      stale += Self.stale(from: before, to: now ?? [])
    }
    changed = []
    return (old, stale)
  }

  private mutating func add(_ content: NFTables, of service: String) {
    rules.chains.merge(content.chains) { $1 }
    rules.sets.merge(content.sets) { $1 }
    for (key, verdict) in content.elements {
      claims[key, default: [:]][service] = verdict
      settle(key)
    }
  }

  private mutating func remove(_ content: NFTables, of service: String) {
    for name in content.chains.keys { rules.chains[name] = nil }
    for name in content.sets.keys { rules.sets[name] = nil }
    for key in content.elements.keys {
      claims[key]?[service] = nil
      if claims[key]?.isEmpty == true { claims[key] = nil }
      settle(key)
    }
  }

  private mutating func settle(_ key: NFTables.Key) {
    rules.elements[key] = claims[key]?.min { $0.key < $1.key }?.value
  }

  private static func stale(from before: [ServicePort], to now: [ServicePort]) -> [StaleFlow] {
    var flows: [StaleFlow] = []
    for port in before where port.transport == .udp {
      let same = now.first { $0.name == port.name }
      let left = Set(same?.availableEndpoints ?? []).union(same?.localEndpoints ?? [])
      for endpoint in port.availableEndpoints where !left.contains(endpoint) {
        flows += targets(of: port).map { StaleFlow(address: $0.0, port: $0.1, endpoint: endpoint.address) }
      }
    }
    for port in now where port.transport == .udp && !port.endpoints.isEmpty {
      guard before.first(where: { $0.name == port.name })?.endpoints.isEmpty ?? true else { continue }
      flows += targets(of: port).map { StaleFlow(address: $0.0, port: $0.1, endpoint: nil) }
    }
    return flows
  }

  private static func targets(of port: ServicePort) -> [(String?, Int)] {
    let addresses: [(String?, Int)] = ([port.clusterIP] + port.externalIPs + port.loadBalancerIPs).map {
      ($0, port.port)
    }
    return port.nodePort == 0 ? addresses : addresses + [(nil, port.nodePort)]
  }

  /// The ports of all services, by the services' names.
  public var servicePorts: [ServicePort] { ports.sorted { $0.key < $1.key }.flatMap(\.value) }

  /// What load balancers ask about each service whose traffic from outside stays on its node: the service, and the ready
  /// addresses of its endpoints here, by the port where they ask. Of services that claim one port the first by name
  /// has it.
  public var healthChecks: [Int: (service: String, localAddresses: Set<String>)] {
    var checks: [Int: (service: String, localAddresses: Set<String>)] = [:]
    for port in ports.values.joined() where port.healthCheckPort != 0 {
      let other = checks[port.healthCheckPort]
      if let other, other.service < port.service { continue }
      let addresses = other?.service == port.service ? other?.localAddresses ?? [] : []
      checks[port.healthCheckPort] = (port.service, addresses.union(port.readyLocalAddresses))
    }
    return checks
  }
}
