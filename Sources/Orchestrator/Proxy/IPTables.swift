import Checksum

/// What iptables' tables hold for services: chains with their rules, under the names that operators know from
/// kube-proxy.
public struct IPTables: Sendable, Hashable {
  /// A chain of a table.
  public struct Chain: Sendable, Hashable, Comparable {
    /// `nat`, `filter` or `mangle`.
    public var table: String
    /// Such as `KUBE-SERVICES`.
    public var name: String

    /// A chain.
    public init(_ table: String, _ name: String) {
      self.table = table
      self.name = name
    }

    /// By table, then by name.
    public static func < (left: Chain, right: Chain) -> Bool {
      (left.table, left.name) < (right.table, right.name)
    }
  }

  /// Rules by chain.
  public private(set) var chains: [Chain: [String]] = [:]

  static let services = Chain("nat", "KUBE-SERVICES")
  static let nodePorts = Chain("nat", "KUBE-NODEPORTS")
  static let refused = Chain("filter", "KUBE-SERVICES")
  static let externalRefused = Chain("filter", "KUBE-EXTERNAL-SERVICES")
  static let firewall = Chain("mangle", "KUBE-PROXY-FIREWALL")
  /// To those who speak TCP in its own words: they hear it while they still connect, as an ICMP message they may not.
  private static let reset = "REJECT --reject-with tcp-reset"
  static let nodePortsComment =
    "kubernetes service nodeports; NOTE: this must be the last rule in this chain"
  static let nodePortsRule = [
    "-m", "addrtype", "--dst-type", "LOCAL", "!", "-d", "127.0.0.0/8", "-j", "KUBE-NODEPORTS",
  ]

  /// All services' rules; where several claim one address, the first has it.
  /// - Parameters:
  ///   - clusterCIDR: the addresses of pods: traffic to services from elsewhere is masqueraded; empty if unknown.
  ///   - serviceCIDR: addresses that are refused where no service has them; empty for none.
  public init(_ ports: [ServicePort], clusterCIDR: String, serviceCIDR: String = "") {
    let mark = NFTables.masqueradeMark
    chains = [
      Self.services: [], Self.nodePorts: [], Self.refused: [], Self.externalRefused: [], Self.firewall: [],
      Chain("nat", "KUBE-MARK-MASQ"): ["-j MARK --or-mark \(mark)"],
      Chain("nat", "KUBE-POSTROUTING"): [
        "-m mark ! --mark \(mark)/\(mark) -j RETURN", "-j MARK --xor-mark \(mark)",
        "-j MASQUERADE --random-fully",
      ],
      Chain("filter", "KUBE-FORWARD"): [
        "-m conntrack --ctstate INVALID -j DROP", "-m mark --mark \(mark)/\(mark) -j ACCEPT",
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      ],
    ]
    for port in ports { add(port, clusterCIDR: clusterCIDR) }
    chains[Self.services, default: []].append(
      "\(Self.comment(Self.nodePortsComment)) \(Self.nodePortsRule.joined(separator: " "))")
    if !serviceCIDR.isEmpty {
      chains[Self.refused, default: []] += [
        "-d \(serviceCIDR) -p tcp -j \(Self.reset)", "-d \(serviceCIDR) -j REJECT",
      ]
    }
  }

  private mutating func add(_ port: ServicePort, clusterCIDR: String) {
    let names = IPTablesNames(port)
    let transport = port.transport.rawValue
    let to = "-m \(transport) -p \(transport)"
    func rule(_ note: String, _ match: String, _ target: String) -> String {
      "\(Self.comment("\(names.port)\(note)")) \(to) \(match) -j \(target)"
    }
    func refuse(_ chain: Chain, _ match: String, isLocal: Bool) {
      let isDropped = isLocal && !port.endpoints.isEmpty
      chains[chain, default: []].append(
        rule(
          isDropped ? " has no local endpoints" : " has no endpoints", match,
          isDropped ? "DROP" : port.transport == .tcp ? Self.reset : "REJECT"))
    }

    addBalancers(port, names, clusterCIDR: clusterCIDR, to)
    let inside = "-d \(port.clusterIP)/32 --dport \(port.port)"
    if port.internalEndpoints.isEmpty {
      refuse(Self.refused, inside, isLocal: port.isInternalLocal)
    } else {
      chains[Self.services, default: []].append(
        rule(" cluster IP", inside, port.isInternalLocal ? names.local : names.service))
    }
    guard port.isExternal else { return }
    // Pods, and the node itself, reach every endpoint though the policy is local.
    let isServed = !port.endpoints.isEmpty
    if isServed { addExternal(port, names, clusterCIDR: clusterCIDR) }
    let isRestricted = !port.sourceRanges.isEmpty && !port.loadBalancerIPs.isEmpty
    if isRestricted {
      chains[Chain("mangle", names.firewall)] = port.sourceRanges.map { "-s \($0) -j RETURN" } + ["-j DROP"]
      for address in port.loadBalancerIPs {
        let match = "-d \(address)/32 --dport \(port.port)"
        chains[Self.firewall, default: []].append(rule(" loadbalancer IP", match, names.firewall))
      }
    }
    for (address, note) in port.externalIPs.map({ ($0, " external IP") })
      + port.loadBalancerIPs.map({ ($0, " loadbalancer IP") })
    {
      let match = "-d \(address)/32 --dport \(port.port)"
      if isServed { chains[Self.services, default: []].append(rule(note, match, names.external)) }
      if port.externalEndpoints.isEmpty { refuse(Self.externalRefused, match, isLocal: port.isExternalLocal) }
    }
    guard port.nodePort != 0 else { return }
    let match = "--dport \(port.nodePort)"
    if isServed { chains[Self.nodePorts, default: []].append(rule("", match, names.external)) }
    if port.externalEndpoints.isEmpty {
      refuse(Self.externalRefused, "-m addrtype --dst-type LOCAL " + match, isLocal: port.isExternalLocal)
    }
  }

