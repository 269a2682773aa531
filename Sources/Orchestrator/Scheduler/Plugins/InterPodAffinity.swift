/// Affinity and anti-affinity between pods: those that the pod demands, and the anti-affinity of pods that are there.
///
/// The pods that matter are counted by domain of their topology once for each pod to be scheduled, by template; then
/// every node costs a few look-ups.
struct InterPodAffinity: Sendable {
  static let affinity: UInt64 = 0
  static let antiAffinity: UInt64 = 1
  static let existingAntiAffinity: UInt64 = 2

  /// For each required term of the pod's affinity: pods that match all of the terms.
  private var affinityCounts: [DomainCounts] = []
  /// For each required term of the pod's anti-affinity: pods that match that term.
  private var antiAffinityCounts: [DomainCounts] = []
  /// For each topology: terms of pods' anti-affinity that match this pod.
  private var existingCounts: [DomainCounts] = []
  /// How much `affinityCounts` holds in all.
  private var affinityTotal: Int64 = 0
  /// Whether the pod matches all terms of its own affinity: then it may be the first of its kind.
  private var matchesItself = false

  /// Whether no node can be turned down.
  private var isIdle: Bool { affinityCounts.isEmpty && antiAffinityCounts.isEmpty && existingCounts.isEmpty }

  /// What a template has to do with the pod.
  private struct Relation {
    var matchesAffinity = false
    /// Places in `antiAffinityCounts`.
    var antiAffinity: [Int] = []
    /// Places in `existingCounts`, one for each term.
    var existing: [Int] = []

    var isIdle: Bool { !matchesAffinity && antiAffinity.isEmpty && existing.isEmpty }
  }

  init(pod: PodInfo, state: inout ClusterState) {
    let affinity = pod.affinity
    for term in affinity?.required ?? [] {
      affinityCounts.append(Self.counts(term.topologyKey, &state))
    }
    for term in affinity?.requiredAnti ?? [] {
      antiAffinityCounts.append(Self.counts(term.topologyKey, &state))
    }
    if let affinity, !affinity.required.isEmpty {
      matchesItself = affinity.required.allSatisfy { $0.matches(pod.template, namespaces: state.namespaces) }
    }
    let groups = state.groups
    let hasTerms = !affinityCounts.isEmpty || !antiAffinityCounts.isEmpty
    if !hasTerms {
      for place in groups.withRequiredAntiAffinity {
        if let group = groups.groups[place] { count(group, pod: pod, state: &state) }
      }
    } else {
      for case let group? in groups.groups { count(group, pod: pod, state: &state) }
    }
  }

  private static func counts(_ topologyKey: String, _ state: inout ClusterState) -> DomainCounts {
    let place = state.topologies.place(of: topologyKey, nodes: state.nodes)
    return DomainCounts(topology: place, in: state.topologies)
  }

  private mutating func count(_ group: PodGroups.Group, pod: PodInfo, state: inout ClusterState) {
    let relation = relation(of: group.template, to: pod, state: &state)
    guard !relation.isIdle else { return }
    for (slot, count) in group.counts { add(relation, count: count, slot: slot, state: state) }
  }

  private mutating func relation(
    of template: PodTemplate, to pod: PodInfo, state: inout ClusterState
  ) -> Relation {
    var relation = Relation()
    if let affinity = pod.affinity {
      relation.matchesAffinity =
        !affinity.required.isEmpty
        && affinity.required.allSatisfy { $0.matches(template, namespaces: state.namespaces) }
      for (place, term) in affinity.requiredAnti.enumerated()
      where term.matches(template, namespaces: state.namespaces) { relation.antiAffinity.append(place) }
    }
    for term in template.affinity?.requiredAnti ?? []
    where term.matches(pod.template, namespaces: state.namespaces) {
      let topology = state.topologies.place(of: term.topologyKey, nodes: state.nodes)
      if let known = existingCounts.firstIndex(where: { $0.topology == topology }) {
        relation.existing.append(known)
      } else {
        relation.existing.append(existingCounts.count)
        existingCounts.append(DomainCounts(topology: topology, in: state.topologies))
      }
    }
    return relation
  }

