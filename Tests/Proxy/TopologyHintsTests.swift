import Objects
import Proxy
import Testing

/// The hints of an endpoint: zones, then nodes.
private func hints(_ zones: Set<String>, _ nodes: Set<String> = []) -> TopologyHints {
  TopologyHints(zones: zones, nodes: nodes)
}

/// A slice of ready endpoints of this form: address, node, zones and nodes that it is meant for.
private func hinted(
  name: String = "web-1", _ endpoints: [(String, String, zones: [String], nodes: [String])]
) -> JSON {
  func names(_ texts: [String]) -> JSON { .array(texts.map { ["name": .string($0)] }) }
  var made = slice(name: name, endpoints.map { ready($0.0, $0.1) })
  made["endpoints"] = .array(
    zip(made["endpoints"]?.array ?? [], endpoints).map { endpoint, wanted in
      var endpoint = endpoint
      endpoint["hints"] = ["forZones": names(wanted.zones), "forNodes": names(wanted.nodes)]
      return endpoint
    })
  return made
}

private func found(_ service: JSON, _ slices: [JSON], zone: String) -> [[String]] {
  ServicePort.all(of: service, slices: slices, node: "me", zone: zone)
    .flatMap { [$0.endpoints.map(\.address), $0.localEndpoints.map(\.address)] }
}

@Suite struct TopologyHintsTests {
  @Test(
    arguments: [
      ([], "a", .anywhere), ([hints([])], "a", .anywhere),
      ([hints(["a"]), hints(["b"])], "a", .sameZone("a")), ([hints(["a", "b"])], "b", .sameZone("b")),
      // Not all have hints; none is meant for here; nobody knows where here is.
      ([hints(["a"]), hints([])], "a", .anywhere), ([hints(["b"]), hints(["c"])], "a", .anywhere),
      ([hints(["a"]), hints([""])], "", .anywhere),
      // Nodes come before zones, and zones are used where nodes do not help.
      ([hints(["a"], ["me"]), hints(["a"], ["other"])], "a", .sameNode("me")),
      ([hints(["a"], ["other"]), hints(["b"], ["third"])], "a", .sameZone("a")),
      ([hints(["a"], ["me"]), hints(["a"])], "a", .sameZone("a")),
      ([hints([], ["me"]), hints([])], "a", .anywhere),
    ] as [([TopologyHints], String, TopologyPreference)])
  func `hints are followed if all endpoints have them and one is meant for here`(
    hints: [TopologyHints], zone: String, preference: TopologyPreference
  ) {
    #expect(TopologyPreference(hints, node: "me", zone: zone) == preference)
  }

  @Test func `a node without a name is in no hint`() {
    #expect(TopologyPreference([hints([], [""])], node: "", zone: "") == .anywhere)
  }

  @Test func `what is no hint is none`() {
    let broken: [JSON?] = [nil, "a", ["forZones": "a", "forNodes": [["nom": "b"], 3]]]
    #expect(broken.map { TopologyHints($0) } == [hints([]), hints([]), hints([])])
    #expect(
      TopologyHints(["forZones": [["name": "a"]], "forNodes": [["name": "n"]]]) == hints(["a"], ["n"]))
  }

  @Test func `traffic stays in the zone, and a local policy does not care`() {
    let slice = hinted([
      ("10.1.0.1", "other", zones: ["a"], nodes: []), ("10.1.0.2", "me", zones: ["b"], nodes: []),
    ])
    #expect(found(service(), [slice], zone: "a") == [["10.1.0.1"], ["10.1.0.2"]])
    #expect(found(service(), [slice], zone: "b") == [["10.1.0.2"], ["10.1.0.2"]])
    #expect(found(service(), [slice], zone: "c") == [["10.1.0.1", "10.1.0.2"], ["10.1.0.2"]])
    #expect(found(service(), [slice], zone: "") == [["10.1.0.1", "10.1.0.2"], ["10.1.0.2"]])
  }

  @Test func `an endpoint of another slice counts too`() {
    let slices = [
      hinted([("10.1.0.1", "other", zones: ["a"], nodes: [])]), slice(name: "web-2", [ready("10.1.0.2")]),
    ]
    #expect(found(service(), slices, zone: "a") == [["10.1.0.1", "10.1.0.2"], []])
  }

  @Test func `hints of endpoints that are not ready say nothing`() {
    let slices = [
      hinted([("10.1.0.1", "other", zones: ["a"], nodes: [])]),
      slice(name: "web-2", [("10.1.0.2", "other", false, true, true)]),
    ]
    #expect(found(service(), slices, zone: "a") == [["10.1.0.1"], []])
  }

  @Test func `flows of UDP to an endpoint that is meant for others go on`() {
    var table = ServiceTable(node: "me")
    table.setService("n/web", service(ports: [["name": "http", "port": 53, "protocol": "UDP"]]))
    var slice = hinted([
      ("10.1.0.1", "other", zones: ["a"], nodes: []), ("10.1.0.2", "other", zones: ["b"], nodes: []),
    ])
    slice["ports"] = [["name": "http", "port": 53, "protocol": "UDP"]]
    table.setSlice(slice)
    _ = table.update()
    table.setZone("a")
    #expect(table.update().stale == [])
    // It was not among those in use, but flows may lead there from before.
    slice["endpoints"] = .array(Array((slice["endpoints"]?.array ?? []).prefix(1)))
    table.setSlice(slice)
    #expect(
      table.update().stale.map { "\($0.address ?? "*"):\($0.port) \($0.endpoint ?? "all")" } == [
        "10.96.0.10:53 10.1.0.2"
      ])
  }

  @Test func `a node that moves to another zone has other rules`() {
    var table = ServiceTable(node: "me")
    table.setService("n/web", service())
    table.setSlice(
      hinted([
        ("10.1.0.1", "other", zones: ["a"], nodes: []), ("10.1.0.2", "other", zones: ["b"], nodes: []),
      ]))
    func endpoints() -> [String] {
      _ = table.update()
      return ["10.1.0.1", "10.1.0.2"].filter { address in
        table.rules.chains.keys.contains { $0.hasSuffix("__\(address)/8080") }
      }
    }
    #expect(endpoints() == ["10.1.0.1", "10.1.0.2"])
    table.setZone("a")
    #expect(endpoints() == ["10.1.0.1"])
    table.setZone("b")
    #expect(endpoints() == ["10.1.0.2"])
    table.setZone("")
    #expect(endpoints() == ["10.1.0.1", "10.1.0.2"])
  }
}
