import Client
import Exchange
import Objects

/// Keeps the slices that name the pods of each service.
public struct EndpointSliceController: Controller {
  /// The controller's name.
  public let name = "endpointslice-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let loop = EndpointSliceLoop(context, name: name)
    loop.listen()
    await loop.run()
  }
}

private struct EndpointSliceLoop: Sendable {
  private static let serviceIndex = "service"

  let context: ControllerContext
  let events: ServiceEvents
  let nodes: Informer
  let slices: Informer
  let queue: ControllerQueue
  /// What has been written and not yet been seen; a plan on older slices would make endpoints twice.
  let writes = SliceWrites()

  init(_ context: ControllerContext, name: String) {
    self.context = context
    queue = ControllerQueue(context, name: name)
    events = ServiceEvents(context, queue)
    nodes = context.informers.informer(for: .nodes)
    slices = context.informers.informer(for: .endpointSlices)
  }

  func listen() {
    slices.addIndexer(Self.serviceIndex) { slice in
      slice.label(EndpointSlicePlan.serviceLabel).map { [slice.namespace + "/" + $0] } ?? []
    }
    events.listen()
    slices.addHandler { event in
      switch event {
      case .added(let slice):
        if writes.saw(slice) { wake(slice) }
      case .updated(let old, let new):
        guard writes.saw(new), old.resourceVersion != new.resourceVersion else { return }
        wake(old)
        wake(new)
      case .deleted(let slice):
        if writes.sawDeletion(of: slice) { wake(slice) }
      }
    }
    nodes.addHandler { event in
      switch event {
      case .added(let node): wakeZone(node)
      case .updated(let old, let new):
        if Self.zone(of: old) != Self.zone(of: new) { wakeZone(new) }
      case .deleted: break
      }
    }
  }

  private func wake(_ slice: JSON) {
    guard slice.label(EndpointSlicePlan.managerLabel) == EndpointSlicePlan.manager,
      let service = slice.label(EndpointSlicePlan.serviceLabel)
    else { return }
    queue.addSoon(ObjectKey(namespace: slice.namespace, name: service))
  }

  /// A node's zone has become known: that rarely happens, and concerns the services that have pods there.
  private func wakeZone(_ node: JSON) {
    guard Self.zone(of: node) != nil, slices.hasSynced else { return }
    for slice in slices.list()
    where (slice["endpoints"]?.array ?? []).contains(where: { $0["nodeName"]?.string == node.name }) {
      wake(slice)
    }
  }

  static func zone(of node: JSON) -> String? { node.label("topology.kubernetes.io/zone") }

  func run() async {
    for informer in [events.services, events.pods, nodes, slices] { await informer.waitForSync() }
    await queue.run { (key) async throws(StatusError) in try await sync(key) }
  }

  private func sync(_ key: ObjectKey) async throws(StatusError) -> Duration? {
    // The slices of a service that is gone go by their owner reference.
    guard let service = events.services[key], ServicePods.areManaged(service), !service.isBeingDeleted else {
      writes.forget(key)
      return nil
    }
    // The event that shows the write wakes the service again.
    if !writes.areSeen(key, now: context.now()) { return SliceWrites.lifetime }
    let pods = events.pods(of: service)
    var zones: [String: String] = [:]
    for name in Set(pods.lazy.map(\.nodeName)) {
      if let zone = nodes.get("", name).flatMap(Self.zone) { zones[name] = zone }
    }
    let plan = EndpointSlicePlan(
      service: service, pods: pods, zones: zones,
      slices: slices.list(index: Self.serviceIndex, value: key.description))
    for slice in plan.creates {
      try await write(key) { () async throws(StatusError) in
        try await context.create(.endpointSlices, slice)
      }
    }
    for slice in plan.updates {
      try await write(key) { () async throws(StatusError) in
        try await context.update(.endpointSlices, slice)
      }
    }
    for slice in plan.deletes {
      do throws(StatusError) {
        try await context.delete(.endpointSlices, slice)
        if slices[slice.key]?.uid == slice.uid { writes.deleted(slice, of: key, now: context.now()) }
        // It may have been seen between the two.
        if slices[slice.key]?.uid != slice.uid, writes.sawDeletion(of: slice) { queue.addSoon(key) }
      } catch {
        if !error.isNotFound, !error.isConflict { throw error }
      }
    }
    return nil
  }

  private func write(
    _ key: ObjectKey, _ body: () async throws(StatusError) -> JSON
  ) async throws(StatusError) {
    do throws(StatusError) {
      let written = try await body()
      writes.wrote(written, of: key, now: context.now())
      if let seen = slices[written.key], writes.saw(seen) { queue.addSoon(key) }
    } catch {
      if !error.isOfTerminatingNamespace { throw error }
    }
  }
}
