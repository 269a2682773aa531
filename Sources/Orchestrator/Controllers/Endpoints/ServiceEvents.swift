import Client
import Objects

/// Which services' endpoints are to be looked at when services, pods or nodes change. Services are found by the
/// namespace of the pod, so that a pod costs as much as its namespace has services.
struct ServiceEvents: Sendable {
  let services: Informer
  let pods: Informer
  let queue: ControllerQueue

  init(_ context: ControllerContext, _ queue: ControllerQueue) {
    self.queue = queue
    services = context.informers.informer(for: .services)
    pods = context.informers.informer(for: .pods)
  }

  /// Wakes services from now on.
  func listen() {
    services.addHandler { event in
      switch event {
      case .added(let service), .deleted(let service): queue.add(service.key)
      case .updated(let old, let new):
        if old.resourceVersion != new.resourceVersion { queue.add(new.key) }
      }
    }
    pods.addHandler { event in
      switch event {
      case .added(let pod), .deleted(let pod): wake(pod, pod)
      case .updated(let old, let new):
        if Self.isDifferent(old, new) { wake(old, new) }
      }
    }
  }

  /// The pods that a service selects.
  func pods(of service: JSON) -> [JSON] {
    guard let selector = service["spec", "selector"]?.object else { return [] }
    return pods.list(service.namespace).filter { Self.selects(selector, $0) }
  }

  private func wake(_ old: JSON, _ new: JSON) {
    for service in services.list(new.namespace) where ServicePods.areManaged(service) {
      guard let selector = service["spec", "selector"]?.object else { continue }
      if Self.selects(selector, new) || Self.selects(selector, old) { queue.addSoon(service.key) }
    }
  }

  static func selects(_ selector: JSONObject, _ pod: JSON) -> Bool {
    let labels = pod["metadata", "labels"]
    return selector.allSatisfy { labels?[$0.key] == $0.value }
  }

  /// Whether a pod has changed in something that endpoints show; heartbeats and the like are none of it.
  static func isDifferent(_ old: JSON, _ new: JSON) -> Bool {
    old.resourceVersion != new.resourceVersion
      && (old["metadata", "labels"] != new["metadata", "labels"] || old.uid != new.uid
        || old.isBeingDeleted != new.isBeingDeleted || old.phase != new.phase || old.nodeName != new.nodeName
        || ServicePods.isReady(old) != ServicePods.isReady(new)
        || old["status", "podIP"] != new["status", "podIP"]
        || old["status", "podIPs"] != new["status", "podIPs"]
        || old["spec", "hostname"] != new["spec", "hostname"])
  }
}
