import Objects

/// How much of a zone is down, and how fast its pods may be moved for it.
enum ZoneHealth: Sendable, Hashable {
  case normal
  /// Most nodes are down: more likely the network than the nodes.
  case partlyDown
  case allDown

  /// The part of a zone's nodes above which it counts as partly down.
  static let unhealthyShare = 0.55
  /// Clusters up to this many nodes stop evictions when a zone is partly down.
  static let largeCluster = 50
  /// Nodes a second that are tainted so that their pods leave.
  static let rate = 0.1
  /// The same in a large cluster's zone that is partly down.
  static let secondaryRate = 0.01

  /// The state of a zone with so many nodes.
  init(ready: Int, notReady: Int) {
    if ready == 0, notReady > 0 {
      self = .allDown
    } else if notReady > 2, Double(notReady) / Double(ready + notReady) >= Self.unhealthyShare {
      self = .partlyDown
    } else {
      self = .normal
    }
  }

  /// Nodes a second whose pods are made to leave.
  /// - Parameter areAllZonesDown: then it is this process that cannot see them, and nothing is evicted.
  func evictionRate(nodes: Int, areAllZonesDown: Bool) -> Double {
    if areAllZonesDown { return 0 }
    return switch self {
    case .normal, .allDown: Self.rate
    case .partlyDown: nodes > Self.largeCluster ? Self.secondaryRate : 0
    }
  }

  /// The zone of a node: region and zone of its labels.
  static func zone(of node: JSON) -> String {
    [
      node.label("topology.kubernetes.io/region") ?? "", node.label("topology.kubernetes.io/zone") ?? "",
    ].joined(separator: ":")
  }
}
