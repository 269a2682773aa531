/// Keys by the time at which they are due, the earliest at hand.
struct DelayHeap<Key: Hashable & Sendable>: Sendable {
  private var entries: [(due: Duration, key: Key)] = []
  /// When each key is due; entries that say otherwise are out of date.
  private var due: [Key: Duration] = [:]

  /// When the next key is due.
  var nextDue: Duration? { entries.first?.due }
  var count: Int { due.count }

  /// Adds a key, or makes it due earlier.
  /// - Returns: whether that changed anything.
  mutating func insert(_ key: Key, due new: Duration) -> Bool {
    if let known = due[key], known <= new { return false }
    due[key] = new
    entries.append((due: new, key: key))
    var child = entries.count - 1
    while child > 0, entries[child].due < entries[(child - 1) / 2].due {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
    return true
  }

  /// Removes the key that is due first, if that is not later than `now`.
  mutating func pop(now: Duration) -> Key? {
    while let first = entries.first, first.due <= now {
      removeFirst()
      guard due[first.key] == first.due else { continue }
      due[first.key] = nil
      return first.key
    }
    return nil
  }

  private mutating func removeFirst() {
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[child].due < entries[least].due { least = child }
      guard least != parent else { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
