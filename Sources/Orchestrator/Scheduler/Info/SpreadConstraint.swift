internal import Objects

/// A topology spread constraint of a pod.
struct SpreadConstraint: Sendable, Hashable {
  let topologyKey: String
  let selector: LabelSelector
  let maxSkew: Int64
  let minDomains: Int64
  /// Whether it is a demand (`DoNotSchedule`), or a preference (`ScheduleAnyway`).
  let isRequired: Bool
  /// Whether only nodes that the pod's node selector and affinity allow count.
  let honorsNodeAffinity: Bool
  /// Whether only nodes whose taints the pod tolerates count.
  let honorsNodeTaints: Bool

  init(json: JSON, labels: Labels) {
    topologyKey = json["topologyKey"]?.string ?? ""
    var selector = LabelSelector(json: json["labelSelector"])
    selector.merge(matchLabelKeys: json["matchLabelKeys"], labels: labels)
    self.selector = selector
    maxSkew = max(1, min(Int64(Int32.max), json["maxSkew"]?.integer ?? 1))
    minDomains = max(1, min(Int64(Int32.max), json["minDomains"]?.integer ?? 1))
    isRequired = json["whenUnsatisfiable"]?.string != "ScheduleAnyway"
    honorsNodeAffinity = json["nodeAffinityPolicy"]?.string != "Ignore"
    honorsNodeTaints = json["nodeTaintsPolicy"]?.string == "Honor"
  }

  private init(preferredOver topologyKey: String, maxSkew: Int64, selector: LabelSelector) {
    self.topologyKey = topologyKey
    self.selector = selector
    self.maxSkew = maxSkew
    minDomains = 1
    isRequired = false
    honorsNodeAffinity = true
    honorsNodeTaints = false
  }

  /// What holds for pods of a workload that say nothing themselves.
  static func defaults(selector: LabelSelector) -> [SpreadConstraint] {
    [
      SpreadConstraint(preferredOver: hostnameLabel, maxSkew: 3, selector: selector),
      SpreadConstraint(preferredOver: zoneLabel, maxSkew: 5, selector: selector),
    ]
  }

  static let hostnameLabel = "kubernetes.io/hostname"
  static let zoneLabel = "topology.kubernetes.io/zone"
}
