/// Services: their linked fields, and what goes with a type that no longer needs it. Addresses and ports themselves are
/// allocated afterwards; those that an update leaves without an owner can be released then.
extension Strategy {
  static var service: Strategy {
    var strategy = separate(empty: ["loadBalancer": [:]])
    strategy.allowsCreateOnUpdate = true
    strategy.onCreate = { service, _ in
      service.revise("spec") { spec in
        if !spec.isBlank("clusterIP"), spec.isBlank("clusterIPs"), let address = spec["clusterIP"] {
          spec["clusterIPs"] = [address]
        }
      }
    }
    strategy.onUpdate = { service, old, _ in
      let oldSpec = old["spec"] ?? .object([:])
      service.revise("spec") { spec in
        keepAllocations(&spec, from: oldSpec)
        linkAddresses(&spec, from: oldSpec)
        dropUnneeded(&spec, from: oldSpec)
        dropSecondaryAddress(&spec, from: oldSpec)
      }
    }
    return strategy
  }

  /// Who sends again what it created the Service from, without what was allocated since, keeps that.
  private static func keepAllocations(_ spec: inout JSON, from old: JSON) {
    if hasAddress(old), hasAddress(spec) {
      for field in ["clusterIP", "clusterIPs"] {
        if let value = old[field] { spec.fillBlank(field, with: value) }
      }
    }
    if hasNodePorts(old), hasNodePorts(spec) {
      // A port that both have cannot go to another; the rest goes by the name of the port.
      var taken = nodePorts(old).intersection(nodePorts(spec))
      let known = Dictionary(
        (old["ports"]?.array ?? []).map { ($0["name"]?.string ?? "", $0["nodePort"]?.integer ?? 0) },
        uniquingKeysWith: { $1 })
      spec.reviseEach("ports") { port in
        guard port.isBlank("nodePort"), let number = known[port["name"]?.string ?? ""], number != 0,
          taken.insert(number).inserted
        else { return }
        port["nodePort"] = .integer(number)
      }
    }
    if hasHealthCheckPort(old), hasHealthCheckPort(spec), let port = old["healthCheckNodePort"] {
      spec.fillBlank("healthCheckNodePort", with: port)
    }
  }

  /// Old clients know one address only: where they change it alone, the list follows.
  private static func linkAddresses(_ spec: inout JSON, from old: JSON) {
    guard spec["clusterIP"] ?? "" != old["clusterIP"] ?? "", spec["clusterIPs"] == old["clusterIPs"] else {
      return
    }
    spec["clusterIPs"] = spec.isBlank("clusterIP") ? nil : spec["clusterIP"].map { .array([$0]) }
  }

  /// What the new type does not need goes if the client did not change it, for it may not be the client's at all.
  private static func dropUnneeded(_ spec: inout JSON, from old: JSON) {
    func drop(_ fields: [String], of need: (JSON) -> Bool) {
      guard need(old), !need(spec), fields.allSatisfy({ spec[$0] == old[$0] }) else { return }
      for field in fields { spec[field] = nil }
    }
    drop(["clusterIP", "clusterIPs"], of: hasAddress)
    drop(["ipFamilies"], of: hasAddress)
    drop(["ipFamilyPolicy"], of: hasAddress)
    if hasNodePorts(old), !hasNodePorts(spec), nodePorts(old) == nodePorts(spec) {
      spec.reviseEach("ports") { $0["nodePort"] = nil }
    }
    drop(["healthCheckNodePort"], of: hasHealthCheckPort)
    drop(["allocateLoadBalancerNodePorts"], of: isLoadBalancer)
    drop(["loadBalancerClass"], of: isLoadBalancer)
    drop(["externalTrafficPolicy"], of: Defaults.isReachableFromOutside)
  }

  /// From two address families to one: the second address goes if the client did not name others.
  private static func dropSecondaryAddress(_ spec: inout JSON, from old: JSON) {
    guard let policy = old["ipFamilyPolicy"]?.string,
      policy == "PreferDualStack" || policy == "RequireDualStack",
      spec["ipFamilyPolicy"]?.string == "SingleStack"
    else { return }
    for field in ["clusterIPs", "ipFamilies"] where spec[field] == old[field] {
      if let values = spec[field]?.array, values.count > 1 { spec[field] = .array([values[0]]) }
    }
  }

  private static func hasAddress(_ spec: JSON) -> Bool {
    ["ClusterIP", "NodePort", "LoadBalancer"].contains(spec["type"]?.string)
  }

  private static func hasNodePorts(_ spec: JSON) -> Bool {
    ["NodePort", "LoadBalancer"].contains(spec["type"]?.string)
  }

  private static func isLoadBalancer(_ spec: JSON) -> Bool { spec["type"]?.string == "LoadBalancer" }

  private static func hasHealthCheckPort(_ spec: JSON) -> Bool {
    isLoadBalancer(spec) && spec["externalTrafficPolicy"]?.string == "Local"
  }

  private static func nodePorts(_ spec: JSON) -> Set<Int64> {
    Set((spec["ports"]?.array ?? []).compactMap { $0["nodePort"]?.integer }).subtracting([0])
  }
}
