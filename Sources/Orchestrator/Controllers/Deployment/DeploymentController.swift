import Client
import Exchange
import Objects

/// Rolls Deployments out through ReplicaSets.
public struct DeploymentController: Controller {
  /// The controller's name.
  public let name = "deployment-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let loop = DeploymentLoop(context, name: name)
    loop.listen()
    await loop.run()
  }
}

private struct DeploymentLoop: Sendable {
  let context: ControllerContext
  let deployments: Informer
  let sets: Informer
  let pods: Informer
  let queue: ControllerQueue
  let index = ControlleeIndex(controlledBy: .deployments)
  let writes = LatestWrites()
  let control: PodControl

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    deployments = context.informers.informer(for: .deployments)
    sets = context.informers.informer(for: .replicaSets)
    pods = context.informers.informer(for: .pods)
    control = PodControl(context: context, expectations: Expectations(), index: index, resource: .deployments)
  }

  // MARK: Events

  func listen() {
    deployments.addHandler { event in
      switch event {
      case .added(let deployment): queue.add(deployment.key)
      case .updated(let old, let new):
        if old.resourceVersion != new.resourceVersion { queue.add(new.key) }
      case .deleted(let deployment): writes.forget(deployment.key)
      }
    }
    sets.addHandler { event in
      switch event {
      case .added(let set):
        index.note(added: set)
        enqueueOwner(of: set)
      case .updated(let old, let new):
        guard old.resourceVersion != new.resourceVersion else { return }
        index.note(added: new)
        if old.controllerReference != new.controllerReference, old.controllerReference != nil {
          enqueueOwner(of: old)
        }
        enqueueOwner(of: new)
      case .deleted(let set):
        index.note(deleted: set)
        if let key = set.controllerKey(.deployments) { queue.add(key) }
      }
    }
    pods.addHandler { event in
      // Only recreation waits for pods to go.
      guard case .deleted(let pod) = event, let setKey = pod.controllerKey(.replicaSets),
        let key = sets.get(setKey.namespace, setKey.name)?.controllerKey(.deployments),
        deployments.get(key.namespace, key.name)?["spec", "strategy", "type"]?.string == "Recreate"
      else { return }
      queue.add(key)
    }
  }

  private func enqueueOwner(of set: JSON) {
    if let key = set.controllerKey(.deployments) {
      queue.add(key)
    } else if set.controllerReference == nil {
      for deployment in deployments.list(set.namespace) {
        guard let selector = try? LabelRequirements(selector: deployment["spec", "selector"]),
          !selector.isEmpty, selector.matches(set["metadata", "labels"])
        else { continue }
        queue.add(deployment.key)
      }
    }
  }

  // MARK: Syncs

  func run() async {
    await deployments.waitForSync()
    await sets.waitForSync()
    await pods.waitForSync()
    index.prime(from: sets)
    await queue.run { (key) async throws(StatusError) in try await sync(key) }
  }

  private func sync(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    guard let cached = deployments.get(key.namespace, key.name) else { return nil }
    let deployment = writes.later(than: cached)
    guard let selector = try? LabelRequirements(selector: deployment["spec", "selector"]), !selector.isEmpty
    else { return nil }
    let owned = try await control.claim(deployment, .replicaSets, selector: selector)
    let decision = DeploymentDecision(
      deployment, sets: owned, pods: { pods.list(key.namespace) }, now: context.now())
    for action in decision.actions { try await perform(action, for: deployment) }
    try await write(decision, of: deployment)
    return decision.requeueAfter
  }

  private func perform(_ action: DeploymentDecision.Action, for deployment: JSON) async throws(StatusError) {
    switch action {
    case .create(let set): try await create(set, for: deployment)
    case .update(let set, let scaled):
      let written = try await context.update(.replicaSets, set)
      index.note(written: written)
      if let scaled {
        let direction = scaled.new > scaled.old ? "up" : "down"
        tell(deployment, "Scaled \(direction) replica set \(set.name) from \(scaled.old) to \(scaled.new)")
      }
    case .delete(let set):
      do {
        try await context.delete(.replicaSets, set)
      } catch {
        if !error.isNotFound, !error.isConflict { throw error }
      }
    }
  }

  private func tell(_ deployment: JSON, _ message: String) {
    context.event(deployment, .deployments, reason: "ScalingReplicaSet", message)
  }

  /// Makes the new ReplicaSet. One of its name with another template is a collision of hashes: the count of these is
  /// raised, and so the next sync makes another name.
  private func create(_ set: JSON, for deployment: JSON) async throws(StatusError) {
    do {
      _ = try await context.create(.replicaSets, set)
      let size = ReplicaSetDecision.replicas(set)
      if size > 0 { tell(deployment, "Scaled up replica set \(set.name) from 0 to \(size)") }
    } catch {
      if error.isOfTerminatingNamespace { return }
      if error.isAlreadyExists {
        let there = try await context.client.get(.replicaSets, namespace: set.namespace, name: set.name)
        if there.isControlled(by: deployment),
          DeploymentDecision.comparable(there["spec", "template"])
            == DeploymentDecision.comparable(set["spec", "template"])
        {
          // An earlier sync made it, and the cache does not have it yet.
          return
        }
        var copy = deployment
        copy["status", "collisionCount"] = .integer((copy["status", "collisionCount"]?.integer ?? 0) &+ 1)
        try await writeStatus(copy)
        throw error
      }
      if DeploymentStatus.progressDeadline(deployment) != nil {
        var status = deployment["status"] ?? [:]
        Conditions.set(
          DeploymentStatus.condition(
            "Progressing", "False", "ReplicaSetCreateError",
            "Failed to create new replica set \(quoted(set.name)): \(error.message)", context.now()),
          in: &status)
        var copy = deployment
        copy["status"] = status
        if copy != deployment { try await writeStatus(copy) }
      }
      throw error
    }
  }

  private func write(_ decision: DeploymentDecision, of deployment: JSON) async throws(StatusError) {
    var copy = deployment
    copy["status"] = decision.status
    if let revision = decision.revision {
      copy["metadata", "annotations", DeploymentAnnotations.revision] = .string(revision)
    }
    if copy != deployment { try await writeStatus(copy) }
  }

  private func writeStatus(_ deployment: JSON) async throws(StatusError) {
    do {
      writes.wrote(try await context.updateStatus(.deployments, deployment))
    } catch {
      writes.forget(deployment.key)
      if !error.isNotFound { throw error }
    }
  }
}
