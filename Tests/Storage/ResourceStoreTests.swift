import Exchange
import Objects
import StorageSupport
import Testing

@testable import Storage

private let configMaps = Resource.builtIn(group: "", version: "v1", resource: "configmaps")!
private let pods = Resource.builtIn(group: "", version: "v1", resource: "pods")!

private func configMap(_ name: String, labels: JSON = [:], data: String = "") -> JSON {
  [
    "apiVersion": "v1", "kind": "ConfigMap", "data": ["k": .string(data)],
    "metadata": ["name": .string(name), "namespace": "n", "uid": .string("u-" + name), "labels": labels],
  ]
}

extension ResourceStore {
  /// Writes whatever the version is.
  fileprivate func put(_ object: JSON) async throws {
    let name = ObjectName(
      namespace: object["metadata", "namespace"]?.string ?? "", name: object["metadata", "name"]?.string ?? ""
    )
    let current = try await get(name)
    _ = try await update(object, name, expecting: current?.revision ?? 0)
  }

  fileprivate func remove(_ name: String) async throws {
    let name = ObjectName(namespace: "n", name: name)
    if let last = try await get(name) { _ = try await delete(name, last: last) }
  }
}

private func names(_ list: ObjectList) -> [String] {
  list.items.map { $0.json["metadata", "name"]?.string ?? "" }
}

/// `ADDED a@5` of each event, until there are `count`.
private func read(_ watch: ObjectWatch, _ count: Int) async -> [String] {
  var all: [String] = []
  while all.count < count, let events = await watch.next() {
    all += events.map { event in
      let name = event.object?.json["metadata", "name"]?.string ?? event.status?.reason ?? ""
      return "\(event.kind.rawValue) \(name)@\(event.revision)\(event.isInitialEventsEnd ? " end" : "")"
    }
  }
  return all
}

