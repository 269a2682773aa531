extension ClusterZone {
  /// What the zone says to a question.
  public enum Lookup: Sendable, Hashable {
    /// The name is none of the zone's: others may know it.
    case elsewhere
    /// The records, with those that they name; and what the name stands for if that is for others to say.
    case found(answers: [DNSRecord], additionals: [DNSRecord], alias: DNSName?)
    /// The name exists, but has no such records; or else it does not exist. With the record that says for how long.
    case nothing(answers: [DNSRecord], exists: Bool, authority: DNSRecord)
  }

  /// Answers a question of class IN.
  ///
  /// - Parameters:
  ///   - name: as the client spells it, which is how the answer does.
  ///   - rotation: which one of several records is first.
  ///   - limit: how many records of a kind are of any use.
  public func lookup(_ name: DNSName, _ type: RecordType, rotation: Int, limit: Int = 4096) -> Lookup {
    var answers: [DNSRecord] = []
    var owner = name
    for _ in 0...DNSLimits.aliases {
      let key = owner.lowercased
      guard let apex = apex(of: key) else {
        return answers.isEmpty ? .elsewhere : .found(answers: answers, additionals: [], alias: owner)
      }
      guard let node = node(key, apex: apex) else {
        return .nothing(answers: answers, exists: false, authority: authority(of: apex))
      }
      if let alias = node.records[.cname]?.first, case .name(let target) = alias {
        answers.append(record(owner, .cname, alias))
        if type == .cname || type == .any { return .found(answers: answers, additionals: [], alias: nil) }
        owner = target
        continue
      }
      let records = records(owner, key, type, node, apex: apex, rotation: rotation, limit: limit)
      guard !records.isEmpty else {
        return .nothing(answers: answers, exists: true, authority: authority(of: apex))
      }
      return .found(
        answers: answers + records, additionals: additionals(for: records, limit: limit), alias: nil)
    }
    // Aliases that go around.
    return .found(answers: answers, additionals: [], alias: nil)
  }

  /// The zone that a name in lower case is in: the domain, or the reverse zone of a range. Nil for one that is in none,
  /// which still may be the address of an endpoint elsewhere.
  private func apex(of name: DNSName) -> DNSName? {
    if name.isWithin(domain) { return domain }
    guard let reverse = ReverseName(name) else { return nil }
    if let apex = reverse.apex(in: configuration.ranges) { return apex }
    return tree[name]?.records[.ptr] == nil ? nil : name
  }

  private func node(_ name: DNSName, apex: DNSName) -> RecordTree.Node? {
    if let node = tree[name] { return node }
    // A reverse zone exists without names in it.
    if name == apex { return RecordTree.Node() }
    guard configuration.podRecords == .insecure, let labels = name.labels(below: rules.pods),
      labels.count == 2, let label = labels.first, let namespace = labels.last, hasNamespace(namespace),
      let address = ContributionRules.address(ofLabel: label)
    else { return nil }
    var node = RecordTree.Node()
    node.records[address.recordType] = RecordSet([.address(address)])
    return node
  }

  private func records(
    _ owner: DNSName, _ key: DNSName, _ type: RecordType, _ node: RecordTree.Node, apex: DNSName,
    rotation: Int, limit: Int
  ) -> [DNSRecord] {
    if type == .soa, key == apex {
      var record = authority(of: apex)
      record.name = owner
      return [record]
    }
    var types = [type]
    // What a client gets who wants anything is up to the server (RFC 8482).
    if type == .any { types = Array(node.records.keys.sorted { $0.number < $1.number }.prefix(1)) }
    return types.flatMap { type in
      (node.records[type]?.rotated(by: rotation, limit: limit) ?? []).map { record(owner, type, $0) }
    }
  }

  /// The addresses of what records name.
  private func additionals(for records: [DNSRecord], limit: Int) -> [DNSRecord] {
    var additionals: [DNSRecord] = []
    var seen: Set<DNSName> = []
    for record in records {
      let target: DNSName
      switch (record.type, record.data) {
      case (.srv, .service(_, _, _, let name)): target = name
      case (.ns, .name(let name)): target = name
      default: continue
      }
      guard additionals.count < limit, seen.insert(target).inserted, let node = tree[target] else { continue }
      for type in [RecordType.a, .aaaa] {
        let addresses = node.records[type]?.rotated(by: 0, limit: limit - additionals.count) ?? []
        additionals += addresses.map { self.record(target, type, $0) }
      }
    }
    return additionals
  }

  private func record(_ name: DNSName, _ type: RecordType, _ data: RecordData) -> DNSRecord {
    DNSRecord(name: name, type: type, timeToLive: configuration.timeToLive, data: data)
  }

  /// The SOA of a zone.
  private func authority(of apex: DNSName) -> DNSRecord {
    let data = RecordData.Authority(
      server: authority, mailbox: mailbox, serial: serial, refresh: 7200, retry: 1800, expire: 86_400,
      minimum: configuration.timeToLive)
    return record(apex, .soa, .authority(data))
  }

  /// Whether a name in lower case may turn out to be the zone's once all is known: names in the domain, and those of
  /// any addresses.
  func mayOwn(_ name: DNSName) -> Bool { name.isWithin(domain) || ReverseName(name) != nil }
}

