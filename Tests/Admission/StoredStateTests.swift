import Admission
import Exchange
import Objects
import Storage
import Synchronization
import Testing

/// A store of one key.
private final class OneKeyStore: StoreClient {
  private let state = Mutex<(stored: StoredValue?, failure: StoreError?)>((nil, nil))

  var stored: StoredValue? {
    get { state.withLock { $0.stored } }
    set { state.withLock { $0.stored = newValue } }
  }

  func fail(_ error: StoreError) { state.withLock { $0.failure = error } }

  private func check() throws(StoreError) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  func get(_ key: [UInt8], revision: Int64) async throws(StoreError) -> (value: StoredValue?, revision: Int64)
  {
    try check()
    return (stored?.key == key ? stored : nil, stored?.modRevision ?? 0)
  }

  func put(
    _ key: [UInt8], value: [UInt8], expecting expected: Int64, lease: Int64
  ) async throws(StoreError) -> WriteOutcome {
    try check()
    let current = stored?.modRevision ?? 0
    guard current == expected else { return .conflict(stored, revision: current) }
    stored = StoredValue(key: key, value: value, createRevision: 1, modRevision: current + 1)
    return .done(revision: current + 1)
  }

  func range(_ range: StoreRange) async throws(StoreError) -> StorePage { throw .refused("no range") }
  func delete(_ key: [UInt8], expecting expected: Int64) async throws(StoreError) -> WriteOutcome {
    throw .refused("no delete")
  }
  func watch(from start: [UInt8], to end: [UInt8], revision: Int64) async throws(StoreError) -> any StoreWatch
  {
    throw .refused("no watch")
  }
  func grantLease(seconds: Int64) async throws(StoreError) -> Int64 { throw .refused("no lease") }
  func compact(_ revision: Int64) async throws(StoreError) { throw .refused("no compaction") }
}

@Suite struct StoredStateTests {
  @Test func `allocations are written once somebody has seen the last ones`() async throws {
    let store = OneKeyStore()
    let allocations = StoredAllocations(client: store, key: AllocationKeys.serviceAddresses)
    #expect(try await allocations.load().object == nil)
    #expect(try await allocations.load().revision == 0)
    #expect(try await allocations.save(["data": "AQ=="], expecting: 0) == 1)
    #expect(try await allocations.save(["data": "Ag=="], expecting: 0) == nil)
    #expect(try await allocations.save(["data": "Aw=="], expecting: 1) == 2)
    let (object, revision) = try await allocations.load()
    #expect(object == ["data": "Aw=="])
    #expect(revision == 2)
    #expect(store.stored.map { String(decoding: $0.key, as: UTF8.self) } == "/registry/ranges/serviceips")
    #expect(store.stored.map { String(decoding: $0.value, as: UTF8.self) } == #"{"data":"Aw=="}"#)
  }

  @Test func `what cannot be read is replaced`() async throws {
    let store = OneKeyStore()
    store.stored = StoredValue(
      key: Array(AllocationKeys.nodePorts.utf8), value: [0x6B, 0], createRevision: 1, modRevision: 7)
    let allocations = StoredAllocations(client: store, key: AllocationKeys.nodePorts)
    #expect(try await allocations.load().object == nil)
    #expect(try await allocations.save([:], expecting: 7) == 8)
  }

  @Test(arguments: [
    (StoreError.unavailable("gone"), "503 allocations cannot be reached: gone"),
    (StoreError.noSpace, "500 Internal error occurred: allocations cannot be stored: noSpace"),
  ])
  func `failures are told`(failure: StoreError, message: String) async {
    let store = OneKeyStore()
    store.fail(failure)
    let allocations = StoredAllocations(client: store, key: AllocationKeys.nodePorts)
    let errors = [
      await #expect(throws: StatusError.self) { _ = try await allocations.load() },
      await #expect(throws: StatusError.self) { _ = try await allocations.save([:], expecting: 0) },
    ]
    #expect(errors.map { $0.map { "\($0.code) \($0.message)" } } == [message, message])
  }

  @Test func `what a quota has used is counted in its store`() async throws {
    let store = OneKeyStore()
    let quotas = ResourceStore(resource: resource("resourcequotas"), client: store)
    let usage = StoredQuotaUsage(quotas: quotas)
    let quota = json(
      #"{"kind":"ResourceQuota","metadata":{"name":"q","namespace":"n"},"status":{"used":{"pods":"0"}}}"#)
    #expect(try await usage.saveStatus(of: quota) == false)
    _ = try await quotas.create(quota, ObjectName(namespace: "n", name: "q"))
    var stored = try #require(try await quotas.get(ObjectName(namespace: "n", name: "q"))).json
    stored["status", "used", "pods"] = "1"
    #expect(try await usage.saveStatus(of: stored))
    // Somebody else has the old version.
    #expect(try await usage.saveStatus(of: stored) == false)
    let now = try await quotas.get(ObjectName(namespace: "n", name: "q"))?.json
    #expect(now?["status", "used", "pods"] == "1")
  }
}
