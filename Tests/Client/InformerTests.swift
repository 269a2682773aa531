import ClientSupport
import Exchange
import Objects
import Synchronization
import Testing

@testable import Client

private final class Log: Sendable {
  private let entries = Mutex<[String]>([])
  var all: [String] { entries.withLock { $0 } }
  func note(_ event: InformerEvent) {
    let text =
      switch event {
      case .added(let object): "+\(Self.text(object))"
      case .updated(let old, let new): "\(Self.text(old))>\(Self.text(new))"
      case .deleted(let object): "-\(Self.text(object))"
      }
    entries.withLock { $0.append(text) }
  }
  private static func text(_ object: JSON) -> String {
    "\(object["metadata", "name"]?.string ?? "")\(object["data", "x"]?.string ?? "")"
  }
}

private let maps = Resource.builtIn(group: "", version: "v1", resource: "configmaps")

private func map(_ name: String, _ x: String, namespace: String = "n") -> JSON {
  ["metadata": ["name": .string(name), "namespace": .string(namespace)], "data": ["x": .string(x)]]
}

private struct Running {
  let server = FakeAPI()
  let time = VirtualTime(isAutomatic: true)
  let log = Log()
  let informer: Informer

  init() throws {
    let client = APIClient(transport: server, userAgent: "test")
    informer = Informer(client: client, resource: try #require(maps), time: time, jitter: { 0 })
    informer.addHandler { [log] in log.note($0) }
  }

  /// Runs the informer while the test does this.
  func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await informer.run() }
      await informer.waitForSync()
      try await body()
      group.cancelAll()
    }
  }

  func logs(_ entries: [String]) async -> Bool {
    let isThere = await eventually { log.all == entries }
    if !isThere { Issue.record("\(log.all)") }
    return isThere
  }
}

@Suite struct InformerTests {
  @Test(arguments: [true, false])
  func `what is there comes first and then what happens`(streams: Bool) async throws {
    let running = try Running()
    let (server, maps) = (running.server, running.informer.resource)
    server.setStreamsLists(streams)
    server.put(maps, map("a", "1"))
    try await running.run {
      #expect(running.log.all == ["+a1"])
      _ = await eventually { server.watchCount == 1 }
      server.put(maps, map("a", "2"))
      server.put(maps, map("b", "1"))
      server.remove(maps, "n", "a")
      #expect(await running.logs(["+a1", "a1>a2", "+b1", "-a2"]))
      #expect(running.informer.list().count == 1)
      #expect(running.informer.get("n", "a") == nil)
    }
  }

  @Test func `after a disconnect it goes on where it was`() async throws {
    let running = try Running()
    let (server, maps) = (running.server, running.informer.resource)
    try await running.run {
      server.put(maps, map("a", "1"))
      #expect(await running.logs(["+a1"]))
      server.disconnect()
      server.put(maps, map("b", "1"))
      server.remove(maps, "n", "a")
      #expect(await running.logs(["+a1", "+b1", "-a1"]))
      #expect(server.requests.filter { $0.parameter("sendInitialEvents") == "true" }.count == 1)
    }
  }

  @Test func `a bookmark moves the place where it goes on`() async throws {
    let running = try Running()
    let (server, maps) = (running.server, running.informer.resource)
    let pods = try #require(Resource.builtIn(group: "", version: "v1", resource: "pods"))
    try await running.run {
      server.put(pods, map("p", "1"))
      server.put(maps, map("a", "1"))
      server.put(pods, map("p", "2"))
      server.bookmark()
      #expect(await running.logs(["+a1"]))
      server.disconnect()
      #expect(await eventually { server.requests.last?.parameter("resourceVersion") == "103" })
    }
  }

  @Test func `what was deleted unseen is told when the version is too old`() async throws {
    let running = try Running()
    let (server, maps) = (running.server, running.informer.resource)
    server.put(maps, map("a", "1"))
    server.put(maps, map("b", "1"))
    server.put(maps, map("c", "1"))
    try await running.run {
      server.intercept { _ in throw StatusError.unavailable("down") }
      server.disconnect()
      server.remove(maps, "n", "a")
      server.put(maps, map("b", "2"))
      server.compact()
      server.intercept(nil)
      #expect(await eventually { running.log.all.count == 5 })
      #expect(Set(running.log.all.suffix(2)) == ["-a1", "b1>b2"])
    }
  }

