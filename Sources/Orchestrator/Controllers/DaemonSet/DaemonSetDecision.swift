import Objects

/// What a DaemonSet's controller does about its pods.
struct DaemonSetDecision: Sendable, Equatable {
  /// At most this many pods are created, and as many deleted, in one sync.
  static let burst = 250

  /// A pod that has ended and is replaced.
  struct Ended: Sendable, Equatable {
    var pod: JSON
    var node: String
  }

  /// The nodes to make pods for, sorted.
  var create: [String] = []
  /// The pods to delete.
  var delete: [JSON] = []
  /// Which of these have ended by themselves.
  var ended: [Ended] = []
  /// The status that the pods show.
  var status: JSON = [:]
  /// When to look again: a pod becomes available, or a failed one may be replaced.
  var requeueAfter: Duration?

  /// Compares the pods that a DaemonSet controls with the nodes. `hash` is that of the current template;
  /// `backOff` says how long a node's failed pod is to be left alone yet; nil for no longer.
  init(
    _ set: JSON, nodes: [JSON], pods: [JSON], hash: String, now: Timestamp,
    backOff: (_ node: String, _ pod: JSON) -> Duration? = { _, _ in nil }
  ) {
    var view = View(set, nodes: nodes, pods: pods, hash: hash, now: now)
    if !set.isBeingDeleted {
      view.manage(backOff: backOff)
      if set["spec", "updateStrategy", "type"]?.string != "OnDelete" { view.rollingUpdate() }
    }
    create = Array(view.create.sorted().prefix(Self.burst))
    delete = Array(view.delete.prefix(Self.burst))
    ended = view.ended
    status = view.status()
    requeueAfter = view.requeueAfter
    if view.create.count > Self.burst || view.delete.count > Self.burst { requeueAfter = .zero }
  }
}

/// A DaemonSet's nodes with their pods, and what becomes of them.
private struct View {
  let set: JSON
  let hash: String
  let now: Timestamp
  let minReadySeconds: Int
  let places: [(name: String, shouldRun: Bool, mayStay: Bool)]
  /// Sorted: bound ones first, then older ones.
  private(set) var podsOnNode: [String: [JSON]] = [:]
  /// Pods for nodes that are gone and that nobody will ever bind.
  let homeless: [JSON]

  private(set) var create: Set<String> = []
  private(set) var delete: [JSON] = []
  private(set) var ended: [DaemonSetDecision.Ended] = []
  private(set) var requeueAfter: Duration?
  private var deleted: Set<String> = []

  init(_ set: JSON, nodes: [JSON], pods: [JSON], hash: String, now: Timestamp) {
    self.set = set
    self.hash = hash
    self.now = now
    minReadySeconds = set.count("spec", "minReadySeconds")
    let daemon = DaemonPod(set)
    places = nodes.map { node in
      let place = daemon.place(on: node)
      return (node.name, place.shouldRun, place.mayStay)
    }
    let names = Set(nodes.map(\.name))
    var homeless: [JSON] = []
    for pod in pods {
      guard let node = DaemonPod.node(of: pod) else { continue }
      if names.contains(node) {
        podsOnNode[node, default: []].append(pod)
      } else if pod.nodeName.isEmpty, !pod.isBeingDeleted {
        homeless.append(pod)
      }
    }
    for node in podsOnNode.keys { podsOnNode[node]?.sort(by: Self.isFirst) }
    self.homeless = homeless
  }

  private static func isFirst(_ left: JSON, _ right: JSON) -> Bool {
    if left.nodeName.isEmpty != right.nodeName.isEmpty { return !left.nodeName.isEmpty }
    return (left.creationTime ?? .zero, left.name) < (right.creationTime ?? .zero, right.name)
  }

  private var surge: Int { amounts.surge }

  private func isUpdated(_ pod: JSON) -> Bool { pod.label(DaemonPod.hashLabel) == hash }

  private func isAvailable(_ pod: JSON) -> Bool {
    pod.isAvailable(minReadySeconds: minReadySeconds, now: now)
  }

  private mutating func remove(_ pod: JSON) {
    if !pod.isBeingDeleted, deleted.insert(pod.uid).inserted { delete.append(pod) }
  }

  private mutating func lookAgain(_ time: Duration) { requeueAfter = min(requeueAfter ?? time, time) }

  // MARK: One pod a node

  /// A pod where there should be one and is none; none where there should be none, or one too many.
  mutating func manage(backOff: (String, JSON) -> Duration?) {
    let hasSurge = surge > 0
    for place in places {
      let pods = podsOnNode[place.name] ?? []
      if pods.isEmpty {
        if place.shouldRun { create.insert(place.name) }
        continue
      }
      guard place.mayStay else {
        for pod in pods { remove(pod) }
        continue
      }
      var running: [JSON] = []
      for pod in pods where !pod.isBeingDeleted {
        guard pod.isTerminal else {
          running.append(pod)
          continue
        }
        if pod.isFailed, let wait = backOff(place.name, pod) {
          lookAgain(wait)
          continue
        }
        ended.append(.init(pod: pod, node: place.name))
        remove(pod)
      }
      if running.count > 1 { keepOne(of: running, hasSurge: hasSurge) }
    }
    for pod in homeless { remove(pod) }
  }

