import Client
import Exchange
import Objects

/// Keeps one pod of each DaemonSet on every node that should have one.
public struct DaemonSetController: Controller {
  /// The controller's name.
  public let name = "daemonset-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let loop = DaemonSetLoop(context, name: name)
    loop.listen()
    await loop.run()
  }
}

private struct DaemonSetLoop: Sendable {
  let context: ControllerContext
  let sets: Informer
  let pods: Informer
  let nodes: Informer
  let revisions: Informer
  let queue: ControllerQueue
  let index = ControlleeIndex(controlledBy: .daemonSets)
  let revisionIndex = ControlleeIndex(controlledBy: .daemonSets)
  let expectations = Expectations()
  let writes = LatestWrites()
  let backOff = FailedPodBackOff()
  let control: PodControl
  let revisionControl: PodControl

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    sets = context.informers.informer(for: .daemonSets)
    pods = context.informers.informer(for: .pods)
    nodes = context.informers.informer(for: .nodes)
    revisions = context.informers.informer(for: .controllerRevisions)
    control = PodControl(context: context, expectations: expectations, index: index, resource: .daemonSets)
    revisionControl = PodControl(
      context: context, expectations: Expectations(), index: revisionIndex, resource: .daemonSets)
  }

  // MARK: Events

  func listen() {
    sets.addHandler { event in
      switch event {
      case .added(let set): queue.add(set.key)
      case .updated(let old, let new):
        if old.resourceVersion != new.resourceVersion { queue.add(new.key) }
      case .deleted(let set):
        expectations.forget(set.key)
        writes.forget(set.key)
      }
    }
    let events = PodEvents(
      index: index, expectations: expectations, resource: .daemonSets, enqueue: { queue.addSoon($0) },
      orphan: { pod in enqueueSelecting(pod) })
    pods.addHandler { events.handle($0) }
    revisions.addHandler { event in
      switch event {
      case .added(let revision): revisionIndex.note(added: revision)
      case .updated(_, let revision): revisionIndex.note(added: revision)
      case .deleted(let revision):
        revisionIndex.note(deleted: revision)
        if let key = revision.controllerKey(.daemonSets) { queue.addSoon(key) }
      }
    }
    nodes.addHandler { event in
      switch event {
      case .added(let node): enqueueFitting(nil, node)
      case .updated(let old, let new):
        // Heartbeats change nothing here.
        guard old["metadata", "labels"] != new["metadata", "labels"] || old["spec"] != new["spec"] else {
          return
        }
        enqueueFitting(old, new)
      case .deleted(let node): enqueueFitting(node, nil)
      }
    }
  }

  private func enqueueSelecting(_ pod: JSON) {
    for set in sets.list(pod.namespace) {
      guard let selector = try? LabelRequirements(selector: set["spec", "selector"]), !selector.isEmpty,
        selector.matches(pod["metadata", "labels"])
      else { continue }
      queue.addSoon(set.key)
    }
  }

  /// Looks at the sets for which a node's change makes a difference.
  private func enqueueFitting(_ old: JSON?, _ new: JSON?) {
    for set in sets.list() {
      let daemon = DaemonPod(set)
      let before = old.map { daemon.place(on: $0) } ?? (false, false)
      let after = new.map { daemon.place(on: $0) } ?? (false, false)
      if before != after { queue.addSoon(set.key) }
    }
  }

  // MARK: Syncs

  func run() async {
    for informer in [sets, pods, nodes, revisions] { await informer.waitForSync() }
    index.prime(from: pods)
    revisionIndex.prime(from: revisions)
    await queue.run { (key) async throws(StatusError) in try await sync(key) }
  }

  private func sync(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    guard let cached = sets.get(key.namespace, key.name) else {
      expectations.forget(key)
      return nil
    }
    let set = writes.later(than: cached)
    guard !set.isBeingDeleted,
      let selector = try? LabelRequirements(selector: set["spec", "selector"]), !selector.isEmpty
    else { return nil }
    let mayManage = expectations.areMet(key, now: context.now())
    let owned = try await control.claim(set, .pods, selector: selector)
    let hash = try await keepHistory(of: set, selector: selector, pods: owned)
    let now = context.now()
    let decision = DaemonSetDecision(
      set, nodes: nodes.list(), pods: owned, hash: hash, now: now,
      backOff: { node, _ in backOff.remaining(owner: set.uid, node: node, now: now) })
    var failure: StatusError?
    if mayManage { failure = await perform(decision, for: set, hash: hash) }
    try await write(decision.status, of: set)
    if let failure { throw failure }
    return mayManage ? decision.requeueAfter : nil
  }

  private func perform(_ decision: DaemonSetDecision, for set: JSON, hash: String) async -> StatusError? {
    for ended in decision.ended {
      let isFailed = ended.pod.isFailed
      if isFailed { backOff.replaced(owner: set.uid, node: ended.node, now: context.now()) }
      context.event(
        set, .daemonSets, isWarning: isFailed, reason: isFailed ? "FailedDaemonPod" : "SucceededDaemonPod",
        "Found \(isFailed ? "failed" : "succeeded") daemon pod \(ended.pod.namespace)/\(ended.pod.name) on node "
          + "\(ended.node), will try to \(isFailed ? "kill" : "delete") it")
    }
    let daemon = DaemonPod(set)
    let targets = decision.create
    let created = await control.create(targets.count, for: set) { daemon.pod(node: targets[$0], hash: hash) }
    return await control.delete(decision.delete, for: set) ?? created.failure
  }

  /// Keeps a ControllerRevision for each version of the template.
  /// - Returns: the label value of the current version.
  private func keepHistory(
    of set: JSON, selector: LabelRequirements, pods: [JSON]
  ) async throws(StatusError) -> String {
    let owned = try await revisionControl.claim(set, .controllerRevisions, selector: selector)
    let history = RevisionHistory(set, revisions: owned, pods: pods)
    switch history.current {
    case .known: break
    case .renumber(let revision, let number):
      var copy = revision
      copy["revision"] = .integer(number)
      revisionIndex.note(written: try await context.update(.controllerRevisions, copy))
    case .make(let revision): try await make(revision, for: set)
    }
    for revision in history.excess {
      do {
        try await context.delete(.controllerRevisions, revision)
      } catch {
        if !error.isNotFound, !error.isConflict { throw error }
      }
    }
    return history.hash
  }

  private func make(_ revision: JSON, for set: JSON) async throws(StatusError) {
    do {
      _ = try await context.create(.controllerRevisions, revision)
    } catch {
      guard error.isAlreadyExists else { throw error }
      let there = try await context.client.get(
        .controllerRevisions, namespace: revision.namespace, name: revision.name)
      // The cache does not have it yet.
      if there["data"] == revision["data"], there.isControlled(by: set) { return }
      var copy = set
      copy["status", "collisionCount"] = .integer((set["status", "collisionCount"]?.integer ?? 0) &+ 1)
      try await write(copy["status"] ?? [:], of: set)
      throw error
    }
  }

  private func write(_ status: JSON, of set: JSON) async throws(StatusError) {
    guard status != set["status"] else { return }
    var copy = set
    copy["status"] = status
    do {
      writes.wrote(try await context.updateStatus(.daemonSets, copy))
    } catch {
      writes.forget(set.key)
      if !error.isNotFound { throw error }
    }
  }
}
