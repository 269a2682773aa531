import Client
import DNS
import Objects
import Testing

/// A service, as the API server has it.
func service(
  _ name: String, namespace: String = "default", addresses: [String] = [], ports: [JSON] = [],
  publishesUnready: Bool = false
) -> JSON {
  var service: JSON = [
    "apiVersion": "v1", "kind": "Service",
    "metadata": ["namespace": .string(namespace), "name": .string(name)],
    "spec": [
      "type": "ClusterIP", "clusterIPs": .array(addresses.map { .string($0) }), "ports": .array(ports),
    ],
  ]
  if let first = addresses.first { service["spec", "clusterIP"] = .string(first) }
  if publishesUnready { service["spec", "publishNotReadyAddresses"] = true }
  return service
}

func externalService(_ name: String, _ target: String) -> JSON {
  var service = service(name)
  service["spec"] = ["type": "ExternalName", "externalName": .string(target)]
  return service
}

func port(_ name: String, _ number: Int64, _ protocolName: String = "TCP") -> JSON {
  ["name": .string(name), "port": .integer(number), "protocol": .string(protocolName)]
}

func endpoint(_ addresses: String..., hostname: String? = nil, ready: Bool? = nil) -> JSON {
  var endpoint: JSON = ["addresses": .array(addresses.map { .string($0) })]
  if let hostname { endpoint["hostname"] = .string(hostname) }
  if let ready { endpoint["conditions", "ready"] = .boolean(ready) }
  return endpoint
}

func slice(
  _ name: String, of service: String, namespace: String = "default", ports: [JSON] = [],
  _ endpoints: JSON...
) -> JSON {
  [
    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
    "metadata": [
      "namespace": .string(namespace), "name": .string(name),
      "labels": ["kubernetes.io/service-name": .string(service)],
    ],
    "ports": .array(ports), "endpoints": .array(endpoints),
  ]
}

/// A zone of `cluster.local` with these objects.
func zone(
  _ objects: JSON..., podRecords: PodRecords = .insecure, ranges: [String] = ["10.96.0.0/16"]
) throws -> ClusterZone {
  let configuration = ClusterZone.Configuration(
    domain: try name("cluster.local"), podRecords: podRecords, ranges: ranges.compactMap { IPRange($0) },
    serverAddresses: [try address("10.96.0.10")])
  var zone = try #require(ClusterZone(configuration, serial: 7))
  zone.setNamespace("default", isThere: true)
  for object in objects { zone.set(object) }
  return zone
}

extension ClusterZone {
  /// Takes an object of any kind.
  mutating func set(_ object: JSON) {
    let key = ObjectKey(object)
    switch object["kind"]?.string {
    case "Service": setService(key, object)
    case "EndpointSlice": setSlice(key, object)
    default: setPod(key, object)
    }
  }

  mutating func remove(_ object: JSON) {
    let key = ObjectKey(object)
    switch object["kind"]?.string {
    case "Service": setService(key, nil)
    case "EndpointSlice": setSlice(key, nil)
    default: setPod(key, nil)
    }
  }

  /// What the zone says, a line a record: `web.default.svc.cluster.local. A 10.96.0.1`; `+` before what is additional;
  /// or `NXDOMAIN` or `NODATA`, with the zone whose word that is; or `elsewhere`. Sorted, unless a rotation is given.
  func ask(_ text: String, _ type: RecordType = .a, rotation: Int? = nil) throws -> [String] {
    let name = text == "." ? DNSName.root : try #require(DNSName(text))
    switch lookup(name, type, rotation: rotation ?? 0) {
    case .elsewhere: return ["elsewhere"]
    case .found(let answers, let additionals, let alias):
      let lines = answers.map(\.line) + additionals.map { "+ " + $0.line } + (alias.map { ["→ \($0)"] } ?? [])
      return rotation == nil ? lines.sorted() : lines
    case .nothing(let answers, let exists, let authority):
      return answers.map(\.line) + ["\(exists ? "NODATA" : "NXDOMAIN") \(authority.name)"]
    }
  }
}

extension DNSRecord {
  /// The record without class and time.
  var line: String {
    let content =
      switch data {
      case .address(let address): "\(address)"
      case .name(let name): "\(name)"
      case .mail(let preference, let name): "\(preference) \(name)"
      case .service(let priority, let weight, let port, let target): "\(priority) \(weight) \(port) \(target)"
      case .text(let texts): texts.map { "\"\(String(decoding: $0, as: UTF8.self))\"" }.joined(separator: " ")
      case .authority(let authority):
        "\(authority.server) \(authority.mailbox) \(authority.refresh) \(authority.retry) \(authority.expire) "
          + "\(authority.minimum)"
      case .opaque(let bytes): "\(bytes)"
      }
    return "\(name) \(type) \(content)"
  }
}
