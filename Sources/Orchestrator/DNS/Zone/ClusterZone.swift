public import Client
public import Objects

/// The names of a cluster, as the Kubernetes DNS specification 1.1.0 wants them, kept current object by object.
///
/// A change costs time in proportion to the object that changed, and to the slices of a service whose kind changes. A
/// question costs constant time, whatever there is.
public struct ClusterZone: Sendable {
  /// What the zone is like.
  public struct Configuration: Sendable {
    /// Such as `cluster.local`.
    public var domain: DNSName
    /// Which names of pods' addresses exist.
    public var podRecords: PodRecords
    /// Ranges whose addresses have names here or nowhere: those of services and pods.
    public var ranges: [IPRange]
    /// Where clients find this server, for `ns.dns` in the domain.
    public var serverAddresses: [IPAddress]
    /// Seconds that answers may be kept, also those that there is nothing.
    public var timeToLive: UInt32

    /// A zone's configuration.
    public init(
      domain: DNSName, podRecords: PodRecords = .insecure, ranges: [IPRange] = [],
      serverAddresses: [IPAddress] = [], timeToLive: UInt32 = 5
    ) {
      self.domain = domain
      self.podRecords = podRecords
      self.ranges = ranges
      self.serverAddresses = serverAddresses
      self.timeToLive = timeToLive
    }
  }

  /// The version of the specification.
  static let schemaVersion = "1.1.0"

  let configuration: Configuration
  let rules: ContributionRules
  let authority: DNSName
  let mailbox: DNSName
  /// The domain, in lower case.
  var domain: DNSName { rules.zone }
  private(set) var tree = RecordTree()
  /// Counts changes, from where it was told to begin.
  public private(set) var serial: UInt32

  private var services: [ObjectKey: (facts: ServiceFacts, records: Set<Contribution>)] = [:]
  private var slices: [ObjectKey: (facts: SliceFacts, records: Set<Contribution>)] = [:]
  private var slicesOfServices: [ObjectKey: Set<ObjectKey>] = [:]
  private var pods: [ObjectKey: Set<Contribution>] = [:]
  private var namespaces: [String: Set<Contribution>] = [:]

  /// A zone that nothing of the cluster is in.
  ///
  /// - Parameter serial: the zone's first version: more than the last one of any server before.
  /// - Returns: nil if the domain is the root, or so long that it leaves no room.
  public init?(_ configuration: Configuration, serial: UInt32) {
    let domain = configuration.domain.lowercased
    guard !domain.isRoot, let rules = ContributionRules(zone: domain, podRecords: configuration.podRecords),
      let authority = domain.prepending("dns")?.prepending("ns"),
      let mailbox = domain.prepending("hostmaster"), let version = domain.prepending("dns-version")
    else { return nil }
    self.configuration = configuration
    self.rules = rules
    self.authority = authority
    self.mailbox = mailbox
    self.serial = serial
    tree.hold(domain)
    tree.hold(rules.services)
    if configuration.podRecords != .none { tree.hold(rules.pods) }
    tree.add(.text([Array(Self.schemaVersion.utf8)]), .txt, to: version)
    tree.add(.name(authority), .ns, to: domain)
    for address in configuration.serverAddresses {
      tree.add(.address(address), address.recordType, to: authority)
    }
  }

  /// How many names exist, those above others included.
  public var nameCount: Int { tree.count }

  // MARK: Changes

  /// Takes a service as it is now; nil for one that is gone.
  public mutating func setService(_ key: ObjectKey, _ service: JSON?) {
    let old = services[key]
    let facts = service.map { ServiceFacts($0) }
    guard old?.facts != facts else { return }
    let records = Set(facts.map { rules.records(of: $0) } ?? [])
    replace(old?.records ?? [], with: records)
    services[key] = facts.map { (facts: $0, records: records) }
    // Ports of a service say nothing of its slices.
    guard
      old?.facts.isHeadless != facts?.isHeadless || old?.facts.publishesUnready != facts?.publishesUnready
    else { return }
    for slice in slicesOfServices[key] ?? [] { setSlice(slice, slices[slice]?.facts) }
  }

  /// Takes an endpoint slice as it is now; nil for one that is gone.
  public mutating func setSlice(_ key: ObjectKey, _ slice: JSON?) {
    let facts = slice.flatMap { SliceFacts($0) }
    guard slices[key]?.facts != facts else { return }
    setSlice(key, facts)
  }

  private mutating func setSlice(_ key: ObjectKey, _ facts: SliceFacts?) {
    let old = slices[key]
    var records: Set<Contribution> = []
    if let facts, let service = services[facts.service]?.facts {
      records = Set(rules.records(of: facts, service: service))
    }
    replace(old?.records ?? [], with: records)
    slices[key] = facts.map { (facts: $0, records: records) }
    guard old?.facts.service != facts?.service else { return }
    if let service = old?.facts.service {
      slicesOfServices[service]?.remove(key)
      if slicesOfServices[service]?.isEmpty == true { slicesOfServices[service] = nil }
    }
    if let service = facts?.service { slicesOfServices[service, default: []].insert(key) }
  }

  /// Takes a pod as it is now; nil for one that is gone. Of use only if names of pods are verified.
  public mutating func setPod(_ key: ObjectKey, _ pod: JSON?) {
    let addresses = pod.map { PodFacts.addresses($0) } ?? []
    let records = Set(rules.records(ofPodIn: key.namespace, addresses: addresses))
    replace(pods[key] ?? [], with: records)
    pods[key] = records.isEmpty ? nil : records
  }

  /// Takes note of whether a namespace is there.
  public mutating func setNamespace(_ name: String, isThere: Bool) {
    let records = Set(isThere ? rules.records(ofNamespace: name) : [])
    replace(namespaces[name] ?? [], with: records)
    namespaces[name] = isThere ? records : nil
  }

  /// Whether the namespace, as a label in lower case, is there.
  func hasNamespace(_ label: ArraySlice<UInt8>) -> Bool {
    namespaces[String(decoding: label, as: UTF8.self)] != nil
  }

  private mutating func replace(_ old: Set<Contribution>, with new: Set<Contribution>) {
    guard old != new else { return }
    serial &+= 1
    for record in new where !old.contains(record) {
      if let data = record.data {
        tree.add(data, record.type, to: record.name)
      } else {
        tree.hold(record.name)
      }
    }
    for record in old where !new.contains(record) {
      if let data = record.data {
        tree.remove(data, record.type, from: record.name)
      } else {
        tree.release(record.name)
      }
    }
  }
}