  @Test func `a server that is down is asked again with growing pauses`() async throws {
    let running = try Running()
    let count = Mutex(0)
    running.server.intercept { _ in
      let number = count.withLock { count in
        count += 1
        return count
      }
      if number <= 8 { throw StatusError.unavailable("down") }
      return nil
    }
    try await running.run {}
    #expect(
      running.time.sleeps.prefix(8)
        == [
          .milliseconds(800), .milliseconds(1600), .milliseconds(3200), .milliseconds(6400),
          .milliseconds(12_800), .milliseconds(25_600), .seconds(30), .seconds(30),
        ])
  }

  @Test func `a handler that comes late gets what is there`() async throws {
    let running = try Running()
    running.server.put(running.informer.resource, map("a", "1"))
    try await running.run {
      let late = Log()
      running.informer.addHandler { late.note($0) }
      #expect(late.all == ["+a1"])
    }
  }

  @Test func `who manages fields is not kept`() async throws {
    let running = try Running()
    var object = map("a", "1")
    object["metadata", "managedFields"] = [["manager": "x"]]
    running.server.put(running.informer.resource, object)
    try await running.run {
      #expect(running.informer.get("n", "a")?["metadata", "managedFields"] == nil)
    }
  }

  @Test func `a set runs informers that are asked for before and after it runs`() async throws {
    let server = FakeAPI()
    let set = InformerSet(client: APIClient(transport: server, userAgent: "test"))
    let first = set.informer(for: try #require(maps))
    #expect(set.informer(for: first.resource) === first)
    let nodes = try #require(Resource.builtIn(group: "", version: "v1", resource: "nodes"))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await set.run() }
      await set.waitForSync()
      let second = set.informer(for: nodes)
      await second.waitForSync()
      #expect(first.hasSynced && second.hasSynced)
      group.cancelAll()
    }
  }
}

@Suite struct InformerStoreTests {
  @Test func `indexes follow the objects`() {
    var store = InformerStore(indexers: ["x": { [$0["data", "x"]?.string ?? ""] }])
    _ = store.set(map("a", "1"))
    _ = store.set(map("b", "1", namespace: "m"))
    #expect(store.list(index: "x", value: "1").count == 2)
    _ = store.set(map("a", "2"))
    #expect(store.list(index: "x", value: "1") == [map("b", "1", namespace: "m")])
    #expect(store.list(namespace: "n") == [map("a", "2")])
    #expect(store.remove(ObjectKey(namespace: "n", name: "a")) == .deleted(map("a", "2")))
    #expect(store.list(index: "x", value: "2") == [])
    #expect(store.list(namespace: "n") == [])
    store.addIndexer("namespace") { [$0["metadata", "namespace"]?.string ?? ""] }
    #expect(store.list(index: "namespace", value: "m").count == 1)
  }

  @Test func `a replacement tells only what differs`() {
    var store = InformerStore()
    func versioned(_ name: String, _ x: String, _ version: String) -> JSON {
      var object = map(name, x)
      object["metadata", "resourceVersion"] = .string(version)
      return object
    }
    let (a, b, c) = (versioned("a", "1", "1"), versioned("b", "1", "2"), versioned("c", "1", "4"))
    let changed = versioned("b", "2", "3")
    _ = store.set(a)
    _ = store.set(b)
    var events = store.replace(with: [ObjectKey(changed): changed, ObjectKey(c): c])
    #expect(events.removeFirst() == .deleted(a))
    #expect(Set(events) == [.updated(old: b, new: changed), .added(c)])
    #expect(store.replace(with: [ObjectKey(changed): changed, ObjectKey(c): c]) == [])
  }

  @Test func `handlers hear of everything again and again if they wish`() async throws {
    let (server, time, log) = (FakeAPI(), VirtualTime(), Log())
    let client = APIClient(transport: server, userAgent: "test")
    let informer = Informer(
      client: client, resource: try #require(maps), resyncPeriod: .seconds(10), time: time)
    informer.addHandler { log.note($0) }
    server.put(try #require(maps), map("a", "1"))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await informer.run() }
      await informer.waitForSync()
      #expect(await eventually { log.all == ["+a1"] && time.sleeperCount > 0 })
      time.advance(by: .seconds(9))
      #expect(log.all == ["+a1"])
      time.advance(by: .seconds(1))
      #expect(await eventually { log.all == ["+a1", "a1>a1"] })
      group.cancelAll()
    }
  }
}
