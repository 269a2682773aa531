/// Services, what is behind them and in front of them, and addresses.
extension Tables {
  static let service = TablePrinter([
    .name,
    .text("Type", "How the service is reached.") { $0.text("spec", "type") },
    .text("Cluster-IP", "Address inside the cluster.") {
      $0.texts("spec", "clusterIPs").first ?? "<none>"
    },
    .text("External-IP", "Addresses from outside the cluster.") { externalAddresses(of: $0) },
    .text("Port(s)", "Ports of the service, with the ports on the nodes.") { service in
      let ports = service.items("spec", "ports").map { port in
        let node = port.integer("nodePort")
        return "\(port.integer("port"))\(node > 0 ? ":\(node)" : "")/\(port.text("protocol"))"
      }
      return ports.isEmpty ? "<none>" : ports.joined(separator: ",")
    },
    .age,
    .text("Selector", "Labels of the pods behind the service.", priority: 1) {
      SelectorText.labels($0.value("spec", "selector"))
    },
  ])

  private static func externalAddresses(of service: ObjectReader) -> String {
    let addresses = service.texts("spec", "externalIPs")
    switch service.text("spec", "type") {
    case "ClusterIP", "NodePort":
      return addresses.isEmpty ? "<none>" : addresses.joined(separator: ",")
    case "LoadBalancer":
      let all = loadBalancerAddresses(of: service) + addresses
      return all.isEmpty ? "<pending>" : all.joined(separator: ",")
    case "ExternalName":
      return service.text("spec", "externalName")
    default:
      return "<unknown>"
    }
  }

  /// Sorted, each once.
  private static func loadBalancerAddresses(of object: ObjectReader) -> [String] {
    let addresses = object.items("status", "loadBalancer", "ingress").map {
      $0.text("ip", empty: $0.text("hostname"))
    }
    return Set(addresses.filter { !$0.isEmpty }).sorted()
  }

  static let endpoints = TablePrinter([
    .name,
    .text("Endpoints", "Addresses and ports behind the service.") { endpoints in
      let subsets = endpoints.items("subsets")
      guard !subsets.isEmpty else { return "<none>" }
      return ListText.start(of: subsets.flatMap(endpointTexts))
    },
    .age,
  ])

  /// Each port at each address; the addresses alone where there are no ports.
  private static func endpointTexts(of subset: ObjectReader) -> [String] {
    let addresses = subset.items("addresses").map { $0.text("ip") }
    let ports = subset.items("ports").map { $0.integer("port") }
    guard !ports.isEmpty else { return addresses }
    return ports.flatMap { port in
      addresses.map { $0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)" }
    }
  }

  static let endpointSlice = TablePrinter([
    .name,
    .text("AddressType", "Kind of the addresses.") { $0.text("addressType") },
    .text("Ports", "Ports of the endpoints.") { slice in
      let ports = slice.items("ports").map { port in
        port.value("port")?.integer.map(String.init) ?? port.text("name", absent: "*")
      }
      return startOrUnset(ports)
    },
    .text("Endpoints", "Addresses of the endpoints.") {
      startOrUnset($0.items("endpoints").flatMap { $0.texts("addresses") })
    },
    .age,
  ])

  private static func startOrUnset(_ list: [String]) -> String {
    let text = ListText.start(of: list)
    return text.isEmpty ? "<unset>" : text
  }

  static let ingress = TablePrinter([
    .name,
    .text("Class", "The ingress class that serves it.") {
      $0.text("spec", "ingressClassName", absent: "<none>")
    },
    .text("Hosts", "Hosts that it routes.") { hosts(of: $0) },
    .text("Address", "Addresses at which it is served.") {
      loadBalancerAddresses(of: $0).joined(separator: ",")
    },
    .text("Ports", "Ports at which it is served.") { $0.count("spec", "tls") == 0 ? "80" : "80, 443" },
    .age,
  ])

  /// Three hosts at most. Rules without a host take no place, but are counted once the three are there.
  private static func hosts(of ingress: ObjectReader) -> String {
    let rules = ingress.items("spec", "rules")
    var hosts: [String] = []
    for rule in rules {
      if hosts.count == 3 { return hosts.joined(separator: ",") + " + \(rules.count - 3) more..." }
      let host = rule.text("host")
      if !host.isEmpty { hosts.append(host) }
    }
    return hosts.isEmpty ? "*" : hosts.joined(separator: ",")
  }

  static let ingressClass = TablePrinter([
    .name,
    .text("Controller", "The controller that serves the class.") { $0.text("spec", "controller") },
    .text("Parameters", "The object with further settings.") { ingressClass in
      guard ingressClass.has("spec", "parameters") else { return "<none>" }
      let group = ingressClass.value("spec", "parameters", "apiGroup")?.string.map { "." + $0 } ?? ""
      let kind = ingressClass.text("spec", "parameters", "kind")
      return "\(kind)\(group)/\(ingressClass.text("spec", "parameters", "name"))"
    },
    .age,
  ])

  static let networkPolicy = TablePrinter([
    .name,
    .text("Pod-Selector", "Labels of the pods that the policy is for.") {
      SelectorText.display(ofSelector: $0.value("spec", "podSelector"))
    },
    .age,
  ])

  static let serviceCIDR = TablePrinter([
    .name,
    .text("CIDRs", "Ranges from which services get their addresses.") {
      $0.texts("spec", "cidrs").joined(separator: ",")
    },
    .age,
  ])

  static let ipAddress = TablePrinter([
    .name,
    .text("ParentRef", "The object that has the address.") { address in
      guard address.has("spec", "parentRef") else { return "<none>" }
      let group = address.text("spec", "parentRef", "group")
      let resource = address.text("spec", "parentRef", "resource") + (group.isEmpty ? "" : "." + group)
      let namespace = address.text("spec", "parentRef", "namespace")
      let name = address.text("spec", "parentRef", "name")
      return "\(resource.lowercased())/\(namespace.isEmpty ? "" : namespace + "/")\(name)"
    },
  ])
}
