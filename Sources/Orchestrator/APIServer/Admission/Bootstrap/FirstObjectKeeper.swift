public import Exchange
public import Objects

/// Where the objects of the first start are read and written: a registry, or a client of the API.
public protocol FirstObjectStore: Sendable {
  /// An object as it is now; nil if there is none. `namespace` is empty for cluster scope.
  func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON?

  /// The objects of a namespace that match a label selector.
  func list(_ resource: Resource, namespace: String, labelSelector: String) async throws(StatusError)
    -> [JSON]

  /// Creates or replaces an object.
  /// - Throws: 409 if it is there already, or has changed meanwhile.
  func write(_ change: FirstObjectChange) async throws(StatusError)

  /// Deletes an object; no error if it is gone.
  func delete(_ resource: Resource, namespace: String, name: String) async throws(StatusError)
}

/// Makes the objects of the first start, and says where the API servers are for as long as this one runs.
public struct FirstObjectKeeper: Sendable {
  /// How often an object is tried that others write at the same time.
  static let attempts = 5

  private let store: any FirstObjectStore

  /// A keeper over a store.
  public init(store: any FirstObjectStore) { self.store = store }

  /// Makes objects, in this order, and brings those that are there back to what they should be.
  public func ensure(_ objects: [FirstObject]) async throws(StatusError) {
    for object in objects { try await ensure(object) }
  }

  /// Renews the lease of this API server, and the endpoints of Service `kubernetes` if other servers have come or gone.
  /// To be done every `ServerLease.renewalSeconds`.
  /// - Parameter port: where all API servers listen.
  public func announce(_ server: ServerLease, port: Int64, now: Timestamp) async throws(StatusError) {
    try await attempt { () async throws(StatusError) in
      let current = try await store.get(
        KnownResources.leases, namespace: ServerLease.namespace, name: server.name)
      try await store.write(server.renewed(current, now: now))
    }
    let leases = try await leases()
    for lease in ServerLease.abandoned(of: leases, now: now) {
      try await store.delete(
        KnownResources.leases, namespace: ServerLease.namespace, name: lease.text("metadata", "name"))
    }
    try await publish(ServerLease.addresses(of: leases, now: now), port: port)
  }

  /// Takes this API server out of the endpoints, and its lease away: it is about to end.
  public func retire(_ server: ServerLease, port: Int64, now: Timestamp) async throws(StatusError) {
    try await store.delete(KnownResources.leases, namespace: ServerLease.namespace, name: server.name)
    let others = try await leases().filter { $0.text("metadata", "name") != server.name }
    try await publish(ServerLease.addresses(of: others, now: now), port: port)
  }

  private func leases() async throws(StatusError) -> [JSON] {
    try await store.list(
      KnownResources.leases, namespace: ServerLease.namespace, labelSelector: ServerLease.labelSelector)
  }

  private func publish(_ addresses: [String], port: Int64) async throws(StatusError) {
    try await ensure(ServerEndpoints.objects(addresses: addresses, port: port))
  }

  private func ensure(_ object: FirstObject) async throws(StatusError) {
    try await attempt { () async throws(StatusError) in
      let current = try await store.get(object.resource, namespace: object.namespace, name: object.name)
      if let change = object.change(from: current) { try await store.write(change) }
    }
  }

  private func attempt(_ work: () async throws(StatusError) -> Void) async throws(StatusError) {
    for _ in 1..<Self.attempts {
      do throws(StatusError) {
        return try await work()
      } catch {
        guard error.isConflict || error.isAlreadyExists else { throw error }
      }
    }
    try await work()
  }
}
