import Client
import Exchange
import Objects

/// Keeps one object of a fixed name in every namespace that is not going away.
struct NamespaceFurnishing: Sendable {
  let name: String
  let resource: Resource
  /// The object's name.
  let object: String
  /// The object as it is to be, if the one that is there (nil for none) is not: nil leaves it alone.
  let wanted: @Sendable (_ namespace: String, _ current: JSON?) -> JSON?

  /// Works until the task is cancelled.
  func run(_ context: ControllerContext) async {
    let namespaces = context.informers.informer(for: .namespaces)
    let objects = context.informers.informer(for: resource)
    let queue = ControllerQueue(context, name: name)
    let object = self.object
    namespaces.addHandler { event in
      switch event {
      case .added(let namespace), .updated(_, let namespace): queue.add(ObjectKey(name: namespace.name))
      case .deleted: break
      }
    }
    objects.addHandler { event in
      switch event {
      case .added: break
      case .updated(_, let changed), .deleted(let changed):
        if changed.name == object { queue.add(ObjectKey(name: changed.namespace)) }
      }
    }
    await namespaces.waitForSync()
    await objects.waitForSync()
    await queue.run { (key) async throws(StatusError) in
      guard let namespace = namespaces[key], Self.isStaying(namespace) else { return nil }
      let current = objects.get(key.name, object)
      guard let wanted = wanted(key.name, current) else { return nil }
      do throws(StatusError) {
        if current == nil {
          _ = try await context.create(resource, wanted)
        } else {
          _ = try await context.update(resource, wanted)
        }
      } catch {
        // Somebody else was first, or the namespace is going. An update that found nothing has an event coming.
        if error.isAlreadyExists || error.isNotFound || error.isOfTerminatingNamespace { return nil }
        throw error
      }
      return nil
    }
  }

  private static func isStaying(_ namespace: JSON) -> Bool {
    !namespace.isBeingDeleted && namespace["status", "phase"]?.string != "Terminating"
  }
}
