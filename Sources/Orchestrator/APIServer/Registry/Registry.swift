public import Exchange
public import Objects
public import Storage

/// What the API does to objects: the rules of reading and writing, over a store.
///
/// A write is decoded, gets defaults and owners of its fields, is admitted, prepared by its kind's strategy, validated,
/// admitted once more, and stored if nobody else has written meanwhile; else all that depends on the stored object is
/// done again. What changes nothing is not stored.
public final class Registry: Sendable {
  /// Where the objects are.
  public let stores: Stores
  let admission: [any AdmissionPlugin]
  let hooks: [any WriteHook]
  let authorizer: any WriteAuthorizing
  let tokens: (any TokenIssuer)?
  let nodes: (any NodeConnector)?
  let environment: RegistryEnvironment

  /// A registry over stores.
  /// - Parameters:
  ///   - admission: in the order in which they are asked.
  ///   - tokens: without one there are no tokens for service accounts (404).
  ///   - nodes: without one no node can be reached (503).
  public init(
    stores: Stores, admission: [any AdmissionPlugin] = [], hooks: [any WriteHook] = [],
    authorizer: any WriteAuthorizing, tokens: (any TokenIssuer)? = nil, nodes: (any NodeConnector)? = nil,
    environment: RegistryEnvironment
  ) {
    self.stores = stores
    self.admission = admission
    self.hooks = hooks
    self.authorizer = authorizer
    self.tokens = tokens
    self.nodes = nodes
    self.environment = environment
  }

  /// An object, or what a subresource shows of it.
  /// - Throws: 404 if there is none.
  public func get(_ sent: Target) async throws(StatusError) -> WriteResult {
    try sent.checkObject()
    let target = sent.stored
    guard let stored = try await stores[target.resource].get(target.objectName) else {
      throw .notFound(target.resource, name: target.name)
    }
    if target.subresource == "scale" {
      return WriteResult(object: try ScaleView(target.resource).scale(of: stored.json))
    }
    return WriteResult(stored: stored).served(as: sent.resource, stored: target.resource)
  }

  /// The objects of a resource that match; see `ResourceStore.list`. They are as they are stored: where
  /// that is another form than the resource's, `StoredVersion.served` makes it that.
  public func list(_ resource: Resource, _ query: ListQuery) async throws(StatusError) -> ObjectList {
    try await stores[StoredVersion.of(resource)].list(query)
  }

  /// The same list, read page by page.
  public func read(_ resource: Resource, _ query: ListQuery) async throws(StatusError) -> ListReader {
    try await stores[StoredVersion.of(resource)].read(query)
  }

  /// What happens to the objects of a resource that match; see `ResourceStore.watch`. As for lists, the
  /// objects are as they are stored.
  public func watch(_ resource: Resource, _ query: WatchQuery) async throws(StatusError) -> ObjectWatch {
    try await stores[StoredVersion.of(resource)].watch(query)
  }
}

extension Registry: ObjectSource {
  /// An object as it is stored; nil if there is none.
  public func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON? {
    try await stores[resource].get(ObjectName(namespace: namespace, name: name))?.json
  }

  /// All objects of a resource as they are stored, or those of a namespace; read in pages.
  public func list(_ resource: Resource, namespace: String?) async throws(StatusError) -> [JSON] {
    var query = ListQuery(namespace: namespace, limit: environment.limits.page)
    var objects: [JSON] = []
    while true {
      let page = try await stores[resource].list(query)
      objects += page.items.map(\.json)
      if page.continueToken.isEmpty { return objects }
      query.continueToken = page.continueToken
    }
  }
}

extension Registry {
  /// Lets the plug-ins change a write, in their order.
  func admit(_ request: inout AdmissionRequest) async throws(StatusError) {
    for plugin in admission where plugin.handles(request) { try await plugin.admit(&request, self) }
  }

  /// Lets the plug-ins refuse a write, in their order.
  func validate(_ request: AdmissionRequest) async throws(StatusError) {
    for plugin in admission where plugin.handles(request) { try await plugin.validate(request, self) }
  }

  func write(by context: WriteContext) -> Strategy.Write {
    let user = context.user
    return Strategy.Write(
      time: environment.now(),
      user: Strategy.User(name: user.name, uid: user.uid, groups: user.groups, extra: user.extra))
  }

  /// The lease that a new object belongs to; 0 for most.
  func lease(for kind: ResourceKind) async throws(StatusError) -> Int64 {
    kind.isEvent ? try await stores.eventLease(ttlSeconds: environment.limits.eventSeconds) : 0
  }
}

extension WriteContext {
  /// Who comes to own the fields that are written.
  var manager: String { FieldManager.name(parameter: fieldManager, userAgent: userAgent) }

  /// The options of the write, as admission sees them.
  func options(_ kind: String) -> JSON {
    var options: JSON = ["kind": .string(kind), "apiVersion": "meta.k8s.io/v1"]
    if dryRun { options["dryRun"] = ["All"] }
    if !fieldManager.isEmpty { options["fieldManager"] = .string(fieldManager) }
    options["fieldValidation"] = .string(fieldValidation.rawValue)
    if force { options["force"] = true }
    return options
  }
}
