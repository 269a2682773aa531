import Objects

/// Which nodes take part in load balancers.
enum LoadBalancerNodes {
  private static let excluded = "node.kubernetes.io/exclude-from-external-load-balancers"
  private static let toBeDeleted = "ToBeDeletedByClusterAutoscaler"

  /// Those that can serve, by name.
  static func of(_ nodes: [JSON]) -> [JSON] {
    nodes.filter { node in
      guard !node.isBeingDeleted, node.label(excluded) == nil, node.condition("Ready") == "True" else {
        return false
      }
      return !node.taints.contains {
        let key = $0["key"]?.string
        return key == toBeDeleted || key == CloudNodeController.uninitialized
      }
    }
    .sorted { $0.name < $1.name }
  }

  /// What of a node matters to a load balancer.
  static func traits(of node: JSON) -> JSON {
    ["name": .string(node.name), "addresses": node["status", "addresses"] ?? []]
  }
}
