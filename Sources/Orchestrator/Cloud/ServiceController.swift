import Client
import Exchange
import Objects

/// Gets services of type LoadBalancer their addresses, and takes them away with the service.
struct ServiceController: Sendable {
  static let name = "service-controller"
  /// Keeps a service until its load balancer is gone.
  static let finalizer = "service.kubernetes.io/load-balancer-cleanup"

  /// What is to be done for a service.
  enum Decision: Sendable, Hashable {
    case nothing
    case ensure
    /// It is going, or is of another type now.
    case cleanUp
  }

  let context: CloudContext
  let balancers: any CloudLoadBalancers
  let recorder: EventRecorder

  func run() async {
    let queue = CloudQueue(context, name: Self.name)
    context.services.addHandler { event in
      switch event {
      case .added(let service): queue.add(ObjectKey(service))
      case .updated(let old, let new):
        if old["spec"] != new["spec"] || old["metadata"] != new["metadata"] { queue.add(ObjectKey(new)) }
      case .deleted: break
      }
      // What one service leaves, another may wait for.
      if case .deleted(let gone) = event { addPending(queue, except: gone) }
      if case .updated(let old, let new) = event, old["status"] != new["status"] {
        addPending(queue, except: new)
      }
    }
    context.nodes.addHandler { event in
      if case .updated(let old, let new) = event,
        LoadBalancerNodes.of([old]).map(LoadBalancerNodes.traits)
          == LoadBalancerNodes.of([new]).map(LoadBalancerNodes.traits)
      {
        return
      }
      for service in context.services.list() where Self.wants(service) { queue.add(ObjectKey(service)) }
    }
    await context.services.waitForSync()
    await context.nodes.waitForSync()
    // One after the other: what one has been given must be known before the next is asked for.
    await queue.run(workers: 1) { (key) async throws(StatusError) in
      guard let service = context.services[key] else { return nil }
      switch Self.decide(service) {
      case .nothing: return nil
      case .cleanUp: return try await cleanUp(service)
      case .ensure: return try await ensure(service)
      }
    }
  }

  private func addPending(_ queue: CloudQueue, except other: JSON) {
    for service in context.services.list()
    where Self.wants(service) && service.uid != other.uid && Self.ingress(of: service).isEmpty {
      queue.add(ObjectKey(service))
    }
  }

  // MARK: Decisions

  /// Whether a service is ours to serve: one with a class is somebody else's.
  static func wants(_ service: JSON) -> Bool {
    service["spec", "type"]?.string == "LoadBalancer"
      && (service["spec", "loadBalancerClass"]?.string ?? "").isEmpty
  }

  static func decide(_ service: JSON) -> Decision {
    if wants(service), !service.isBeingDeleted { return .ensure }
    return finalizers(of: service).contains(finalizer) ? .cleanUp : .nothing
  }

  private static func finalizers(of service: JSON) -> [String] {
    (service["metadata", "finalizers"]?.array ?? []).compactMap(\.string)
  }

  static func ingress(of service: JSON) -> [LoadBalancerIngress] {
    (service["status", "loadBalancer", "ingress"]?.array ?? []).map {
      LoadBalancerIngress(ip: $0["ip"]?.string ?? "", hostname: $0["hostname"]?.string ?? "")
    }
  }

  /// The service with these addresses in its status.
  static func setting(_ ingress: [LoadBalancerIngress], of service: JSON) -> JSON {
    var changed = service
    guard !ingress.isEmpty else {
      changed["status", "loadBalancer"] = [:]
      return changed
    }
    changed["status", "loadBalancer", "ingress"] = .array(
      ingress.map { each in
        each.ip.isEmpty
          ? ["hostname": .string(each.hostname)] : ["ip": .string(each.ip), "ipMode": "VIP"]
      })
    return changed
  }

  // MARK: Work

  private func ensure(_ service: JSON) async throws(StatusError) -> Duration? {
    var service = service
    let old = Self.ingress(of: service)
    if old.isEmpty { tell(service, "EnsuringLoadBalancer", "Ensuring load balancer") }
    if !Self.finalizers(of: service).contains(Self.finalizer) {
      // Before there is anything to clean up.
      var changed = service
      changed["metadata", "finalizers"] = .array(
        (Self.finalizers(of: service) + [Self.finalizer]).map { .string($0) })
      service = try await context.client.update(context.resources.services, changed)
    }
    let nodes = LoadBalancerNodes.of(context.nodes.list())
    let ingress: [LoadBalancerIngress]
    do throws(CloudError) {
      ingress = try await balancers.ensure(cluster: context.cluster, service: service, nodes: nodes)
    } catch {
      tell(
        service, "SyncLoadBalancerFailed",
        "Error syncing load balancer: failed to ensure load balancer: \(error.message)", isWarning: true)
      if !old.isEmpty, error.leavesNothing { try await write([], service) }
      guard let retryAfter = error.retryAfter else { throw error.status }
      return retryAfter
    }
    if ingress.isEmpty {
      tell(
        service, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer", isWarning: true)
    }
    guard ingress != old else { return nil }
    try await write(ingress, service)
    if !ingress.isEmpty { tell(service, "EnsuredLoadBalancer", "Ensured load balancer") }
    return nil
  }

  private func cleanUp(_ service: JSON) async throws(StatusError) -> Duration? {
    tell(service, "DeletingLoadBalancer", "Deleting load balancer")
    do throws(CloudError) {
      try await balancers.delete(cluster: context.cluster, service: service)
    } catch {
      tell(
        service, "SyncLoadBalancerFailed",
        "Error syncing load balancer: failed to delete load balancer: \(error.message)", isWarning: true)
      throw error.status
    }
    tell(service, "DeletedLoadBalancer", "Deleted load balancer")
    var service = service
    if !service.isBeingDeleted, !Self.ingress(of: service).isEmpty {
      service = try await context.client.updateStatus(
        context.resources.services, Self.setting([], of: service))
    }
    let finalizers = Self.finalizers(of: service).filter { $0 != Self.finalizer }
    service["metadata", "finalizers"] =
      finalizers.isEmpty ? Optional<JSON>.none : .array(finalizers.map { .string($0) })
    do throws(StatusError) {
      _ = try await context.client.update(context.resources.services, service)
    } catch {
      if !error.isNotFound { throw error }
    }
    return nil
  }

  private func write(_ ingress: [LoadBalancerIngress], _ service: JSON) async throws(StatusError) {
    _ = try await context.client.updateStatus(
      context.resources.services, Self.setting(ingress, of: service))
  }

  private func tell(_ service: JSON, _ reason: String, _ message: String, isWarning: Bool = false) {
    recorder.event(
      regarding: service, resource: context.resources.services, type: isWarning ? "Warning" : "Normal",
      reason: reason, message: message)
  }
}
