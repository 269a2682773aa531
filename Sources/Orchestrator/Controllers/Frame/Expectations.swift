import Client
import Objects
import Synchronization

/// What a controller has asked for and has not seen yet. A sync that decided on a cache without them would create or
/// delete twice; it waits instead until all have been seen or are too old.
final class Expectations: Sendable {
  /// When what was expected is given up: an event has been missed.
  static let lifetime = Duration.seconds(300)

  private struct Entry {
    var creations = 0
    var deletions: Set<String> = []
    var since: Timestamp
  }

  private let entries = Mutex<[ObjectKey: Entry]>([:])

  /// Whether nothing is outstanding.
  func areMet(_ key: ObjectKey, now: Timestamp) -> Bool {
    entries.withLock { entries in
      guard let entry = entries[key] else { return true }
      if entry.creations <= 0 && entry.deletions.isEmpty || now.since(entry.since) > Self.lifetime {
        entries[key] = nil
        return true
      }
      return false
    }
  }

  /// Expects creations and the deletion of objects of these uids. What is left of earlier ones stays.
  func expect(_ key: ObjectKey, creations: Int = 0, deletions: some Sequence<String> = [], now: Timestamp) {
    entries.withLock { entries in
      var entry = entries[key] ?? Entry(since: now)
      entry.creations += creations
      entry.deletions.formUnion(deletions)
      entry.since = now
      entries[key] = entry
    }
  }

  /// An object has been seen, or `count` will never be.
  func created(_ key: ObjectKey, count: Int = 1) {
    entries.withLock { $0[key]?.creations -= count }
  }

  /// An object is gone or on its way, or its deletion has failed.
  func deleted(_ key: ObjectKey, uid: String) {
    entries.withLock { _ = $0[key]?.deletions.remove(uid) }
  }

  /// The owner is gone.
  func forget(_ key: ObjectKey) { entries.withLock { $0[key] = nil } }
}

/// The objects that a controller wrote last, as long as its cache shows older ones: a decision on its own forgotten
/// write would be wrong.
final class LatestWrites: Sendable {
  /// Above this many, the oldest knowledge is dropped; decisions then end in conflicts, and are made again.
  static let limit = 10_000

  private let objects = Mutex<[ObjectKey: JSON]>([:])

  /// The later of what the cache has and of what was written.
  func later(than cached: JSON) -> JSON {
    objects.withLock { objects in
      let key = cached.key
      guard let written = objects[key] else { return cached }
      guard written.uid == cached.uid, let ours = Int64(written.resourceVersion),
        let theirs = Int64(cached.resourceVersion), ours > theirs
      else {
        objects[key] = nil
        return cached
      }
      return written
    }
  }

  /// Notes what a write answered.
  func wrote(_ object: JSON) {
    objects.withLock { objects in
      if objects.count >= Self.limit { objects.removeAll(keepingCapacity: true) }
      objects[object.key] = object
    }
  }

  /// A write met a conflict, or the object is gone: the cache counts again.
  func forget(_ key: ObjectKey) { objects.withLock { $0[key] = nil } }
}
