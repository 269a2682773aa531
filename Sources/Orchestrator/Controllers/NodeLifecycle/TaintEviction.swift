import Client
import Exchange
import Objects

/// Deletes pods from nodes with taints that they do not tolerate, or not for longer.
struct TaintEviction: Sendable {
  private static let nodeIndex = "node"

  let context: ControllerContext
  let nodes: Informer
  let pods: Informer
  let queue: ControllerQueue

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    nodes = context.informers.informer(for: .nodes)
    pods = context.informers.informer(for: .pods)
  }

  /// Looks at pods from now on.
  func listen() {
    pods.addIndexer(Self.nodeIndex) { pod in pod.nodeName.isEmpty ? [] : [pod.nodeName] }
    pods.addHandler { event in
      switch event {
      case .added(let pod): wake(pod)
      case .updated(let old, let new):
        if old.nodeName != new.nodeName || old["spec", "tolerations"] != new["spec", "tolerations"] {
          wake(new)
        }
      case .deleted: break
      }
    }
    nodes.addHandler { event in
      let node: JSON
      switch event {
      case .added(let added):
        guard !NodeTaints.evicting(added).isEmpty else { return }
        node = added
      case .updated(let old, let new):
        guard NodeTaints.evicting(old) != NodeTaints.evicting(new) else { return }
        node = new
      case .deleted: return
      }
      for pod in pods.list(index: Self.nodeIndex, value: node.name) { queue.add(pod.key) }
    }
  }

  /// Most pods are on nodes without such taints.
  private func wake(_ pod: JSON) {
    guard !pod.nodeName.isEmpty, let node = nodes.get("", pod.nodeName), !NodeTaints.evicting(node).isEmpty
    else { return }
    queue.add(pod.key)
  }

  /// Works until the task is cancelled.
  func run() async {
    await nodes.waitForSync()
    await pods.waitForSync()
    for node in nodes.list() where !NodeTaints.evicting(node).isEmpty {
      for pod in pods.list(index: Self.nodeIndex, value: node.name) { queue.add(pod.key) }
    }
    // A taint that has gone meanwhile has no departure any more: then nothing happens when the time has come.
    await queue.run { (key) async throws(StatusError) in
      let now = context.now()
      guard let pod = pods[key], !pod.isBeingDeleted, let node = nodes.get("", pod.nodeName),
        let departure = NodeTaints.departure(of: pod, taints: NodeTaints.evicting(node), now: now)
      else { return nil }
      if departure > now { return departure.since(now) }
      context.event(
        pod, .pods, reason: "TaintManagerEviction", "Marking for deletion Pod \(pod.namespace)/\(pod.name)")
      do throws(StatusError) {
        try await context.delete(.pods, pod)
      } catch {
        if !error.isNotFound, !error.isConflict { throw error }
      }
      return nil
    }
  }
}
