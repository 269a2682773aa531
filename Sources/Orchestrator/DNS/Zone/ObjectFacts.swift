import Client
import Objects

/// What the zone has to know of a service.
struct ServiceFacts: Sendable, Hashable {
  var namespace: String
  var name: String
  /// The name that an ExternalName service stands for.
  var externalName: DNSName?
  var clusterAddresses: [IPAddress] = []
  var isHeadless = false
  var publishesUnready: Bool
  var ports: [PortFacts] = []

  init(_ service: JSON) {
    let key = ObjectKey(service)
    namespace = key.namespace
    name = key.name
    let spec = service["spec"]
    publishesUnready = spec?["publishNotReadyAddresses"]?.boolean ?? false
    if spec?["type"]?.string == "ExternalName" {
      externalName = spec?["externalName"]?.string.flatMap { DNSName($0) }
      return
    }
    var addresses = (spec?["clusterIPs"]?.array ?? []).compactMap(\.string)
    if addresses.isEmpty, let address = spec?["clusterIP"]?.string, !address.isEmpty { addresses = [address] }
    isHeadless = addresses.first == "None"
    clusterAddresses = addresses.compactMap { IPAddress($0) }
    ports = (spec?["ports"]?.array ?? []).compactMap { PortFacts($0) }
  }
}

/// What the zone has to know of a port of a service or slice.
struct PortFacts: Sendable, Hashable {
  /// Empty for one without.
  var name: String
  /// `tcp`, `udp` or `sctp`.
  var protocolName: String
  var number: UInt16

  /// Nil for one that stands for any number.
  init?(_ port: JSON) {
    guard let number = port["port"]?.integer.flatMap({ UInt16(exactly: $0) }), number > 0 else { return nil }
    self.number = number
    name = port["name"]?.string ?? ""
    protocolName = (port["protocol"]?.string ?? "TCP").lowercased()
  }
}

/// What the zone has to know of an endpoint slice.
struct SliceFacts: Sendable, Hashable {
  struct Endpoint: Sendable, Hashable {
    var addresses: [IPAddress]
    var hostname: String?
    var isReady: Bool
  }

  /// Whose slice it is.
  var service: ObjectKey
  var ports: [PortFacts]
  var endpoints: [Endpoint]

  /// Nil for a slice without service, or without addresses.
  init?(_ slice: JSON) {
    guard let name = slice["metadata", "labels"]?["kubernetes.io/service-name"]?.string, !name.isEmpty,
      slice["addressType"]?.string != "FQDN"
    else { return nil }
    service = ObjectKey(namespace: ObjectKey(slice).namespace, name: name)
    ports = (slice["ports"]?.array ?? []).compactMap { PortFacts($0) }
    endpoints = (slice["endpoints"]?.array ?? []).map { endpoint in
      let hostname = endpoint["hostname"]?.string ?? ""
      return Endpoint(
        addresses: (endpoint["addresses"]?.array ?? []).compactMap { $0.string.flatMap { IPAddress($0) } },
        hostname: hostname.isEmpty ? nil : hostname,
        // Nothing said means yes.
        isReady: endpoint["conditions", "ready"]?.boolean ?? true)
    }
  }
}

/// What the zone has to know of a pod: its addresses, if it is not over.
enum PodFacts {
  static func addresses(_ pod: JSON) -> [IPAddress] {
    let status = pod["status"]
    guard !["Succeeded", "Failed"].contains(status?["phase"]?.string ?? "") else { return [] }
    var texts = (status?["podIPs"]?.array ?? []).compactMap { $0["ip"]?.string }
    if texts.isEmpty, let address = status?["podIP"]?.string { texts = [address] }
    return texts.compactMap { IPAddress($0) }
  }
}
