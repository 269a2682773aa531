import Client
import Exchange
import Objects

/// Keeps as many pods as each ReplicaSet asks for.
public struct ReplicaSetController: Controller {
  /// The controller's name.
  public let name = "replicaset-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let loop = ReplicaSetLoop(context, name: name)
    loop.listen()
    await loop.run()
  }
}

private struct ReplicaSetLoop: Sendable {
  let context: ControllerContext
  let sets: Informer
  let pods: Informer
  let queue: ControllerQueue
  let index = ControlleeIndex(controlledBy: .replicaSets)
  let expectations = Expectations()
  let writes = LatestWrites()
  let control: PodControl

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    sets = context.informers.informer(for: .replicaSets)
    pods = context.informers.informer(for: .pods)
    control = PodControl(context: context, expectations: expectations, index: index, resource: .replicaSets)
  }

  func listen() {
    sets.addHandler { event in
      switch event {
      case .added(let set): queue.add(set.key)
      case .updated(let old, let new):
        if old.resourceVersion != new.resourceVersion { queue.add(new.key) }
      case .deleted(let set):
        expectations.forget(set.key)
        writes.forget(set.key)
        queue.add(set.key)
      }
    }
    let events = PodEvents(
      index: index, expectations: expectations, resource: .replicaSets, enqueue: { queue.addSoon($0) },
      orphan: { pod in
        for set in sets.list(pod.namespace) where ReplicaSetLoop.selects(set, pod) { queue.addSoon(set.key) }
      })
    pods.addHandler { events.handle($0) }
  }

  private static func selects(_ set: JSON, _ pod: JSON) -> Bool {
    guard let selector = try? LabelRequirements(selector: set["spec", "selector"]), !selector.isEmpty else {
      return false
    }
    return selector.matches(pod["metadata", "labels"])
  }

  func run() async {
    await sets.waitForSync()
    await pods.waitForSync()
    index.prime(from: pods)
    await queue.run { (key) async throws(StatusError) in try await sync(key) }
  }

  private func sync(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    guard let cached = sets.get(key.namespace, key.name) else {
      expectations.forget(key)
      return nil
    }
    let set = writes.later(than: cached)
    guard let selector = try? LabelRequirements(selector: set["spec", "selector"]), !selector.isEmpty else {
      return nil
    }
    let mayManage = expectations.areMet(key, now: context.now())
    let owned = try await control.claim(set, .pods, selector: selector)
    var failure: StatusError?
    var reason = "FailedCreate"
    if mayManage {
      let decision = ReplicaSetDecision(
        set, pods: owned, related: related(to: set, owned), now: context.now())
      let template = set["spec", "template"] ?? [:]
      failure = await control.create(decision.create, for: set) { _ in
        PodTemplate.pod(from: template, owner: set, .replicaSets)
      }.failure
      if let error = await control.delete(decision.delete, for: set) {
        failure = error
        reason = "FailedDelete"
      }
    }
    let status = ReplicaSetStatus.of(
      set, pods: owned, failure: failure.map { .init(reason: reason, message: $0.message) },
      now: context.now())
    if status != set["status"] { try await write(status, of: set) }
    if let failure { throw failure }
    return ReplicaSetStatus.nextAvailability(set, pods: owned, now: context.now())
  }

  /// The pods of all sets of the same owner: on nodes that have many of them, one less is felt least. They count only
  /// when pods are to be deleted.
  private func related(to set: JSON, _ owned: [JSON]) -> [JSON] {
    guard owned.count > ReplicaSetDecision.replicas(set), let owner = set.controllerReference?["uid"]?.string
    else { return owned }
    let siblings = sets.list(set.namespace).filter { $0.controllerReference?["uid"]?.string == owner }
    return siblings.flatMap { $0.uid == set.uid ? owned : index.owned(by: $0.uid) }
  }

  private func write(_ status: JSON, of set: JSON) async throws(StatusError) {
    var copy = set
    copy["status"] = status
    do {
      writes.wrote(try await context.updateStatus(.replicaSets, copy))
    } catch {
      writes.forget(set.key)
      if !error.isNotFound { throw error }
    }
  }
}
