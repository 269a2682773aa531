// The rules for endpoints and endpoint slices.
extension Checker {
  mutating func endpoints(_ endpoints: JSON) {
    metadata(endpoints, isNamespaced: true, .subdomain)
    for (index, subset) in endpoints.list(at: "subsets").enumerated() {
      let path = FieldPath("subsets")[index]
      let fields = ["addresses", "notReadyAddresses"]
      if fields.allSatisfy({ subset.list(at: $0).isEmpty }) {
        required(path, "must specify `addresses` or `notReadyAddresses`")
      }
      for field in fields {
        for (index, endpoint) in subset.list(at: field).enumerated() {
          let path = path[field][index]
          let address = endpoint.text(at: "ip")
          self.address(address, path["ip"])
          let hostname = endpoint.text(at: "hostname")
          if !hostname.isEmpty { label(hostname, path["hostname"]) }
          if let node = endpoint.optionalText(at: "nodeName") { subdomain(node, path["nodeName"]) }
          endpointAddress(address, path["ip"])
        }
      }
      let ports = subset.list(at: "ports")
      for (index, port) in ports.enumerated() {
        let path = path["ports"][index]
        let name = port.text(at: "name")
        if !name.isEmpty {
          label(name, path["name"])
        } else if ports.count > 1 {
          required(path["name"])
        }
        self.port(port.integer(at: "port"), path["port"])
        choice(port.text(at: "protocol"), path["protocol"], supportedProtocols)
        if let application = port.optionalText(at: "appProtocol") {
          qualifiedName(application, path["appProtocol"])
        }
      }
    }
  }

  /// An address that traffic can be sent to.
  mutating func endpointAddress(_ value: String, _ path: FieldPath) {
    guard let address = NetworkAddress(value) else {
      return invalid(path, value, "must be a valid IP address")
    }
    if address.isUnspecified { invalid(path, value, "may not be unspecified (\(value))") }
    if address.isLoopback { invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)") }
    if address.isLinkLocalUnicast {
      invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    }
    if address.isLinkLocalMulticast {
      invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
    }
  }

  mutating func endpointSlice(_ slice: JSON) {
    endpointSlice(slice, supported: ["FQDN", "IPv4", "IPv6"])
  }

  mutating func endpointSliceUpdate(_ new: JSON, _ old: JSON) {
    endpointSlice(new, supported: ["FQDN", "IP", "IPv4", "IPv6"])
    immutable(new["addressType"], old["addressType"], FieldPath("addressType"))
  }

  private mutating func endpointSlice(_ slice: JSON, supported: [String]) {
    metadata(slice, isNamespaced: true, .subdomain)
    let type = slice.text(at: "addressType")
    choice(type, FieldPath("addressType"), supported)
    let endpoints = slice.list(at: "endpoints")
    if endpoints.count > 1_000 {
      tooMany(FieldPath("endpoints"), endpoints.count, 1_000)
    } else {
      for (index, endpoint) in endpoints.enumerated() {
        sliceEndpoint(endpoint, type, FieldPath("endpoints")[index])
      }
    }
    let ports = slice.list(at: "ports")
    if ports.count > 20_000 { return tooMany(FieldPath("ports"), ports.count, 20_000) }
    var names: Set<String> = []
    for (index, port) in ports.enumerated() {
      let path = FieldPath("ports")[index]
      let name = port.text(at: "name")
      if !name.isEmpty { label(name, path["name"]) }
      if !names.insert(name).inserted { duplicate(path["name"], name) }
      if let number = port.optionalInteger(at: "port") { self.port(number, path["port"]) }
      choice(port.text(at: "protocol"), path["protocol"], supportedProtocols)
      if let application = port.optionalText(at: "appProtocol") {
        qualifiedName(application, path["appProtocol"])
      }
    }
  }

  private mutating func sliceEndpoint(_ endpoint: JSON, _ type: String, _ path: FieldPath) {
    let addresses = endpoint.texts(at: "addresses")
    if addresses.isEmpty {
      required(path["addresses"], "must contain at least 1 address")
    } else if addresses.count > 100 {
      tooMany(path["addresses"], addresses.count, 100)
    }
    for (index, address) in addresses.enumerated() {
      let path = path["addresses"][index]
      switch type {
      case "IP": self.address(address, path)
      case "IPv4", "IPv6":
        let parsed = NetworkAddress(address)
        if parsed == nil {
          self.address(address, path)
        } else if parsed?.isIPv6 != (type == "IPv6") {
          invalid(path, address, "must be an \(type) address")
        }
        endpointAddress(address, path)
      case "FQDN":
        if address.isEmpty {
          required(path)
        } else if let (value, problem) = NameFormats.fullyQualifiedDomainName(address) {
          invalid(path, value, problem)
        }
      default: break
      }
    }
    if let node = endpoint.optionalText(at: "nodeName") { subdomain(node, path["nodeName"]) }
    let topology = endpoint.entries(at: "deprecatedTopology")
    if topology.count > 16 { tooMany(path["deprecatedTopology"], topology.count, 16) }
    labels(topology, path["deprecatedTopology"])
    if let hostname = endpoint.optionalText(at: "hostname") { label(hostname, path["hostname"]) }
    let hints = endpoint["hints"] ?? .null
    for (field, rule) in [("forZones", false), ("forNodes", true)] {
      let elements = hints.list(at: field)
      if elements.count > 8 {
        tooMany(path["hints"][field], elements.count, 8)
        continue
      }
      var names: Set<String> = []
      for (index, element) in elements.enumerated() {
        let path = path["hints"][field][index]["name"]
        let name = element.text(at: "name")
        if !names.insert(name).inserted { duplicate(path, name) }
        if rule { subdomain(name, path) } else { qualifiedName(name, path) }
      }
    }
  }
}
