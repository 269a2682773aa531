import Objects

/// One sync of a Deployment: a working copy of its ReplicaSets, which the steps of a rollout change.
struct Rollout: Sendable {
  let deployment: JSON
  let strategy: RolloutStrategy
  let now: Timestamp
  /// What has been decided.
  private(set) var actions: [DeploymentDecision.Action] = []
  /// The Deployment's status as it will be.
  private(set) var status: JSON
  /// The revision of the new ReplicaSet.
  private(set) var revision: String?
  /// All but the new one.
  private(set) var old: [JSON]
  /// The ReplicaSet of the current template.
  private(set) var new: JSON?

  init(_ deployment: JSON, sets: [JSON], now: Timestamp) {
    self.deployment = deployment
    self.now = now
    strategy = RolloutStrategy(deployment)
    status = deployment["status"] ?? [:]
    new = DeploymentDecision.newSet(of: deployment, among: sets)
    let newUID = new?.uid
    old = sets.filter { $0.uid != newUID }.sorted(by: DeploymentDecision.isOlder)
  }

  /// All ReplicaSets.
  private var all: [JSON] { old + (new.map { [$0] } ?? []) }

  private static func size(_ set: JSON) -> Int { ReplicaSetDecision.replicas(set) }

  private var total: Int { all.reduce(0) { $0 + Self.size($1) } }

  /// Whether the Deployment's size has changed since its ReplicaSets were scaled last.
  var hasBeenScaled: Bool {
    all.contains { set in
      guard Self.size(set) > 0,
        let desired = DeploymentAnnotations.integer(DeploymentAnnotations.desiredReplicas, of: set)
      else { return false }
      return desired != strategy.replicas
    }
  }

  // MARK: Conditions

  /// Says in the status when the rollout is paused or goes on.
  mutating func notePause() {
    guard DeploymentStatus.progressDeadline(deployment) != nil else { return }
    let reason = Conditions.find("Progressing", in: status)?["reason"]?.string
    guard reason != "ProgressDeadlineExceeded" else { return }
    switch (deployment["spec", "paused"]?.boolean == true, reason == "DeploymentPaused") {
    case (true, false): progressing("Unknown", "DeploymentPaused", "Deployment is paused")
    case (false, true): progressing("Unknown", "DeploymentResumed", "Deployment is resumed")
    default: break
    }
  }

  private mutating func progressing(_ value: String, _ reason: String, _ message: String) {
    Conditions.set(DeploymentStatus.condition("Progressing", value, reason, message, now), in: &status)
  }

  /// The status of a Deployment that does not roll out now.
  mutating func statusWithoutProgress() {
    status = DeploymentStatus.of(withStatus, newSet: new, sets: all, now: now)
  }

  private mutating func statusWithProgress() {
    status = DeploymentStatus.of(withStatus, newSet: new, sets: all, now: now)
    DeploymentStatus.noteProgress(&status, of: deployment, newSet: new, sets: all, now: now)
  }

  /// The Deployment with the status as it is so far.
  private var withStatus: JSON {
    var copy = deployment
    copy["status"] = status
    return copy
  }

  // MARK: The new ReplicaSet

  /// Brings the annotations of the new ReplicaSet up to date, or makes it.
  mutating func findNewSet(create: Bool) {
    let newest = old.lazy.map { DeploymentAnnotations.revision(of: $0) }.max() ?? 0
    if var set = new {
      let before = set
      DeploymentAnnotations.hand(to: &set, from: deployment, revision: newest.following)
      let minReadySeconds = deployment["spec", "minReadySeconds"]
      if set.count("spec", "minReadySeconds") != deployment.count("spec", "minReadySeconds") {
        set["spec", "minReadySeconds"] = minReadySeconds
      }
      if set != before { update(&set, scaled: nil) }
      new = set
      revision = set.annotation(DeploymentAnnotations.revision)
      if DeploymentStatus.progressDeadline(deployment) != nil,
        Conditions.find("Progressing", in: status) == nil
      {
        progressing("True", "FoundNewReplicaSet", "Found new replica set \(quoted(set.name))")
      }
    } else if create {
      let set = makeSet(revision: newest.following)
      actions.append(.create(set))
      new = set
      revision = String(newest.following)
      if DeploymentStatus.progressDeadline(deployment) != nil {
        progressing("True", "NewReplicaSetCreated", "Created new replica set \(quoted(set.name))")
      }
    }
  }

