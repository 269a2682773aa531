public import Objects

/// For whom an endpoint is meant (`hints` of an EndpointSlice's endpoint): zones and nodes that should use it.
public struct TopologyHints: Sendable, Hashable {
  /// `forZones`.
  public var zones: Set<String>
  /// `forNodes`.
  public var nodes: Set<String>

  /// Hints; none by default.
  public init(zones: Set<String> = [], nodes: Set<String> = []) {
    self.zones = zones
    self.nodes = nodes
  }

  /// As an endpoint states them.
  public init(_ hints: JSON?) {
    func names(_ list: JSON?) -> Set<String> { Set((list?.array ?? []).compactMap { $0["name"]?.string }) }
    self.init(zones: names(hints?["forZones"]), nodes: names(hints?["forNodes"]))
  }
}

/// Which of a service's endpoints this node should use, as their hints say. Who shares endpoints out among zones and
/// nodes (`trafficDistribution` of a service) is not the proxy's business: it follows hints, or does not.
public enum TopologyPreference: Sendable, Hashable {
  /// Any endpoint.
  case anywhere
  /// Those for this node's zone.
  case sameZone(String)
  /// Those for this node.
  case sameNode(String)

  /// What the hints of a service's ready endpoints come to. Hints are followed only if every endpoint has them and one
  /// of them is meant for here: while they are incomplete, or wrong, some endpoint is better than none.
  ///
  /// - Parameters:
  ///   - node: the name of this node; empty if unknown.
  ///   - zone: where it is (`topology.kubernetes.io/zone`); empty if unknown.
  public init(_ hints: some Collection<TopologyHints>, node: String, zone: String) {
    func isMeant(_ place: String, _ places: KeyPath<TopologyHints, Set<String>>) -> Bool {
      !place.isEmpty && hints.allSatisfy { !$0[keyPath: places].isEmpty }
        && hints.contains { $0[keyPath: places].contains(place) }
    }
    if isMeant(node, \.nodes) {
      self = .sameNode(node)
    } else if isMeant(zone, \.zones) {
      self = .sameZone(zone)
    } else {
      self = .anywhere
    }
  }

  /// Whether an endpoint with these hints is to be used.
  public func allows(_ hints: TopologyHints) -> Bool {
    switch self {
    case .anywhere: true
    case .sameZone(let zone): hints.zones.contains(zone)
    case .sameNode(let node): hints.nodes.contains(node)
    }
  }
}
