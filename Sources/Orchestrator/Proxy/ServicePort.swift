public import Objects

/// An address that answers for a service, on one port.
public struct ProxyEndpoint: Sendable, Hashable {
  /// An IPv4 address.
  public var address: String
  /// The port there.
  public var port: Int
  /// Whether it is on this node.
  public var isLocal: Bool

  /// An endpoint.
  public init(address: String, port: Int, isLocal: Bool) {
    self.address = address
    self.port = port
    self.isLocal = isLocal
  }
}

/// One port of a service, with everything that packet rules depend on.
public struct ServicePort: Sendable, Hashable {
  /// The protocols that services have.
  public enum Transport: String, Sendable, Hashable {
    case tcp
    case udp
    case sctp
  }

  /// `namespace/name` of the service.
  public var service: String
  /// The port's name; empty where a service has one port without a name.
  public var portName: String
  /// The protocol.
  public var transport: Transport
  /// The port of the service's addresses.
  public var port: Int
  /// The service's own address.
  public var clusterIP: String
  /// 0 for none.
  public var nodePort = 0
  /// `externalIPs` of the service.
  public var externalIPs: [String] = []
  /// Addresses of a load balancer that leaves packets as they are (`ipMode: VIP`).
  public var loadBalancerIPs: [String] = []
  /// Who may reach the load balancer's addresses; empty for everybody.
  public var sourceRanges: [String] = []
  /// How long a client stays with an endpoint; nil where it need not.
  public var affinitySeconds: Int?
  /// Whether traffic from inside stays on the node.
  public var isInternalLocal = false
  /// Whether traffic from outside does.
  public var isExternalLocal = false
  /// Where load balancers ask whether the node has endpoints; 0 for nowhere.
  public var healthCheckPort = 0
  /// The addresses of those that are ready, on this node.
  public var readyLocalAddresses: Set<String> = []
  /// Those to use, on any node, sorted.
  public var endpoints: [ProxyEndpoint] = []
  /// Those that would do, whatever their hints say: connections that lead there go on.
  public var availableEndpoints: [ProxyEndpoint] = []
  /// Those to use where only this node's count.
  public var localEndpoints: [ProxyEndpoint] = []

  /// `namespace/name/tcp/port name`.
  public var name: String { "\(service)/\(transport.rawValue)/\(portName)" }

  /// The endpoints for traffic from inside.
  public var internalEndpoints: [ProxyEndpoint] { isInternalLocal ? localEndpoints : endpoints }
  /// The endpoints for traffic from outside.
  public var externalEndpoints: [ProxyEndpoint] { isExternalLocal ? localEndpoints : endpoints }

  /// Whether the service can be reached by more than its cluster IP.
  public var isExternal: Bool { nodePort != 0 || !externalIPs.isEmpty || !loadBalancerIPs.isEmpty }

  /// The ports of a service, with the endpoints that its slices name; empty for services that need no rules.
  ///
  /// - Parameters:
  ///   - slices: the service's EndpointSlices.
  ///   - node: the name of this node.
  ///   - zone: the zone of this node; empty if unknown.
  public static func all(of service: JSON, slices: [JSON], node: String, zone: String = "") -> [ServicePort] {
    let spec = service["spec"]
    guard let clusterIP = spec?["clusterIP"]?.string, isIPv4(clusterIP),
      spec?["type"]?.string != "ExternalName",
      let namespace = service["metadata", "namespace"]?.string, let name = service["metadata", "name"]?.string
    else { return [] }
    let type = spec?["type"]?.string ?? "ClusterIP"
    return (spec?["ports"]?.array ?? []).compactMap { entry in
      guard let port = number(entry["port"]),
        let transport = Transport(rawValue: (entry["protocol"]?.string ?? "TCP").lowercased())
      else { return nil }
      var result = ServicePort(
        service: "\(namespace)/\(name)", portName: entry["name"]?.string ?? "", transport: transport,
        port: port,
        clusterIP: clusterIP)
      result.externalIPs = addresses(spec?["externalIPs"])
      if type == "NodePort" || type == "LoadBalancer" { result.nodePort = number(entry["nodePort"]) ?? 0 }
      if type == "LoadBalancer" {
        let ingress = service["status", "loadBalancer", "ingress"]?.array ?? []
        result.loadBalancerIPs = addresses(
          .array(ingress.filter { $0["ipMode"]?.string != "Proxy" }.compactMap { $0["ip"] }))
        result.sourceRanges = (spec?["loadBalancerSourceRanges"]?.array ?? []).compactMap { range(of: $0) }
          .sorted()
        if spec?["externalTrafficPolicy"]?.string == "Local" {
          result.healthCheckPort = number(spec?["healthCheckNodePort"]) ?? 0
        }
      }
      if spec?["sessionAffinity"]?.string == "ClientIP" {
        let seconds = spec?["sessionAffinityConfig", "clientIP", "timeoutSeconds"]?.integer ?? 10800
        result.affinitySeconds = Int(min(max(seconds, 1), 86400))
      }
      result.isInternalLocal = spec?["internalTrafficPolicy"]?.string == "Local"
      result.isExternalLocal = result.isExternal && spec?["externalTrafficPolicy"]?.string == "Local"
      result.add(slices, node: node, zone: zone)
      return result
    }
  }