@Suite struct StoredObjectTests {
  @Test(arguments: [
    (
      #"{"apiVersion":"v1","data":{"a":"}\"{"},"kind":"ConfigMap","metadata":{"name":"x"}}"#,
      #"{"apiVersion":"v1","data":{"a":"}\"{"},"kind":"ConfigMap","metadata":{"resourceVersion":"7","name":"x"}}"#,
      #"{"data":{"a":"}\"{"},"metadata":{"resourceVersion":"7","name":"x"}}"#
    ),
    (
      #"{"kind":"A","metadata":{},"spec":[1,{"a":[]}]}"#,
      #"{"kind":"A","metadata":{"resourceVersion":"7"},"spec":[1,{"a":[]}]}"#,
      #"{"metadata":{"resourceVersion":"7"},"spec":[1,{"a":[]}]}"#
    ),
    // Not as this server writes it.
    (
      #"{ "metadata": {"name": "x"}, "kind": "A" }"#,
      #"{"kind":"A","metadata":{"name":"x","resourceVersion":"7"}}"#,
      #"{"metadata":{"name":"x","resourceVersion":"7"}}"#
    ),
    ("nonsense", "null", "null"),
    (#"{"a":"#, "null", "null"),
    (#"{"metadata":"#, "null", "null"),
    (#"{"a\"#, "null", "null"),
  ])
  func `the version is put into what is stored`(stored: String, whole: String, item: String) {
    let object = StoredObject(value: Array(stored.utf8), revision: 7)
    #expect(String(decoding: object.bytes, as: UTF8.self) == whole)
    var bytes: [UInt8] = []
    object.append(to: &bytes, asItem: true)
    #expect(String(decoding: bytes, as: UTF8.self) == item)
  }
}

@Suite struct ListTests {
  private static func filled(_ count: Int) async throws -> (MemoryStore, ResourceStore) {
    let memory = MemoryStore()
    let store = ResourceStore(resource: configMaps, client: memory)
    for number in 0..<count {
      try await store.put(
        configMap("c\(number)", labels: ["parity": .string(number % 2 == 0 ? "even" : "odd")]))
    }
    return (memory, store)
  }

  @Test func `objects lie where Kubernetes puts them`() async throws {
    let (memory, _) = try await Self.filled(1)
    let page = try await memory.range(StoreRange(start: Array("/".utf8), end: Array("0".utf8)))
    #expect(page.values.map { String(decoding: $0.key, as: UTF8.self) } == ["/registry/configmaps/n/c0"])
    let nodes = Resource.builtIn(group: "", version: "v1", resource: "nodes")!
    #expect(
      String(decoding: ResourceKeys(nodes, root: "/registry").key(ObjectName(name: "a")), as: UTF8.self)
        == "/registry/minions/a")
  }

  @Test func `a list is paged at one moment`() async throws {
    let (_, store) = try await Self.filled(5)
    var query = ListQuery(namespace: "n")
    query.limit = 2
    let first = try await store.list(query)
    #expect(names(first) == ["c0", "c1"] && first.remainingItemCount == 3 && first.revision == 6)
    try await store.put(configMap("c3", data: "new"))
    try await store.remove("c4")
    query.continueToken = first.continueToken
    let second = try await store.list(query)
    #expect(names(second) == ["c2", "c3"] && second.revision == 6)
    #expect(second.items[1].json["data", "k"] == "")
    query.continueToken = second.continueToken
    let third = try await store.list(query)
    #expect(names(third) == ["c4"] && third.continueToken.isEmpty && third.remainingItemCount == nil)
  }

  @Test func `the token is the one that Kubernetes gives`() throws {
    let token = ContinueToken(revision: 280, start: Array("l1".utf8) + [0])
    #expect(token.text == "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjgwLCJzdGFydCI6Ii9sMVx1MDAwMCJ9")
    #expect(try ContinueToken(token.text) == token)
  }

  @Test func `selectors fill pages with what matches`() async throws {
    let (_, store) = try await Self.filled(10)
    var query = ListQuery(namespace: "n")
    query.labels = try LabelRequirements(parsing: "parity=odd")
    query.limit = 3
    let first = try await store.list(query)
    #expect(names(first) == ["c1", "c3", "c5"] && first.remainingItemCount == nil)
    query.continueToken = first.continueToken
    #expect(names(try await store.list(query)) == ["c7", "c9"])
    query.continueToken = ""
    query.limit = 0
    query.labels = .everything
    query.fields = try FieldSelector(parsing: "metadata.name=c4")
    #expect(names(try await store.list(query)) == ["c4"])
  }

  @Test func `after a compaction a list can go on with what there is now`() async throws {
    let (memory, store) = try await Self.filled(4)
    var query = ListQuery(namespace: "n")
    query.limit = 2
    query.continueToken = try await store.list(query).continueToken
    try await store.remove("c2")
    try await memory.compact(memory.revision)
    do {
      _ = try await store.list(query)
      Issue.record("a compacted list goes on")
    } catch {
      #expect(error.isExpired)
      query.continueToken = error.status["metadata", "continue"]?.string ?? ""
    }
    #expect(names(try await store.list(query)) == ["c3"])
  }

  @Test(arguments: [
    ("", "Exact", "", 422, "resourceVersionMatch is forbidden unless resourceVersion is provided"),
    ("0", "Exact", "", 422, #"resourceVersionMatch "Exact" is forbidden for resourceVersion "0""#),
    ("5", "Nope", "", 422, #"Unsupported value: "Nope": supported values: "Exact", "NotOlderThan""#),
    (
      "abc", "", "", 400,
      #"invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax"#
    ),
    ("999", "", "", 504, "Timeout: Too large resource version: 999, current: 3"),
    ("999", "Exact", "", 504, "Timeout: Too large resource version: 999, current: 3"),
    (
      "", "", "xx", 400,
      #"invalid continue token: continue key is not valid: invalid character '\xc7' looking for beginning of value"#
    ),
    (
      "5", "", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjgwLCJzdGFydCI6Ii9sMVx1MDAwMCJ9", 400,
      "not allowed when using continue"
    ),
  ])
  func `parameters that make no sense are refused`(
    version: String, match: String, token: String, code: Int, message: String
  ) async throws {
    let (_, store) = try await Self.filled(2)
    var query = ListQuery()
    query.resourceVersion = version
    query.resourceVersionMatch = match
    query.continueToken = token
    do {
      _ = try await store.list(query)
      Issue.record("accepted")
    } catch {
      #expect(error.code == code)
      #expect(error.message.contains(message), "\(error.message)")
    }
  }

  @Test func `a write goes through only on the version that was read`() async throws {
    let (_, store) = try await Self.filled(1)
    let name = ObjectName(namespace: "n", name: "c0")
    guard case .changed(let current?) = try await store.create(configMap("c0"), name) else {
      Issue.record("created twice")
      return
    }
    guard
      case .stored(let updated) = try await store.update(configMap("c0"), name, expecting: current.revision)
    else {
      Issue.record("not stored")
      return
    }
    guard case .changed = try await store.update(configMap("c0"), name, expecting: current.revision) else {
      Issue.record("stored on an old version")
      return
    }
    guard case .stored(let last) = try await store.delete(name, last: updated) else {
      Issue.record("not deleted")
      return
    }
    #expect(last.revision == 4 && last.json["metadata", "resourceVersion"] == "4")
    #expect(try await store.get(name) == nil)
  }
}

@Suite struct WatchTests {
  private static func started(_ options: StorageOptions = StorageOptions(), resource: Resource = configMaps)
    -> (MemoryStore, ResourceStore)
  {
    let memory = MemoryStore()
    return (memory, ResourceStore(resource: resource, client: memory, options: options))
  }

  @Test func `a watch without a version begins with what there is`() async throws {
    let (_, store) = Self.started()
    try await store.put(configMap("a"))
    let watch = try await store.watch(WatchQuery(namespace: "n"))
    #expect(await read(watch, 1) == ["ADDED a@2"])
    try await store.put(configMap("b"))
    try await store.put(configMap("a", data: "x"))
    try await store.remove("b")
    #expect(await read(watch, 3) == ["ADDED b@3", "MODIFIED a@4", "DELETED b@5"])
  }

  @Test func `a streaming list ends with a bookmark`() async throws {
    let (_, store) = Self.started()
    try await store.put(configMap("a"))
    try await store.put(configMap("b"))
    var query = WatchQuery()
    query.sendInitialEvents = true
    query.resourceVersionMatch = "NotOlderThan"
    query.allowBookmarks = true
    let watch = try await store.watch(query)
    #expect(await read(watch, 3) == ["ADDED a@2", "ADDED b@3", "BOOKMARK @3 end"])
  }

  @Test func `selectors turn changes into comings and goings`() async throws {
    let (_, store) = Self.started()
    try await store.put(configMap("a", labels: ["t": "x"]))
    var query = WatchQuery()
    query.labels = try LabelRequirements(parsing: "t=x")
    query.resourceVersion = "1"
    let watch = try await store.watch(query)
    try await store.put(configMap("b"))
    try await store.put(configMap("b", labels: ["t": "x"]))
    try await store.put(configMap("a", labels: ["t": "y"]))
    try await store.put(configMap("a", labels: ["t": "z"]))
    try await store.remove("b")
    let events = await read(watch, 4)
    #expect(events == ["ADDED a@2", "ADDED b@4", "DELETED a@5", "DELETED b@7"])
  }

  @Test func `a version before the ring is read from the store, then followed`() async throws {
    var options = StorageOptions()
    options.ringEvents = 2
    let (_, store) = Self.started(options)
    try await store.put(configMap("a"))
    var early = WatchQuery()
    early.resourceVersion = "1"
    let first = try await store.watch(early)
    for number in 0..<6 { try await store.put(configMap("a", data: "\(number)")) }
    var query = WatchQuery()
    query.resourceVersion = "2"
    let late = try await store.watch(query)
    #expect(await read(late, 6) == (3...8).map { "MODIFIED a@\($0)" })
    try await store.put(configMap("b"))
    #expect(await read(late, 1) == ["ADDED b@9"])
    // One that did not read meanwhile has lost nothing either.
    let all = await read(first, 8)
    #expect(all.last == "ADDED b@9")
  }

  @Test func `a compacted version is an error event`() async throws {
    let (memory, store) = Self.started()
    try await store.put(configMap("a"))
    try await store.put(configMap("a", data: "x"))
    try await memory.compact(3)
    var query = WatchQuery()
    query.resourceVersion = "1"
    let watch = try await store.watch(query)
    let events = await watch.next()
    #expect(events?.map(\.kind) == [.error])
    #expect(events?.first?.status?.code == 410)
    #expect(await watch.next() == nil)
  }

  @Test func `nothing is lost when the connection to the store breaks`() async throws {
    var options = StorageOptions()
    options.retryInterval = .milliseconds(1)
    let (memory, store) = Self.started(options)
    let watch = try await store.watch(WatchQuery())
    try await store.put(configMap("a"))
    #expect(await read(watch, 1) == ["ADDED a@2"])
    memory.breakWatches()
    try await store.put(configMap("b"))
    #expect(await read(watch, 1) == ["ADDED b@3"])
  }

  @Test func `a watch of a node's pods sees them come and go`() async throws {
    let (_, store) = Self.started(resource: pods)
    func pod(_ name: String, node: String) -> JSON {
      [
        "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "namespace": "n"],
        "spec": node.isEmpty ? [:] : ["nodeName": .string(node)],
      ]
    }
    try await store.put(pod("p", node: ""))
    var query = WatchQuery()
    query.fields = try FieldSelector(parsing: "spec.nodeName=a")
    query.resourceVersion = "1"
    let watch = try await store.watch(query)
    try await store.put(pod("q", node: "b"))
    try await store.put(pod("p", node: "a"))
    #expect(await read(watch, 1) == ["ADDED p@4"])
    try await store.put(pod("r", node: "a"))
    try await store.remove("p")
    #expect(await read(watch, 2) == ["ADDED r@5", "DELETED p@6"])
  }

  @Test func `a slow watch of a node reads the store`() async throws {
    var options = StorageOptions()
    options.watchQueue = 2
    options.ringEvents = 2
    let (_, store) = Self.started(options, resource: pods)
    var query = WatchQuery()
    query.fields = try FieldSelector(parsing: "spec.nodeName=a")
    let watch = try await store.watch(query)
    for number in 0..<9 {
      try await store.put([
        "apiVersion": "v1", "kind": "Pod", "spec": ["nodeName": "a"],
        "metadata": ["name": .string("p\(number)"), "namespace": "n"],
      ])
    }
    let events = await read(watch, 9)
    #expect(events == (0..<9).map { "ADDED p\($0)@\($0 + 2)" })
  }

  @Test func `an event is made once for a thousand watches`() async throws {
    let (_, store) = Self.started()
    var watches: [ObjectWatch] = []
    var query = WatchQuery()
    query.resourceVersion = "1"
    for _ in 0..<1000 { watches.append(try await store.watch(query)) }
    try await store.put(configMap("a"))
    var made = 0
    for watch in watches {
      let event = await watch.next()?.first
      _ = try event?.object?.encoded("form") { object throws(StatusError) in
        made += 1
        return object.bytes
      }
    }
    #expect(made == 1)
  }

  @Test(
    arguments: [
      (
        nil, "NotOlderThan",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
      ),
      (true, "", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
      (true, "Exact", #"Unsupported value: "Exact": supported values: "NotOlderThan""#),
    ] as [(Bool?, String, String)])
  func `parameters that make no sense are refused`(initial: Bool?, match: String, message: String)
    async throws
  {
    let (_, store) = Self.started()
    var query = WatchQuery()
    query.sendInitialEvents = initial
    query.resourceVersionMatch = match
    do {
      _ = try await store.watch(query)
      Issue.record("accepted")
    } catch {
      #expect(error.code == 422 && error.message.contains(message), "\(error.message)")
    }
  }

  @Test func `a cancelled watch ends for whoever waits`() async throws {
    let (_, store) = Self.started()
    let watch = try await store.watch(WatchQuery())
    async let end = watch.next()
    watch.cancel()
    #expect(await end == nil)
  }

  /// Writers and watches at random: every watch sees exactly what happened after its version, in order.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func `watches that begin anywhere see all that follows`(seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    var options = StorageOptions()
    options.ringEvents = Int(random.next() % 12) + 1
    options.retryInterval = .milliseconds(1)
    let (memory, store) = Self.started(options)
    var expected: [(revision: Int64, text: String)] = []
    var watches: [(after: Int64, watch: ObjectWatch)] = []
    var live: Set<String> = []
    for _ in 0..<60 {
      let name = "c\(random.next() % 5)"
      switch random.next() % 10 {
      case 0...5:
        try await store.put(configMap(name, data: "\(random.next())"))
        expected.append(
          (memory.revision, "\(live.insert(name).inserted ? "ADDED" : "MODIFIED") \(name)@\(memory.revision)")
        )
      case 6 where live.contains(name):
        try await store.remove(name)
        live.remove(name)
        expected.append((memory.revision, "DELETED \(name)@\(memory.revision)"))
      case 7: memory.breakWatches()
      default:
        var query = WatchQuery()
        let after = Int64(random.next() % UInt64(memory.revision)) + 1
        query.resourceVersion = String(after)
        watches.append((after, try await store.watch(query)))
      }
    }
    for (after, watch) in watches {
      let due = expected.filter { $0.revision > after }.map(\.text)
      #expect(await read(watch, due.count) == due)
    }
  }
}

private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
