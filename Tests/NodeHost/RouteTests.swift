import Client
import ClientSupport
import Objects
import Synchronization
import Testing

@testable import NodeHost

@Suite struct RouteTests {
  @Test(arguments: [
    ("10.244.0.0/16", "10.244.0.0/16"), ("10.244.3.7/24", "10.244.3.0/24"), ("10.1.2.3", "10.1.2.3/32"),
    ("0.0.0.0/0", "0.0.0.0/0"), ("fd00::1:2/112", "fd00::1:0/112"), ("::1", "::1/128"), ("10.0.0.0/33", nil),
    ("10.0.0/8", nil), ("10.0.0.0/", nil), ("10.0.0.0/+8", nil), ("x", nil), ("", nil), ("10.0.0.0/8/8", nil),
  ])
  func `a range is read`(text: String, range: String?) {
    #expect(AddressRange(text)?.description == range)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.1.0.0/16", true, true), ("10.1.0.0/16", "10.0.0.0/8", false, true),
    ("10.0.0.0/9", "10.128.0.0/9", false, false), ("0.0.0.0/0", "::/0", false, false),
    ("fd00::/8", "fd12::1", true, true),
  ])
  func `ranges are compared`(one: String, other: String, contains: Bool, overlaps: Bool) throws {
    let (one, other) = (try #require(AddressRange(one)), try #require(AddressRange(other)))
    #expect(one.contains(other) == contains)
    #expect(one.overlaps(other) == overlaps)
    #expect(other.overlaps(one) == overlaps)
  }

  private func wanted(_ nodes: [JSON], cluster: [AddressRange]? = nil) throws -> [String] {
    let cluster = try cluster ?? ranges("10.244.0.0/16")
    return RouteTable.wanted(
      nodes: nodes, own: "me", clusterCIDRs: cluster, refused: cluster + (try ranges("10.96.0.0/12"))
    ).map { "\($0.destination) \($0.gateway ?? "unreachable")" }
  }

  @Test func `each other node with a range and an address has a route`() throws {
    let refused = ["10.244.0.0/16 unreachable", "10.96.0.0/12 unreachable"]
    #expect(try wanted([]) == refused)
    let nodes = [
      node("me", ["10.244.0.0/24"], address: "10.0.0.1"), node("b", ["10.244.1.0/24"], address: "10.0.0.2"),
      node("c", [], address: "10.0.0.3"), node("d", ["10.244.3.0/24"], address: "what"),
    ]
    #expect(try wanted(nodes) == refused + ["10.244.1.0/24 10.0.0.2"])
  }

  @Test func `what a node claims beyond its share is not believed`() throws {
    let refused = ["10.244.0.0/16 unreachable", "10.96.0.0/12 unreachable"]
    let nodes = [
      node("me", ["10.244.0.0/24"], address: "10.0.0.1"),
      node("own", ["10.244.0.128/25"], address: "10.0.0.2"), node("all", ["0.0.0.0/0"], address: "10.0.0.3"),
      node("lan", ["10.0.0.0/24"], address: "10.0.0.4"), node("odd", ["10.244.x"], address: "10.0.0.5"),
      node("z", ["10.244.9.0/24"], address: "10.0.0.7"), node("a", ["10.244.9.0/24"], address: "10.0.0.6"),
    ]
    #expect(try wanted(nodes) == refused + ["10.244.9.0/24 10.0.0.6"])
    #expect(
      RouteTable.wanted(nodes: [nodes[2]], own: "me", clusterCIDRs: [], refused: []).isEmpty)
  }

  @Test func `ranges of both kinds go by addresses of their kind`() throws {
    var both = node("b", ["10.244.1.0/24", "fd00:1::/64"], address: "10.0.0.2")
    both["status", "addresses"] = [
      ["type": "InternalIP", "address": "fc00::2"], ["type": "InternalIP", "address": "10.0.0.2"],
      ["type": "ExternalIP", "address": "1.2.3.4"],
    ]
    #expect(
      try wanted([both], cluster: ranges("10.244.0.0/16", "fd00::/16")) == [
        "10.244.0.0/16 unreachable", "10.96.0.0/12 unreachable", "fd00::/16 unreachable",
        "10.244.1.0/24 10.0.0.2", "fd00:1::/64 fc00::2",
      ])
  }

  @Test func `routes are read as ip lists them`() throws {
    let text = """
      [{"type":"unreachable","dst":"10.244.0.0/16","metric":4096,"flags":[]},
      {"dst":"10.244.3.0/24","gateway":"10.9.0.3","dev":"d0","flags":[]},
      {"dst":"10.244.4.4","gateway":"10.9.0.3","dev":"d0","flags":["linkdown"]},
      {"dst":"10.244.5.0/24","dev":"d0","flags":[]},{"dst":"?"},7]
      """
    let routes = RouteTable.parse(text)?.map { "\($0.destination) \($0.gateway ?? "unreachable")" }
    #expect(
      routes == [
        "10.244.0.0/16 unreachable", "10.244.3.0/24 10.9.0.3", "10.244.4.4/32 10.9.0.3", "10.244.5.0/24 ",
      ])
    #expect(RouteTable.parse("\n") == [])
    #expect(RouteTable.parse("Error: argument") == nil)
    #expect(RouteTable.parse("{}") == nil)
  }

  @Test func `what differs is changed, additions first`() throws {
    func route(_ range: String, _ gateway: String?) throws -> PodRoute {
      PodRoute(try #require(AddressRange(range)), gateway: gateway)
    }
    let current = [
      try route("10.244.0.0/16", nil), try route("10.244.1.0/24", "10.0.0.2"),
      try route("10.244.2.0/24", "10.0.0.3"), try route("10.245.0.0/16", nil),
    ]
    let wanted = [
      try route("10.244.0.0/16", nil), try route("10.244.1.0/24", "10.0.0.9"),
      try route("10.244.3.0/24", "10.0.0.4"), try route("fd00::/16", nil),
    ]
    #expect(
      RouteTable.changes(from: current, to: wanted).map { $0.joined(separator: " ") } == [
        "-6 route replace unreachable fd00::/16 metric 4096 proto 86",
        "-4 route replace 10.244.1.0/24 via 10.0.0.9 proto 86",
        "-4 route replace 10.244.3.0/24 via 10.0.0.4 proto 86",
        "-4 route del unreachable 10.245.0.0/16 metric 4096 proto 86",
        "-4 route del 10.244.2.0/24 via 10.0.0.3 proto 86",
      ])
    #expect(RouteTable.changes(from: current, to: current) == [])
  }
}