  /// Ready endpoints, of these the ones meant for here; where there are none, those that end but still serve.
  private mutating func add(_ slices: [JSON], node: String, zone: String) {
    var ready: [ProxyEndpoint: TopologyHints] = [:]
    var serving: Set<ProxyEndpoint> = []
    for slice in slices where slice["addressType"]?.string == "IPv4" {
      let ports = (slice["ports"]?.array ?? []).filter {
        ($0["name"]?.string ?? "") == portName
          && ($0["protocol"]?.string ?? "TCP").lowercased() == transport.rawValue
      }
      for port in ports.compactMap({ Self.number($0["port"]) }) {
        for endpoint in slice["endpoints"]?.array ?? [] {
          guard let address = endpoint["addresses"]?.array?.first?.string, Self.isIPv4(address) else {
            continue
          }
          let found = ProxyEndpoint(
            address: address, port: port, isLocal: !node.isEmpty && endpoint["nodeName"]?.string == node)
          let conditions = endpoint["conditions"]
          if conditions?["ready"]?.boolean ?? true {
            ready[found] = TopologyHints(endpoint["hints"])
          } else if conditions?["serving"]?.boolean ?? false, conditions?["terminating"]?.boolean ?? false {
            serving.insert(found)
          }
        }
      }
    }
    func sorted(_ best: [ProxyEndpoint], or others: [ProxyEndpoint]) -> [ProxyEndpoint] {
      (best.isEmpty ? others : best).sorted { ($0.address, $0.port) < ($1.address, $1.port) }
    }
    let preference = TopologyPreference(Array(ready.values), node: node, zone: zone)
    endpoints = sorted(ready.filter { preference.allows($0.value) }.map(\.key), or: Array(serving))
    availableEndpoints = sorted(Array(ready.keys), or: Array(serving))
    readyLocalAddresses = Set(ready.keys.filter(\.isLocal).map(\.address))
    // A policy that keeps traffic here asks where endpoints are, not for whom.
    localEndpoints = sorted(ready.keys.filter(\.isLocal), or: serving.filter(\.isLocal))
  }

  // MARK: Reading what people wrote: it goes into rules, so it must be what it claims to be

  private static func number(_ value: JSON?) -> Int? {
    value?.integer.flatMap { (1...65535).contains($0) ? Int($0) : nil }
  }

  static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
          && UInt8(part) != nil
      }
  }

  private static func addresses(_ value: JSON?) -> [String] {
    Set((value?.array ?? []).compactMap(\.string).filter(isIPv4)).sorted()
  }

  private static func range(of value: JSON) -> String? {
    value.string.map(\.trimmed).flatMap { isRange($0) ? $0 : nil }
  }

  /// Whether a text is a range of IPv4 addresses, such as `10.96.0.0/12`.
  public static func isRange(_ text: String) -> Bool {
    guard let slash = text.firstIndex(of: "/") else { return false }
    let length = text[text.index(after: slash)...]
    guard let bits = Int(length), String(bits) == length else { return false }
    return isIPv4(String(text[..<slash])) && (0...32).contains(bits)
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
