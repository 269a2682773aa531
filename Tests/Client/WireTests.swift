import ClientSupport
import Exchange
import Objects
import Testing

@testable import Client

private func known(_ group: String, _ resource: String) throws -> Resource {
  try #require(Resource.builtIn(group: group, version: "v1", resource: resource))
}

private func split(_ chunks: [String], limit: Int = 100) throws -> [String] {
  var splitter = LineSplitter(limit: limit)
  var lines: [String] = []
  for chunk in chunks {
    for line in try splitter.lines(Array(chunk.utf8)) {
      lines.append(String(decoding: line, as: UTF8.self).split(separator: "\n").joined())
    }
  }
  return lines
}

@Suite struct WireTests {
  @Test(arguments: [
    (["a\n"], ["a"]),
    (["a\nb\n"], ["a", "b"]),
    (["a", "b\n"], ["ab"]),
    (["ab\nc", "d", "e\nf\n"], ["ab", "cde", "f"]),
    (["a", "\n", "b", "\n"], ["a", "b"]),
    (["\n", "\n\na\n"], ["a"]),
    (["a\nrest"], ["a"]),
    (["", "a\n"], ["a"]),
  ])
  func `lines are cut anywhere`(chunks: [String], lines: [String]) throws {
    #expect(try split(chunks) == lines)
  }

  @Test(arguments: [["abcd\n"], ["ab", "cd"], ["ab", "cd\n"], ["a\nbcde"], ["a\nabcd\n"]])
  func `a line beyond the limit is an error`(chunks: [String]) {
    #expect(throws: LineSplitter.LineTooLong(limit: 3)) { try split(chunks, limit: 3) }
  }

  @Test func `paths name group version namespace and subresource`() throws {
    let pods = try known("", "pods")
    let nodes = try known("", "nodes")
    let deployments = try known("apps", "deployments")
    #expect(APIClient.path(pods) == "/api/v1/pods")
    #expect(APIClient.path(pods, namespace: "n") == "/api/v1/namespaces/n/pods")
    #expect(
      APIClient.path(pods, namespace: "n", name: "p", subresource: "binding")
        == "/api/v1/namespaces/n/pods/p/binding")
    #expect(APIClient.path(nodes, namespace: "n", name: "m") == "/api/v1/nodes/m")
    #expect(
      APIClient.path(deployments, namespace: "n", name: "d")
        == "/apis/apps/v1/namespaces/n/deployments/d")
  }

  @Test func `a watch gives what came before an error and then the error`() async throws {
    let status = StatusError.expired("too old resource version: 1 (2)")
    let line = FakeLine.event("ADDED", ["metadata": ["name": "a"]])
    let error = FakeLine.event("ERROR", status.status)
    let watch = APIWatch(.parts([Array(line[..<7]), Array(line[7...]) + error]))
    #expect(
      try await watch.next() == [APIWatch.Event(kind: .added, object: ["metadata": ["name": "a"]])])
    await #expect(throws: status) { try await watch.next() }
  }

  @Test func `a watch passes over events of unknown kinds`() async throws {
    let watch = APIWatch(.parts([FakeLine.event("OTHER", [:]), FakeLine.event("DELETED", [:])]))
    #expect(try await watch.next() == [APIWatch.Event(kind: .deleted, object: [:])])
    #expect(try await watch.next() == nil)
  }

  @Test func `a watch that is no JSON is an error`() async throws {
    await #expect(throws: StatusError.self) { try await APIWatch(.parts([Array("{\n".utf8)])).next() }
    await #expect(throws: StatusError.self) { try await APIWatch(.parts([Array("{}\n".utf8)])).next() }
  }
}

private enum FakeLine {
  static func event(_ type: String, _ object: JSON) -> [UInt8] {
    let event: JSON = ["type": .string(type), "object": object]
    return event.serialized() + [10]
  }
}