@Suite struct NodeRoutesTests {
  private let api = FakeAPI()
  private let ip = FakeIP()
  private let time = VirtualTime()
  private let lines = Lines()

  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  private func start() throws -> Task<Void, Never> {
    var options = NodeRoutesOptions(node: "me", clusterCIDRs: try ranges("10.244.0.0/16"))
    options.refused = try ranges("10.96.0.0/12")
    let made = NodeRoutes(
      client: APIClient(transport: api, userAgent: "test"), options: options,
      commands: { [ip] in ip.run($0, $1) }, time: time,
      log: { [lines] line in lines.all.withLock { $0.append(line) } })
    let routes = try #require(made)
    return Task { await routes.run() }
  }

  private func settles(_ routes: [String]) async -> Bool {
    await eventually {
      time.advance(by: .seconds(1))
      return ip.routes == routes
    }
  }

  @Test func `routes follow the nodes, and come back when they are lost`() async throws {
    let nodes = try #require(Resource.builtIn(group: "", version: "v1", resource: "nodes"))
    api.put(nodes, node("me", ["10.244.0.0/24"], address: "10.0.0.1"))
    api.put(nodes, node("b", ["10.244.1.0/24"], address: "10.0.0.2"))
    let task = try start()
    let refused = ["unreachable 10.244.0.0/16 -", "unreachable 10.96.0.0/12 -"]
    #expect(await settles(["10.244.1.0/24 10.0.0.2"] + refused))
    api.put(nodes, node("c", ["10.244.2.0/24"], address: "10.0.0.3"))
    #expect(await settles(["10.244.1.0/24 10.0.0.2", "10.244.2.0/24 10.0.0.3"] + refused))
    api.remove(nodes, "", "b")
    #expect(await settles(["10.244.2.0/24 10.0.0.3"] + refused))
    ip.flush()
    #expect(await settles(["10.244.2.0/24 10.0.0.3"] + refused))
    // A refusal was there before any route to a node.
    #expect(ip.changes.prefix(2).allSatisfy { $0.contains("unreachable") })
    task.cancel()
    await task.value
    #expect(ip.routes == ["10.244.2.0/24 10.0.0.3"] + refused)
  }

  @Test func `before the API server answers what is refused is refused, and what is there stays`()
    async throws
  {
    api.intercept { _ in throw CancellationError() }
    _ = ip.run(["ip", "-4", "route", "replace", "10.244.7.0/24", "via", "10.0.0.7", "proto", "86"], "")
    let task = try start()
    let refused = ["unreachable 10.244.0.0/16 -", "unreachable 10.96.0.0/12 -"]
    #expect(await settles(["10.244.7.0/24 10.0.0.7"] + refused))
    api.intercept(nil)
    #expect(await settles(refused))
    task.cancel()
    await task.value
  }

  @Test func `a failure is told once`() async throws {
    let nodes = try #require(Resource.builtIn(group: "", version: "v1", resource: "nodes"))
    api.put(nodes, node("b", ["10.244.1.0/24"], address: "10.9.9.9"))
    ip.fail("via 10.9.9.9", with: "Error: Nexthop has invalid gateway.\nmore")
    let task = try start()
    let told = "ip route replace 10.244.1.0/24 via 10.9.9.9 proto 86: Error: Nexthop has invalid gateway."
    #expect(
      await eventually {
        time.advance(by: .seconds(1))
        return lines.all.withLock { $0.contains(told) } && time.uptime > .seconds(300)
      })
    ip.succeed()
    #expect(
      await settles([
        "10.244.1.0/24 10.9.9.9", "unreachable 10.244.0.0/16 -", "unreachable 10.96.0.0/12 -",
      ]))
    #expect(lines.all.withLock { $0.filter { $0 == told }.count } == 1)
    task.cancel()
    await task.value
  }
}
