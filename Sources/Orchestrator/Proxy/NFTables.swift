/// What a table of the packet filter holds, as far as it depends on services: chains with their rules, sets of affine
/// clients, and elements of the maps that find a service by address and port.
public struct NFTables: Sendable, Hashable {
  /// The maps of the table.
  public enum Map: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Address, protocol and port of a service: the chain that finds an endpoint.
    case serviceIPs = "service-ips"
    /// Protocol and port on any address of the node.
    case serviceNodePorts = "service-nodeports"
    /// Those that nobody answers for.
    case noEndpointServices = "no-endpoint-services"
    case noEndpointNodePorts = "no-endpoint-nodeports"
    /// Those that only some may reach.
    case firewallIPs = "firewall-ips"

    /// By name.
    public static func < (left: Map, right: Map) -> Bool { left.rawValue < right.rawValue }

    var type: String {
      switch self {
      case .serviceIPs, .noEndpointServices, .firewallIPs: "ipv4_addr . inet_proto . inet_service : verdict"
      case .serviceNodePorts, .noEndpointNodePorts: "inet_proto . inet_service : verdict"
      }
    }
  }

  /// A key of a map.
  public struct Key: Sendable, Hashable, Comparable {
    /// The map.
    public var map: Map
    /// Such as `10.96.0.1 . tcp . 443`.
    public var text: String

    /// A key.
    public init(map: Map, text: String) {
      self.map = map
      self.text = text
    }

    /// By map, then by text.
    public static func < (left: Key, right: Key) -> Bool { (left.map, left.text) < (right.map, right.text) }
  }

  /// Rules by chain.
  public var chains: [String: [String]] = [:]
  /// How long an entry stays, in seconds, by the name of a set of addresses.
  public var sets: [String: Int] = [:]
  /// Verdicts.
  public var elements: [Key: String] = [:]

  /// Nothing.
  public init() {}

  /// The table's name; the one that operators know from kube-proxy.
  public static let table = "ip kube-proxy"

  /// The bit that marks packets that must come back through this node.
  static let masqueradeMark = "0x4000"
}

extension NFTables {
  /// What one port of a service needs.
  /// - Parameter clusterCIDR: the addresses of pods: traffic to services from elsewhere is masqueraded; empty if unknown.
  public init(_ port: ServicePort, clusterCIDR: String) {
    let names = RuleNames(port)
    let transport = port.transport.rawValue
    for endpoint in Set(port.internalEndpoints).union(port.isExternal ? port.externalEndpoints : []) {
      addEndpoint(endpoint, of: port, names)
    }
    // The chain of all endpoints: for the cluster IP, and for traffic from outside that may go anywhere.
    let inside = port.internalEndpoints
    if !inside.isEmpty {
      var rules: [String] = []
      if !clusterCIDR.isEmpty {
        rules.append(
          "ip daddr \(port.clusterIP) \(transport) dport \(port.port) ip saddr != \(clusterCIDR) jump mark-for-masquerade"
        )
      }
      chains[names.service] = rules + balance(inside, port, names)
    }
    set(
      port.clusterIP, port, inside.isEmpty ? nil : names.service,
      without: port.isInternalLocal ? "drop" : "goto reject-chain")
    guard port.isExternal else { return }
    addExternal(port, names, clusterCIDR: clusterCIDR)
  }