@Suite struct APIClientTests {
  private let server = FakeAPI()
  private var client: APIClient { APIClient(transport: server, userAgent: "test/1") }

  @Test func `objects are made read changed and deleted`() async throws {
    let maps = try known("", "configmaps")
    let made = try await client.create(
      maps, ["metadata": ["name": "a", "namespace": "n"], "data": ["x": "1"]])
    #expect(made["metadata", "resourceVersion"] == "101")
    #expect(try await client.get(maps, namespace: "n", name: "a") == made)
    var changed = made
    changed["data", "x"] = "2"
    let updated = try await client.update(maps, changed)
    #expect(updated["data", "x"] == "2")
    await #expect(throws: StatusError.modified(maps, name: "a")) { try await client.update(maps, changed) }
    let patched = try await client.patch(
      maps, namespace: "n", name: "a", kind: .merge, ["data": ["y": "3", "x": .null]])
    #expect(patched["data"] == ["y": "3"])
    try await client.delete(maps, namespace: "n", name: "a")
    await #expect(throws: StatusError.notFound(maps, name: "a")) {
      try await client.get(maps, namespace: "n", name: "a")
    }
  }

  @Test func `requests say who asks and how a patch is meant`() async throws {
    let maps = try known("", "configmaps")
    try await client.create(maps, ["metadata": ["name": "a", "namespace": "n"]])
    try await client.patch(
      maps, namespace: "n", name: "a", kind: .apply, fieldManager: "me", force: true, ["data": [:]])
    let request = try #require(server.requests.last)
    #expect(request.header("user-agent") == "test/1")
    #expect(request.header("content-type") == "application/apply-patch+yaml")
    #expect(request.parameter("fieldManager") == "me")
    #expect(request.parameter("force") == "true")
  }

  @Test func `a list has all pages`() async throws {
    let maps = try known("", "configmaps")
    for number in 0..<1203 {
      server.put(maps, ["metadata": ["name": .string("m\(number)"), "namespace": "n"]])
    }
    let list = try await client.list(maps)
    #expect(list.items.count == 1203)
    #expect(list.resourceVersion == "1303")
    #expect(server.requests.map { $0.parameter("limit") } == ["500", "500", "500"])
  }

  @Test func `a list whose pages grow too old begins anew without pages`() async throws {
    let maps = try known("", "configmaps")
    for number in 0..<700 {
      server.put(maps, ["metadata": ["name": .string("m\(number)"), "namespace": "n"]])
    }
    server.intercept { [server] request in
      if request.parameter("continue") != nil { server.compact() }
      return nil
    }
    #expect(try await client.list(maps).items.count == 700)
    #expect(server.requests.map { $0.parameter("limit") } == ["500", "500", nil])
  }

  @Test func `a server that cannot be reached is a failure with its cause`() async throws {
    struct Refused: Error, CustomStringConvertible { let description = "connection refused" }
    let pods = try known("", "pods")
    server.intercept { _ in throw Refused() }
    await #expect(throws: StatusError.unavailable("GET /api/v1/pods: connection refused")) {
      try await client.list(pods)
    }
  }

  @Test func `an answer that is no Status keeps its code and text`() async throws {
    let pods = try known("", "pods")
    server.intercept { _ in
      APIResponse(status: 502, contentType: "text/plain", bytes: Array("bad gateway".utf8))
    }
    await #expect(throws: StatusError(code: 502, reason: "", message: "bad gateway")) {
      try await client.get(pods, namespace: "n", name: "p")
    }
  }

  @Test func `delete options hold what is asked for`() {
    #expect(APIClient.deleteOptions() == ["apiVersion": "v1", "kind": "DeleteOptions"])
    #expect(
      APIClient.deleteOptions(gracePeriodSeconds: 0, propagation: "Orphan", uid: "u", resourceVersion: "7")
        == [
          "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
          "propagationPolicy": "Orphan", "preconditions": ["uid": "u", "resourceVersion": "7"],
        ])
  }
}