  private func makeSet(revision: Int64) -> JSON {
    var template = deployment["spec", "template"] ?? [:]
    let hash = StableHash.of(template, collisionCount: deployment["status", "collisionCount"]?.integer)
    template["metadata", "labels", DeploymentAnnotations.templateHash] = .string(hash)
    var selector = deployment["spec", "selector"] ?? [:]
    selector["matchLabels", DeploymentAnnotations.templateHash] = .string(hash)
    var spec: JSON = [
      "replicas": .count(strategy.newReplicas(total: total, current: 0)), "selector": selector,
      "template": template,
    ]
    if deployment.count("spec", "minReadySeconds") != 0 {
      spec["minReadySeconds"] = deployment["spec", "minReadySeconds"]
    }
    var set: JSON = [
      "apiVersion": "apps/v1", "kind": "ReplicaSet",
      "metadata": [
        "name": .string(DerivedName.join(deployment.name, "-" + hash)),
        "namespace": .string(deployment.namespace),
        "ownerReferences": [OwnerReferences.controller(deployment, .deployments)],
      ], "spec": spec,
    ]
    set["metadata", "labels"] = template["metadata", "labels"]
    DeploymentAnnotations.hand(to: &set, from: deployment, revision: revision)
    DeploymentAnnotations.setSizes(of: &set, strategy)
    return set
  }

  // MARK: Scaling

  /// Notes a write of a ReplicaSet; a second write of the same one takes the first one's place, for it would meet a
  /// conflict.
  private mutating func update(_ set: inout JSON, scaled: DeploymentDecision.Scaling?) {
    let name = set.name
    let place = actions.firstIndex {
      switch $0 {
      case .create(let other): other.name == name
      case .update(let other, _): other.name == name
      case .delete: false
      }
    }
    guard let place else {
      actions.append(.update(set, scaled: scaled))
      return
    }
    switch actions[place] {
    case .update(_, let earlier):
      var scaling = scaled ?? earlier
      if let scaled, let earlier { scaling = .init(old: earlier.old, new: scaled.new) }
      actions[place] = .update(set, scaled: scaling)
    case .create, .delete: actions[place] = .create(set)
    }
  }

  private mutating func resize(_ set: inout JSON, to replicas: Int) {
    let size = Self.size(set)
    let before = set
    if size != replicas {
      set["spec", "replicas"] = .count(replicas)
      DeploymentAnnotations.setSizes(of: &set, strategy)
      update(&set, scaled: .init(old: size, new: replicas))
    } else {
      DeploymentAnnotations.setSizes(of: &set, strategy)
      if set != before { update(&set, scaled: nil) }
    }
  }

  private mutating func resizeNew(to replicas: Int) {
    guard var set = new else { return }
    resize(&set, to: replicas)
    new = set
  }

  private mutating func resizeOld(_ place: Int, to replicas: Int) {
    var set = old[place]
    resize(&set, to: replicas)
    old[place] = set
  }

  /// Spreads a changed size over the ReplicaSets.
  mutating func scale() {
    let active = all.filter { Self.size($0) > 0 }
    if active.count <= 1 {
      // The only one with pods, else the new one, else the latest.
      guard let only = active.first ?? new ?? old.last else { return }
      if only.uid == new?.uid {
        resizeNew(to: strategy.replicas)
      } else if let place = old.firstIndex(where: { $0.uid == only.uid }) {
        resizeOld(place, to: strategy.replicas)
      }
      return
    }
    if isSaturated {
      for place in old.indices where Self.size(old[place]) > 0 { resizeOld(place, to: 0) }
      return
    }
    guard strategy.isRolling else { return }
    scaleProportionally(active)
  }

  /// Whether the new ReplicaSet alone has all that is asked for.
  private var isSaturated: Bool {
    guard let new else { return false }
    return Self.size(new) == strategy.replicas
      && DeploymentAnnotations.integer(DeploymentAnnotations.desiredReplicas, of: new) == strategy.replicas
      && new.count("status", "availableReplicas") == strategy.replicas
  }

  /// In the middle of a rollout every ReplicaSet gets its share, so that the risk stays the same.
  private mutating func scaleProportionally(_ active: [JSON]) {
    let allowed = strategy.replicas > 0 ? strategy.replicas + strategy.maxSurge : 0
    let toAdd = allowed - active.reduce(0) { $0 + Self.size($1) }
    // The largest first; among equals the newest when growing, the oldest when shrinking.
    let sorted = active.sorted { left, right in
      if Self.size(left) != Self.size(right) { return Self.size(left) > Self.size(right) }
      return toAdd > 0
        ? DeploymentDecision.isOlder(right, left) : DeploymentDecision.isOlder(left, right)
    }
    var sizes: [Int] = []
    var added = 0
    for set in sorted {
      let share = toAdd == 0 ? 0 : self.share(of: set, toAdd: toAdd, added: added)
      sizes.append(Self.size(set) + share)
      added += share
    }
    // What rounding has left goes to the largest.
    if toAdd != 0 { sizes[0] = max(0, sizes[0] + toAdd - added) }
    for (set, size) in zip(sorted, sizes) {
      if set.uid == new?.uid {
        resizeNew(to: size)
      } else if let place = old.firstIndex(where: { $0.uid == set.uid }) {
        resizeOld(place, to: size)
      }
    }
  }

