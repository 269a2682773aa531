/// The nodes by their values of one label: the domain of each node, as a number.
struct Topology: Sendable {
  let key: String
  private(set) var domainCount = 0
  private var values: [String: Int32] = [:]
  /// By slot; −1 for nodes without the label.
  private var domains: [Int32] = []

  init(key: String) { self.key = key }

  /// The node's domain; nil if it has none.
  func domain(of slot: Int) -> Int? {
    guard slot < domains.count, domains[slot] >= 0 else { return nil }
    return Int(domains[slot])
  }

  mutating func setNode(_ slot: Int, labels: Labels?) {
    while domains.count <= slot { domains.append(-1) }
    guard let value = labels?[key] else {
      domains[slot] = -1
      return
    }
    if let known = values[value] {
      domains[slot] = known
    } else {
      values[value] = Int32(domainCount)
      domains[slot] = Int32(domainCount)
      domainCount += 1
    }
  }

  /// Whether most domains are of nodes long gone.
  var isWorn: Bool { domainCount > 2 * domains.count + 64 }
}

/// The topologies that pods have asked for so far. They are kept up to date while nodes come and go.
struct Topologies: Sendable {
  private(set) var list: [Topology] = []
  private var places: [String: Int] = [:]

  /// So many are kept between pods: keys come from users, who may have many ideas.
  static let keptCount = 64

  /// The place of a topology in `list`.
  mutating func place(of key: String, nodes: [NodeRecord]) -> Int {
    if let place = places[key] { return place }
    var topology = Topology(key: key)
    for (slot, node) in nodes.enumerated() { topology.setNode(slot, labels: node.info?.labels) }
    places[key] = list.count
    list.append(topology)
    return list.count - 1
  }

  mutating func setNode(_ slot: Int, labels: Labels?) {
    for place in list.indices { list[place].setNode(slot, labels: labels) }
  }

  /// Forgets topologies where that is due. Places found before are void then.
  mutating func trim() {
    guard list.count > Self.keptCount || list.contains(where: \.isWorn) else { return }
    list = []
    places = [:]
  }
}

/// A number for each domain of a topology.
struct DomainCounts: Sendable, Hashable {
  /// The topology's place in `Topologies.list`.
  let topology: Int
  var counts: [Int64]

  init(topology: Int, in topologies: Topologies) {
    self.topology = topology
    counts = Array(repeating: 0, count: topologies.list[topology].domainCount)
  }

  /// Adds to the node's domain. Says whether it has one.
  @discardableResult
  mutating func add(_ amount: Int64, slot: Int, topologies: Topologies) -> Bool {
    guard let domain = topologies.list[topology].domain(of: slot) else { return false }
    counts[domain] &+= amount
    return true
  }

  /// The number for the node's domain; nil if it has none.
  func count(at slot: Int, topologies: Topologies) -> Int64? {
    topologies.list[topology].domain(of: slot).map { counts[$0] }
  }
}
