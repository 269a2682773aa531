/// How many pods of each template there are on each node. Affinity and spreading look at templates instead of pods:
/// a workload of thousands of pods is one comparison.
struct PodGroups: Sendable {
  struct Group: Sendable {
    let template: PodTemplate
    /// By the node's slot, never zero.
    var counts: [Int: Int64] = [:]
  }

  /// Nil where a group is no more.
  private(set) var groups: [Group?] = []
  private var places: [PodTemplate: Int] = [:]
  private var free: [Int] = []
  private(set) var byNamespace: [String: Set<Int>] = [:]
  /// Those that keep other pods away.
  private(set) var withRequiredAntiAffinity: Set<Int> = []
  /// Those that other pods' scores depend on.
  private(set) var withScoredAffinity: Set<Int> = []

  mutating func add(_ template: PodTemplate, slot: Int) {
    let place = places[template] ?? insert(template)
    groups[place]?.counts[slot, default: 0] += 1
  }

  mutating func remove(_ template: PodTemplate, slot: Int) {
    guard let place = places[template], let count = groups[place]?.counts[slot] else { return }
    if count > 1 {
      groups[place]?.counts[slot] = count - 1
      return
    }
    groups[place]?.counts[slot] = nil
    guard groups[place]?.counts.isEmpty ?? false else { return }
    groups[place] = nil
    places[template] = nil
    free.append(place)
    byNamespace[template.namespace]?.remove(place)
    if byNamespace[template.namespace]?.isEmpty ?? false { byNamespace[template.namespace] = nil }
    withRequiredAntiAffinity.remove(place)
    withScoredAffinity.remove(place)
  }

  private mutating func insert(_ template: PodTemplate) -> Int {
    let place: Int
    if let free = free.popLast() {
      place = free
      groups[place] = Group(template: template)
    } else {
      place = groups.count
      groups.append(Group(template: template))
    }
    places[template] = place
    byNamespace[template.namespace, default: []].insert(place)
    if let affinity = template.affinity {
      if !affinity.requiredAnti.isEmpty { withRequiredAntiAffinity.insert(place) }
      if !affinity.required.isEmpty || !affinity.preferred.isEmpty { withScoredAffinity.insert(place) }
    }
    return place
  }
}
