public import Objects

/// What a pod's volumes demand of its node. Whoever knows claims and volumes says it; the scheduler knows neither.
public struct VolumeNeeds: Sendable, Hashable {
  /// Why no node takes the pod until its claims change; nil if there is no such reason.
  let obstacle: String?
  /// For each volume that is there, the terms of its node affinity, one of which must match.
  let bound: [[NodeSelectorTerm]]
  /// For each claim that waits for the pod, the terms of the volumes that it can get, one of which must match.
  let waiting: [[NodeSelectorTerm]]

  /// No demands.
  public static let none = VolumeNeeds()

  /// Demands.
  ///
  /// - Parameters:
  ///   - obstacle: why no node takes the pod, as users read it.
  ///   - bound: lists of terms as in the node affinity of volumes.
  ///   - waiting: the same for claims without a volume.
  public init(obstacle: String? = nil, bound: [[JSON]] = [], waiting: [[JSON]] = []) {
    self.obstacle = obstacle
    self.bound = bound.map { $0.map { NodeSelectorTerm(json: $0) } }
    self.waiting = waiting.map { $0.map { NodeSelectorTerm(json: $0) } }
  }

  var isEmpty: Bool { bound.isEmpty && waiting.isEmpty && obstacle == nil }
}

extension NodeInfo {
  /// Whether the node matches one of the terms of a node selector.
  public func matchesAny(of terms: [JSON]) -> Bool {
    terms.contains { NodeSelectorTerm(json: $0).matches(self) }
  }
}
