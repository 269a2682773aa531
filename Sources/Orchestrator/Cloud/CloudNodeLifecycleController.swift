import Client
import Exchange
import Objects

/// Takes nodes away whose machines are gone, and marks those whose machines are off.
struct CloudNodeLifecycleController: Sendable {
  static let name = "cloud-node-lifecycle-controller"
  /// Keeps pods off a machine that is off.
  static let shutdown = "node.cloudprovider.kubernetes.io/shutdown"
  /// How often the machine of a node that is not ready is asked for.
  static let period = Duration.seconds(5)
  private static let workers = 4

  /// What is to be done with a node.
  enum Decision: Sendable, Hashable {
    case nothing
    case delete
    case taint
    case untaint
  }

  let context: CloudContext
  let instances: any CloudInstances
  let recorder: EventRecorder

  func run() async {
    let queue = CloudQueue(context, name: Self.name)
    context.nodes.addHandler { event in
      switch event {
      case .added(let node): queue.add(ObjectKey(node))
      case .updated(let old, let new):
        if old.condition("Ready") != new.condition("Ready") || old.taints != new.taints {
          queue.add(ObjectKey(new))
        }
      case .deleted: break
      }
    }
    await context.nodes.waitForSync()
    await queue.run(workers: Self.workers) { (key) async throws(StatusError) in
      guard let node = context.nodes[key], !node.isBeingDeleted else { return nil }
      return try await sync(node)
    }
  }

  private func sync(_ node: JSON) async throws(StatusError) -> Duration? {
    let isReady = node.condition("Ready") == "True"
    var exists = true
    var isShutDown = false
    // A node that says it is ready has a machine.
    if !isReady {
      do throws(CloudError) {
        exists = try await instances.exists(node)
        if exists { isShutDown = try await instances.isShutDown(node) }
      } catch {
        throw error.status
      }
    }
    let decision = Self.decide(node, exists: exists, isShutDown: isShutDown)
    do throws(StatusError) {
      try await perform(decision, node)
    } catch {
      if !error.isNotFound { throw error }
    }
    return isReady || decision == .delete ? nil : Self.period
  }

  private func perform(_ decision: Decision, _ node: JSON) async throws(StatusError) {
    switch decision {
    case .nothing: break
    case .delete:
      recorder.event(
        regarding: node, resource: context.resources.nodes, type: "Normal", reason: "DeletingNode",
        message: "Deleting node \(node.name) because it does not exist in the cloud provider")
      _ = try await context.client.delete(
        context.resources.nodes, name: node.name, options: APIClient.deleteOptions(uid: node.uid))
    case .taint:
      var changed = node
      changed["spec", "taints"] = .array(
        node.taints + [["key": .string(Self.shutdown), "effect": "NoSchedule"]])
      _ = try await context.client.update(context.resources.nodes, changed)
    case .untaint:
      var changed = node
      let taints = node.taints.filter { $0["key"]?.string != Self.shutdown }
      changed["spec", "taints"] = taints.isEmpty ? Optional<JSON>.none : .array(taints)
      _ = try await context.client.update(context.resources.nodes, changed)
    }
  }

  /// Decides.
  static func decide(_ node: JSON, exists: Bool, isShutDown: Bool) -> Decision {
    let isTainted = node.taints.contains { $0["key"]?.string == shutdown }
    if node.condition("Ready") == "True" { return isTainted ? .untaint : .nothing }
    guard exists else { return .delete }
    if isShutDown { return isTainted ? .nothing : .taint }
    return isTainted ? .untaint : .nothing
  }
}
