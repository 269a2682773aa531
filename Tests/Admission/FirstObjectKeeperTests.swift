import Admission
import Exchange
import Objects
import Synchronization
import Testing

/// Objects in memory; writes are guarded by versions.
private final class FakeStore: FirstObjectStore {
  private struct State {
    var objects: [String: JSON] = [:]
    var writes = 0
    var conflicts = 0
  }

  private let state: Mutex<State>

  init(conflicts: Int = 0) {
    state = Mutex(State(conflicts: conflicts))
  }

  var writes: Int { state.withLock { $0.writes } }
  var names: [String] { state.withLock { $0.objects.keys.sorted() } }

  private static func key(_ resource: Resource, _ namespace: String, _ name: String) -> String {
    "\(resource.resource)/\(namespace)/\(name)"
  }

  func get(_ resource: Resource, namespace: String, name: String) async throws(StatusError) -> JSON? {
    state.withLock { $0.objects[Self.key(resource, namespace, name)] }
  }

  func list(
    _ resource: Resource, namespace: String, labelSelector: String
  ) async throws(StatusError) -> [JSON] {
    state.withLock { state in
      state.objects.filter { $0.key.hasPrefix("\(resource.resource)/\(namespace)/") }
        .sorted { $0.key < $1.key }.map(\.value)
    }
  }

  func write(_ change: FirstObjectChange) async throws(StatusError) {
    let name = change.object["metadata", "name"]?.string ?? ""
    let key = Self.key(change.resource, change.object["metadata", "namespace"]?.string ?? "", name)
    let isConflict = state.withLock { state in
      if state.conflicts > 0 {
        state.conflicts -= 1
        return true
      }
      state.objects[key] = change.object
      state.writes += 1
      return false
    }
    if isConflict { throw .modified(change.resource, name: name) }
  }

  func delete(_ resource: Resource, namespace: String, name: String) async throws(StatusError) {
    state.withLock { _ = $0.objects.removeValue(forKey: Self.key(resource, namespace, name)) }
  }
}

@Suite struct FirstObjectKeeperTests {
  @Test func `a second start writes nothing`() async throws {
    let store = FakeStore()
    let keeper = FirstObjectKeeper(store: store)
    let objects =
      FirstObjects.namespaces + FirstObjects.priorityClasses
      + [FirstObjects.kubernetesService(targetPort: 6443)]
    try await keeper.ensure(objects)
    #expect(store.writes == 7)
    try await keeper.ensure(objects)
    #expect(store.writes == 7)
  }

  @Test(arguments: [(4, nil), (5, 409)])
  func `what others write at the same time is tried again`(conflicts: Int, code: Int?) async {
    let keeper = FirstObjectKeeper(store: FakeStore(conflicts: conflicts))
    var found: Int?
    do throws(StatusError) {
      try await keeper.ensure(Array(FirstObjects.namespaces.prefix(1)))
    } catch {
      found = error.code
    }
    #expect(found == code)
  }

  @Test func `API servers come, go and are forgotten`() async throws {
    let store = FakeStore()
    let keeper = FirstObjectKeeper(store: store)
    let first = ServerLease(identity: "a", hostName: "a", address: "10.0.0.1")
    let second = ServerLease(identity: "b", hostName: "b", address: "10.0.0.2")
    func addresses() async throws -> [String] {
      let slice = try await store.get(
        resource("endpointslices", group: "discovery.k8s.io"), namespace: "default", name: "kubernetes")
      return (slice?["endpoints"]?.array ?? []).compactMap { $0["addresses"]?.array?.first?.string }
    }
    func time(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_700_000_000 + seconds) }

    try await keeper.announce(first, port: 6443, now: time(0))
    #expect(try await addresses() == ["10.0.0.1"])
    try await keeper.announce(second, port: 6443, now: time(5))
    #expect(try await addresses() == ["10.0.0.1", "10.0.0.2"])
    let writes = store.writes
    try await keeper.announce(second, port: 6443, now: time(10))
    // The lease alone.
    #expect(store.writes == writes + 1)
    try await keeper.announce(second, port: 6443, now: time(16))
    #expect(try await addresses() == ["10.0.0.2"])
    try await keeper.announce(second, port: 6443, now: time(3605))
    #expect(store.names.filter { $0.hasPrefix("leases") } == ["leases/kube-system/apiserver-b"])
    try await keeper.retire(second, port: 6443, now: time(3606))
    #expect(try await addresses() == [])
  }
}
