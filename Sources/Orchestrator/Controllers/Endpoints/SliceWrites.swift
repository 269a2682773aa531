import Client
import Objects
import Synchronization

/// The slices that were written, as long as the cache shows older ones.
final class SliceWrites: Sendable {
  /// After this time an event has been missed, and the cache counts again.
  static let lifetime = Duration.seconds(30)

  private struct Entry {
    /// The revision that has to be seen, by slice; nil for a deletion.
    var slices: [ObjectKey: Int64?] = [:]
    var since: Timestamp
    /// Whether the service was to be looked at meanwhile.
    var isDeferred = false
  }

  private struct State {
    var services: [ObjectKey: Entry] = [:]
    var places: [ObjectKey: ObjectKey] = [:]

    /// - Returns: whether the service waits to be looked at.
    mutating func remove(_ slice: ObjectKey) -> Bool {
      guard let service = places.removeValue(forKey: slice) else { return false }
      services[service]?.slices.removeValue(forKey: slice)
      guard let entry = services[service], entry.slices.isEmpty else { return false }
      services[service] = nil
      return entry.isDeferred
    }

    mutating func forget(_ service: ObjectKey) {
      guard let entry = services.removeValue(forKey: service) else { return }
      for slice in entry.slices.keys { places[slice] = nil }
    }
  }

  private let state = Mutex(State())

  /// Whether all that was written for a service has been seen. If not, the event that shows the last of it will say
  /// that the service is to be looked at.
  func areSeen(_ service: ObjectKey, now: Timestamp) -> Bool {
    state.withLock { state in
      guard let entry = state.services[service] else { return true }
      if now.since(entry.since) >= Self.lifetime {
        state.forget(service)
        return true
      }
      state.services[service]?.isDeferred = true
      return false
    }
  }

  /// Notes what a write answered.
  func wrote(_ slice: JSON, of service: ObjectKey, now: Timestamp) {
    guard let revision = Int64(slice.resourceVersion) else { return }
    note(slice.key, revision, of: service, now: now)
  }

  /// Notes a deletion.
  func deleted(_ slice: JSON, of service: ObjectKey, now: Timestamp) {
    note(slice.key, nil, of: service, now: now)
  }

  private func note(_ slice: ObjectKey, _ revision: Int64?, of service: ObjectKey, now: Timestamp) {
    state.withLock { state in
      state.services[service, default: Entry(since: now)].slices.updateValue(revision, forKey: slice)
      state.services[service]?.since = now
      state.places[slice] = service
    }
  }

  /// Takes a slice as the cache shows it.
  /// - Returns: whether its service is to be looked at: the slice was changed by somebody else, or the service waits.
  func saw(_ slice: JSON) -> Bool {
    let revision = Int64(slice.resourceVersion) ?? 0
    return state.withLock { state in
      guard let service = state.places[slice.key], let due = state.services[service]?.slices[slice.key] else {
        return true
      }
      guard let due, revision >= due else { return false }
      let waits = state.remove(slice.key)
      return waits || revision != due
    }
  }

  /// Takes a slice that is gone.
  /// - Returns: whether its service is to be looked at.
  func sawDeletion(of slice: JSON) -> Bool {
    state.withLock { state in
      guard let service = state.places[slice.key], let due = state.services[service]?.slices[slice.key] else {
        return true
      }
      let waits = state.remove(slice.key)
      return waits || due != nil
    }
  }

  /// The service is gone.
  func forget(_ service: ObjectKey) { state.withLock { $0.forget(service) } }
}
