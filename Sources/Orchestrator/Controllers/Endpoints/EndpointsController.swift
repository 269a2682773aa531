import Client
import Exchange
import Objects

/// Keeps the older form of endpoints, one object for each service.
public struct EndpointsController: Controller {
  /// The controller's name.
  public let name = "endpoint-controller"

  /// A controller, which has no settings.
  public init() {}

  /// Works until the task is cancelled.
  public func run(_ context: ControllerContext) async {
    let queue = ControllerQueue(context, name: name)
    let events = ServiceEvents(context, queue)
    let endpoints = context.informers.informer(for: .endpoints)
    let writes = LatestWrites()
    events.listen()
    endpoints.addHandler { event in
      switch event {
      // Those of services that went while nobody looked go now.
      case .added(let object):
        if object.label(EndpointsPlan.managerLabel) != nil { queue.addSoon(object.key) }
      case .updated(let old, let new):
        if old.resourceVersion != new.resourceVersion { queue.addSoon(new.key) }
      case .deleted(let object):
        writes.forget(object.key)
        queue.addSoon(object.key)
      }
    }
    for informer in [events.services, events.pods, endpoints] { await informer.waitForSync() }
    await queue.run { (key) async throws(StatusError) in
      let current = endpoints[key].map { writes.later(than: $0) }
      guard let service = events.services[key], !service.isBeingDeleted else {
        // Those that people made themselves stay.
        guard let current, current.label(EndpointsPlan.managerLabel) != nil, events.services[key] == nil
        else { return nil }
        do throws(StatusError) { try await context.delete(.endpoints, current) } catch {
          if !error.isNotFound, !error.isConflict { throw error }
        }
        return nil
      }
      guard ServicePods.areManaged(service),
        let wanted = EndpointsPlan.object(service: service, pods: events.pods(of: service), current: current)
      else { return nil }
      do throws(StatusError) {
        if current == nil {
          writes.wrote(try await context.create(.endpoints, wanted))
        } else {
          writes.wrote(try await context.update(.endpoints, wanted))
        }
      } catch {
        writes.forget(key)
        // The cache does not show it yet.
        if error.isAlreadyExists { return .seconds(1) }
        if error.isOfTerminatingNamespace || error.isNotFound { return nil }
        throw error
      }
      return nil
    }
  }
}
