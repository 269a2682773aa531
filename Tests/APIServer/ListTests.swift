import Exchange
import Objects
import Registry
import Storage
import StorageSupport
import Testing

@testable import APIServer

private let pods = Resource.builtIn(group: "", version: "v1", resource: "pods")!
private let events = Resource.builtIn(group: "events.k8s.io", version: "v1", resource: "events")!
private let flowSchemas = Resource.builtIn(
  group: "flowcontrol.apiserver.k8s.io", version: "v1", resource: "flowschemas")!
private let now = Timestamp("2026-01-01T01:00:00Z")!

private func pod(_ number: Int) -> JSON {
  [
    "apiVersion": "v1", "kind": "Pod",
    "metadata": [
      "name": .string("p\(number)"), "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z",
      "labels": ["even": .string(String(number % 2 == 0))],
      "managedFields": [["manager": "m", "operation": "Update"]],
    ],
    "spec": [
      "containers": [["name": "c", "image": "i", "env": [["name": "}\"", "value": "\\"]]]],
      "nodeName": .string("node-\(number)"), "volumes": [["name": "v", "emptyDir": [:]]],
    ],
    "status": [
      "phase": "Running", "podIPs": [["ip": .string("10.0.0.\(number)")]],
      "containerStatuses": [["name": "c", "ready": true, "restartCount": 2, "state": ["running": [:]]]],
    ],
  ]
}

/// A store of pods that is read in pages of seven.
private func store(of count: Int) async throws -> ResourceStore {
  var options = StorageOptions()
  options.pageValues = 7
  let store = ResourceStore(resource: pods, client: MemoryStore(), options: options)
  for number in 0..<count {
    _ = try await store.create(pod(number), ObjectName(namespace: "n", name: "p\(number)"))
  }
  return store
}

private let accepts: [String?] = [
  nil, "application/json;as=Table;v=v1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
]

@Suite struct ListTests {
  @Test(
    arguments: accepts,
    [(0, ""), (1, ""), (7, ""), (8, ""), (100, ""), (30, "even=true"), (30, "even=maybe")])
  func `a list that is sent page by page is the list`(accept: String?, objects: (Int, String)) async throws {
    let store = try await store(of: objects.0)
    let wanted = try Representation(accept: accept, shapes: [.table, .partial])
    let query = ListQuery(labels: try LabelRequirements(parsing: objects.1))
    let writer = try #require(ListWriter(pods, wanted, include: .metadata, now: now))
    let list = try await store.list(query)
    let expected =
      switch wanted.shape {
      case .object: ListBody.json(list, pods)
      case .table: ListBody.table(list, pods, include: .metadata, now: now)
      case .partial: ListBody.partial(list)
      }
    #expect(try JSON.parse(await writer.bytes(list)) == expected)
    let stream = ListStream(try await store.read(query), writer)
    var sent: [UInt8] = []
    while let part = try await stream.next() { sent += part }
    #expect(try JSON.parse(sent) == expected)
    #expect(try await stream.next() == nil)
  }

  @Test(arguments: [IncludeObject.none, .metadata, .object])
  func `rows carry what was asked for`(include: IncludeObject) async throws {
    let list = try await store(of: 9).list(ListQuery())
    let wanted = try Representation(accept: accepts[1], shapes: [.table])
    let writer = try #require(ListWriter(pods, wanted, include: include, now: now))
    #expect(
      try JSON.parse(await writer.bytes(list)) == ListBody.table(list, pods, include: include, now: now))
  }

  @Test func `a list goes on with what there was when it began`() async throws {
    let store = try await store(of: 20)
    var reader = try await store.read(ListQuery())
    for number in 0..<20 {
      let name = ObjectName(namespace: "n", name: "p\(number)")
      if let last = try await store.get(name) { _ = try await store.delete(name, last: last) }
    }
    let list = try await reader.all()
    #expect(list.items.count == 20)
    #expect(try await store.list(ListQuery()).items.isEmpty)
  }

  @Test func `a list that cannot be read on breaks off`() async throws {
    var options = StorageOptions()
    options.pageValues = 7
    let memory = MemoryStore()
    let store = ResourceStore(resource: pods, client: memory, options: options)
    for number in 0..<40 {
      _ = try await store.create(pod(number), ObjectName(namespace: "n", name: "p\(number)"))
    }
    let reader = try await store.read(ListQuery())
    let name = ObjectName(namespace: "n", name: "p0")
    if let last = try await store.get(name) { _ = try await store.delete(name, last: last) }
    try await memory.compact(reader.revision + 1)
    let writer = try #require(ListWriter(pods, .json, include: .metadata, now: now))
    let stream = ListStream(reader, writer)
    await #expect(throws: StatusError.self) { while try await stream.next() != nil {} }
  }

  @Test func `a list that nobody reads ends`() async throws {
    let writer = try #require(ListWriter(pods, .json, include: .metadata, now: now))
    let stream = ListStream(try await store(of: 40).read(ListQuery()), writer)
    _ = try await stream.next()
    stream.cancel()
    #expect(try await stream.next() == nil)
  }

  @Test func `what has an order of its own, or is YAML, is not written page by page`() throws {
    let table = try Representation(accept: accepts[1], shapes: [.table])
    #expect(ListWriter(flowSchemas, table, include: .metadata, now: now) == nil)
    #expect(ListWriter(flowSchemas, .json, include: .metadata, now: now) != nil)
    let yaml = try Representation(accept: "application/yaml")
    #expect(ListWriter(pods, yaml, include: .metadata, now: now) == nil)
  }

  @Test func `objects that are stored in another form are shown in the one asked for`() async throws {
    let stored = StoredVersion.of(events)
    let store = ResourceStore(resource: stored, client: MemoryStore())
    let event: JSON = [
      "apiVersion": "v1", "kind": "Event", "metadata": ["name": "e", "namespace": "n"], "reason": "R",
      "message": "M", "type": "Normal", "involvedObject": ["kind": "Pod", "name": "p"], "count": 3,
    ]
    _ = try await store.create(event, ObjectName(namespace: "n", name: "e"))
    let list = try await store.list(ListQuery())
    let writer = try #require(ListWriter(events, .json, include: .metadata, now: now))
    let written = try JSON.parse(await writer.bytes(list))
    #expect(written == ListBody.json(list, events))
    #expect(written["items"]?.array?.first?["note"] == "M")
  }
}