  private func share(of set: JSON, toAdd: Int, added: Int) -> Int {
    guard toAdd != added else { return 0 }
    let fraction: Int
    if strategy.replicas == 0 {
      fraction = -Self.size(set)
    } else {
      let annotated = DeploymentAnnotations.integer(DeploymentAnnotations.maxReplicas, of: set) ?? 0
      let reference = annotated > 0 ? annotated : deployment.count("status", "replicas")
      guard reference > 0 else { return 0 }
      let exact = Double(Self.size(set)) * Double(strategy.replicas + strategy.maxSurge) / Double(reference)
      fraction = (Int(exactly: exact.rounded()) ?? 0) - Self.size(set)
    }
    let rest = toAdd - added
    return toAdd > 0 ? min(fraction, rest) : max(fraction, rest)
  }

  // MARK: Rolling update

  /// One step of a rolling update: up if there is room, else down as far as availability allows.
  mutating func rollingUpdate() {
    findNewSet(create: true)
    if !scaleNewUp(), !scaleOldDown(), isComplete { cleanUp() }
    statusWithProgress()
  }

  private var isComplete: Bool { DeploymentStatus.isComplete(deployment, deployment["status"] ?? [:]) }

  private mutating func scaleNewUp() -> Bool {
    guard let new else { return false }
    let size = Self.size(new)
    guard size != strategy.replicas else { return false }
    let target =
      size > strategy.replicas ? strategy.replicas : strategy.newReplicas(total: total, current: size)
    guard target != size else { return false }
    resizeNew(to: target)
    return true
  }

  private mutating func scaleOldDown() -> Bool {
    guard let new, old.contains(where: { Self.size($0) > 0 }) else { return false }
    // New pods that do not serve yet may not be counted twice: once as missing, once as room.
    let missing = Self.size(new) - new.count("status", "availableReplicas")
    var room = total - strategy.minAvailable - missing
    guard room > 0 else { return false }
    let before = actions.count
    // Pods that do not serve are no loss.
    for place in old.indices where room > 0 {
      let size = Self.size(old[place])
      let unhealthy = size - old[place].count("status", "availableReplicas")
      guard size > 0, unhealthy > 0 else { continue }
      let down = min(room, unhealthy)
      resizeOld(place, to: size - down)
      room -= down
    }
    let available = all.reduce(0) { $0 + $1.count("status", "availableReplicas") }
    var rest = available - strategy.minAvailable
    for place in old.indices where rest > 0 {
      let size = Self.size(old[place])
      guard size > 0 else { continue }
      let down = min(size, rest)
      resizeOld(place, to: size - down)
      rest -= down
    }
    return actions.count > before
  }

  // MARK: Recreate

  /// Ends all old pods before the first new one is made.
  mutating func recreate(pods: () -> [JSON]) {
    findNewSet(create: false)
    var hasScaledDown = false
    for place in old.indices where Self.size(old[place]) > 0 {
      resizeOld(place, to: 0)
      hasScaledDown = true
    }
    if !hasScaledDown, !oldPodsRun(pods()) {
      if new == nil { findNewSet(create: true) }
      resizeNew(to: strategy.replicas)
      if isComplete { cleanUp() }
    }
    statusWithProgress()
  }

  private func oldPodsRun(_ pods: [JSON]) -> Bool {
    if old.contains(where: { $0.count("status", "replicas") > 0 }) { return true }
    let oldUIDs = Set(old.map(\.uid))
    return pods.contains { pod in
      !pod.isTerminal && oldUIDs.contains(pod.controllerReference?["uid"]?.string ?? "")
    }
  }

  // MARK: History

  /// Deletes the oldest ReplicaSets without pods, above the limit.
  mutating func cleanUp() {
    guard let limit = deployment["spec", "revisionHistoryLimit"]?.integer, limit != Int64(Int32.max) else {
      return
    }
    let alive = old.filter { !$0.isBeingDeleted }
      .sorted { DeploymentAnnotations.revision(of: $0) < DeploymentAnnotations.revision(of: $1) }
    let excess = alive.count - Int(clamping: limit)
    guard excess > 0 else { return }
    for set in alive.prefix(excess)
    where set.count("status", "replicas") == 0 && Self.size(set) == 0
      && set.generation <= (set["status", "observedGeneration"]?.integer ?? 0)
    {
      actions.append(.delete(set))
    }
  }
}
