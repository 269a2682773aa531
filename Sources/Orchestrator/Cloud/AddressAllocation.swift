import Objects

/// A port of a service that an address is used with.
public struct BalancedPort: Sendable, Hashable {
  /// The number.
  public let number: Int64
  /// `TCP`, `UDP` or `SCTP`.
  public let transport: String

  /// A port.
  public init(number: Int64, transport: String) {
    self.number = number
    self.transport = transport
  }

  var text: String { "\(number)/\(transport)" }

  static func all(of service: JSON) -> Set<BalancedPort> {
    Set(
      (service["spec", "ports"]?.array ?? []).map {
        BalancedPort(number: $0["port"]?.integer ?? 0, transport: $0["protocol"]?.string ?? "TCP")
      })
  }
}

/// Which of the nodes' addresses a service gets: all on which its ports are free.
enum AddressAllocation {
  /// A service that has addresses.
  struct Holder: Sendable, Hashable {
    var service: String
    var addresses: Set<String>
    var ports: Set<BalancedPort>
  }

  enum Outcome: Sendable, Hashable {
    /// In a fixed order; none if no node has one of the service's family.
    case addresses([String])
    /// There are addresses, but none on which all ports are free: why.
    case taken(String)
  }

  static func decide(
    service: JSON, nodes: [JSON], holders: [Holder], reserved: Set<BalancedPort>
  ) -> Outcome {
    let ports = BalancedPort.all(of: service)
    if let port = ports.intersection(reserved).min(by: { $0.text < $1.text }) {
      return .taken("port \(port.text) is one that nodes need themselves")
    }
    let asked = service["spec", "loadBalancerIP"]?.string ?? ""
    let candidates = nodes.flatMap { addresses(of: $0, for: service) }
      .filter { asked.isEmpty || $0 == asked }
    if candidates.isEmpty, !asked.isEmpty { return .taken("no node has the address \(asked)") }
    var problem: String?
    var free: [String] = []
    for address in candidates where !free.contains(address) {
      let holder = holders.filter { $0.addresses.contains(address) && !$0.ports.isDisjoint(with: ports) }
        .min { $0.service < $1.service }
      guard let holder else {
        free.append(address)
        continue
      }
      let port = holder.ports.intersection(ports).map(\.text).min() ?? ""
      problem = problem ?? "port \(port) of \(address) is taken by service \(holder.service)"
    }
    if free.isEmpty, let problem { return .taken(problem) }
    return .addresses(free)
  }

  /// The addresses of a node at which others reach it: external ones if it has any, of the service's families.
  private static func addresses(of node: JSON, for service: JSON) -> [String] {
    let families = (service["spec", "ipFamilies"]?.array ?? []).compactMap(\.string)
    func all(_ type: String) -> [String] {
      (node["status", "addresses"]?.array ?? []).filter { $0["type"]?.string == type }
        .compactMap { $0["address"]?.string }
        .filter { families.isEmpty || families.contains($0.contains(":") ? "IPv6" : "IPv4") }
    }
    let external = all("ExternalIP")
    return external.isEmpty ? all("InternalIP") : external
  }
}
