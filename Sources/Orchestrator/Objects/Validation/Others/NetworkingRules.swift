// The rules for network policies, addresses and service subnets.
extension Checker {
  mutating func networkPolicy(_ policy: JSON) {
    metadata(policy, isNamespaced: true, .subdomain)
    networkPolicySpecification(policy["spec"] ?? .null, FieldPath("spec"), tolerated: [])
  }

  mutating func networkPolicyUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    var known: [String] = []
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
      for peer in (old["spec"] ?? .null).list(at: rules).flatMap({ $0.list(at: peers) }) {
        guard let block = peer.member(at: "ipBlock") else { continue }
        known += [block.text(at: "cidr")] + block.texts(at: "except")
      }
    }
    networkPolicySpecification(new["spec"] ?? .null, FieldPath("spec"), tolerated: known)
  }

  private mutating func networkPolicySpecification(_ spec: JSON, _ path: FieldPath, tolerated: [String]) {
    labelSelector(spec["podSelector"], path["podSelector"])
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
      for (index, rule) in spec.list(at: rules).enumerated() {
        let path = path[rules][index]
        for (index, port) in rule.list(at: "ports").enumerated() { policyPort(port, path["ports"][index]) }
        for (index, peer) in rule.list(at: peers).enumerated() {
          policyPeer(peer, path[peers][index], tolerated: tolerated)
        }
      }
    }
    let types = spec.texts(at: "policyTypes")
    if types.count > 2 {
      return invalid(path["policyTypes"], spec["policyTypes"], "may not specify more than two policyTypes")
    }
    for (index, type) in types.enumerated() where !["Ingress", "Egress"].contains(type) {
      notSupported(path["policyTypes"][index], type, ["Ingress", "Egress"])
    }
  }

  private mutating func policyPort(_ port: JSON, _ path: FieldPath) {
    optionalChoice(port["protocol"], path["protocol"], ["TCP", "UDP", "SCTP"])
    let end = port.optionalInteger(at: "endPort")
    switch port["port"] {
    case .integer(let number):
      self.port(number, path["port"])
      guard let end else { return }
      if end < number { invalid(path["endPort"], end, "must be greater than or equal to `port`") }
      self.port(end, path["endPort"])
    case .string(let name):
      if let end { invalid(path["endPort"], end, "may not be specified when `port` is non-numeric") }
      invalid(path["port"], name, ValueFormats.portName(name))
    default:
      if let end { invalid(path["endPort"], end, "may not be specified when `port` is not specified") }
    }
  }

  private mutating func policyPeer(_ peer: JSON, _ path: FieldPath, tolerated: [String]) {
    let selectors = ["podSelector", "namespaceSelector"].filter { peer.member(at: $0) != nil }
    for field in selectors { labelSelector(peer[field], path[field]) }
    if let block = peer.member(at: "ipBlock") {
      addressBlock(block, path["ipBlock"], tolerated: tolerated)
      if !selectors.isEmpty { forbidden(path, "may not specify both ipBlock and another peer") }
    } else if selectors.isEmpty {
      required(path, "must specify a peer")
    }
  }

  private mutating func addressBlock(_ block: JSON, _ path: FieldPath, tolerated: [String]) {
    let range = block.text(at: "cidr")
    if range.isEmpty { return required(path["cidr"]) }
    subnet(range, path["cidr"], tolerated: tolerated)
    guard let whole = NetworkSubnet(range) else { return }
    for (index, exception) in block.texts(at: "except").enumerated() {
      let path = path["except"][index]
      subnet(exception, path, tolerated: tolerated)
      guard let part = NetworkSubnet(exception) else { continue }
      if !whole.contains(part.address) || whole.prefixLength >= part.prefixLength {
        invalid(path, exception, "must be a strict subset of `cidr`")
      }
    }
  }

  mutating func ipAddress(_ address: JSON) {
    metadata(address, isNamespaced: false, .ipAddress)
    guard let parent = address["spec", "parentRef"], !parent.isNull else {
      return required(FieldPath("spec", "parentRef"))
    }
    let path = FieldPath("spec", "parentRef")
    let group = parent.text(at: "group")
    if !group.isEmpty { subdomain(group, path["group"]) }
    for field in ["resource", "name"] {
      requiredName(parent.text(at: field), path[field], NameFormats.pathSegment)
    }
    let namespace = parent.text(at: "namespace")
    if !namespace.isEmpty { invalid(path["namespace"], namespace, NameFormats.pathSegment(namespace)) }
  }

  mutating func ipAddressUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    immutable(
      new["spec", "parentRef"], old["spec", "parentRef"], FieldPath("spec", "parentRef"),
      form: "ParentReference")
  }

  mutating func serviceSubnets(_ subnets: JSON) {
    metadata(subnets, isNamespaced: false, .subdomain)
    serviceSubnetList(subnets["spec"] ?? .null)
  }

  private mutating func serviceSubnetList(_ spec: JSON) {
    let path = FieldPath("spec", "cidrs")
    let subnets = spec.texts(at: "cidrs")
    if subnets.isEmpty { return required(path, "at least one CIDR required") }
    if subnets.count > 2 {
      let shown = GoForm.value(spec, as: "ServiceCIDRSpec").compact
      return invalid(path, shown: shown, "may only hold up to 2 values")
    }
    for (index, value) in subnets.enumerated() {
      if let problem = ValueFormats.canonicalSubnet(value) { invalid(path[index], value, problem) }
    }
    let families = subnets.compactMap { NetworkSubnet($0)?.address.isIPv6 }
    if families.count == 2, families[0] == families[1] {
      invalid(
        path, spec["cidrs"],
        "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64")
    }
  }

  mutating func serviceSubnetsUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let spec = new["spec"] ?? .null
    let subnets = spec.texts(at: "cidrs")
    let oldSubnets = (old["spec"] ?? .null).texts(at: "cidrs")
    let path = FieldPath("spec", "cidrs")
    if subnets.count == oldSubnets.count {
      for (index, (new, old)) in zip(subnets, oldSubnets).enumerated() where new != old {
        invalid(path[index], new, fieldIsImmutable)
      }
    } else if oldSubnets.count == 1, subnets.count == 2 {
      if subnets[0] != oldSubnets[0] { invalid(path[0], subnets[0], fieldIsImmutable) }
      serviceSubnetList(spec)
    } else {
      invalid(path, spec["cidrs"], fieldIsImmutable)
    }
  }
}
