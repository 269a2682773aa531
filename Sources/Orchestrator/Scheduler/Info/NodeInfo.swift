public import Objects

/// All that scheduling needs to know of a node object, read once from its JSON.
public struct NodeInfo: Sendable {
  /// The node's name.
  public let name: String
  let labels: Labels
  let taints: [Taint]
  /// `spec.unschedulable`: the node is cordoned.
  let isUnschedulable: Bool
  let allocatable: Resources
  let allowedPods: Int64
  /// The sizes in bytes of the images that the node has, by each of their names.
  let images: [String: Int64]

  /// Reads a node. Nil if it has no name.
  public init?(_ node: JSON) {
    guard let name = node["metadata", "name"]?.string, !name.isEmpty else { return nil }
    self.name = name
    labels = Labels(json: node["metadata", "labels"])
    taints = (node["spec", "taints"]?.array ?? []).compactMap { Taint(json: $0) }
    isUnschedulable = node["spec", "unschedulable"]?.boolean ?? false
    allocatable = Resources(json: node["status", "allocatable"])
    let pods = node["status", "allocatable", "pods"].flatMap { Quantity($0) }
    allowedPods = Resources.bounded(pods?.value ?? 0)
    var images: [String: Int64] = [:]
    for image in node["status", "images"]?.array ?? [] {
      let size = Resources.bounded(image["sizeBytes"]?.integer ?? 0)
      for name in (image["names"]?.array ?? []).compactMap(\.string) { images[name] = size }
    }
    self.images = images
  }

  /// The region and zone, by which nodes are taken in turns; empty parts where the node has none.
  var zone: String {
    let region = labels["topology.kubernetes.io/region"] ?? ""
    return region + "\u{0}" + (labels[SpreadConstraint.zoneLabel] ?? "")
  }
}