  private mutating func keepOne(of pods: [JSON], hasSurge: Bool) {
    guard hasSurge else {
      for pod in pods.dropFirst() { remove(pod) }
      return
    }
    // In an update a node may have one old and one new pod, until the new one is available.
    var old: JSON?
    var new: JSON?
    for pod in pods {
      if isUpdated(pod) {
        if new == nil { new = pod } else { remove(pod) }
      } else {
        if old == nil { old = pod } else { remove(pod) }
      }
    }
    if let old, let new, isAvailable(new) || !old.isReady { remove(old) }
  }

  // MARK: Rolling update

  /// How many nodes may lack a pod and how many may have two, in numbers of nodes.
  private var amounts: (surge: Int, unavailable: Int) {
    guard set["spec", "updateStrategy", "type"]?.string != "OnDelete" else { return (0, 0) }
    let desired = places.lazy.filter(\.shouldRun).count
    let rolling = set["spec", "updateStrategy", "rollingUpdate"]
    func amount(_ key: String, _ initial: Int32) -> Int {
      let value = rolling?[key].flatMap { IntOrString($0) } ?? .integer(initial)
      return max(0, value.scaled(of: desired, roundingUp: true) ?? 0)
    }
    let surge = amount("maxSurge", 0)
    let unavailable = amount("maxUnavailable", 1)
    return (surge, surge == 0 && unavailable == 0 ? 1 : unavailable)
  }

  /// Replaces pods of older templates, as many at once as the strategy allows.
  mutating func rollingUpdate() {
    let (surge, unavailable) = amounts
    if surge > 0 { updateWithSurge(surge) } else { updateInPlace(unavailable) }
  }

  /// The pods of a node by version, leaving out those on their way out; nil where there are two of one.
  private func versions(_ node: String) -> (old: JSON?, new: JSON?)? {
    var old: JSON?
    var new: JSON?
    for pod in podsOnNode[node] ?? [] where !pod.isBeingDeleted {
      if isUpdated(pod) {
        if new != nil { return nil }
        new = pod
      } else {
        if old != nil { return nil }
        old = pod
      }
    }
    return (old, new)
  }

  private mutating func updateInPlace(_ maxUnavailable: Int) {
    var missing = 0
    var replace: [JSON] = []
    var candidates: [JSON] = []
    for place in places where place.mayStay {
      guard let versions = versions(place.name), versions.old != nil || versions.new != nil else {
        // Managing makes or deletes pods here.
        if place.shouldRun { missing += 1 }
        continue
      }
      if let new = versions.new {
        if !isAvailable(new) { missing += 1 }
      } else if let old = versions.old {
        if isAvailable(old), !deleted.contains(old.uid) {
          candidates.append(old)
        } else {
          // Nothing is lost by replacing it.
          missing += 1
          replace.append(old)
        }
      }
    }
    for pod in replace { remove(pod) }
    for pod in candidates.prefix(max(0, maxUnavailable - missing)) { remove(pod) }
  }

  private mutating func updateWithSurge(_ maxSurge: Int) {
    var surging = 0
    var allowed: [String] = []
    var candidates: [String] = []
    for place in places where place.shouldRun {
      guard let versions = versions(place.name), let old = versions.old, !deleted.contains(old.uid) else {
        continue
      }
      if let new = versions.new {
        if isAvailable(new) { remove(old) } else { surging += 1 }
      } else if isAvailable(old) {
        candidates.append(place.name)
      } else {
        allowed.append(place.name)
      }
    }
    create.formUnion(allowed)
    create.formUnion(candidates.prefix(max(0, maxSurge - surging)))
  }

  // MARK: Status

  mutating func status() -> JSON {
    var desired = 0
    var current = 0
    var misscheduled = 0
    var ready = 0
    var available = 0
    var updated = 0
    for place in places {
      let pods = podsOnNode[place.name] ?? []
      guard place.shouldRun else {
        if !pods.isEmpty { misscheduled += 1 }
        continue
      }
      desired += 1
      guard let first = pods.first else { continue }
      current += 1
      if isUpdated(first) { updated += 1 }
      guard first.isReady else { continue }
      ready += 1
      if isAvailable(first) {
        available += 1
      } else if let wait = first.timeUntilAvailable(minReadySeconds: minReadySeconds, now: now) {
        lookAgain(wait)
      }
    }
    var status = set["status"] ?? [:]
    status["desiredNumberScheduled"] = .count(desired)
    status["currentNumberScheduled"] = .count(current)
    status["numberMisscheduled"] = .count(misscheduled)
    status["numberReady"] = .count(ready)
    status.setCount("updatedNumberScheduled", updated)
    status.setCount("numberAvailable", available)
    status.setCount("numberUnavailable", desired - available)
    status["observedGeneration"] = .integer(set.generation)
    return status
  }
}
