/// A change of one object, shared by all watches that it concerns.
final class Change: Sendable {
  let name: ObjectName
  /// The store's revision of the change.
  let revision: Int64
  /// As it is since; nil if it is gone.
  let current: StoredObject?
  /// As it was before; nil if it was made.
  let previous: StoredObject?
  /// As it was before, under the revision of the change: what watches are told that it does not concern any more.
  let gone: StoredObject?

  init(name: ObjectName, revision: Int64, current: StoredObject?, previous: StoredObject?) {
    self.name = name
    self.revision = revision
    self.current = current
    self.previous = previous
    gone = previous?.deleted(at: revision)
  }

  /// In bytes of values.
  var size: Int { (current?.value.count ?? 0) + (previous?.value.count ?? 0) }

  /// What a watch with this filter is told of it, if anything.
  func event(for filter: ObjectFilter, namespace: String) -> WatchEvent? {
    guard namespace.isEmpty || name.namespace == namespace else { return nil }
    let matches = current.map(filter.matches) ?? false
    let matched = previous.map(filter.matches) ?? false
    switch (current, matched, matches) {
    case (let current?, false, true): return WatchEvent(kind: .added, object: current, revision: revision)
    case (let current?, true, true): return WatchEvent(kind: .modified, object: current, revision: revision)
    case (_, true, false): return gone.map { WatchEvent(kind: .deleted, object: $0, revision: revision) }
    default: return nil
    }
  }
}

/// The latest changes of a resource, as many as fit. Every change gets the next number.
struct EventRing {
  private var changes: [Change?]
  /// The number of the oldest change that is still here.
  private(set) var first: UInt64 = 0
  /// The number that the next change gets.
  private(set) var next: UInt64 = 0
  private var bytes = 0
  private let byteLimit: Int
  /// All changes after this revision are here.
  private(set) var floor: Int64
  /// All changes up to this revision have been seen.
  private(set) var head: Int64
  /// The newest object of each name that a change here is about, so that an object is held once.
  private var latest: [ObjectName: StoredObject] = [:]

  init(events: Int, bytes: Int, at revision: Int64) {
    changes = Array(repeating: nil, count: max(1, events))
    byteLimit = bytes
    floor = revision
    head = revision
  }

  /// Everything that is here is forgotten; the next change comes after this revision.
  mutating func restart(at revision: Int64) {
    changes = Array(repeating: nil, count: changes.count)
    first = next
    bytes = 0
    floor = revision
    head = revision
    latest = [:]
  }

  /// Makes a change of what the store says, with the objects that are here already.
  func change(_ event: StoreEvent, name: ObjectName) -> Change {
    let previous = event.previous.map { value in
      if let known = latest[name], known.revision == value.modRevision { return known }
      return StoredObject(value: value.value, revision: value.modRevision)
    }
    let current = event.value.map { StoredObject(value: $0.value, revision: $0.modRevision) }
    return Change(name: name, revision: event.revision, current: current, previous: previous)
  }

  mutating func append(_ change: Change) {
    while next - first == UInt64(changes.count) || (bytes + change.size > byteLimit && next > first) {
      removeFirst()
    }
    changes[index(next)] = change
    next += 1
    bytes += change.size
    head = max(head, change.revision)
    latest[change.name] = change.current
  }

  /// Everything up to this revision has been seen.
  mutating func progress(to revision: Int64) { head = max(head, revision) }

  private mutating func removeFirst() {
    guard let change = changes[index(first)] else { return }
    changes[index(first)] = nil
    first += 1
    bytes -= change.size
    floor = change.revision
    if latest[change.name]?.revision == change.current?.revision { latest[change.name] = nil }
  }

  private func index(_ number: UInt64) -> Int { Int(number % UInt64(changes.count)) }

  subscript(number: UInt64) -> Change? { number >= first && number < next ? changes[index(number)] : nil }

  /// The number of the first change after a revision that is not below the floor.
  func number(after revision: Int64) -> UInt64 {
    var low = first
    var high = next
    while low < high {
      let middle = low + (high - low) / 2
      if (self[middle]?.revision ?? 0) > revision { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
