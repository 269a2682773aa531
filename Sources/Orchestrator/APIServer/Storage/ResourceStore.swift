public import Exchange
public import Objects

/// How a write to the store ended.
public enum UpdateOutcome: Sendable {
  /// Stored: the object as it is now; for a deletion its last state, at the deletion's revision.
  case stored(StoredObject)
  /// Somebody else was first: the object as it is now, nil if there is none.
  case changed(StoredObject?)
}

/// All objects of one resource in the store.
public final class ResourceStore: Sendable {
  /// The resource.
  public let resource: Resource
  let client: any StoreClient
  let options: StorageOptions
  let keys: ResourceKeys
  let fields: SelectableFields
  let feed: EventFeed

  /// The objects of a resource, below `/registry` as Kubernetes has them.
  public init(resource: Resource, client: any StoreClient, options: StorageOptions = StorageOptions()) {
    self.resource = resource
    self.client = client
    self.options = options
    keys = ResourceKeys(resource, root: options.root)
    fields = SelectableFields.of(group: resource.group, kind: resource.kind)
    feed = EventFeed(client: client, keys: keys, fields: fields, options: options)
  }

  /// An object as it is now (revision 0) or was; nil if there is none.
  public func get(_ name: ObjectName, revision: Int64 = 0) async throws(StatusError) -> StoredObject? {
    let key = keys.key(name)
    let value = try await calling { () async throws(StoreError) in
      try await client.get(key, revision: revision)
    }
    return value.value.map { StoredObject(value: $0.value, revision: $0.modRevision) }
  }

  /// Stores a new object. `.changed` if there is one of the name.
  public func create(_ object: JSON, _ name: ObjectName, lease: Int64 = 0) async throws(StatusError)
    -> UpdateOutcome
  {
    try await put(object, name, expecting: 0, lease: lease)
  }

  /// Stores an object in place of its version `expected`.
  public func update(
    _ object: JSON, _ name: ObjectName, expecting expected: Int64, lease: Int64 = 0
  ) async throws(StatusError) -> UpdateOutcome {
    try await put(object, name, expecting: expected, lease: lease)
  }

  private func put(
    _ object: JSON, _ name: ObjectName, expecting expected: Int64, lease: Int64
  ) async throws(StatusError) -> UpdateOutcome {
    var object = object
    object["metadata", "resourceVersion"] = nil
    let value = object.serialized()
    let key = keys.key(name)
    let outcome = try await calling { () async throws(StoreError) in
      try await client.put(key, value: value, expecting: expected, lease: lease)
    }
    switch outcome {
    case .done(let revision):
      object["metadata", "resourceVersion"] = .string(String(revision))
      return .stored(StoredObject(value: value, revision: revision, json: object))
    case .conflict(let current, _):
      return .changed(current.map { StoredObject(value: $0.value, revision: $0.modRevision) })
    }
  }

  /// Deletes an object whose version is `expected`.
  /// - Parameter last: the object at that version.
  public func delete(_ name: ObjectName, last: StoredObject) async throws(StatusError) -> UpdateOutcome {
    let key = keys.key(name)
    let outcome = try await calling { () async throws(StoreError) in
      try await client.delete(key, expecting: last.revision)
    }
    switch outcome {
    case .done(let revision): return .stored(last.deleted(at: revision))
    case .conflict(let current, _):
      return .changed(current.map { StoredObject(value: $0.value, revision: $0.modRevision) })
    }
  }
}
