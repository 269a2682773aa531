public import Exchange
public import Objects
public import Registry

/// Objects of a resource that are kept current by a watch, such as an informer's.
public protocol ObjectCache: Sendable {
  /// Whether it knows all objects of the resource; nil if it does not follow the resource at all.
  func hasSynced(_ resource: Resource) -> Bool?

  /// An object as it was a moment ago.
  func get(_ resource: Resource, namespace: String, name: String) -> JSON?

  /// The objects of a resource, or those of a namespace, as they were a moment ago.
  func list(_ resource: Resource, namespace: String?) -> [JSON]
}

/// What plug-ins look at: a cache, and the store for what the cache does not have. An object that was made a moment ago
/// is found in any case; a list may lack it, as it may with Kubernetes.
public struct CachedObjects: ObjectSource {
  private let cache: any ObjectCache
  private let live: any ObjectSource

  /// A cache before the store.
  public init(cache: any ObjectCache, live: any ObjectSource) {
    self.cache = cache
    self.live = live
  }

  /// An object of the cache, else of the store.
  public func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON? {
    if cache.hasSynced(resource) == true,
      let object = cache.get(resource, namespace: namespace, name: name)
    {
      return object
    }
    return try await live.get(resource, namespace: namespace, name: name)
  }

  /// The objects of the cache if that is complete, else of the store.
  public func list(_ resource: Resource, namespace: String?) async throws(StatusError) -> [JSON] {
    if cache.hasSynced(resource) == true { return cache.list(resource, namespace: namespace) }
    return try await live.list(resource, namespace: namespace)
  }
}

/// A plug-in that looks at a cache first.
struct CachingPlugin: AdmissionPlugin {
  let plugin: any AdmissionPlugin
  let cache: any ObjectCache

  var name: String { plugin.name }

  func handles(_ request: AdmissionRequest) -> Bool { plugin.handles(request) }

  func admit(_ request: inout AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    try await plugin.admit(&request, CachedObjects(cache: cache, live: objects))
  }

  func validate(_ request: AdmissionRequest, _ objects: any ObjectSource) async throws(StatusError) {
    try await plugin.validate(request, CachedObjects(cache: cache, live: objects))
  }
}
