import Objects

/// The variables by which containers find services: `NAME_SERVICE_HOST`, and those of Docker's links.
enum ServiceVariables {
  /// The variables of the services that a pod sees: those of its namespace if it wants links, and always the API
  /// server's own.
  static func map(_ services: [JSON], namespace: String, links: Bool) -> [String: String] {
    var chosen: [String: JSON] = [:]
    for service in services where hasAddress(service) {
      let name = service.podName
      if service.podNamespace == "default", name == "kubernetes", chosen[name] == nil {
        chosen[name] = service
      }
      if links, service.podNamespace == namespace { chosen[name] = service }
    }
    var variables: [String: String] = [:]
    for name in chosen.keys.sorted() {
      if let service = chosen[name] { add(service, to: &variables) }
    }
    return variables
  }

  private static func hasAddress(_ service: JSON) -> Bool {
    let address = service["spec", "clusterIP"]?.string ?? ""
    return !address.isEmpty && address != "None"
  }

  private static func variableName(_ text: String) -> String {
    String(text.uppercased().map { $0 == "-" ? "_" : $0 })
  }

  private static func add(_ service: JSON, to variables: inout [String: String]) {
    let prefix = variableName(service.podName)
    let address = service["spec", "clusterIP"]?.string ?? ""
    let host = address.contains(":") ? "[\(address)]" : address
    let ports = service["spec", "ports"]?.array ?? []
    variables["\(prefix)_SERVICE_HOST"] = address
    for (index, port) in ports.enumerated() {
      let number = String(port["port"]?.integer ?? 0)
      let transport = port["protocol"]?.string ?? "TCP"
      let url = "\(transport.lowercased())://\(host):\(number)"
      if index == 0 {
        variables["\(prefix)_SERVICE_PORT"] = number
        variables["\(prefix)_PORT"] = url
      }
      if let name = port["name"]?.string, !name.isEmpty {
        variables["\(prefix)_SERVICE_PORT_\(variableName(name))"] = number
      }
      let link = "\(prefix)_PORT_\(number)_\(transport.uppercased())"
      variables[link] = url
      variables["\(link)_PROTO"] = transport.lowercased()
      variables["\(link)_PORT"] = number
      variables["\(link)_ADDR"] = address
    }
  }
}