/// A name below `in-addr.arpa` or `ip6.arpa`, as the bits it fixes.
struct ReverseName {
  private let name: DNSName
  /// Bytes or half bytes, from the first one of the address; fewer than an address has if the name is of many.
  private let digits: [UInt8]
  private let isIPv6: Bool

  private static let ipv4 = IPAddress.v4(0).reverseName.suffix(labels: 2)
  private static let ipv6 = IPAddress.v6(0, 0).reverseName.suffix(labels: 2)

  /// Nil for any other name.
  init?(_ name: DNSName) {
    self.name = name
    let labels: ArraySlice<ArraySlice<UInt8>>
    if let below = name.labels(below: Self.ipv4) {
      (labels, isIPv6) = (below, false)
    } else if let below = name.labels(below: Self.ipv6) {
      (labels, isIPv6) = (below, true)
    } else {
      return nil
    }
    var digits: [UInt8] = []
    for label in labels.reversed() {
      // What is below an address, or is none, belongs to what it is below of.
      guard digits.count < (isIPv6 ? 32 : 4), label.count <= (isIPv6 ? 1 : 3),
        let digit = UInt8(String(decoding: label, as: UTF8.self), radix: isIPv6 ? 16 : 10)
      else { break }
      digits.append(digit)
    }
    self.digits = digits
  }

  /// The smallest whole zone that the name is in and that lies within one of the ranges; nil if there is none.
  func apex(in ranges: [IPRange]) -> DNSName? {
    let bitsOfDigit = isIPv6 ? 4 : 8
    for range in ranges {
      if case .v6 = range.first { if !isIPv6 { continue } } else if isIPv6 { continue }
      // Ranges that end within a digit are several zones side by side.
      let needed = (range.prefixLength + bitsOfDigit - 1) / bitsOfDigit
      guard digits.count >= needed, let address = IPAddress(bytes: addressBytes), range.contains(address)
      else {
        continue
      }
      return name.suffix(labels: needed + 2)
    }
    return nil
  }

  /// The first address that the name is of.
  private var addressBytes: [UInt8] {
    guard isIPv6 else { return digits + [UInt8](repeating: 0, count: 4 - digits.count) }
    let all = digits + [UInt8](repeating: 0, count: 32 - digits.count)
    return stride(from: 0, to: 32, by: 2).map { all[$0] << 4 | all[$0 + 1] }
  }
}

extension DNSName {
  /// The name's last labels.
  func suffix(labels count: Int) -> DNSName {
    var name = self
    for _ in 0..<max(0, labels.count - count) { name = name.parent ?? .root }
    return name
  }
}
