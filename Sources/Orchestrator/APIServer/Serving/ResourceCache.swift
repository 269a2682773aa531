public import Admission
public import Objects
public import Storage
import Synchronization

/// Objects of a few resources, kept current by watches of the store: what every request may have to look at.
public final class ResourceCache: ObjectCache {
  private struct Entry {
    var objects: [ObjectName: JSON] = [:]
    var hasSynced = false
  }

  private let stores: Stores
  private let resources: [Resource]
  private let entries: Mutex<[Resource: Entry]>
  private let onChange: @Sendable (Resource) -> Void

  /// A cache of these resources.
  /// - Parameter onChange: called when a resource has all its objects, and after every change.
  public init(
    stores: Stores, resources: [Resource], onChange: @escaping @Sendable (Resource) -> Void = { _ in }
  ) {
    self.stores = stores
    self.resources = resources
    self.onChange = onChange
    entries = Mutex(Dictionary(uniqueKeysWithValues: resources.map { ($0, Entry()) }))
  }

  /// Whether all objects of a resource are known; nil if it is not followed.
  public func hasSynced(_ resource: Resource) -> Bool? { entries.withLock { $0[resource]?.hasSynced } }

  /// An object.
  public func get(_ resource: Resource, namespace: String, name: String) -> JSON? {
    entries.withLock { $0[resource]?.objects[ObjectName(namespace: namespace, name: name)] }
  }

  /// The objects of a resource, or those of a namespace.
  public func list(_ resource: Resource, namespace: String?) -> [JSON] {
    entries.withLock { entries in
      let objects = entries[resource]?.objects ?? [:]
      guard let namespace, !namespace.isEmpty else { return Array(objects.values) }
      return objects.filter { $0.key.namespace == namespace }.map(\.value)
    }
  }

  /// Follows the resources until the task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      for resource in resources { group.addTask { await self.follow(resource) } }
    }
  }

  private func follow(_ resource: Resource) async {
    while !Task.isCancelled {
      var query = WatchQuery()
      query.sendInitialEvents = true
      query.resourceVersionMatch = "NotOlderThan"
      query.allowBookmarks = true
      query.timeout = .seconds(24 * 3600)
      if let watch = try? await stores[resource].watch(query) { await take(watch, resource) }
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  private func take(_ watch: ObjectWatch, _ resource: Resource) async {
    var fresh: [ObjectName: JSON]? = [:]
    while let events = await watch.next() {
      for event in events {
        guard let object = event.object else {
          if event.isInitialEventsEnd, let objects = fresh {
            entries.withLock { entries in
              entries[resource]?.objects = objects
              entries[resource]?.hasSynced = true
            }
            fresh = nil
          }
          continue
        }
        let json = object.json
        let name = ObjectName(
          namespace: json["metadata", "namespace"]?.string ?? "", name: json["metadata", "name"]?.string ?? ""
        )
        let isGone = event.kind == .deleted
        if fresh != nil {
          fresh?[name] = isGone ? nil : json
        } else {
          entries.withLock { $0[resource]?.objects[name] = isGone ? nil : json }
        }
      }
      if fresh == nil { onChange(resource) }
    }
  }
}
