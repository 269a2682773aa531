import Synchronization

/// Holds the versions of one revision for a read that goes on over several calls: a list sent in chunks, a hash.
///
/// Compaction refuses new reads at once, but removes nothing that a pin needs while it is held, for a bounded time
/// (`Store.Configuration.pinWaitMilliseconds`); after that the read's next call fails with `.compacted`.
public final class ReadPin: Sendable {
  /// What is held: the newest versions as of this revision, and all later ones.
  public let revision: Int64
  private let retention: Retention
  private let id: UInt64

  /// `waitNanoseconds`: how long compaction waits for it; as the retention says without.
  init(
    _ revision: Int64, _ retention: Retention, waitNanoseconds: UInt64? = nil
  ) throws(StoreError) {
    self.revision = revision
    self.retention = retention
    id = try retention.add(revision, waitNanoseconds: waitNanoseconds)
  }

  deinit { retention.remove(id) }
}

/// How far physical compaction may remove versions.
final class Retention: Sendable {
  private struct Pin {
    var revision: Int64
    var waitNanoseconds: UInt64
    /// When a compaction first had to wait for it.
    var blockingSince: UInt64?
  }

  private struct Pins {
    var byID: [UInt64: Pin] = [:]
    var nextID: UInt64 = 0
  }

  /// Reads below it may miss versions. Raised before any version is removed, so that a reader that renews its
  /// LMDB transaction first and looks here next never misses rows unawares.
  let floor: Atomic<Int64>
  private let pins = Mutex(Pins())
  private let waitNanoseconds: UInt64

  init(floor: Int64, waitNanoseconds: UInt64) {
    self.floor = Atomic(floor)
    self.waitNanoseconds = waitNanoseconds
  }

  func add(_ revision: Int64, waitNanoseconds: UInt64? = nil) throws(StoreError) -> UInt64 {
    let id = pins.withLock { pins -> UInt64? in
      if revision < floor.load(ordering: .acquiring) { return nil }
      pins.nextID += 1
      pins.byID[pins.nextID] = Pin(
        revision: revision, waitNanoseconds: waitNanoseconds ?? self.waitNanoseconds)
      return pins.nextID
    }
    guard let id else { throw .compacted }
    return id
  }

  func remove(_ id: UInt64) { pins.withLock { $0.byID[id] = nil } }

  /// Raises the floor whatever is pinned: what lies below it is about to be gone.
  func raise(to target: Int64) {
    pins.withLock { _ in
      floor.store(max(floor.load(ordering: .relaxed), target), ordering: .releasing)
    }
  }

  /// Raises the floor to `target`, or as far as pins allow that have not been in the way for too long.
  /// `now` is monotonic time in nanoseconds. Returns the floor.
  func raise(to target: Int64, now: UInt64) -> Int64 {
    pins.withLock { pins in
      var allowed = target
      for (id, pin) in pins.byID where pin.revision < target {
        let since = pin.blockingSince ?? now
        pins.byID[id]?.blockingSince = since
        if now &- since < pin.waitNanoseconds { allowed = min(allowed, pin.revision) }
      }
      let floor = max(floor.load(ordering: .relaxed), allowed)
      self.floor.store(floor, ordering: .releasing)
      return floor
    }
  }
}