  private mutating func addExternal(_ port: ServicePort, _ names: IPTablesNames, clusterCIDR: String) {
    var rules = ["-j KUBE-MARK-MASQ", "-j \(names.service)"]
    if port.isExternalLocal {
      rules = clusterCIDR.isEmpty ? [] : ["-s \(clusterCIDR) -j \(names.service)"]
      rules += ["-j KUBE-MARK-MASQ", "-j \(names.service)"].map { "-m addrtype --src-type LOCAL \($0)" }
      if !port.localEndpoints.isEmpty { rules.append("-j \(names.local)") }
    }
    chains[Chain("nat", names.external)] = rules
  }

  /// The chains that choose an endpoint, and those of the endpoints.
  private mutating func addBalancers(
    _ port: ServicePort, _ names: IPTablesNames, clusterCIDR: String, _ to: String
  ) {
    var all = port.isInternalLocal && !port.isExternal ? [] : port.endpoints
    if !all.isEmpty { chains[Chain("nat", names.service)] = balance(all, port, names) }
    if port.isInternalLocal || port.isExternalLocal, !port.localEndpoints.isEmpty {
      chains[Chain("nat", names.local)] = balance(port.localEndpoints, port, names)
      all += port.localEndpoints
    }
    let inside = Chain("nat", port.isInternalLocal ? names.local : names.service)
    if !clusterCIDR.isEmpty, chains[inside] != nil {
      let match = "\(to) -d \(port.clusterIP)/32 --dport \(port.port) ! -s \(clusterCIDR)"
      chains[inside]?.insert("\(Self.comment("\(names.port) cluster IP")) \(match) -j KUBE-MARK-MASQ", at: 0)
    }
    for endpoint in all {
      let chain = names.endpoint(endpoint)
      let note = Self.comment(names.port)
      let affinity = port.affinitySeconds == nil ? "" : " -m recent --name \(chain) --set"
      chains[Chain("nat", chain)] = [
        // A pod that reaches itself through its service must not be answered directly.
        "\(note) -s \(endpoint.address)/32 -j KUBE-MARK-MASQ",
        "\(note)\(affinity) \(to) -j DNAT --to-destination \(endpoint.address):\(endpoint.port)",
      ]
    }
  }

  private func balance(_ endpoints: [ProxyEndpoint], _ port: ServicePort, _ names: IPTablesNames) -> [String]
  {
    var rules: [String] = []
    for endpoint in endpoints {
      guard let seconds = port.affinitySeconds else { break }
      let chain = names.endpoint(endpoint)
      rules.append("-m recent --name \(chain) --rcheck --seconds \(seconds) --reap -j \(chain)")
    }
    for (index, endpoint) in endpoints.enumerated() {
      let left = endpoints.count - index
      let chance = left == 1 ? "" : " -m statistic --mode random --probability \(Self.chance(left))"
      let note = Self.comment("\(names.port) -> \(endpoint.address):\(endpoint.port)")
      rules.append("\(note)\(chance) -j \(names.endpoint(endpoint))")
    }
    return rules
  }

  /// 1/count with ten digits.
  static func chance(_ count: Int) -> String {
    let digits = String((20_000_000_000 / count + 1) / 2)
    return "0." + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }

  /// A comment as rules write it: nothing in it ends it early.
  private static func comment(_ text: String) -> String {
    let kept = text.unicodeScalars.filter { $0.isASCII && !"\"\\\n\r".unicodeScalars.contains($0) }
    return "-m comment --comment \"\(String(kept))\""
  }
}

/// The names of a service port's chains, as kube-proxy makes them: they are the same whoever writes the rules.
struct IPTablesNames: Sendable {
  /// `namespace/name:port`.
  let port: String
  private let transport: String
  private let hash: String

  init(_ port: ServicePort) {
    self.port = port.portName.isEmpty ? port.service : "\(port.service):\(port.portName)"
    transport = port.transport.rawValue
    hash = Self.hash(self.port + transport)
  }

  var service: String { "KUBE-SVC-" + hash }
  var local: String { "KUBE-SVL-" + hash }
  var external: String { "KUBE-EXT-" + hash }
  var firewall: String { "KUBE-FW-" + hash }

  func endpoint(_ endpoint: ProxyEndpoint) -> String {
    "KUBE-SEP-" + Self.hash("\(port)\(transport)\(endpoint.address):\(endpoint.port)")
  }

  /// The first 16 letters of the hash in base 32: ten of its bytes.
  static func hash(_ text: String) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    var hash = SHA256()
    hash.add(Array(text.utf8))
    let bytes = hash.digest
    return String(
      (0..<16).map { letter in
        let (byte, bit) = (letter * 5 / 8, letter * 5 % 8)
        let pair = UInt16(bytes[byte]) << 8 | UInt16(bytes[byte + 1])
        return letters[Int(pair >> (11 - bit) & 31)]
      })
  }
}
