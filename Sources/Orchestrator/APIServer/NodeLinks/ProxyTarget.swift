import Exchange
import NIOCore
import Objects
import Registry

/// Where a proxied request goes. Pure.
struct ProxyTarget: Sendable, Hashable {
  var isSecure: Bool
  var host: String
  var port: Int

  /// As the field `host` has it.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// A pod, at the port that is asked for or the first that one of its containers has.
  static func pod(_ pod: JSON, _ name: ProxiedName) throws(StatusError) -> ProxyTarget {
    let address = pod["status", "podIP"]?.string ?? ""
    guard isProxyable(address) else { throw .badRequest("address not allowed") }
    let usual = (pod["spec", "containers"]?.array ?? []).lazy
      .compactMap { $0["ports"]?.array?.first?["containerPort"]?.integer }.first
    let port = name.port.isEmpty ? usual.flatMap { Int($0) } ?? 80 : try number(name.port)
    return ProxyTarget(isSecure: name.isSecure ?? false, host: address, port: port)
  }

  /// One of the ready endpoints of a service.
  /// - Parameters:
  ///   - slices: all of the service's namespace.
  ///   - choose: a number below the one given.
  static func service(
    _ service: JSON, _ name: ProxiedName, slices: [JSON], choose: (Int) -> Int
  ) throws(StatusError) -> ProxyTarget {
    var port = name.port
    if let number = Int64(port) {
      let ports = service["spec", "ports"]?.array ?? []
      guard let known = ports.first(where: { $0["port"]?.integer == number }) else {
        throw .unavailable("no service port \(number) found for service \"\(name.name)\"")
      }
      port = known["name"]?.string ?? ""
    }
    var found: [(host: String, port: Int)] = []
    for slice in slices
    where slice["metadata", "labels", "kubernetes.io/service-name"]?.string == name.name {
      guard
        let number = (slice["ports"]?.array ?? []).first(where: { ($0["name"]?.string ?? "") == port })?[
          "port"]?
          .integer.flatMap({ Int(exactly: $0) })
      else { continue }
      for endpoint in slice["endpoints"]?.array ?? []
      where endpoint["conditions", "ready"]?.boolean != false {
        if let address = endpoint["addresses"]?.array?.first?.string { found.append((address, number)) }
      }
    }
    guard !found.isEmpty else {
      throw .unavailable("no endpoints available for service \"\(name.name)\"")
    }
    let chosen = found[choose(found.count)]
    return ProxyTarget(isSecure: name.isSecure ?? false, host: chosen.host, port: chosen.port)
  }

  /// Where a node's kubelet listens.
  /// - Throws: 503 for a node that is only simulated: its address may be somebody's.
  static func kubelet(_ node: JSON) throws(StatusError) -> ProxyTarget {
    let name = node["metadata", "name"]?.string ?? ""
    if node["status", "nodeInfo", "containerRuntimeVersion"]?.string?.hasPrefix("simulated://") == true {
      throw .unavailable("node \"\(name)\" is simulated: nothing runs there")
    }
    let addresses = node["status", "addresses"]?.array ?? []
    let host = ["InternalIP", "ExternalIP", "Hostname"].lazy
      .compactMap { kind in addresses.first { $0["type"]?.string == kind }?["address"]?.string }
      .first { !$0.isEmpty }
    guard let host else {
      throw .unavailable("no address is known of node \"\(name)\"")
    }
    let port = node["status", "daemonEndpoints", "kubeletEndpoint", "Port"]?.integer ?? 0
    return ProxyTarget(isSecure: true, host: host, port: port > 0 && port < 65_536 ? Int(port) : 10_250)
  }

  private static func number(_ text: String) throws(StatusError) -> Int {
    guard let number = Int(text), (1...65_535).contains(number) else {
      throw .badRequest("\(text) is no port")
    }
    return number
  }

  /// Whether an address may be one of a pod: one that leads to the API server's own machine, or to no machine, would
  /// be a way around what protects it.
  static func isProxyable(_ text: String) -> Bool {
    guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return false }
    switch address {
    case .v4:
      let bytes = text.split(separator: ".").compactMap { UInt8($0) }
      guard bytes.count == 4 else { return false }
      // Unspecified, loopback, link-local, multicast, broadcast.
      return bytes[0] != 0 && bytes[0] != 127 && !(bytes[0] == 169 && bytes[1] == 254)
        && !(224...239).contains(bytes[0]) && bytes != [255, 255, 255, 255]
    case .v6:
      let canonical = address.ipAddress?.lowercased() ?? ""
      if let mapped = canonical.split(separator: ":").last, mapped.contains(".") {
        return isProxyable(String(mapped))
      }
      return canonical != "::" && canonical != "::1"
        && !["fe8", "fe9", "fea", "feb", "ff"].contains { canonical.hasPrefix($0) }
    case .unixDomainSocket: return false
    }
  }
}
