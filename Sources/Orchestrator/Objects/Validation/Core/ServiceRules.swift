// The rules for services.
extension Checker {
  mutating func service(_ service: JSON) {
    metadata(service, isNamespaced: true, .dns1035Label)
    serviceSpecification(service, nil)
  }

  mutating func serviceUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let spec = new["spec"] ?? .null
    let oldSpec = old["spec"] ?? .null
    if spec.text(at: "type") != "ExternalName", oldSpec.text(at: "type") != "ExternalName" {
      clusterAddressesUpdate(spec, oldSpec)
      familiesUpdate(spec, oldSpec)
    }
    loadBalancerClass(spec, oldSpec)
    if Self.needsHealthCheck(oldSpec), Self.needsHealthCheck(spec),
      spec.integer(at: "healthCheckNodePort") != oldSpec.integer(at: "healthCheckNodePort")
    {
      forbidden(FieldPath("spec", "healthCheckNodePort"), fieldIsImmutable)
    }
    serviceSpecification(new, old)
  }

  mutating func serviceStatusUpdate(_ new: JSON, _ old: JSON) {
    metadataUpdate(new, old)
    let ingress = (new["status", "loadBalancer"] ?? .null).list(at: "ingress")
    let path = FieldPath("status", "loadBalancer", "ingress")
    if (new["spec"] ?? .null).text(at: "type") != "LoadBalancer", !ingress.isEmpty {
      return forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
    }
    let known = (old["status", "loadBalancer"] ?? .null).list(at: "ingress").map { $0.text(at: "ip") }
    for (index, point) in ingress.enumerated() {
      let path = path[index]
      let address = point.text(at: "ip")
      if !address.isEmpty { self.address(address, path["ip"], tolerated: known) }
      let mode = point.optionalText(at: "ipMode")
      if mode == nil, !address.isEmpty {
        required(path["ipMode"], "must be specified when `ip` is set")
      } else if mode != nil, address.isEmpty {
        forbidden(path["ipMode"], "may not be specified when `ip` is not set")
      } else {
        optionalChoice(point["ipMode"], path["ipMode"], ["Proxy", "VIP"])
      }
      loadBalancerHost(point.text(at: "hostname"), path["hostname"])
    }
  }

  mutating func loadBalancerHost(_ name: String, _ path: FieldPath) {
    guard !name.isEmpty else { return }
    subdomain(name, path)
    if NetworkAddress(name) != nil { invalid(path, name, "must be a DNS name, not an IP address") }
  }

  private static func isHeadless(_ spec: JSON) -> Bool { spec.texts(at: "clusterIPs") == ["None"] }

  private static func isExternallyAccessible(_ spec: JSON) -> Bool {
    let type = spec.text(at: "type")
    return type == "LoadBalancer" || type == "NodePort"
      || type == "ClusterIP" && !spec.list(at: "externalIPs").isEmpty
  }

  private static func needsHealthCheck(_ spec: JSON) -> Bool {
    spec.text(at: "type") == "LoadBalancer" && spec.text(at: "externalTrafficPolicy") == "Local"
  }

  private mutating func serviceSpecification(_ service: JSON, _ old: JSON?) {
    let spec = service["spec"] ?? .null
    let oldSpec = old?["spec"]
    let path = FieldPath("spec")
    let type = spec.text(at: "type")
    let ports = spec.list(at: "ports")
    let annotations = (service["metadata"] ?? .null).entries(at: "annotations")
    topologyAnnotations(annotations)
    if ports.isEmpty, !Self.isHeadless(spec), type != "ExternalName" { required(path["ports"]) }
    serviceType(spec, type, path)
    var names: Set<String> = []
    for (index, port) in ports.enumerated() {
      servicePort(port, path["ports"][index], requiresName: ports.count > 1, &names)
    }
    labels(spec.entries(at: "selector"), path["selector"])
    sessionAffinity(spec, path)
    clusterAddresses(spec, oldSpec, path)
    let known = oldSpec?.texts(at: "externalIPs") ?? []
    for (index, address) in spec.texts(at: "externalIPs").enumerated() {
      let path = path["externalIPs"][index]
      let before = errors.count
      self.address(address, path, tolerated: known)
      if errors.count == before { endpointAddress(address, path) }
    }
    choice(type, path["type"], ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"])
    nodePorts(ports, type, path["ports"])
    sourceRanges(service, oldSpec, type, annotations, path["LoadBalancerSourceRanges"])
    let allocates = spec.optionalFlag(at: "allocateLoadBalancerNodePorts")
    if allocates != nil, type != "LoadBalancer" {
      forbidden(path["allocateLoadBalancerNodePorts"], "may only be used when `type` is 'LoadBalancer'")
    }
    if allocates == nil, type == "LoadBalancer" { required(FieldPath("allocateLoadBalancerNodePorts")) }
    loadBalancerClass(spec, nil)
    trafficPolicies(spec, type, path)
  }

  private mutating func topologyAnnotations(_ annotations: JSONObject) {
    let mode = "service.kubernetes.io/topology-mode"
    let hints = "service.kubernetes.io/topology-aware-hints"
    if let value = annotations[mode]?.string, let other = annotations[hints]?.string, value != other {
      invalid(
        FieldPath("metadata", "annotations").key(mode), value,
        "must match annotations[\(hints)] when both are specified")
    }
  }

  private mutating func serviceType(_ spec: JSON, _ type: String, _ path: FieldPath) {
    switch type {
    case "LoadBalancer", "NodePort":
      if Self.isHeadless(spec) {
        invalid(path["clusterIPs"][0], "None", "may not be set to 'None' for \(type) services")
      }
    case "ExternalName":
      for field in ["clusterIPs", "ipFamilies"] where !spec.list(at: field).isEmpty {
        forbidden(path[field], "may not be set for ExternalName services")
      }
      if spec.member(at: "ipFamilyPolicy") != nil {
        forbidden(path["ipFamilyPolicy"], "may not be set for ExternalName services")
      }
      let name = spec.text(at: "externalName")
      requiredName(
        name.hasSuffix(".") ? String(name.dropLast()) : name, path["externalName"],
        NameFormats.dns1123Subdomain)
    default: break
    }
  }

  private mutating func servicePort(
    _ port: JSON, _ path: FieldPath, requiresName: Bool, _ names: inout Set<String>
  ) {
    let name = port.text(at: "name")
    if !name.isEmpty {
      label(name, path["name"])
      if !names.insert(name).inserted { duplicate(path["name"], name) }
    } else if requiresName {
      required(path["name"])
    }
    self.port(port.integer(at: "port"), path["port"])
    choice(port.text(at: "protocol"), path["protocol"], supportedProtocols)
    portNumberOrName(port["targetPort"], path["targetPort"])
    if let application = port.optionalText(at: "appProtocol") {
      qualifiedName(application, path["appProtocol"])
    }
  }

  private mutating func sessionAffinity(_ spec: JSON, _ path: FieldPath) {
    let affinity = spec.text(at: "sessionAffinity")
    choice(affinity, path["sessionAffinity"], ["ClientIP", "None"])
    let path = path["sessionAffinityConfig"]
    let config = spec.member(at: "sessionAffinityConfig")
    switch affinity {
    case "ClientIP":
      let detail = "when session affinity type is ClientIP"
      guard let config else { return required(path, detail) }
      guard let client = config.member(at: "clientIP") else { return required(path["clientIP"], detail) }
      let timeoutPath = path["clientIP"]["timeoutSeconds"]
      guard let timeout = client.optionalInteger(at: "timeoutSeconds") else {
        return required(timeoutPath, detail)
      }
      if !(1...86_400).contains(timeout) {
        invalid(timeoutPath, timeout, "must be greater than 0 and less than 86400")
      }
    case "None":
      if config != nil { forbidden(path, "must not be set when session affinity is None") }
    default: break
    }
  }

  private mutating func clusterAddresses(_ spec: JSON, _ oldSpec: JSON?, _ path: FieldPath) {
    if spec.text(at: "type") == "ExternalName" { return }
    let addresses = spec.texts(at: "clusterIPs")
    let first = spec.text(at: "clusterIP")
    let list = spec["clusterIPs"]
    let path = (addresses: path["clusterIPs"], families: path["ipFamilies"], policy: path["ipFamilyPolicy"])
    if first.isEmpty {
      if !addresses.isEmpty {
        invalid(path.addresses, list, "must be empty when `clusterIP` is not specified")
      }
    } else if addresses.isEmpty {
      required(path.addresses)
    } else if addresses[0] != first {
      invalid(path.addresses, list, "first value must match `clusterIP`")
    }
    let families = spec.texts(at: "ipFamilies")
    for (index, family) in families.enumerated() {
      if !["IPv4", "IPv6"].contains(family) { notSupported(path.families[index], family, ["IPv4", "IPv6"]) }
      if families[..<index].contains(family) { duplicate(path.families[index], family) }
    }
    optionalChoice(
      spec["ipFamilyPolicy"], path.policy, ["PreferDualStack", "RequireDualStack", "SingleStack"])
    let before = errors.count
    let known = oldSpec?.texts(at: "clusterIPs") ?? []
    for (index, address) in addresses.enumerated() {
      if index == 0, address == "None" {
        if addresses.count > 1 { invalid(path.addresses, list, "'None' must be the first and only value") }
        continue
      }
      self.address(address, path.addresses[index], tolerated: known)
    }
    let areValid = errors.count == before
    if addresses.count > 2 { invalid(path.addresses, list, "may only hold up to 2 values") }
    guard areValid else { return }
    let parsed = addresses.map { NetworkAddress($0) }
    if addresses.count > 1, Set(parsed.compactMap { $0?.isIPv6 }).count < 2 || addresses.count > 2 {
      invalid(path.addresses, list, "may specify no more than one IP for each IP family")
    }
    guard !Self.isHeadless(spec) else { return }
    for (index, (address, family)) in zip(parsed, families).enumerated() {
      let isIPv6 = address?.isIPv6 ?? false
      if family == "IPv4", isIPv6 {
        invalid(
          path.addresses[index], addresses[index],
          "expected an IPv4 value as indicated by `ipFamilies[\(index)]`")
      } else if family == "IPv6", !isIPv6 {
        invalid(
          path.addresses[index], addresses[index],
          "expected an IPv6 value as indicated by `ipFamilies[\(index)]`")
      }
    }
  }

  private mutating func nodePorts(_ ports: [JSON], _ type: String, _ path: FieldPath) {
    if type == "ClusterIP" {
      for (index, port) in ports.enumerated() where port.integer(at: "nodePort") != 0 {
        forbidden(path[index]["nodePort"], "may not be used when `type` is 'ClusterIP'")
      }
    }
    var taken: Set<String> = []
    for (index, port) in ports.enumerated() {
      let number = port.integer(at: "nodePort")
      guard number != 0, !taken.insert("\(port.text(at: "protocol"))/\(number)").inserted else { continue }
      append(.duplicate(path[index]["nodePort"], .integer(number)))
    }
    taken = []
    for (index, port) in ports.enumerated() {
      let key = port.text(at: "protocol")
      let number = port.integer(at: "port")
      guard !taken.insert("\(key)/\(number)").inserted else { continue }
      let shown = GoForm.value(["protocol": .string(key), "port": .integer(number)], as: "ServicePort")
        .compact
      append(FieldError(.duplicate, field: path[index].description, shownValue: shown))
    }
  }

  private mutating func sourceRanges(
    _ service: JSON, _ oldSpec: JSON?, _ type: String, _ annotations: JSONObject, _ path: FieldPath
  ) {
    func trimmed(_ text: some StringProtocol) -> String {
      let start = text.drop { $0.isWhitespace }
      return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
    let detail = "may only be used when `type` is 'LoadBalancer'"
    let ranges = (service["spec"] ?? .null).texts(at: "loadBalancerSourceRanges")
    if !ranges.isEmpty {
      if type != "LoadBalancer" { forbidden(path, detail) }
      let known = (oldSpec?.texts(at: "loadBalancerSourceRanges") ?? []).map { trimmed($0) }
      for (index, range) in ranges.enumerated() { subnet(trimmed(range), path[index], tolerated: known) }
      return
    }
    let key = "service.beta.kubernetes.io/load-balancer-source-ranges"
    guard let value = annotations[key]?.string else { return }
    let annotationPath = FieldPath("metadata", "annotations").key(key)
    if type != "LoadBalancer" { forbidden(annotationPath, detail) }
    let text = trimmed(value)
    if text.isEmpty { return }
    for range in text.split(separator: ",", omittingEmptySubsequences: false) {
      subnet(trimmed(range), annotationPath)
    }
  }

  private mutating func loadBalancerClass(_ spec: JSON, _ oldSpec: JSON?) {
    let path = FieldPath("spec", "loadBalancerClass")
    let name = spec.optionalText(at: "loadBalancerClass")
    guard spec.text(at: "type") == "LoadBalancer" else {
      if name != nil { forbidden(path, "may only be used when `type` is 'LoadBalancer'") }
      return
    }
    if let oldSpec, oldSpec.text(at: "type") == "LoadBalancer",
      oldSpec.optionalText(at: "loadBalancerClass") != name
    {
      invalid(path, spec["loadBalancerClass"], "may not change once set")
    }
    if let name { qualifiedName(name, path) }
  }

  private mutating func trafficPolicies(_ spec: JSON, _ type: String, _ path: FieldPath) {
    let external = spec.text(at: "externalTrafficPolicy")
    if Self.isExternallyAccessible(spec) {
      choice(external, path["externalTrafficPolicy"], ["Cluster", "Local"])
    } else if !external.isEmpty {
      invalid(
        path["externalTrafficPolicy"], external, "may only be set for externally-accessible services")
    }
    let healthPort = spec.integer(at: "healthCheckNodePort")
    if !Self.needsHealthCheck(spec) {
      if healthPort != 0 {
        invalid(
          path["healthCheckNodePort"], healthPort,
          "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
      }
    } else if healthPort == 0 {
      required(path["healthCheckNodePort"])
    } else {
      port(healthPort, path["healthCheckNodePort"])
    }
    if spec.member(at: "internalTrafficPolicy") == nil,
      ["NodePort", "LoadBalancer", "ClusterIP"].contains(type)
    {
      required(path["internalTrafficPolicy"])
    }
    optionalChoice(spec["internalTrafficPolicy"], path["internalTrafficPolicy"], ["Cluster", "Local"])
    optionalChoice(
      spec["trafficDistribution"], path["trafficDistribution"],
      ["PreferClose", "PreferSameZone", "PreferSameNode"])
  }

  private mutating func clusterAddressesUpdate(_ spec: JSON, _ oldSpec: JSON) {
    if Self.isHeadless(spec), Self.isHeadless(oldSpec) { return }
    let new = spec.texts(at: "clusterIPs")
    let old = oldSpec.texts(at: "clusterIPs")
    let path = FieldPath("spec", "clusterIPs")
    let list = spec["clusterIPs"]
    if new.count == old.count {
      for (index, (newAddress, oldAddress)) in zip(new, old).enumerated() where newAddress != oldAddress {
        invalid(path[index], list, "may not change once set")
      }
      return
    }
    if new.isEmpty { invalid(path[0], list, "primary clusterIP can not be unset") }
    if let newFirst = new.first, let oldFirst = old.first, newFirst != oldFirst {
      invalid(path[0], list, "may not change once set")
    }
    if new.count < old.count, new.count == 1, spec.text(at: "ipFamilyPolicy") != "SingleStack" {
      invalid(
        FieldPath("spec", "ipFamilyPolicy"), spec["ipFamilyPolicy"],
        "must be set to 'SingleStack' when releasing the secondary clusterIP")
    }
  }

  private mutating func familiesUpdate(_ spec: JSON, _ oldSpec: JSON) {
    if Self.isHeadless(spec) || Self.isHeadless(oldSpec) { return }
    let new = spec.texts(at: "ipFamilies")
    let old = oldSpec.texts(at: "ipFamilies")
    let path = FieldPath("spec", "ipFamilies")[0]
    if new.count == old.count {
      for (newFamily, oldFamily) in zip(new, old) where newFamily != oldFamily {
        invalid(path, spec["ipFamilies"], "may not change once set")
      }
      return
    }
    if new.count < old.count, spec.list(at: "clusterIPs").isEmpty {
      invalid(path, spec["ipFamilies"], "primary ipFamily can not be unset")
    }
    if let newFirst = new.first, let oldFirst = old.first, newFirst != oldFirst {
      invalid(path, spec["clusterIPs"], "may not change once set")
    }
    if new.count < old.count, new.count == 1, spec.text(at: "ipFamilyPolicy") != "SingleStack" {
      invalid(
        FieldPath("spec", "ipFamilyPolicy"), spec["ipFamilyPolicy"],
        "must be set to 'SingleStack' when releasing the secondary ipFamily")
    }
  }
}