  private mutating func addExternal(_ port: ServicePort, _ names: RuleNames, clusterCIDR: String) {
    let outside = port.externalEndpoints
    // Locally without endpoints here: packets are dropped, so that a load balancer tries another node.
    let refusal = port.isExternalLocal ? "drop" : "goto reject-chain"
    let isServed = !outside.isEmpty || port.isExternalLocal && !port.endpoints.isEmpty
    if isServed {
      var rules: [String] = []
      if port.isExternalLocal {
        // Pods, and the node itself, reach every endpoint.
        let everywhere = names.everywhere
        chains[everywhere] = balance(port.endpoints, port, names)
        for endpoint in port.endpoints { addEndpoint(endpoint, of: port, names) }
        if !clusterCIDR.isEmpty { rules.append("ip saddr \(clusterCIDR) goto \(everywhere)") }
        rules.append("fib saddr type local jump mark-for-masquerade")
        rules.append("fib saddr type local goto \(everywhere)")
        rules += outside.isEmpty ? ["drop"] : balance(outside, port, names)
      } else {
        rules = ["jump mark-for-masquerade"] + balance(outside, port, names)
      }
      chains[names.external] = rules
    }
    let target = isServed ? names.external : nil
    for address in port.externalIPs + port.loadBalancerIPs { set(address, port, target, without: refusal) }
    if port.nodePort != 0 {
      let key = "\(port.transport.rawValue) . \(port.nodePort)"
      if let target { elements[Key(map: .serviceNodePorts, text: key)] = "goto \(target)" }
      if outside.isEmpty, !(port.isExternalLocal && isServed) {
        elements[Key(map: .noEndpointNodePorts, text: key)] = refusal
      }
    }
    guard !port.sourceRanges.isEmpty, !port.loadBalancerIPs.isEmpty else { return }
    chains[names.firewall] = ["ip saddr { \(port.sourceRanges.joined(separator: ", ")) } return", "drop"]
    for address in port.loadBalancerIPs {
      elements[Key(map: .firewallIPs, text: "\(address) . \(port.transport.rawValue) . \(port.port)")] =
        "goto \(names.firewall)"
    }
  }

  /// An address of the service leads to a chain, or to a refusal.
  private mutating func set(_ address: String, _ port: ServicePort, _ chain: String?, without refusal: String)
  {
    let text = "\(address) . \(port.transport.rawValue) . \(port.port)"
    if let chain {
      elements[Key(map: .serviceIPs, text: text)] = "goto \(chain)"
    } else {
      elements[Key(map: .noEndpointServices, text: text)] = refusal
    }
  }

  private mutating func addEndpoint(_ endpoint: ProxyEndpoint, of port: ServicePort, _ names: RuleNames) {
    // A pod that reaches itself through its service must not be answered directly.
    var rules = ["ip saddr \(endpoint.address) jump mark-for-masquerade"]
    if let seconds = port.affinitySeconds {
      sets[names.affinity(endpoint)] = seconds
      rules.append("update @\(names.affinity(endpoint)) { ip saddr }")
    }
    rules.append("meta l4proto \(port.transport.rawValue) dnat to \(endpoint.address):\(endpoint.port)")
    chains[names.endpoint(endpoint)] = rules
  }

  /// The rules that choose one of the endpoints: the one that a client is used to, or any.
  private func balance(_ endpoints: [ProxyEndpoint], _ port: ServicePort, _ names: RuleNames) -> [String] {
    guard !endpoints.isEmpty else { return [] }
    var rules: [String] = []
    if port.affinitySeconds != nil {
      rules = endpoints.map { "ip saddr @\(names.affinity($0)) goto \(names.endpoint($0))" }
    }
    let choices = endpoints.enumerated().map { "\($0) : goto \(names.endpoint($1))" }
    return rules + ["numgen random mod \(endpoints.count) vmap { \(choices.joined(separator: ", ")) }"]
  }
}

/// The names of a service port's chains: what they are for, a hash that tells them from all others, and the words that
/// people look for, cut to what the kernel takes.
struct RuleNames: Sendable {
  private static let longest = 120
  private let port: String
  private let affinitySeconds: Int

  init(_ port: ServicePort) {
    self.port = port.name
    affinitySeconds = port.affinitySeconds ?? 0
  }

  var service: String { make("service", port) }
  var external: String { make("external", port) }
  /// For traffic that reaches all endpoints though the policy is local.
  var everywhere: String { make("anywhere", port) }
  var firewall: String { make("firewall", port) }

  func endpoint(_ endpoint: ProxyEndpoint) -> String {
    make("endpoint", "\(port)__\(endpoint.address)/\(endpoint.port)")
  }

  /// With another time it is another set: that of a set cannot be changed.
  func affinity(_ endpoint: ProxyEndpoint) -> String {
    make("affinity", "\(port)__\(endpoint.address)/\(endpoint.port)", "\(affinitySeconds)")
  }

  private func make(_ kind: String, _ text: String, _ more: String = "") -> String {
    cut("\(kind)-\(Self.hash(text + more))-\(text)")
  }

  private func cut(_ text: String) -> String {
    String(decoding: text.utf8.prefix(Self.longest), as: UTF8.self)
  }

  /// FNV-1a, in the letters of base 32.
  static func hash(_ text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    return String((0..<10).map { letters[Int(hash >> ($0 * 5) & 31)] })
  }
}
