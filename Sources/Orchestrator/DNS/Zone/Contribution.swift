/// A record of the zone, or with no data only a name in it, that an object of the cluster is a reason for.
struct Contribution: Sendable, Hashable {
  /// In lower case.
  var name: DNSName
  var type = RecordType.any
  var data: RecordData?
}

/// What an object of the cluster contributes to the zone.
struct ContributionRules: Sendable {
  let zone: DNSName
  let services: DNSName
  let pods: DNSName
  let podRecords: PodRecords

  /// Nil if the zone's name leaves no room for others.
  init?(zone: DNSName, podRecords: PodRecords) {
    guard let services = zone.prepending("svc"), let pods = zone.prepending("pod") else { return nil }
    self.zone = zone
    self.services = services
    self.pods = pods
    self.podRecords = podRecords
  }

  /// `service.namespace.svc.zone`.
  func name(of service: String, in namespace: String) -> DNSName? {
    services.prepending(namespace)?.prepending(service)?.lowercased
  }

  /// The records of a service, apart from those of its endpoints.
  func records(of service: ServiceFacts) -> [Contribution] {
    guard let name = name(of: service.name, in: service.namespace) else { return [] }
    if let alias = service.externalName {
      return [Contribution(name: name, type: .cname, data: .name(alias))]
    }
    var records: [Contribution] = []
    for address in service.clusterAddresses {
      records.append(Contribution(name: name, type: address.recordType, data: .address(address)))
      records.append(Contribution(name: address.reverseName, type: .ptr, data: .name(name)))
    }
    guard !records.isEmpty else { return [] }
    for port in service.ports { records += self.records(of: port, service: name, target: name) }
    return records
  }

  /// The records of the endpoints in a slice of a headless service.
  func records(of slice: SliceFacts, service: ServiceFacts) -> [Contribution] {
    guard service.isHeadless, let name = name(of: service.name, in: service.namespace) else { return [] }
    // Several endpoints may have the same name or port.
    var records: Set<Contribution> = []
    for endpoint in slice.endpoints where endpoint.isReady || service.publishesUnready {
      for address in endpoint.addresses {
        let label = endpoint.hostname ?? Self.label(of: address)
        guard let host = name.prepending(label)?.lowercased else { continue }
        let type = address.recordType
        records.insert(Contribution(name: name, type: type, data: .address(address)))
        records.insert(Contribution(name: host, type: type, data: .address(address)))
        records.insert(Contribution(name: address.reverseName, type: .ptr, data: .name(host)))
        for port in slice.ports { records.formUnion(self.records(of: port, service: name, target: host)) }
      }
    }
    return Array(records)
  }

  /// Where a port is: under `_port._protocol`, if it has a name, and under the service itself for those who look for
  /// all its ports at once.
  private func records(of port: PortFacts, service: DNSName, target: DNSName) -> [Contribution] {
    let data = RecordData.service(priority: 0, weight: 100, port: port.number, target: target)
    var records = [Contribution(name: service, type: .srv, data: data)]
    if !port.name.isEmpty,
      let name = service.prepending("_" + port.protocolName)?.prepending("_" + port.name)
    {
      records.append(Contribution(name: name.lowercased, type: .srv, data: data))
    }
    return records
  }

  /// Names that a namespace is a reason for.
  func records(ofNamespace namespace: String) -> [Contribution] {
    var parents = [services]
    if podRecords != .none { parents.append(pods) }
    return parents.compactMap { $0.prepending(namespace).map { Contribution(name: $0.lowercased) } }
  }

  /// The records of a pod's addresses.
  func records(ofPodIn namespace: String, addresses: [IPAddress]) -> [Contribution] {
    guard podRecords == .verified, let parent = pods.prepending(namespace) else { return [] }
    return addresses.compactMap { address in
      parent.prepending(Self.label(of: address)).map {
        Contribution(name: $0.lowercased, type: address.recordType, data: .address(address))
      }
    }
  }

  /// An address as a label: `10-1-2-3`.
  static func label(of address: IPAddress) -> String {
    String(address.description.map { $0 == "." || $0 == ":" ? "-" : $0 })
  }

  /// The address that a label stands for: four numbers are IPv4, all else is IPv6.
  static func address(ofLabel label: some Collection<UInt8>) -> IPAddress? {
    let dash = UInt8(ascii: "-")
    let isDotted = label.count { $0 == dash } == 3 && label.allSatisfy { $0 == dash || $0 < 0x3A }
    guard label.count <= 45, label.allSatisfy({ $0 == dash || $0 > 0x2F && $0 < 0x7B }) else { return nil }
    let text = String(decoding: label.map { $0 == dash ? (isDotted ? 0x2E : 0x3A) : $0 }, as: UTF8.self)
    return IPAddress(text)
  }
}

/// Which names of the form `10-1-2-3.namespace.pod.zone` exist.
public enum PodRecords: String, Sendable, Hashable {
  /// None.
  case none
  /// All that are addresses, in namespaces that exist.
  case insecure
  /// Those of pods.
  case verified
}
