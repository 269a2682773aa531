public import Exchange
public import Objects
import Synchronization

/// The stores of all resources, made when they are first asked for, and what is done for all of them from time to time.
public final class Stores: Sendable {
  /// The store itself.
  public let client: any StoreClient
  /// How objects are stored.
  public let options: StorageOptions

  private struct EventLease {
    var id: Int64
    var objects: Int
    var until: ContinuousClock.Instant
  }

  private let stores = Mutex<[Resource: ResourceStore]>([:])
  private let leases = Mutex<[Int64: EventLease]>([:])

  /// The resources of a store.
  public init(client: any StoreClient, options: StorageOptions = StorageOptions()) {
    self.client = client
    self.options = options
  }

  /// The objects of a resource.
  public subscript(resource: Resource) -> ResourceStore {
    stores.withLock { stores in
      if let known = stores[resource] { return known }
      let made = ResourceStore(resource: resource, client: client, options: options)
      stores[resource] = made
      return made
    }
  }

  /// A lease with which objects end after about this time: many share one, so that events do not cost one each.
  public func eventLease(ttlSeconds seconds: Int64 = 3600) async throws(StatusError) -> Int64 {
    let now = ContinuousClock.now
    let known = leases.withLock { leases -> Int64? in
      guard var lease = leases[seconds], lease.until > now, lease.objects < options.leaseObjects else {
        return nil
      }
      lease.objects += 1
      leases[seconds] = lease
      return lease.id
    }
    if let known { return known }
    // The objects that come last on it live as long as the first.
    let seconds = seconds + max(1, options.leaseInterval.components.seconds)
    let id = try await calling { () async throws(StoreError) in try await client.grantLease(seconds: seconds)
    }
    leases.withLock { leases in
      leases[seconds - max(1, options.leaseInterval.components.seconds)] = EventLease(
        id: id, objects: 1, until: now + options.leaseInterval)
    }
    return id
  }

  /// Compacts the store at intervals until the task is cancelled. Of several API servers one does it each time: whoever
  /// changes the key `compact_rev_key` first.
  public func run() async {
    let key = Array("compact_rev_key".utf8)
    var known: (version: Int64, revision: Int64) = (0, 0)
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: options.compactionInterval)
      } catch { return }
      do throws(StoreError) {
        let (_, current) = try await client.get(key, revision: 0)
        switch try await client.put(
          key, value: Array(String(current).utf8), expecting: known.version, lease: 0)
        {
        case .done(let revision):
          // What was current an interval ago.
          if known.revision > 0 { try await client.compact(known.revision) }
          known = (revision, current)
        case .conflict(let value, let revision):
          known = (value?.modRevision ?? 0, revision)
        }
      } catch {
        // It is tried again at the next interval.
      }
    }
  }
}
