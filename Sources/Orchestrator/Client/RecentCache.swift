/// Values by key, of which those that were not used for longest are forgotten: at least the last half of `capacity`
/// keys is kept, and never more than `capacity`.
struct RecentCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let half: Int
  private var current: [Key: Value] = [:]
  private var previous: [Key: Value] = [:]

  init(capacity: Int) { half = max(1, capacity / 2) }

  var count: Int { current.count + previous.keys.count { current[$0] == nil } }

  subscript(key: Key) -> Value? {
    mutating get {
      if let value = current[key] { return value }
      guard let value = previous[key] else { return nil }
      insert(value, key)
      return value
    }
    set {
      if let newValue {
        insert(newValue, key)
      } else {
        current[key] = nil
        previous[key] = nil
      }
    }
  }

  private mutating func insert(_ value: Value, _ key: Key) {
    if current[key] == nil, current.count >= half {
      previous = current
      current = [:]
    }
    current[key] = value
  }
}
