public import Exchange
public import Objects
public import Storage

/// Allocations under a key of the store.
public struct StoredAllocations: AllocationStore {
  private let client: any StoreClient
  private let key: [UInt8]

  /// The allocations under a key, such as `AllocationKeys.nodePorts`.
  public init(client: any StoreClient, key: String) {
    self.client = client
    self.key = Array(key.utf8)
  }

  /// The value of the key.
  public func load() async throws(StatusError) -> (object: JSON?, revision: Int64) {
    do throws(StoreError) {
      let stored = try await client.get(key, revision: 0).value
      // What cannot be read counts as nothing, and is replaced.
      let object = stored.flatMap { try? JSON.parse($0.value) }
      return (object, stored?.modRevision ?? 0)
    } catch { throw Self.status(error) }
  }

  /// Writes the value if nobody else has.
  public func save(_ object: JSON, expecting revision: Int64) async throws(StatusError) -> Int64? {
    do throws(StoreError) {
      switch try await client.put(key, value: object.serialized(), expecting: revision, lease: 0) {
      case .done(let revision): return revision
      case .conflict: return nil
      }
    } catch { throw Self.status(error) }
  }

  private static func status(_ error: StoreError) -> StatusError {
    switch error {
    case .unavailable(let reason): .unavailable("allocations cannot be reached: \(reason)")
    default: .internalError("allocations cannot be stored: \(error)")
    }
  }
}
