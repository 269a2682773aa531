import Objects

/// What an informer knows: objects by their keys, and by what indexers say of them.
struct InformerStore: Sendable {
  private var objects: [ObjectKey: JSON] = [:]
  private var namespaces: [String: Set<ObjectKey>] = [:]
  private var indexers: [String: @Sendable (JSON) -> [String]]
  private var indexes: [String: [String: Set<ObjectKey>]] = [:]

  init(indexers: [String: @Sendable (JSON) -> [String]] = [:]) { self.indexers = indexers }

  subscript(key: ObjectKey) -> JSON? { objects[key] }
  var all: [JSON] { Array(objects.values) }
  var count: Int { objects.count }

  func list(namespace: String) -> [JSON] { (namespaces[namespace] ?? []).compactMap { objects[$0] } }

  func list(index: String, value: String) -> [JSON] {
    (indexes[index]?[value] ?? []).compactMap { objects[$0] }
  }

  /// Adds an indexer, for the objects that are there as well.
  mutating func addIndexer(_ name: String, _ indexer: @escaping @Sendable (JSON) -> [String]) {
    indexers[name] = indexer
    indexes[name] = [:]
    for (key, object) in objects {
      for value in indexer(object) { indexes[name]?[value, default: []].insert(key) }
    }
  }

  /// Takes an object as it is now.
  mutating func set(_ object: JSON) -> InformerEvent {
    let key = ObjectKey(object)
    let old = objects.updateValue(object, forKey: key)
    if let old { removeFromIndexes(old, key) } else { namespaces[key.namespace, default: []].insert(key) }
    for (name, indexer) in indexers {
      for value in indexer(object) { indexes[name, default: [:]][value, default: []].insert(key) }
    }
    return old.map { .updated(old: $0, new: object) } ?? .added(object)
  }

  /// Forgets an object; `last` is its last state, if that is known. Nil if it was not known.
  mutating func remove(_ key: ObjectKey, last: JSON? = nil) -> InformerEvent? {
    guard let old = objects.removeValue(forKey: key) else { return nil }
    removeFromIndexes(old, key)
    namespaces[key.namespace]?.remove(key)
    if namespaces[key.namespace]?.isEmpty == true { namespaces[key.namespace] = nil }
    return .deleted(last ?? old)
  }

  /// Takes these for all objects there are: others are gone. Objects with the version that is known are no news.
  mutating func replace(with all: [ObjectKey: JSON]) -> [InformerEvent] {
    var events: [InformerEvent] = []
    for key in objects.keys where all[key] == nil {
      if let event = remove(key) { events.append(event) }
    }
    for (key, object) in all {
      if let old = objects[key], Self.version(old) == Self.version(object),
        old["metadata"] == object["metadata"]
      {
        continue
      }
      events.append(set(object))
    }
    return events
  }

  private static func version(_ object: JSON) -> String? { object["metadata", "resourceVersion"]?.string }

  private mutating func removeFromIndexes(_ object: JSON, _ key: ObjectKey) {
    for (name, indexer) in indexers {
      for value in indexer(object) {
        indexes[name]?[value]?.remove(key)
        if indexes[name]?[value]?.isEmpty == true { indexes[name]?[value] = nil }
      }
    }
  }
}