  private mutating func add(_ relation: Relation, count: Int64, slot: Int, state: ClusterState) {
    if relation.matchesAffinity {
      for place in affinityCounts.indices
      where affinityCounts[place].add(count, slot: slot, topologies: state.topologies) {
        affinityTotal &+= count
      }
    }
    for place in relation.antiAffinity {
      antiAffinityCounts[place].add(count, slot: slot, topologies: state.topologies)
    }
    for place in relation.existing {
      existingCounts[place].add(count, slot: slot, topologies: state.topologies)
    }
  }

  /// Counts another pod as if it were on the node, or, with −1, as if it were not.
  mutating func adjust(_ other: PodInfo, by count: Int64, slot: Int, pod: PodInfo, state: inout ClusterState)
  {
    guard pod.affinity != nil || other.affinity != nil else { return }
    let relation = relation(of: other.template, to: pod, state: &state)
    add(relation, count: count, slot: slot, state: state)
  }

  func rejection(slot: Int, topologies: Topologies) -> Rejection? {
    if isIdle { return nil }
    if !satisfiesAffinity(slot, topologies) {
      return Rejection(.interPodAffinity, reason: Self.affinity, isUnresolvable: true)
    }
    for counts in antiAffinityCounts where counts.count(at: slot, topologies: topologies) ?? 0 > 0 {
      return Rejection(.interPodAffinity, reason: Self.antiAffinity, isUnresolvable: false)
    }
    for counts in existingCounts where counts.count(at: slot, topologies: topologies) ?? 0 > 0 {
      return Rejection(.interPodAffinity, reason: Self.existingAntiAffinity, isUnresolvable: false)
    }
    return nil
  }

  private func satisfiesAffinity(_ slot: Int, _ topologies: Topologies) -> Bool {
    var areAllThere = true
    for counts in affinityCounts {
      guard let count = counts.count(at: slot, topologies: topologies) else { return false }
      if count <= 0 { areAllThere = false }
    }
    return areAllThere || (affinityTotal == 0 && matchesItself)
  }
}

/// The preferred affinity between pods, both ways, and the pull of pods whose required affinity the pod satisfies.
enum InterPodAffinityScore {
  /// The weights by topology; empty if there is nothing to prefer.
  static func weights(_ pod: PodInfo, state: inout ClusterState) -> [DomainCounts] {
    let preferred = pod.affinity?.preferred ?? []
    let groups = state.groups
    var weights: [DomainCounts] = []
    if preferred.isEmpty {
      for place in groups.withScoredAffinity {
        if let group = groups.groups[place] { weigh(group, pod, preferred, &weights, &state) }
      }
    } else {
      for case let group? in groups.groups { weigh(group, pod, preferred, &weights, &state) }
    }
    return weights
  }

  private static func weigh(
    _ group: PodGroups.Group, _ pod: PodInfo, _ preferred: [WeightedPodAffinityTerm],
    _ weights: inout [DomainCounts], _ state: inout ClusterState
  ) {
    func add(_ weight: Int64, _ topologyKey: String) {
      let topology = state.topologies.place(of: topologyKey, nodes: state.nodes)
      let place: Int
      if let known = weights.firstIndex(where: { $0.topology == topology }) {
        place = known
      } else {
        place = weights.count
        weights.append(DomainCounts(topology: topology, in: state.topologies))
      }
      for (slot, count) in group.counts {
        weights[place].add(weight &* count, slot: slot, topologies: state.topologies)
      }
    }
    for element in preferred where element.term.matches(group.template, namespaces: state.namespaces) {
      add(element.weight, element.term.topologyKey)
    }
    guard let affinity = group.template.affinity else { return }
    for term in affinity.required where term.matches(pod.template, namespaces: state.namespaces) {
      add(1, term.topologyKey)
    }
    for element in affinity.preferred where element.term.matches(pod.template, namespaces: state.namespaces) {
      add(element.weight, element.term.topologyKey)
    }
  }
}
